use std::fmt;

use gatehouse_abi::{ABI_VERSION, METADATA_SECTION};
use thiserror::Error;

/// Why a module does not load. Each reads on after "the module": lower case, without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// Some part of it is too large.
    #[error("has {what} of {found}, more than the limit of {limit}")]
    TooLarge {
        /// Which part.
        what: Size,
        /// Its size.
        found: u64,
        /// [`Limits::module`](crate::Limits::module), [`Limits::memory`](crate::Limits::memory),
        /// [`Limits::table`](crate::Limits::table), or 1 table.
        limit: u64,
    },
    /// The bytes do not begin as a core module does.
    #[error("is not a WebAssembly module: {0}")]
    NotWasm(String),
    /// It is a module, but one that breaks WebAssembly's rules or uses a proposal that is switched off.
    #[error("is not valid: {0}")]
    Invalid(String),
    /// It imports something.
    #[error("imports `{module}.{name}`; a policy imports nothing")]
    Import {
        /// The import's module, for example `env`.
        module: String,
        /// The import's name.
        name: String,
    },
    /// It lacks an export.
    #[error("does not export `{name}`")]
    MissingExport {
        /// The export's name.
        name: &'static str,
    },
    /// An export is not what it must be.
    #[error("exports `{name}` as {found}; it must be {required}")]
    WrongExport {
        /// The export's name.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        required: &'static str,
    },
    /// It does not say what it is.
    #[error("has no section `{METADATA_SECTION}`: it is not a policy")]
    NoMetadata,
    /// It says twice what it is.
    #[error("has the section `{METADATA_SECTION}` more than once")]
    TwoMetadata,
    /// What it says about itself cannot be read.
    #[error("has a section `{section}` that cannot be read: {0}", section = METADATA_SECTION)]
    BadMetadata(String),
    /// It was made for another version of the ABI.
    #[error("was made for version {found} of the policy ABI; this is version {ABI_VERSION}")]
    OtherAbi {
        /// The version it names.
        found: u64,
    },
}

/// What of a module can be too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Its file, in bytes.
    Module,
    /// The memory it starts with, in bytes.
    Memory,
    /// The table it starts with, in elements.
    Table,
    /// The number of its tables.
    Tables,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Size::Module => "a file size in bytes",
            Size::Memory => "an initial memory in bytes",
            Size::Table => "a table size in elements",
            Size::Tables => "a number of tables",
        })
    }
}
