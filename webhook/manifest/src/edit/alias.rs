//! Aliases: what they stand for may change where the anchor is, or in their own place.

use serde_json::{Map, Value};

use super::{
    EditProblem,
    difference::{Change, Difference, Place},
    print::{Fresh, sorted},
    syntax::Syntax,
};

/// Values that are written in the place of an alias at most.
pub(crate) const MAX_WRITTEN_OUT: usize = 20;

impl<'v> Difference<'v> {
    /// Goes through an alias. Its anchor stands above it.
    pub(crate) fn alias(&mut self, id: usize, node: &Syntax<'_>, place: Place, change: Change<'v>) {
        let (anchor, shared) = match self.anchors.get(id) {
            Some(anchor) => (Some(&anchor.path), anchor.value),
            None => (None, Some(change.old)),
        };
        if shared == Some(change.new) {
            return;
        }
        if let Some(anchor) = anchor.filter(|_| change.old == change.new).cloned() {
            let used = self.text.line_at(node.start);
            return self.problems.push((anchor, EditProblem::Shared { used }));
        }
        let alias = &self.text.as_str()[node.start..node.end];
        match fresh(alias, shared, change.new) {
            Some(fresh) => self.replace(node, place, &fresh),
            None => self.problem(EditProblem::Alias),
        }
    }
}

/// What is written instead of an alias; `None`, if that would be too much.
fn fresh<'v>(alias: &'v str, shared: Option<&Value>, new: &'v Value) -> Option<Fresh<'v>> {
    let shared = shared.and_then(Value::as_object);
    let over = shared
        .zip(new.as_object())
        .and_then(|(shared, new)| over(alias, shared, new));
    let whole = || (count(new) <= MAX_WRITTEN_OUT).then_some(Fresh::Value(new));
    over.or_else(whole)
}

/// The alias with members beside it, where that can say it.
fn over<'v>(
    alias: &'v str,
    shared: &Map<String, Value>,
    new: &'v Map<String, Value>,
) -> Option<Fresh<'v>> {
    let members = new
        .iter()
        .filter(|(name, value)| shared.get(*name) != Some(value));
    let members = sorted(members.map(|(name, value)| (name.as_str(), value)));
    let written: usize = members.iter().map(|(_, value)| count(value)).sum();
    let has_all = shared.keys().all(|name| new.contains_key(name));
    (has_all && written <= MAX_WRITTEN_OUT).then_some(Fresh::Over { alias, members })
}

/// The value and all values in it.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}
