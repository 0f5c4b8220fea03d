//! What the aliases and merge keys (`<<`) of a document stand for, after the edits.

use std::collections::{BTreeMap, HashMap};

use gatehouse_abi::Path;
use serde_json::Value;

use super::syntax::{Entry, Form, Key, Syntax};

/// The anchors above the place that is looked at.
#[derive(Debug, Default)]
pub(crate) struct Anchors<'v>(HashMap<usize, Anchor<'v>>);

#[derive(Debug)]
pub(crate) struct Anchor<'v> {
    /// Where its value stands.
    pub(crate) path: Path,
    /// What its value becomes; `None`, if it is taken out.
    pub(crate) value: Option<&'v Value>,
}

/// The members that a mapping has by its merge keys.
#[derive(Debug, Default)]
pub(crate) struct Inherited<'v> {
    pub(crate) members: BTreeMap<&'v str, &'v Value>,
    /// For each of them the offset of the merge key that it comes by.
    from: BTreeMap<&'v str, usize>,
    /// There are others, which nothing is known of.
    pub(crate) unknown: bool,
    /// One of the anchors is taken out.
    pub(crate) gone: bool,
    /// The paths of the anchors.
    pub(crate) anchors: Vec<Path>,
}

impl<'v> Anchors<'v> {
    pub(crate) fn set(&mut self, id: usize, path: Path, value: Option<&'v Value>) {
        self.0.insert(id, Anchor { path, value });
    }

    pub(crate) fn get(&self, id: usize) -> Option<&Anchor<'v>> {
        self.0.get(&id)
    }

    pub(crate) fn inherited(&self, members: &[Entry<'_>]) -> Inherited<'v> {
        let mut inherited = Inherited::default();
        for member in members.iter().filter(|m| matches!(m.key, Key::Merge)) {
            match &member.value.form {
                // later mappings of a list give way to earlier ones
                Form::List(_, items) => {
                    let items = items.iter().rev();
                    items.for_each(|item| self.merge(&item.value, member.at, &mut inherited));
                }
                _ => self.merge(&member.value, member.at, &mut inherited),
            }
        }
        inherited
    }

    fn merge(&self, mapping: &Syntax<'_>, at: usize, inherited: &mut Inherited<'v>) {
        let anchor = match mapping.form {
            Form::Alias(id) => self.get(id),
            _ => None,
        };
        let Some(anchor) = anchor else {
            inherited.unknown = true;
            return;
        };
        inherited.anchors.push(anchor.path.clone());
        match anchor.value {
            Some(Value::Object(members)) => {
                for (name, value) in members {
                    inherited.members.insert(name, value);
                    inherited.from.insert(name, at);
                }
            }
            _ => inherited.gone = true,
        }
    }
}

impl Inherited<'_> {
    /// Whether a member that is written at this offset gives way to what is merged below it.
    pub(crate) fn hides(&self, name: &str, at: usize) -> bool {
        self.from.get(name).is_some_and(|merge| at < *merge)
    }
}
