//! Mappings: what they have themselves, and what they have by merge keys (`<<`).

use std::collections::HashSet;

use gatehouse_abi::{Path, Segment};
use serde_json::{Map, Value};

use super::{
    EditProblem,
    anchors::Inherited,
    block,
    difference::{Change, Difference, Entries},
    flow,
    print::sorted,
    syntax::{Entry, Key, Layout, Quotes},
};

/// The members of a mapping.
type Members = Map<String, Value>;

impl<'v> Difference<'v> {
    /// Goes through the members that a mapping has itself; which of them stay.
    pub(crate) fn members<'e, 't>(
        &mut self,
        all: &'e [Entry<'t>],
        layout: Layout,
        values: (&'v Members, &'v Members),
    ) -> Entries<'e, 't> {
        let inherited = self.anchors.inherited(all);
        let stays = |member: &Entry<'_>| match &member.key {
            Key::Name(name, _) if !inherited.hides(name, member.at) => self
                .at(Segment::Key(name.to_string()), |here| {
                    here.member(member, layout, values)
                }),
            _ => true,
        };
        let stays = all.iter().map(stays).collect();
        Entries { all, stays }
    }

    /// Goes through a member; whether it stays.
    fn member(
        &mut self,
        member: &Entry<'_>,
        layout: Layout,
        (old, new): (&'v Members, &'v Members),
    ) -> bool {
        let Key::Name(name, _) = &member.key else {
            return true;
        };
        match (old.get(&**name), new.get(&**name)) {
            (Some(old), Some(new)) => {
                let place = self.place(member, layout);
                self.value(&member.value, place, Change { old, new });
                true
            }
            (Some(_), None) => {
                self.take_out(&member.value);
                false
            }
            // no tree has `managedFields`
            (None, _) => true,
        }
    }

    /// The members that a mapping has not itself, and needs to have.
    pub(crate) fn added(
        &mut self,
        members: &[Entry<'_>],
        (old, new): (&'v Members, &'v Members),
    ) -> Vec<(&'v str, &'v Value)> {
        let inherited = self.anchors.inherited(members);
        let own = own_names(members, &inherited);
        let others = new.iter().filter(|(name, _)| !own.contains(name.as_str()));
        let (stay, change): (Vec<_>, Vec<_>) =
            others.partition(|(name, value)| old.get(*name) == Some(value));
        self.check_merged(members, &inherited, (old, new), &stay);
        let change = change
            .into_iter()
            .map(|(name, value)| (name.as_str(), value));
        sorted(change.filter(|(name, value)| inherited.members.get(name) != Some(value)))
    }

    /// Finds what merge keys bring that is not wanted, and what they do not bring any more.
    fn check_merged(
        &mut self,
        members: &[Entry<'_>],
        inherited: &Inherited<'_>,
        (old, new): (&Members, &Members),
        stay: &[(&String, &Value)],
    ) {
        let is_lost = |(name, value): &(&String, &Value)| match inherited.members.get(name.as_str())
        {
            Some(merged) => merged != value,
            None => !inherited.unknown,
        };
        let unwanted = inherited
            .members
            .keys()
            .filter(|name| !new.contains_key(**name));
        let (taken, brought): (Vec<&str>, Vec<&str>) =
            unwanted.partition(|name| old.contains_key(**name));
        for name in taken {
            let name = Segment::Key(name.to_owned());
            self.at(name, |here| here.problem(EditProblem::Merged));
        }
        if inherited.gone || !brought.is_empty() || stay.iter().any(is_lost) {
            let merge = members.iter().find(|m| matches!(m.key, Key::Merge));
            let used = merge.map_or(0, |merge| self.text.line_at(merge.at));
            let anchors = inherited.anchors.iter();
            let problem = |anchor: &Path| (anchor.clone(), EditProblem::Shared { used });
            self.problems.extend(anchors.map(problem));
        }
    }

    pub(crate) fn lay_out_members(
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
}

/// The names of the members that a mapping has itself.
fn own_names<'e>(members: &'e [Entry<'_>], inherited: &Inherited<'_>) -> HashSet<&'e str> {
    let own = |member: &'e Entry<'_>| match &member.key {
        Key::Name(name, _) if !inherited.hides(name, member.at) => Some(&**name),
        _ => None,
    };
    members.iter().filter_map(own).collect()
}
