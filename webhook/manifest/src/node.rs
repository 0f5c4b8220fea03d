use std::{borrow::Cow, rc::Rc};

use crate::scalar::Scalar;

/// Bytes from `start` to `end` of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A value as it is read, before it becomes part of a tree. Clones share what is inside lists and objects:
/// that is how aliases repeat them.
#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    pub(crate) range: Range,
    pub(crate) value: Value<'t>,
    pub(crate) weight: Weight,
}

#[derive(Clone, Debug)]
pub(crate) enum Value<'t> {
    Scalar(Scalar<'t>),
    Array(Rc<[Node<'t>]>),
    Object(Rc<[Member<'t>]>),
}

#[derive(Clone, Debug)]
pub(crate) struct Member<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) key_range: Range,
    pub(crate) node: Node<'t>,
}

/// What it would cost to repeat a value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weight {
    /// The value and all inside it.
    pub(crate) values: usize,
    pub(crate) bytes: usize,
    /// Lists and objects nested inside each other: 0 for a scalar.
    pub(crate) levels: usize,
}

/// What a value costs besides its text.
const VALUE_BYTES: usize = 16;

impl Range {
    /// The limit on a file's size keeps offsets below 2^32.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// From where this one starts to where the other one ends.
    pub(crate) fn to(self, other: Self) -> Self {
        let end = other.end.max(self.end);
        Self { end, ..self }
    }

    pub(crate) fn at(self) -> usize {
        self.start as usize
    }
}

impl<'t> Node<'t> {
    pub(crate) fn scalar(range: Range, scalar: Scalar<'t>) -> Self {
        let bytes = match &scalar {
            Scalar::Text(text) => text.len(),
            _ => 0,
        };
        Self {
            range,
            value: Value::Scalar(scalar),
            weight: Weight::default().around(bytes, 0),
        }
    }

    pub(crate) fn array(range: Range, items: Vec<Node<'t>>) -> Self {
        let inside = items.iter().map(|item| item.weight).sum::<Weight>();
        Self {
            range,
            value: Value::Array(items.into()),
            weight: inside.around(0, 1),
        }
    }

    pub(crate) fn object(range: Range, members: Vec<Member<'t>>) -> Self {
        let keys = members.iter().map(|member| member.key.len()).sum();
        let inside = members.iter().map(|member| member.node.weight);
        Self {
            range,
            weight: inside.sum::<Weight>().around(keys, 1),
            value: Value::Object(members.into()),
        }
    }

    /// The member with this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'t>> {
        let Value::Object(members) = &self.value else {
            return None;
        };
        let member = members.iter().find(|member| member.key == key);
        member.map(|member| &member.node)
    }

    /// The member with this key, if it is text that is not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Scalar(Scalar::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The value in words, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => scalar.describe(),
            Value::Array(_) => "a list",
            Value::Object(_) => "a mapping",
        }
    }
}

impl Weight {
    /// The weight of a value around what is inside it.
    fn around(self, bytes: usize, levels: usize) -> Self {
        Self {
            values: self.values + 1,
            bytes: self.bytes + bytes + VALUE_BYTES,
            levels: self.levels + levels,
        }
    }
}

impl std::iter::Sum for Weight {
    fn sum<I: Iterator<Item = Self>>(weights: I) -> Self {
        weights.fold(Self::default(), |a, b| Self {
            values: a.values + b.values,
            bytes: a.bytes + b.bytes,
            levels: a.levels.max(b.levels),
        })
    }
}
