//! Configuration documents: the same from files and from the cluster.

mod custom_workload;
mod exemption;
mod policy;
mod registry;
mod settings;

use gatehouse_abi::{Path, Segment, tree::Node};
use serde::Deserialize;
use serde_path_to_error::Segment as Step;

pub use custom_workload::CustomWorkload;
pub use exemption::{Exemption, Subjects, WorkloadPattern};
pub use policy::{FixAt, Match, Mode, ModuleRef, NamePatterns, OnError, Override, PolicySpec};
pub use registry::RegistrySpec;
pub use settings::{check_settings, compile_schema};

/// Group and version of Gatehouse's documents.
pub const API_VERSION: &str = "gatehouse.dev/v1alpha1";

/// One configuration document.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// A policy and its name.
    Policy(String, Box<PolicySpec>),
    /// An exemption and its name.
    Exemption(String, Box<Exemption>),
    /// How a registry is asked, and the document's name.
    Registry(String, Box<RegistrySpec>),
    /// A custom resource that creates pods, and the document's name.
    CustomWorkload(String, Box<CustomWorkload>),
}

/// A mistake in a configuration document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", Place(path))]
pub struct ConfigError {
    /// Where in the document.
    pub path: Path,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl ConfigError {
    /// A mistake at this place.
    pub fn new(path: Path, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { path, message }
    }
}

/// Reads a document of [`API_VERSION`].
///
/// # Errors
/// Where the document is not what its kind says.
pub fn read(document: Node<'_>) -> Result<Document, ConfigError> {
    let header: Header = deserialize(document, Path::root())?;
    if header.api_version != API_VERSION {
        let message = format!("`{}` is not `{API_VERSION}`", header.api_version);
        return Err(ConfigError::new("apiVersion".into(), message));
    }
    let spec = document.get("spec").unwrap_or(Node::NULL);
    let name = header.metadata.name;
    let at = Path::dotted("spec");
    match header.kind.as_str() {
        "Policy" => Ok(Document::Policy(name, deserialize(spec, at)?)),
        "Exemption" => Ok(Document::Exemption(name, deserialize(spec, at)?)),
        "Registry" => Ok(Document::Registry(name, deserialize(spec, at)?)),
        "CustomWorkload" => Ok(Document::CustomWorkload(name, deserialize(spec, at)?)),
        other => Err(ConfigError::new(
            "kind".into(),
            format!(
                "`{other}` is not a kind of {API_VERSION}: Policy, Exemption, Registry or CustomWorkload"
            ),
        )),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    api_version: String,
    kind: String,
    metadata: Metadata,
    #[serde(default, rename = "spec")]
    _spec: serde::de::IgnoredAny,
    #[serde(default, rename = "status")]
    _status: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

/// Reads a part of a document, which stands in it `at` a path.
///
/// # Errors
/// Where the part is not what `T` says, in words that name no Rust types.
pub fn deserialize<'de, T: Deserialize<'de>>(node: Node<'de>, at: Path) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(node.deserializer()).map_err(|error| {
        let steps = error.path().iter().filter_map(segment);
        let path = steps.fold(at, |path, step| path.join(&Path::from_iter([step])));
        ConfigError::new(path, plain_words(&error.inner().to_string()))
    })
}

fn segment(step: &Step) -> Option<Segment> {
    match step {
        Step::Seq { index } => Some(Segment::Index(*index)),
        Step::Map { key } => Some(Segment::Key(key.clone())),
        Step::Enum { .. } | Step::Unknown => None,
    }
}

/// serde names Rust's types; an operator writes YAML.
fn plain_words(message: &str) -> String {
    let mismatch = ["invalid type: ", "invalid value: "];
    let rest = mismatch.iter().find_map(|m| message.strip_prefix(m));
    match rest.and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => format!("expected {}, not {}", wanted(expected), given(found)),
        None => message.replace("unknown variant", "unknown value"),
    }
}

fn wanted(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a string" => "text",
        "a boolean" => "true or false",
        other if other.starts_with("struct ") || other == "a map" => "an object",
        other => other,
    }
}

fn given(found: &str) -> String {
    match found {
        "unit value" => "nothing".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        other => other.replace("string ", "").replace('"', "`"),
    }
}

struct Place<'a>(&'a Path);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.segments().is_empty() {
            return Ok(());
        }
        write!(f, "{}: ", self.0)
    }
}

#[cfg(test)]
mod tests;
