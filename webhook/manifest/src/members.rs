use std::{borrow::Cow, collections::HashMap};

use crate::{error::Failure, node::Member, text::Text};

/// The members of an object while it is read.
#[derive(Debug, Default)]
pub(crate) struct Members<'t> {
    list: Vec<Entry<'t>>,
    /// Places in the list, once it is long.
    index: HashMap<Cow<'t, str>, usize>,
}

#[derive(Debug)]
struct Entry<'t> {
    member: Member<'t>,
    /// Written in the object itself, not merged into it.
    own: bool,
}

/// Members up to which a key is looked for by comparing all of them.
const FEW: usize = 32;

impl<'t> Members<'t> {
    /// Adds a member that is written in an object of `text`; a second one with its key is an error.
    pub(crate) fn write(&mut self, text: &Text, member: Member<'t>) -> Result<(), Failure> {
        match self.find(&member.key) {
            Some(at) if self.list[at].own => {
                let first = self.list[at].member.key_range;
                return Err(Failure::duplicate(
                    text,
                    &member.key,
                    member.key_range,
                    first,
                ));
            }
            Some(at) => self.list[at] = Entry { member, own: true },
            None => self.push(Entry { member, own: true }),
        }
        Ok(())
    }

    /// Adds a member from `<<`. As kubectl does it, it replaces one that stands above; one that stands below
    /// replaces it.
    pub(crate) fn merge(&mut self, member: Member<'t>) {
        match self.find(&member.key) {
            Some(at) => self.list[at].member = member,
            None => self.push(Entry { member, own: false }),
        }
    }

    /// All of them, in the order of their first appearance.
    pub(crate) fn finish(self) -> Vec<Member<'t>> {
        self.list.into_iter().map(|entry| entry.member).collect()
    }

    fn find(&self, key: &str) -> Option<usize> {
        match self.list.len() > FEW {
            true => self.index.get(key).copied(),
            false => self.list.iter().position(|entry| entry.member.key == key),
        }
    }

    fn push(&mut self, entry: Entry<'t>) {
        self.list.push(entry);
        match self.list.len() {
            0..=FEW => {}
            length if length == FEW + 1 => (0..length).for_each(|at| self.note(at)),
            length => self.note(length - 1),
        }
    }

    fn note(&mut self, at: usize) {
        self.index.insert(self.list[at].member.key.clone(), at);
    }
}
