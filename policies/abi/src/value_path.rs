use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tree::{Items, Kind, Node};

/// Which values of a document are meant, such as those of an attestation's predicate:
/// `scanner.result.Results[*].Vulnerabilities[*].Severity`.
///
/// Members stand between dots, in brackets and quotes as JSON text where they have other characters than
/// ASCII letters, digits, `-` and `_`; `[*]` stands for every item of a list. It selects none, one or many
/// values, whereas a [`Path`](crate::Path) is one place in an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValuePath(Vec<Step>);

/// One step of a [`ValuePath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The member of an object that has this name.
    Member(String),
    /// Every item of a list.
    Each,
}

/// Where one way along a [`ValuePath`] ends.
#[derive(Clone, Copy, Debug)]
pub enum Selected<'a> {
    /// There is a value, of whatever kind.
    Value(Node<'a>),
    /// The object that is reached by this many steps lacks the next one's member, or has `null` there.
    Absent(usize),
    /// What is reached by this many steps is not of the kind that the next one goes into.
    Mismatched(usize, Node<'a>),
}

/// Text that is not a [`ValuePath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValuePathError {
    /// It is too long.
    #[error("a path can have {} bytes at most", ValuePath::MAX_BYTES)]
    TooLong,
    /// It has too many steps.
    #[error("a path can have {} steps at most", ValuePath::MAX_STEPS)]
    TooManySteps,
    /// It goes through too many lists.
    #[error("a path can have `[*]` {} times at most", ValuePath::MAX_LISTS)]
    TooManyLists,
    /// It has another form.
    #[error("`{text}` is not a path: {problem} at byte {at}")]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
        /// Where the step begins that is wrong.
        at: usize,
    },
}

impl ValuePath {
    /// Longest text, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Most steps.
    pub const MAX_STEPS: usize = 32;

    /// Most steps that are `[*]`.
    pub const MAX_LISTS: usize = 4;

    /// The steps, outermost first; there is at least one.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path of the first steps, as text; empty where there is none.
    pub fn beginning(&self, steps: usize) -> String {
        Shown(self.0.get(..steps).unwrap_or(&self.0)).to_string()
    }

    /// Every way along the path, in document order; an empty list has none. Each value of the document is
    /// looked at once at most.
    pub fn select<'a>(&self, root: Node<'a>) -> impl Iterator<Item = Selected<'a>> {
        Selection {
            steps: &self.0,
            root: Some(root),
            lists: Vec::new(),
        }
    }
}

impl fmt::Display for ValuePath {
    /// The form that [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

impl FromStr for ValuePath {
    type Err = ValuePathError;

    fn from_str(text: &str) -> Result<Self, ValuePathError> {
        if text.len() > Self::MAX_BYTES {
            return Err(ValuePathError::TooLong);
        }
        let (mut steps, mut rest) = (Vec::new(), text);
        while !rest.is_empty() || steps.is_empty() {
            let (step, tail) = first_step(rest, steps.is_empty()).map_err(|problem| {
                let (text, at) = (text.to_owned(), text.len() - rest.len());
                ValuePathError::Malformed { text, problem, at }
            })?;
            steps.push(step);
            rest = tail;
        }
        if steps.len() > Self::MAX_STEPS {
            return Err(ValuePathError::TooManySteps);
        }
        if steps.iter().filter(|step| **step == Step::Each).count() > Self::MAX_LISTS {
            return Err(ValuePathError::TooManyLists);
        }
        Ok(Self(steps))
    }
}

impl Serialize for ValuePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ValuePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The ways that are not gone yet: what is left of each list, with the steps that lead to its items.
struct Selection<'p, 'a> {
    steps: &'p [Step],
    root: Option<Node<'a>>,
    lists: Vec<(usize, Items<'a>)>,
}

impl<'a> Iterator for Selection<'_, 'a> {
    type Item = Selected<'a>;

    fn next(&mut self) -> Option<Selected<'a>> {
        if let Some(end) = self.root.take().and_then(|root| self.go(root, 0)) {
            return Some(end);
        }
        while let Some((from, items)) = self.lists.last_mut() {
            let from = *from;
            let Some(item) = items.next() else {
                self.lists.pop();
                continue;
            };
            if let Some(end) = self.go(item, from) {
                return Some(end);
            }
        }
        None
    }
}

impl<'a> Selection<'_, 'a> {
    /// Goes on to the end, or to the next list.
    fn go(&mut self, mut node: Node<'a>, from: usize) -> Option<Selected<'a>> {
        for (at, step) in self.steps.iter().enumerate().skip(from) {
            match (step, node.kind()) {
                (Step::Member(name), Kind::Object) => match node.set(name) {
                    Some(value) => node = value,
                    None => return Some(Selected::Absent(at)),
                },
                (Step::Each, Kind::Array) => {
                    self.lists.push((at + 1, node.items()));
                    return None;
                }
                _ => return Some(Selected::Mismatched(at, node)),
            }
        }
        Some(Selected::Value(node))
    }
}

struct Shown<'a>(&'a [Step]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Each => f.write_str("[*]")?,
                Step::Member(name) if name.is_empty() || plain_len(name) < name.len() => {
                    let quoted = serde_json::to_string(name).map_err(|_| fmt::Error)?;
                    write!(f, "[{quoted}]")?;
                }
                Step::Member(name) if i == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// The first step of a text, and the text after it.
fn first_step(text: &str, is_first: bool) -> Result<(Step, &str), &'static str> {
    if let Some(rest) = text.strip_prefix("[*]") {
        return Ok((Step::Each, rest));
    }
    if let Some(rest) = text.strip_prefix('[') {
        return quoted(rest);
    }
    let text = match text.strip_prefix('.') {
        Some(name) if !is_first => name,
        None if is_first => text,
        Some(_) => return Err("expected a member"),
        None => return Err("expected `.` or `[`"),
    };
    let (name, rest) = text.split_at(plain_len(text));
    if name.is_empty() {
        return Err("expected a member");
    }
    Ok((Step::Member(name.to_owned()), rest))
}

/// A member as JSON text, and the bracket that closes it.
fn quoted(text: &str) -> Result<(Step, &str), &'static str> {
    const EXPECTED: &str = "expected `[*]`, or a member in quotes such as `[\"a.b\"]`";
    let mut texts = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let Some(Ok(name)) = texts.next() else {
        return Err(EXPECTED);
    };
    let rest = text.get(texts.byte_offset()..).unwrap_or_default();
    let rest = rest.strip_prefix(']').ok_or(EXPECTED)?;
    Ok((Step::Member(name), rest))
}

/// Bytes at the text's beginning that need no quotes.
fn plain_len(text: &str) -> usize {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.find(|c| !is_plain(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::tree::TreeBuf;

    fn path(text: &str) -> ValuePath {
        text.parse().unwrap()
    }

    fn problem(text: &str) -> String {
        text.parse::<ValuePath>().unwrap_err().to_string()
    }

    /// What is selected, in short: values as JSON, `-N` for absent and `!N` for mismatched after N steps.
    fn select(text: &str, document: &serde_json::Value) -> Vec<String> {
        let tree = TreeBuf::from_value(document).unwrap();
        let path = path(text);
        let ends = path.select(tree.root()).map(|end| match end {
            Selected::Value(node) => node.to_value().to_string(),
            Selected::Absent(steps) => format!("-{steps}"),
            Selected::Mismatched(steps, _) => format!("!{steps}"),
        });
        ends.collect()
    }

    #[test]
    fn members_and_lists_are_steps() {
        let member = |name: &str| Step::Member(name.to_owned());
        let cases = [
            ("builder", vec![member("builder")]),
            ("a-b._c", vec![member("a-b"), member("_c")]),
            ("a[*].b", vec![member("a"), Step::Each, member("b")]),
            ("a[*][*]", vec![member("a"), Step::Each, Step::Each]),
            ("[*].a", vec![Step::Each, member("a")]),
            (r#"["a.b"].c"#, vec![member("a.b"), member("c")]),
            (
                r#"a["[*]"]["\"é"]"#,
                vec![member("a"), member("[*]"), member("\"é")],
            ),
            (r#"[""]"#, vec![member("")]),
        ];
        for (text, steps) in cases {
            assert_eq!(path(text).steps(), steps, "{text}");
            assert_eq!(path(text).to_string(), text);
        }
        assert_eq!(path(r#"["a"]["b"]"#).to_string(), "a.b");
    }

    #[test]
    fn the_beginning_of_a_path_is_text() {
        let path = path("a.b[*].c");
        let beginnings = [0, 1, 2, 3, 4, 5].map(|steps| path.beginning(steps));
        assert_eq!(
            beginnings,
            ["", "a", "a.b", "a.b[*]", "a.b[*].c", "a.b[*].c"]
        );
    }

    #[test]
    fn errors_say_what_and_where() {
        assert_eq!(problem(""), "`` is not a path: expected a member at byte 0");
        assert_eq!(
            problem("a..b"),
            "`a..b` is not a path: expected a member at byte 1"
        );
        assert_eq!(
            problem("a b"),
            "`a b` is not a path: expected `.` or `[` at byte 1"
        );
        assert_eq!(
            problem("a[0]"),
            "`a[0]` is not a path: expected `[*]`, or a member in quotes such as `[\"a.b\"]` at byte 1"
        );
        for text in [
            ".a",
            "a.",
            "a[",
            "a[]",
            "a[*",
            "a[*]b",
            "a[b]",
            "a[name=b]",
            "a[\"b",
            "a[\"b\"",
            "a[\"b\" ]",
            "a[ *]",
            "a.*",
            "$.a",
            "a.é",
            "a[\"b\"]c",
            " a",
            "a ",
            "a]",
            "a.[*]",
            "a[null]",
        ] {
            assert!(text.parse::<ValuePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn paths_are_limited() {
        let long = |len| "a".repeat(len);
        assert_eq!(path(&long(ValuePath::MAX_BYTES)).steps().len(), 1);
        assert_eq!(
            problem(&long(ValuePath::MAX_BYTES + 1)),
            "a path can have 512 bytes at most"
        );
        let deep = |steps| vec!["a"; steps].join(".");
        assert_eq!(
            path(&deep(ValuePath::MAX_STEPS)).steps().len(),
            ValuePath::MAX_STEPS
        );
        assert_eq!(
            problem(&deep(ValuePath::MAX_STEPS + 1)),
            "a path can have 32 steps at most"
        );
        let wide = |lists| format!("a{}", "[*]".repeat(lists));
        assert_eq!(
            path(&wide(ValuePath::MAX_LISTS)).steps().len(),
            1 + ValuePath::MAX_LISTS
        );
        assert_eq!(
            problem(&wide(ValuePath::MAX_LISTS + 1)),
            "a path can have `[*]` 4 times at most"
        );
    }

    #[test]
    fn it_is_text_in_documents() {
        let read: ValuePath = serde_json::from_value(json!("a[*].b")).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), json!("a[*].b"));
        for wrong in [json!("a["), json!(1), json!(null), json!(["a"])] {
            assert!(
                serde_json::from_value::<ValuePath>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn every_way_has_an_end() {
        let document = json!({
            "a": {"b": 1, "n": null, "": "empty"},
            "l": [{"v": 1}, {}, {"v": null}, 7, {"v": [2]}],
            "e": [],
            "m": [[1, 2], [], 3, [null]],
            "x.y": "dotted",
        });
        let cases: [(&str, &[&str]); 13] = [
            ("a.b", &["1"]),
            ("a.c", &["-1"]),
            ("a.n", &["-1"]),
            ("c", &["-0"]),
            (r#"a[""]"#, &["\"empty\""]),
            ("a.b.c", &["!2"]),
            ("a[*]", &["!1"]),
            ("a", &[r#"{"":"empty","b":1,"n":null}"#]),
            ("l[*].v", &["1", "-2", "-2", "!2", "[2]"]),
            ("l.v", &["!1"]),
            ("e[*].v", &[]),
            ("m[*][*]", &["1", "2", "!2", "null"]),
            (r#"["x.y"]"#, &["\"dotted\""]),
        ];
        for (text, ends) in cases {
            assert_eq!(select(text, &document), ends, "{text}");
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            ".{0,9}".prop_map(Step::Member),
            "[a-z_-]{1,9}".prop_map(Step::Member),
            Just(Step::Each),
        ]
    }

    proptest! {
        #[test]
        fn text_form_reads_back(steps in prop::collection::vec(step(), 1..5)) {
            let path = ValuePath(steps);
            prop_assert_eq!(path.to_string().parse::<ValuePath>().unwrap(), path);
        }

        #[test]
        fn what_reads_is_what_was_written(text in r#"([a-c.*]|\[\*\]|\["[a.]"\]){1,8}"#) {
            if let Ok(path) = text.parse::<ValuePath>() {
                let again: ValuePath = path.to_string().parse().unwrap();
                prop_assert_eq!(&again, &path);
                prop_assert!(path.to_string().len() <= text.len());
            }
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<ValuePath>();
        }
    }
}
