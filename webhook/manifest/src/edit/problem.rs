use gatehouse_abi::DoesNotFit;

use super::RETRIES;

/// A change that was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct Refused {
    /// Which one, as an index of the list of changes.
    pub change: usize,
    /// The line where the reason stands, from 1; 0, if the file has no such object.
    pub line: usize,
    /// Why.
    pub problem: EditProblem,
}

/// Why a change cannot be made in the text of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditProblem {
    /// No object of the file is where the change says.
    #[error("the file has no such object")]
    NoObject,
    /// An edit does not fit the object.
    #[error(transparent)]
    DoesNotFit(#[from] DoesNotFit),
    /// A value is changed that others share by its anchor, and they shall stay as they are.
    #[error(
        "line {used} uses this value by its anchor and would change too: write the value out there first"
    )]
    Shared {
        /// The line of the alias.
        used: usize,
    },
    /// A member is taken out that comes by `<<`.
    #[error(
        "this member comes by `<<`, which cannot leave it out: write the other members out first"
    )]
    Merged,
    /// What an alias stands for is changed, and is too much to be written out.
    #[error(
        "this alias stands for more than can well be written out here: change the value at its anchor, or write it out yourself"
    )]
    Alias,
    /// The text with the change would not be read as it should be.
    #[error(
        "the text is written in a way that cannot be edited here without damage: change it by hand"
    )]
    Layout,
    /// The reason may be that of changes beside it: too many were tried by themselves to tell.
    #[error(
        "{0}; or only changes beside it cannot be made: no more than {RETRIES} are tried by themselves, so run it again"
    )]
    NotRetried(Box<EditProblem>),
}
