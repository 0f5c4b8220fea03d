//! A document as it is written: styles, anchors, aliases and merge keys, and where everything stands.

use std::borrow::Cow;

use crate::{node, scalar::Scalar};

/// A value as it is written. Offsets are those of the file.
#[derive(Debug)]
pub(crate) struct Syntax<'t> {
    /// Where what stands before the value ends: its `:`, `-` or bracket, or its own anchor and tag.
    pub(crate) lead: usize,
    /// Where the value itself begins; `lead`, if nothing is written.
    pub(crate) start: usize,
    /// Where it ends: a list or mapping in block style with its last value, a text block with its last line.
    pub(crate) end: usize,
    pub(crate) anchor: Option<usize>,
    pub(crate) form: Form<'t>,
}

#[derive(Debug)]
pub(crate) enum Form<'t> {
    /// `key:` and nothing.
    Absent,
    Scalar(Quotes),
    /// The number of the anchor.
    Alias(usize),
    Mapping(Layout, Vec<Entry<'t>>),
    List(Layout, Vec<Entry<'t>>),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Quotes {
    #[default]
    None,
    Single,
    Double,
    /// `|` and `>`
    Block,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Block,
    /// In brackets.
    Flow,
}

/// A member of a mapping or an item of a list.
#[derive(Debug)]
pub(crate) struct Entry<'t> {
    /// Where it begins: with `-`, `?`, its key or, in brackets, its value.
    pub(crate) at: usize,
    pub(crate) key: Key<'t>,
    pub(crate) value: Syntax<'t>,
}

#[derive(Debug)]
pub(crate) enum Key<'t> {
    /// Of a list's item.
    None,
    /// The name, and how it is written.
    Name(Cow<'t, str>, Quotes),
    /// `<<`
    Merge,
}

impl<'t> Syntax<'t> {
    /// JSON needs no reading of its own: nothing in it is implied.
    pub(crate) fn of_json(node: &node::Node<'t>, lead: usize, text: &str) -> Self {
        let form = match &node.value {
            node::Value::Scalar(Scalar::Text(_)) => Form::Scalar(Quotes::Double),
            node::Value::Scalar(_) => Form::Scalar(Quotes::None),
            node::Value::Array(items) => {
                let items = items.iter().map(|item| Entry::of_json_item(item, text));
                Form::List(Layout::Flow, items.collect())
            }
            node::Value::Object(members) => {
                let members = members.iter().map(|m| Entry::of_json_member(m, text));
                Form::Mapping(Layout::Flow, members.collect())
            }
        };
        Self {
            lead,
            start: node.range.start as usize,
            end: node.range.end as usize,
            anchor: None,
            form,
        }
    }

    /// Its members or items.
    pub(crate) fn entries(&self) -> &[Entry<'t>] {
        match &self.form {
            Form::Mapping(_, entries) | Form::List(_, entries) => entries,
            _ => &[],
        }
    }

    /// Anchors in it and inside it.
    pub(crate) fn anchors(&self) -> Vec<usize> {
        let inside = self.entries().iter();
        let inside = inside.flat_map(|entry| entry.value.anchors());
        self.anchor.into_iter().chain(inside).collect()
    }
}

impl<'t> Entry<'t> {
    fn of_json_item(item: &node::Node<'t>, text: &str) -> Self {
        Self {
            at: item.range.at(),
            key: Key::None,
            value: Syntax::of_json(item, item.range.at(), text),
        }
    }

    fn of_json_member(member: &node::Member<'t>, text: &str) -> Self {
        let key_end = member.key_range.end as usize;
        let gap = &text[key_end..member.node.range.at()];
        let lead = key_end + gap.find(':').map_or(0, |at| at + 1);
        Self {
            at: member.key_range.at(),
            key: Key::Name(member.key.clone(), Quotes::Double),
            value: Syntax::of_json(&member.node, lead, text),
        }
    }
}
