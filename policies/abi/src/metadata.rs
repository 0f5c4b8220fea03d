use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a module says about itself, readable without running it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The policy's name, for example `pod-security`.
    pub name: String,
    /// The module's version.
    pub version: String,
    /// The policy in a few words.
    pub title: String,
    /// The policy in a few sentences.
    pub description: String,
    /// Version of the ABI, [`ABI_VERSION`](crate::ABI_VERSION).
    pub abi: u32,
    /// The form in which the module reads its inputs.
    #[serde(default)]
    pub input: Input,
    /// The kinds it judges. `Pod` stands for Pods and for every workload that would create them: the
    /// host reduces those to the pod.
    pub kinds: Vec<String>,
    /// The operations it judges.
    pub operations: Vec<Operation>,
    /// The kinds of fact it may ask for.
    #[serde(default)]
    pub facts: Vec<String>,
    /// JSON Schema of its settings.
    pub settings: Value,
    /// Everything it may find, by code.
    pub codes: BTreeMap<String, CodeInfo>,
}

/// The form of the three input documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// [`tree`](crate::tree)s, read in place.
    #[default]
    Tree,
    /// JSON text.
    Json,
}

/// An admission operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// An object is created.
    Create,
    /// An object is changed.
    Update,
    /// An object is deleted.
    Delete,
    /// A connection to a subresource, for example `exec`.
    Connect,
}

/// What a module says about one of its codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeInfo {
    /// The rule in one line.
    pub title: String,
    /// Why the rule exists: the attack, in two sentences.
    pub explanation: String,
    /// A manifest fragment that breaks the rule.
    pub bad: String,
    /// The same fragment, mended.
    pub good: String,
    /// How a manifest is mended, and what to watch for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// Where to read on.
    #[serde(default)]
    pub links: Vec<String>,
}
