use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Kind, MAX_DEPTH, Node};

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Nested(*self, MAX_DEPTH).serialize(serializer)
    }
}

impl Node<'_> {
    /// The value as a [`serde_json::Value`]; `null` where it nests deeper than [`MAX_DEPTH`].
    pub fn to_value(self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A node and how much deeper it may nest: only a corrupt tree, which may contain itself, goes past it.
struct Nested<'a>(Node<'a>, usize);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node, depth) = *self;
        match node.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::False => serializer.serialize_bool(false),
            Kind::True => serializer.serialize_bool(true),
            Kind::Int => serializer.serialize_i64(node.as_i64().unwrap_or_default()),
            Kind::Number => serialize_number(node.as_number().unwrap_or("0"), serializer),
            Kind::String => serializer.serialize_str(node.as_str().unwrap_or_default()),
            Kind::Array | Kind::Object if depth == 0 => {
                Err(S::Error::custom("nested too deeply to be written"))
            }
            Kind::Array => serialize_array(node, depth - 1, serializer),
            Kind::Object => serialize_object(node, depth - 1, serializer),
        }
    }
}

fn serialize_number<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match (text.parse::<u64>(), text.parse::<f64>()) {
        (Ok(whole), _) => serializer.serialize_u64(whole),
        (_, Ok(number)) => serializer.serialize_f64(number),
        _ => serializer.serialize_unit(),
    }
}

fn serialize_array<S: Serializer>(
    node: Node<'_>,
    depth: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(node.count()))?;
    for item in node.items() {
        seq.serialize_element(&Nested(item, depth))?;
    }
    seq.end()
}

fn serialize_object<S: Serializer>(
    node: Node<'_>,
    depth: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(node.count()))?;
    for (key, value) in node.members() {
        map.serialize_entry(key, &Nested(value, depth))?;
    }
    map.end()
}

/// Whether two values have the same content, whatever the order of members; past `depth` levels: no.
pub(super) fn equal(a: Node<'_>, b: Node<'_>, depth: usize) -> bool {
    if a.kind() != b.kind() || depth == 0 {
        return false;
    }
    match a.kind() {
        Kind::Null | Kind::False | Kind::True => true,
        Kind::Int => a.as_i64() == b.as_i64(),
        Kind::Number => a.as_number() == b.as_number(),
        Kind::String => a.as_str() == b.as_str(),
        Kind::Array => {
            a.count() == b.count()
                && a.items()
                    .zip(b.items())
                    .all(|(a, b)| equal(a, b, depth - 1))
        }
        Kind::Object => {
            a.count() == b.count()
                && a.members()
                    .all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b, depth - 1)))
        }
    }
}
