mod apply;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Path;
pub use apply::DoesNotFit;

/// A repair of one finding: edits that belong together, and what they may break.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// The edits, each on a path of its own.
    pub edits: Vec<Edit>,
    /// One line on what may stop working; `None`: nothing is known that the fix would stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
}

impl Fix {
    /// Whether nothing is known that the fix would stop.
    pub fn is_safe(&self) -> bool {
        self.risk.is_none()
    }
}

/// One change of the object. Unlike a JSON Patch operation it says what must hold afterwards, so the
/// edits of several policies can be merged: missing parents are created, and `null` equals absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Edit {
    /// The value at `path` becomes `value`.
    Set {
        /// What is set.
        path: Path,
        /// To what.
        value: Value,
    },
    /// Nothing stands at `path`.
    Remove {
        /// What is removed.
        path: Path,
    },
    /// The list at `path` has `item` among its items.
    Include {
        /// The list.
        path: Path,
        /// What it includes.
        item: Value,
    },
}

impl Edit {
    /// The path that the edit is about.
    pub fn path(&self) -> &Path {
        match self {
            Edit::Set { path, .. } | Edit::Remove { path } | Edit::Include { path, .. } => path,
        }
    }
}
