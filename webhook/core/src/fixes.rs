use gatehouse_abi::{Edit, Finding, Path, Segment};
use serde_json::{Map, Value};

/// A fix that the operator wants applied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Index of the policy in its set.
    pub(crate) policy: usize,
    /// The finding that it repairs.
    pub(crate) finding: Finding,
}

/// What becomes of candidates that are seen together.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Those that can be applied together.
    pub(crate) fixes: Vec<Candidate>,
    /// Those that cannot, each with the index of the policy that wants otherwise.
    pub(crate) conflicts: Vec<(Candidate, usize)>,
}

/// An edit that does not fit the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DoesNotFit;

impl Candidate {
    /// Whether both are about the same broken rule.
    pub(crate) fn is_about(&self, other: &Candidate) -> bool {
        self.policy == other.policy && same_rule(&self.finding, &other.finding)
    }

    pub(crate) fn edits(&self) -> &[Edit] {
        self.finding.fix.as_ref().map_or(&[], |fix| &fix.edits)
    }

    fn contradicts(&self, other: &Candidate) -> bool {
        let pairs = self
            .edits()
            .iter()
            .flat_map(|a| other.edits().iter().map(move |b| (a, b)));
        pairs.into_iter().any(|(a, b)| contradict(a, b))
    }
}

/// Whether two findings are about the same rule at the same place.
pub(crate) fn same_rule(a: &Finding, b: &Finding) -> bool {
    a.code == b.code && a.path == b.path && a.container == b.container
}

/// Takes out every candidate that contradicts another: of two policies that want different values at one
/// path neither may win by its name.
pub(crate) fn merge(candidates: Vec<Candidate>) -> Merged {
    let mut merged = Merged::default();
    for (i, candidate) in candidates.iter().enumerate() {
        let other = candidates
            .iter()
            .enumerate()
            .find(|(j, other)| i != *j && candidate.contradicts(other));
        match other {
            Some((_, other)) => merged.conflicts.push((candidate.clone(), other.policy)),
            None => merged.fixes.push(candidate.clone()),
        }
    }
    merged
}

/// Whether no object satisfies both edits.
fn contradict(a: &Edit, b: &Edit) -> bool {
    if a == b {
        return false;
    }
    if a.path() == b.path() {
        let both_include = matches!((a, b), (Edit::Include { .. }, Edit::Include { .. }));
        return !both_include && outcome(a) != outcome(b);
    }
    let (outer, inner) = if a.path().contains(b.path()) {
        (a, b)
    } else if b.path().contains(a.path()) {
        (b, a)
    } else {
        return false;
    };
    !matches!(
        (outer, outcome(inner)),
        (Edit::Remove { .. }, Some(Value::Null))
    )
}

/// The value that an edit leaves at its path, where it alone decides it.
fn outcome(edit: &Edit) -> Option<Value> {
    match edit {
        Edit::Set { value, .. } => Some(value.clone()),
        Edit::Remove { .. } => Some(Value::Null),
        Edit::Include { .. } => None,
    }
}

/// Applies all edits of a fix, or none.
pub(crate) fn apply(object: &mut Value, edits: &[Edit]) -> Result<(), DoesNotFit> {
    let mut changed = object.clone();
    for edit in edits {
        apply_one(&mut changed, edit)?;
    }
    *object = changed;
    Ok(())
}

fn apply_one(object: &mut Value, edit: &Edit) -> Result<(), DoesNotFit> {
    match edit {
        Edit::Set { path, value } if value.is_null() => remove(object, path),
        Edit::Set { path, value } => {
            *place(object, path)? = value.clone();
            Ok(())
        }
        Edit::Remove { path } => remove(object, path),
        Edit::Include { path, item } => include(place(object, path)?, item),
    }
}

fn include(list: &mut Value, item: &Value) -> Result<(), DoesNotFit> {
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let items = list.as_array_mut().ok_or(DoesNotFit)?;
    if !items.contains(item) {
        items.push(item.clone());
    }
    Ok(())
}

fn remove(object: &mut Value, path: &Path) -> Result<(), DoesNotFit> {
    let (last, parents) = path.segments().split_last().ok_or(DoesNotFit)?;
    let parent = parents
        .iter()
        .try_fold(object, |value, segment| existing(value, segment));
    match (parent, last) {
        (Some(Value::Object(members)), Segment::Key(key)) => drop(members.remove(key)),
        (Some(Value::Array(items)), segment) => {
            if let Some(index) = position(items, segment) {
                items.remove(index);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The value at `path`. Missing objects on the way are created; a missing list item is not, as nobody
/// could say what else it holds.
fn place<'v>(object: &'v mut Value, path: &Path) -> Result<&'v mut Value, DoesNotFit> {
    let segments = path.segments().iter();
    segments
        .into_iter()
        .try_fold(object, |value, segment| match segment {
            Segment::Key(key) => {
                if value.is_null() {
                    *value = Value::Object(Map::new());
                }
                let members = value.as_object_mut().ok_or(DoesNotFit)?;
                Ok(members.entry(key).or_insert(Value::Null))
            }
            item => existing(value, item).ok_or(DoesNotFit),
        })
}

fn existing<'v>(value: &'v mut Value, segment: &Segment) -> Option<&'v mut Value> {
    match (value, segment) {
        (Value::Object(members), Segment::Key(key)) => members.get_mut(key),
        (Value::Array(items), segment) => {
            let index = position(items, segment)?;
            items.get_mut(index)
        }
        _ => None,
    }
}

fn position(items: &[Value], segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Key(_) => None,
        Segment::Index(index) => (*index < items.len()).then_some(*index),
        Segment::Item { key, value } => items
            .iter()
            .position(|item| item.get(key).and_then(Value::as_str) == Some(value)),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::Fix;
    use serde_json::json;

    use super::*;

    fn set(path: &str, value: Value) -> Edit {
        Edit::Set {
            path: path.parse().unwrap(),
            value,
        }
    }

    fn applied(mut object: Value, edits: &[Edit]) -> Value {
        apply(&mut object, edits).unwrap();
        object
    }

    #[test]
    fn missing_parents_are_created_and_null_is_absent() {
        let edits = [
            set("spec.securityContext.runAsNonRoot", json!(true)),
            set("spec.containers[name=b].securityContext.x", json!(1)),
        ];
        let object = json!({"spec": {"securityContext": null, "containers": [{"name": "a"}, {"name": "b"}]}});
        let expected = json!({"spec": {
            "securityContext": {"runAsNonRoot": true},
            "containers": [{"name": "a"}, {"name": "b", "securityContext": {"x": 1}}],
        }});
        assert_eq!(applied(object, &edits), expected);
        assert_eq!(
            applied(json!({"a": 1}), &[set("a", Value::Null)]),
            json!({})
        );
    }

    #[test]
    fn a_list_gets_an_item_once() {
        let include = Edit::Include {
            path: "drop".into(),
            item: json!("ALL"),
        };
        assert_eq!(
            applied(json!({}), &[include.clone(), include.clone()]),
            json!({"drop": ["ALL"]})
        );
        assert_eq!(
            applied(json!({"drop": ["X"]}), &[include]),
            json!({"drop": ["X", "ALL"]})
        );
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let remove = |path: &str| Edit::Remove {
            path: path.parse().unwrap(),
        };
        assert_eq!(
            applied(json!({"a": 1}), &[remove("b.c"), remove("l[0]")]),
            json!({"a": 1})
        );
        assert_eq!(
            applied(json!({"l": [1, 2]}), &[remove("l[0]")]),
            json!({"l": [2]})
        );
    }

    #[test]
    fn edits_that_do_not_fit_leave_everything_as_it_was() {
        let mut object = json!({"spec": {"containers": "no list"}});
        let before = object.clone();
        let edits = [
            set("spec.a", json!(1)),
            set("spec.containers[name=a].b", json!(1)),
        ];
        assert_eq!(apply(&mut object, &edits), Err(DoesNotFit));
        assert_eq!(object, before);
    }

    fn candidate(policy: usize, edit: Edit) -> Candidate {
        Candidate {
            policy,
            finding: Finding {
                code: format!("code-{policy}"),
                path: edit.path().clone(),
                container: None,
                message: String::new(),
                found: None,
                required: None,
                help: None,
                fix: Some(Fix {
                    edits: vec![edit],
                    risk: None,
                }),
            },
        }
    }

    #[test]
    fn contradictions_take_both_out() {
        let merged = merge(vec![
            candidate(0, set("a.b", json!(1))),
            candidate(1, set("a.b", json!(2))),
            candidate(2, set("a.c", json!(3))),
        ]);
        assert_eq!(merged.fixes.len(), 1);
        let pairs: Vec<_> = merged
            .conflicts
            .iter()
            .map(|(c, other)| (c.policy, *other))
            .collect();
        assert_eq!(pairs, [(0, 1), (1, 0)]);
    }

    #[test]
    fn what_agrees_is_no_contradiction() {
        let include = |item: &str| Edit::Include {
            path: "l".into(),
            item: json!(item),
        };
        let agree = [
            (set("a", json!(1)), set("a", json!(1))),
            (set("a.b", json!(1)), set("a.c", json!(2))),
            (include("x"), include("y")),
            (Edit::Remove { path: "a".into() }, set("a", Value::Null)),
        ];
        for (a, b) in agree {
            assert!(!contradict(&a, &b), "{a:?} {b:?}");
        }
        let disagree = [
            (set("a", json!({"b": 1})), set("a.b", json!(2))),
            (Edit::Remove { path: "a".into() }, set("a.b", json!(2))),
            (include("x"), set("l", json!(["y"]))),
        ];
        for (a, b) in disagree {
            assert!(contradict(&a, &b) && contradict(&b, &a), "{a:?} {b:?}");
        }
    }
}
