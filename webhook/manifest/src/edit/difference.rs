//! From a document's old and new value, and how the old one is written, to the replacements in its text.
//!
//! What an edit asks for is compared, not carried out: so several edits of one place become one change, and what
//! holds already is not touched. The whole document is gone through, in its order, as a change at an anchor
//! changes what its aliases stand for.

use gatehouse_abi::{Path, Segment};
use serde_json::Value;

use super::{
    EditProblem,
    anchors::Anchors,
    block, flow,
    items::Items,
    print::Fresh,
    reader::column,
    splices::Splices,
    style::Style,
    syntax::{Entry, Form, Key, Layout, Quotes, Syntax},
};
use crate::text::Text;

/// What is to be done to the text of a document.
#[derive(Debug)]
pub(crate) struct Difference<'v> {
    pub(crate) text: &'v Text,
    pub(crate) style: Style,
    pub(crate) splices: Splices,
    pub(crate) anchors: Anchors<'v>,
    /// The way to the value that is looked at.
    steps: Vec<Segment>,
    /// What cannot be done, and where.
    pub(crate) problems: Vec<(Path, EditProblem)>,
}

/// The old and the new value at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'v> {
    pub(crate) old: &'v Value,
    pub(crate) new: &'v Value,
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

/// The members or items of a value.
pub(crate) struct Entries<'e, 't> {
    pub(crate) all: &'e [Entry<'t>],
    /// For each, whether it stays.
    pub(crate) stays: Vec<bool>,
}

impl<'v> Difference<'v> {
    pub(crate) fn new(text: &'v Text, style: Style) -> Self {
        Self {
            text,
            style,
            splices: Splices::default(),
            anchors: Anchors::default(),
            steps: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Goes through a document.
    pub(crate) fn document(&mut self, root: &Syntax<'_>, change: Change<'v>) {
        self.value(root, Place::Member(0), change);
    }

    pub(crate) fn value(&mut self, node: &Syntax<'_>, place: Place, change: Change<'v>) {
        if let Some(id) = node.anchor {
            self.anchors.set(id, self.path(), Some(change.new));
        }
        match (&node.form, change.old, change.new) {
            (Form::Alias(id), ..) => self.alias(*id, node, place, change),
            (Form::Mapping(layout, members), Value::Object(old), Value::Object(new)) => {
                let stay = self.members(members, *layout, (old, new));
                let added = self.added(members, (old, new));
                match stay.is_nothing() && !(old.is_empty() && new.is_empty()) {
                    true => self.replace(node, place, &change.new.into()),
                    false => self.lay_out_members(*layout, &stay, &added),
                }
            }
            (Form::List(layout, items), Value::Array(old), Value::Array(new)) => {
                let (stay, added) = self.items(items, *layout, (old, new));
                match stay.is_nothing() && !(old.is_empty() && new.is_empty()) {
                    true => self.replace(node, place, &change.new.into()),
                    false => self.lay_out_items(*layout, &stay, added),
                }
            }
            (_, old, new) if old == new => {}
            _ => {
                let entries = node.entries().iter();
                entries.for_each(|entry| self.take_out(&entry.value));
                self.replace(node, place, &change.new.into());
            }
        }
    }

    /// Goes through the items of a list; which of them stay, and what comes behind them.
    fn items<'e, 't>(
        &mut self,
        items: &'e [Entry<'t>],
        layout: Layout,
        (old, new): (&'v [Value], &'v [Value]),
    ) -> (Entries<'e, 't>, &'v [Value]) {
        let pairs = Items::pair(old, new);
        let old = old.iter().zip(&pairs.become_);
        for (index, (item, (old, becomes))) in items.iter().zip(old).enumerate() {
            match becomes.and_then(|becomes| new.get(becomes)) {
                Some(new) => {
                    let place = self.place(item, layout);
                    let change = Change { old, new };
                    self.at(Segment::Index(index), |here| {
                        here.value(&item.value, place, change)
                    });
                }
                None => self.at(Segment::Index(index), |here| here.take_out(&item.value)),
            }
        }
        let stays = pairs.become_.iter().map(Option::is_some).collect();
        let added = new.get(pairs.added_from..).unwrap_or_default();
        (Entries { all: items, stays }, added)
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

    /// Puts a value in the place of another.
    pub(crate) fn replace(&mut self, node: &Syntax<'_>, place: Place, fresh: &Fresh<'_>) {
        if flow::replace_behind_comment(self, node, fresh) {
            return;
        }
        if has_only_comments(&self.text.as_str()[node.start..node.end], &node.form) {
            self.problem(EditProblem::Layout);
        }
        match place {
            Place::Flow => flow::replace(self, node, fresh),
            place => block::replace(self, node, place, fresh),
        }
    }

    /// Notes that a value with its anchors stands there no longer.
    pub(crate) fn take_out(&mut self, node: &Syntax<'_>) {
        let anchors = node.anchors().into_iter();
        anchors.for_each(|id| self.anchors.set(id, self.path(), None));
    }

    /// Does something one step deeper.
    pub(crate) fn at<T>(&mut self, step: Segment, act: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(step);
        let done = act(self);
        self.steps.pop();
        done
    }

    /// Notes that something cannot be done here.
    pub(crate) fn problem(&mut self, problem: EditProblem) {
        self.problems.push((self.path(), problem));
    }

    fn path(&self) -> Path {
        self.steps.iter().cloned().collect()
    }

    /// The place of an entry's value.
    pub(crate) fn place(&self, entry: &Entry<'_>, layout: Layout) -> Place {
        let column = || column(self.text.as_str(), entry.at);
        match (layout, &entry.key) {
            (Layout::Flow, _) => Place::Flow,
            (Layout::Block, Key::None) => Place::Item(column()),
            (Layout::Block, _) => Place::Member(column()),
        }
    }
}

impl Entries<'_, '_> {
    fn is_nothing(&self) -> bool {
        !self.stays.contains(&true)
    }
}

/// Whether it is empty brackets with comments inside, for which there would be no place.
fn has_only_comments(text: &str, form: &Form<'_>) -> bool {
    let is_empty =
        matches!(form, Form::Mapping(_, entries) | Form::List(_, entries) if entries.is_empty());
    is_empty && text.contains('#')
}
