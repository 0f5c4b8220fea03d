//! From a document's old and new value, and how the old one is written, to the replacements in its text.
//!
//! What an edit asks for is compared, not carried out: so several edits of one place become one change, and what
//! holds already is not touched. The whole document is gone through, in its order, as a change at an anchor
//! changes what its aliases stand for.

use gatehouse_abi::Path;
use serde_json::{Map, Value};

use super::{
    EditProblem,
    anchors::Anchors,
    block, flow,
    items::Items,
    print::{Fresh, sorted},
    reader,
    splices::Splices,
    style::Style,
    syntax::{Entry, Form, Key, Layout, Quotes, Syntax},
};
use crate::text::Text;

/// Values that are written out in the place of an alias at most.
const MAX_WRITTEN_OUT: usize = 20;

/// What is to be done to the text of a document.
#[derive(Debug)]
pub(crate) struct Difference<'t> {
    pub(crate) text: &'t Text,
    pub(crate) style: Style,
    pub(crate) splices: Splices,
    anchors: Anchors,
    /// What cannot be done, and where.
    pub(crate) problems: Vec<(Path, EditProblem)>,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Behind a key in block style, which begins in this column.
    Member(usize),
    /// Behind a `-` in this column.
    Item(usize),
    /// Inside brackets.
    Flow,
}

/// The old and the new value at a path.
#[derive(Clone, Copy)]
pub(crate) struct Change<'v> {
    pub(crate) path: &'v Path,
    pub(crate) old: &'v Value,
    pub(crate) new: &'v Value,
}

/// Members or items that stay, and those that come behind them.
pub(crate) struct Entries<'e, 't> {
    pub(crate) all: &'e [Entry<'t>],
    /// For each, whether it stays.
    pub(crate) stays: Vec<bool>,
}

impl<'t> Difference<'t> {
    pub(crate) fn new(text: &'t Text, style: Style) -> Self {
        Self {
            text,
            style,
            splices: Splices::default(),
            anchors: Anchors::default(),
            problems: Vec::new(),
        }
    }

    /// Goes through a value.
    pub(crate) fn value(&mut self, node: &Syntax<'_>, place: Place, change: Change<'_>) {
        if let Some(id) = node.anchor {
            self.anchors.set(id, change.path, Some(change.new));
        }
        match (&node.form, change.old, change.new) {
            (Form::Alias(id), ..) => self.alias(*id, node, place, change),
            (Form::Mapping(layout, members), Value::Object(old), Value::Object(new)) => {
                let stays = self.members(members, *layout, change.path, (old, new));
                let added = self.added(members, change.path, (old, new));
                let entries = Entries {
                    all: members,
                    stays,
                };
                match entries.keep_nothing() {
                    true if !(old.is_empty() && new.is_empty()) => {
                        self.replace(node, place, &change.new.into());
                    }
                    _ => self.lay_out_members(*layout, &entries, &added),
                }
            }
            (Form::List(layout, items), Value::Array(old), Value::Array(new)) => {
                self.list(node, *layout, items, place, change, (old, new));
            }
            (_, old, new) if old == new => {}
            _ => {
                let entries = node.entries().iter();
                entries.for_each(|entry| self.take_out(&entry.value, change.path));
                self.replace(node, place, &change.new.into());
            }
        }
    }

    /// Goes through the members that a mapping has itself; which of them stay.
    fn members(
        &mut self,
        members: &[Entry<'_>],
        layout: Layout,
        path: &Path,
        (old, new): (&Map<String, Value>, &Map<String, Value>),
    ) -> Vec<bool> {
        let inherited = self.anchors.inherited(members);
        let stays = |member: &Entry<'_>| {
            let Key::Name(name, _) = &member.key else {
                return true;
            };
            if inherited.hides(name, member.at) {
                return true;
            }
            let path = path.clone().key(&**name);
            match (old.get(&**name), new.get(&**name)) {
                (Some(old), Some(new)) => {
                    let path = &path;
                    let place = self.member_place(layout, member);
                    self.value(&member.value, place, Change { path, old, new });
                    true
                }
                (Some(_), None) => {
                    self.take_out(&member.value, &path);
                    false
                }
                // no tree has `managedFields`
                _ => true,
            }
        };
        members.iter().map(stays).collect()
    }

    /// The members that a mapping does not have yet, or only by a merge key, which has to give them another value.
    fn added<'v>(
        &mut self,
        members: &[Entry<'_>],
        path: &Path,
        (old, new): (&Map<String, Value>, &'v Map<String, Value>),
    ) -> Vec<(&'v str, &'v Value)> {
        let inherited = self.anchors.inherited(members);
        let is_own = |name: &str| {
            let own = |m: &&Entry<'_>| matches!(&m.key, Key::Name(key, _) if key == name);
            let own = members.iter().find(own);
            own.is_some_and(|own| !inherited.hides(name, own.at))
        };
        // what an anchor does to members that are to stay as they are
        let mut harmed = inherited.gone;
        let mut added = Vec::new();
        for (name, value) in new.iter().filter(|(name, _)| !is_own(name)) {
            let stays = old.get(name) == Some(value);
            match inherited.members.get(name) {
                Some(merged) if merged == value => {}
                None if stays && inherited.unknown => {}
                _ if stays => harmed = true,
                _ => added.push((name.as_str(), value)),
            }
        }
        for name in inherited
            .members
            .keys()
            .filter(|name| !new.contains_key(*name))
        {
            match old.contains_key(name) {
                true => self.problem(&path.clone().key(name), EditProblem::Merged),
                false => harmed = true,
            }
        }
        if harmed {
            let merge = members.iter().find(|m| matches!(m.key, Key::Merge));
            let used = merge.map_or(0, |merge| self.text.line_at(merge.at));
            let anchors = inherited.anchors.iter();
            anchors.for_each(|anchor| self.problem(anchor, EditProblem::Shared { used }));
        }
        sorted(added.into_iter())
    }

    fn list(
        &mut self,
        node: &Syntax<'_>,
        layout: Layout,
        all: &[Entry<'_>],
        place: Place,
        change: Change<'_>,
        (old, new): (&[Value], &[Value]),
    ) {
        let items = Items::pair(old, new);
        let mut stays = Vec::with_capacity(all.len());
        for ((index, item), becomes) in all.iter().enumerate().zip(&items.become_) {
            let path = &change.path.clone().index(index);
            match becomes.and_then(|becomes| new.get(becomes)) {
                Some(new) => {
                    let old = &old[index];
                    let place = self.item_place(layout, item);
                    self.value(&item.value, place, Change { path, old, new });
                }
                None => self.take_out(&item.value, path),
            }
            stays.push(becomes.is_some());
        }
        let entries = Entries { all, stays };
        let added = new.get(items.added_from..).unwrap_or_default();
        match entries.keep_nothing() {
            true if !(old.is_empty() && new.is_empty()) => {
                self.replace(node, place, &change.new.into());
            }
            _ => self.lay_out_items(layout, &entries, added),
        }
    }

    fn alias(&mut self, id: usize, node: &Syntax<'_>, place: Place, change: Change<'_>) {
        let Some(anchor) = self.anchors.get(id).cloned() else {
            if change.old != change.new {
                self.problem(change.path, EditProblem::Alias);
            }
            return;
        };
        let used = self.text.line_at(node.start);
        let alias = &self.text.as_str()[node.start..node.end];
        match anchor.value {
            Some(value) if value == *change.new => {}
            _ if change.old == change.new => {
                self.problem(&anchor.path, EditProblem::Shared { used })
            }
            Some(Value::Object(shared)) => match over(alias, &shared, change.new) {
                Some(fresh) => self.replace(node, place, &fresh),
                None => self.write_out(node, place, change),
            },
            _ => self.write_out(node, place, change),
        }
    }

    fn write_out(&mut self, node: &Syntax<'_>, place: Place, change: Change<'_>) {
        match count(change.new) <= MAX_WRITTEN_OUT {
            true => self.replace(node, place, &change.new.into()),
            false => self.problem(change.path, EditProblem::Alias),
        }
    }

    /// Puts a value in the place of another.
    fn replace(&mut self, node: &Syntax<'_>, place: Place, fresh: &Fresh<'_>) {
        match place {
            Place::Flow => flow::replace(self, node, fresh),
            place => block::replace(self, node, place, fresh),
        }
    }

    fn lay_out_members(
        &mut self,
        layout: Layout,
        entries: &Entries<'_, '_>,
        added: &[(&str, &Value)],
    ) {
        let quotes = match entries.all.last().map(|last| &last.key) {
            Some(Key::Name(_, Quotes::Double)) => Quotes::Double,
            _ => Quotes::None,
        };
        match layout {
            Layout::Flow => flow::lay_out(self, entries, |style, indent| {
                let member = |member| style.flow_member(member, quotes, indent);
                added.iter().map(member).collect()
            }),
            Layout::Block => block::lay_out(self, entries, |style, column| {
                style.block_members(added, quotes, column)
            }),
        }
    }

    fn lay_out_items(&mut self, layout: Layout, entries: &Entries<'_, '_>, added: &[Value]) {
        let quotes = match entries.all.last().map(|last| &last.value.form) {
            Some(Form::Scalar(quotes)) => *quotes,
            _ => Quotes::None,
        };
        match layout {
            Layout::Flow => flow::lay_out(self, entries, |style, indent| {
                let item = |item| style.flow(&Fresh::Value(item), quotes, indent);
                added.iter().map(item).collect()
            }),
            Layout::Block => block::lay_out(self, entries, |style, column| {
                let item = |item| style.block_item(item, quotes, column);
                added.iter().flat_map(item).collect()
            }),
        }
    }

    /// Notes that a value with its anchors stands there no longer.
    fn take_out(&mut self, node: &Syntax<'_>, path: &Path) {
        let anchors = node.anchors().into_iter();
        anchors.for_each(|id| self.anchors.set(id, path, None));
    }

    fn problem(&mut self, path: &Path, problem: EditProblem) {
        self.problems.push((path.clone(), problem));
    }

    fn member_place(&self, layout: Layout, member: &Entry<'_>) -> Place {
        match layout {
            Layout::Block => Place::Member(reader::column(self.text.as_str(), member.at)),
            Layout::Flow => Place::Flow,
        }
    }

    fn item_place(&self, layout: Layout, item: &Entry<'_>) -> Place {
        match layout {
            Layout::Block => Place::Item(reader::column(self.text.as_str(), item.at)),
            Layout::Flow => Place::Flow,
        }
    }
}

impl Entries<'_, '_> {
    fn keep_nothing(&self) -> bool {
        !self.stays.contains(&true)
    }
}

/// The alias to a mapping with other members beside it, if that is all the new value is.
fn over<'v>(alias: &'v str, shared: &Map<String, Value>, new: &'v Value) -> Option<Fresh<'v>> {
    let new = new.as_object()?;
    let members = new
        .iter()
        .filter(|(name, value)| shared.get(*name) != Some(value));
    let members = sorted(members.map(|(name, value)| (name.as_str(), value)));
    let small = members.iter().map(|(_, value)| count(value)).sum::<usize>() <= MAX_WRITTEN_OUT;
    let has_all = shared.keys().all(|name| new.contains_key(name));
    (small && has_all).then_some(Fresh::Over { alias, members })
}

/// The value and all values in it.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}
