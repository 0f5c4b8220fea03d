use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tree::{MAX_DEPTH, Node};

/// A place in a Kubernetes object: `spec.containers[name=app].securityContext`.
///
/// List items are named by their key, because injected items shift indices. Keys that are not plain
/// words are quoted: `metadata.annotations["example.com/a"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Segment>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A member of an object.
    Key(String),
    /// The item of a list whose member `key` is `value`.
    Item {
        /// The member that names the item, most often `name`.
        key: String,
        /// Its value.
        value: String,
    },
    /// An item of a list by its place, where nothing names it.
    Index(usize),
}

/// Text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path: {problem} at byte {at}")]
pub struct PathError {
    text: String,
    problem: &'static str,
    at: usize,
}

impl Path {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of plain keys separated by dots, as in `spec.hostNetwork`; empty text is the root.
    pub fn dotted(keys: &str) -> Self {
        Self(
            keys.split('.')
                .filter(|key| !key.is_empty())
                .map(|key| Segment::Key(key.to_owned()))
                .collect(),
        )
    }

    /// The steps, outermost first.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// This path, one member deeper.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// This path, at the list item whose member `key` is `value`.
    pub fn item(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push(Segment::Item {
            key: key.into(),
            value: value.into(),
        });
        self
    }

    /// This path, at the list item with this index.
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// This path followed by `tail`.
    pub fn join(mut self, tail: &Path) -> Self {
        self.0.extend_from_slice(&tail.0);
        self
    }

    /// Whether `self` is `other` or an ancestor of it.
    pub fn contains(&self, other: &Path) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The path's end below `ancestor`, where it lies below it.
    pub fn below(&self, ancestor: &Path) -> Option<Path> {
        self.0.strip_prefix(&*ancestor.0).map(|s| Self(s.to_vec()))
    }

    /// The value at this place.
    pub fn find<'a>(&self, root: Node<'a>) -> Option<Node<'a>> {
        self.0
            .iter()
            .try_fold(root, |node, segment| segment.find(node))
    }
}

impl Segment {
    /// The value one step into `node`.
    pub fn find<'a>(&self, node: Node<'a>) -> Option<Node<'a>> {
        match self {
            Segment::Key(key) => node.get(key),
            Segment::Item { key, value } => node
                .items()
                .find(|item| item.get(key).and_then(|v| v.as_str()) == Some(value)),
            Segment::Index(index) => node.items().nth(*index),
        }
    }
}

impl From<&str> for Path {
    /// The same as [`Path::dotted`].
    fn from(keys: &str) -> Self {
        Self::dotted(keys)
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<T: IntoIterator<Item = Segment>>(segments: T) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    /// The exact form, which [`FromStr`] reads; `{:#}` gives the form for people, where list items show
    /// only their name: `containers[app]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if !is_plain(key) => write!(f, "[{}]", Quoted(key))?,
                Segment::Key(key) if i == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Item { value, .. } if f.alternate() => write!(f, "[{}]", Bare(value))?,
                Segment::Item { key, value } => write!(f, "[{}={}]", Bare(key), Bare(value))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut parser = Parser { text, at: 0 };
        let mut segments = Vec::new();
        while parser.at < text.len() {
            if segments.len() == MAX_DEPTH {
                return Err(parser.error("more steps than an object has levels"));
            }
            segments.push(parser.segment(segments.is_empty())?);
        }
        Ok(Self(segments))
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).map_err(|_| fmt::Error)?)
    }
}

/// Text inside brackets: as it is where that is unambiguous, otherwise quoted.
struct Bare<'a>(&'a str);

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_index = !self.0.is_empty() && self.0.bytes().all(|b| b.is_ascii_digit());
        if is_plain(self.0) && !is_index {
            f.write_str(self.0)
        } else {
            Quoted(self.0).fmt(f)
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn segment(&mut self, first: bool) -> Result<Segment, PathError> {
        if self.eat('[') {
            return self.bracket();
        }
        if !first && !self.eat('.') {
            return Err(self.error("expected `.` or `[`"));
        }
        self.plain().map(Segment::Key)
    }

    fn bracket(&mut self) -> Result<Segment, PathError> {
        let quoted = self.rest().starts_with('"');
        let word = self.word()?;
        if self.eat('=') {
            let value = self.word()?;
            return self.close(Segment::Item { key: word, value });
        }
        match word.parse() {
            Ok(index) if !quoted => self.close(Segment::Index(index)),
            _ if quoted => self.close(Segment::Key(word)),
            _ => Err(self.error("expected an index, a quoted key or `name=value`")),
        }
    }

    fn close(&mut self, segment: Segment) -> Result<Segment, PathError> {
        if self.eat(']') {
            Ok(segment)
        } else {
            Err(self.error("expected `]`"))
        }
    }

    fn word(&mut self) -> Result<String, PathError> {
        if !self.rest().starts_with('"') {
            return self.plain();
        }
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        match values.next() {
            Some(Ok(word)) => {
                self.at += values.byte_offset();
                Ok(word)
            }
            _ => Err(self.error("unterminated quoted text")),
        }
    }

    fn plain(&mut self) -> Result<String, PathError> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("expected a key"));
        }
        let word = rest[..end].to_owned();
        self.at += end;
        Ok(word)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, problem: &'static str) -> PathError {
        PathError {
            text: self.text.to_owned(),
            problem,
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_names_and_quotes_odd_keys() {
        let path = Path::dotted("metadata.annotations").key("example.com/a");
        assert_eq!(path.to_string(), r#"metadata.annotations["example.com/a"]"#);
        let path = Path::dotted("spec.containers")
            .item("name", "app")
            .key("ports")
            .index(2);
        assert_eq!(path.to_string(), "spec.containers[name=app].ports[2]");
        assert_eq!(format!("{path:#}"), "spec.containers[app].ports[2]");
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = "spec..a".parse::<Path>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`spec..a` is not a path: expected a key at byte 5"
        );
        for text in ["a[", "a[x]", "a[name=]", "a[\"x]", "a b", ".a", "a]"] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            ".*".prop_map(Segment::Key),
            (".*", ".*").prop_map(|(key, value)| Segment::Item { key, value }),
            any::<usize>().prop_map(Segment::Index),
        ]
    }

    #[test]
    fn a_path_is_no_deeper_than_an_object() {
        let deep = |steps: usize| vec!["a"; steps].join(".").parse::<Path>();
        assert!(deep(MAX_DEPTH).is_ok());
        let error = deep(MAX_DEPTH + 1).unwrap_err().to_string();
        let expected = "is not a path: more steps than an object has levels at byte 255";
        assert!(error.ends_with(expected), "{error}");
    }

    proptest! {
        #[test]
        fn text_form_reads_back(segments in prop::collection::vec(segment(), 0..6)) {
            let path = Path(segments);
            prop_assert_eq!(path.to_string().parse::<Path>().unwrap(), path);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Path>();
        }
    }
}
