//! The part of a predicate that conditions are about, so that a scan of megabytes is kept and told in a few
//! bytes.

use std::{collections::BTreeMap, fmt, io, sync::Arc};

use gatehouse_abi::{
    Step, ValuePath,
    tree::{Kind, Node},
};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// The longest projection of one predicate, in bytes of JSON.
pub const PROJECTION_BYTES: usize = 256 * 1024;

/// What of a predicate the paths of conditions lead to. All else is left out, but never so that a condition
/// would be judged otherwise: lists keep their length, and what is not of the kind that a path goes into
/// keeps its kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projection {
    members: BTreeMap<String, Projection>,
    each: Option<Box<Projection>>,
}

/// What a verified attestation says, as far as conditions are about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Predicate(Arc<str>);

/// A projection would be longer than [`PROJECTION_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Projection {
    pub(crate) fn of<'p>(paths: impl Iterator<Item = &'p ValuePath>) -> Self {
        let mut projection = Self::default();
        for path in paths {
            projection.add(path.steps());
        }
        projection
    }

    pub(crate) fn apply(&self, predicate: Node<'_>) -> Result<Predicate, TooLong> {
        let mut json = Bounded(Vec::new());
        let projected = Projected(predicate, self);
        serde_json::to_writer(&mut json, &projected).map_err(|_| TooLong)?;
        let json = String::from_utf8(json.0).map_err(|_| TooLong)?;
        Ok(Predicate(json.into()))
    }

    fn add(&mut self, steps: &[Step]) {
        match steps {
            [] => {}
            [Step::Member(name), rest @ ..] => {
                self.members.entry(name.clone()).or_default().add(rest);
            }
            [Step::Each, rest @ ..] => self.each.get_or_insert_default().add(rest),
        }
    }
}

impl Predicate {
    /// The value that policies read.
    pub fn to_value(&self) -> Value {
        // it was written here; if it were not JSON, no condition would be met
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// How much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Predicate({})", self.0)
    }
}

/// A value, and what is kept of it.
struct Projected<'a>(Node<'a>, &'a Projection);

impl Serialize for Projected<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node, Projection { members, each }) = self;
        match (node.kind(), each) {
            (Kind::Object, _) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, projection) in members {
                    if let Some(value) = node.get(name) {
                        map.serialize_entry(name, &Projected(value, projection))?;
                    }
                }
                map.end()
            }
            (Kind::Array, Some(each)) => {
                serializer.collect_seq(node.items().map(|item| Projected(item, each)))
            }
            // no condition looks into a list but by `[*]`
            (Kind::Array, None) => serializer.serialize_seq(Some(0))?.end(),
            _ => node.serialize(serializer),
        }
    }
}

/// JSON up to [`PROJECTION_BYTES`].
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > PROJECTION_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::{Selected, tree::TreeBuf};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn paths(texts: &[&str]) -> Vec<ValuePath> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn project(texts: &[&str], predicate: &Value) -> Result<Value, TooLong> {
        let tree = TreeBuf::from_value(predicate).unwrap();
        let projection = Projection::of(paths(texts).iter());
        projection.apply(tree.root()).map(|p| p.to_value())
    }

    #[test]
    fn what_no_path_leads_to_is_left_out() {
        let scan = json!({
            "scanner": {"uri": "u", "result": {"Results": [
                {"Target": "a", "Vulnerabilities": [{"Severity": "LOW", "Title": "…"}, {"Title": "…"}]},
                {"Target": "b"},
            ]}},
            "metadata": {"scanStartedOn": "s", "scanFinishedOn": "f"},
        });
        let severity = "scanner.result.Results[*].Vulnerabilities[*].Severity";
        let expected = json!({
            "scanner": {"result": {"Results": [
                {"Vulnerabilities": [{"Severity": "LOW"}, {}]},
                {},
            ]}},
            "metadata": {"scanFinishedOn": "f"},
        });
        assert_eq!(
            project(&[severity, "metadata.scanFinishedOn"], &scan),
            Ok(expected)
        );
        assert_eq!(project(&[], &scan), Ok(json!({})));
    }

    #[test]
    fn every_value_keeps_its_kind_and_every_list_its_length() {
        let odd = json!({
            "a": [7, null, "x", {"b": 1, "c": 2}, [1, 2]],
            "b": {"c": {"d": 1}},
            "c": [1, 2],
            "d": null,
            "e": "text",
            "f": {"g": [[1], [], [{"h": 1}]]},
        });
        let expected = json!({
            "a": [7, null, "x", {"b": 1}, []],
            "b": {"c": {}},
            "c": [],
            "d": null,
            "e": "text",
            "f": {"g": [[1], [], [{}]]},
        });
        let paths = ["a[*].b", "b.c", "c", "d.x", "e[*].y", "f.g[*][*]"];
        assert_eq!(project(&paths, &odd), Ok(expected));
        for bare in [json!([1]), json!(null), json!("x"), json!(1.5), json!(true)] {
            let expected = if bare.is_array() {
                json!([])
            } else {
                bare.clone()
            };
            assert_eq!(project(&["a"], &bare), Ok(expected));
        }
    }

    #[test]
    fn members_in_an_item_and_of_the_list_itself_are_both_kept() {
        let both = json!({"a": [{"b": 1, "c": 2}]});
        assert_eq!(
            project(&["a", "a[*].b"], &both),
            Ok(json!({"a": [{"b": 1}]}))
        );
        assert_eq!(
            project(&["a[*].b", "a.b"], &both),
            Ok(json!({"a": [{"b": 1}]}))
        );
    }

    #[test]
    fn projections_may_be_so_long_and_no_longer() {
        let of = |length: usize| project(&["a"], &json!({"a": "x".repeat(length)}));
        let around = "{\"a\":\"\"}".len();
        assert!(of(PROJECTION_BYTES - around).is_ok());
        assert_eq!(of(PROJECTION_BYTES - around + 1), Err(TooLong));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    /// Whatever a condition can tell of a way's end.
    fn end(selected: Selected<'_>) -> String {
        match selected {
            Selected::Absent(steps) => format!("absent after {steps}"),
            Selected::Mismatched(steps, node) => format!("{:?} after {steps}", node.kind()),
            Selected::Value(node) => match node.kind() {
                kind @ (Kind::Array | Kind::Object) => format!("{kind:?}"),
                _ => node.to_value().to_string(),
            },
        }
    }

    proptest! {
        #[test]
        fn a_path_selects_the_same_before_and_after(
            predicate in value(),
            paths in prop::collection::vec(r"[a-c](\.[a-c]|\[\*\]){0,3}", 1..4),
        ) {
            let paths: Vec<ValuePath> = paths.iter().map(|path| path.parse().unwrap()).collect();
            let before = TreeBuf::from_value(&predicate).unwrap();
            let after = Projection::of(paths.iter()).apply(before.root()).unwrap().to_value();
            let after = TreeBuf::from_value(&after).unwrap();
            for path in &paths {
                let ends = |tree: &TreeBuf| path.select(tree.root()).map(end).collect::<Vec<_>>();
                prop_assert_eq!(ends(&before), ends(&after), "{}", path);
            }
        }
    }
}
