//! Version 1 of the policy ABI: what the host and a policy module say to each other.
//!
//! A policy is a pure function `(request, settings, facts) -> need | findings`. The three inputs are
//! [`tree`]s, the answer is the JSON of an [`Answer`], and the module's custom section
//! [`METADATA_SECTION`] holds the JSON of its [`Metadata`].

mod answer;
mod edit;
mod metadata;
mod path;
pub mod tree;
mod value_path;

pub use answer::{Answer, Finding, Need, SettingsError};
pub use edit::{DoesNotFit, Edit, Fix};
pub use metadata::{CodeInfo, Input, Metadata, Operation};
pub use path::{Path, PathError, Segment};
pub use value_path::{Selected, Step, ValuePath, ValuePathError};

/// The ABI's version, the `abi` member of a module's metadata.
pub const ABI_VERSION: u32 = 1;

/// Name of the wasm custom section that holds a module's [`Metadata`] as JSON.
pub const METADATA_SECTION: &str = "gatehouse.policy";

/// Names of a module's exports.
pub mod exports {
    /// The module's linear memory.
    pub const MEMORY: &str = "memory";
    /// `(len: i32) -> i32`: 8-aligned room for the inputs, called once a call.
    pub const ALLOC: &str = "gatehouse_alloc";
    /// `(settings: i32, len: i32) -> i64`: 0, or `ptr << 32 | len` of a JSON list of [`SettingsError`](crate::SettingsError)s.
    pub const CONFIGURE: &str = "gatehouse_configure";
    /// `(request, len, settings, len, facts, len: i32) -> i64`: 0, or `ptr << 32 | len` of an [`Answer`](crate::Answer)'s JSON.
    pub const EVALUATE: &str = "gatehouse_evaluate";
}
