use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::glob::Glob;

/// What an operator says of one policy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// Where the wasm module comes from.
    pub module: ModuleRef,
    /// What becomes of the findings.
    #[serde(default)]
    pub mode: Mode,
    /// The module's settings; their shape is the module's.
    #[serde(default = "empty_object")]
    pub settings: Value,
    /// Which objects it judges; all that the module can judge when it is not given.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// Other modes for some codes or namespaces; the last that matches wins.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The kinds of fact that the module may have.
    #[serde(default)]
    pub facts: Vec<String>,
    /// What becomes of a request that the policy failed to judge.
    #[serde(default)]
    pub on_error: OnError,
    /// The operator's own line under a denial.
    #[serde(default)]
    pub message: Option<String>,
    /// Codes whose fixes are applied in mode `fix` although they are risky.
    #[serde(default)]
    pub risky_fixes: Vec<String>,
    /// Where workloads are fixed.
    #[serde(default)]
    pub fix_at: FixAt,
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The request is refused.
    #[default]
    Deny,
    /// The person who asks is warned.
    Warn,
    /// It is recorded.
    Audit,
    /// What can be repaired is; what is still broken is refused.
    Fix,
}

/// What becomes of a request that a policy failed to judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It is refused.
    #[default]
    Deny,
    /// It passes, as far as this policy is concerned.
    Allow,
}

/// Where mode `fix` repairs a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FixAt {
    /// At its pods: changing controllers makes GitOps tools drift and restarts rollouts.
    #[default]
    Pod,
    /// At the object that its author wrote.
    Author,
}

/// Where a module comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModuleRef {
    /// One of those inside Gatehouse.
    Builtin(String),
    /// A file, relative to the configuration document.
    File(String),
}

/// Which objects a policy judges.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// By their namespace's name.
    #[serde(default)]
    pub namespaces: NamePatterns,
    /// By their kind; all that the module can judge when empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Objects that carry all these labels are judged in any namespace. Labels only widen: whoever
    /// writes an object writes its labels, so no label may take it out of a policy's reach.
    #[serde(default)]
    pub also_labels: std::collections::BTreeMap<String, String>,
}

/// Names, with `*` for any part.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamePatterns {
    /// Only these; all when empty.
    #[serde(default)]
    pub include: Vec<Glob>,
    /// Not these.
    #[serde(default)]
    pub exclude: Vec<Glob>,
}

/// Another mode for some findings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Override {
    /// These codes; all when empty.
    #[serde(default)]
    pub codes: Vec<String>,
    /// In these namespaces; everywhere when empty.
    #[serde(default)]
    pub namespaces: Vec<Glob>,
    /// The mode.
    pub mode: Mode,
}

impl NamePatterns {
    /// Whether the name is included and not excluded.
    pub fn select(&self, name: &str) -> bool {
        let any = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

impl PolicySpec {
    /// The mode for a code in a namespace.
    pub fn mode_of(&self, code: &str, namespace: &str) -> Mode {
        let applies = |o: &&Override| {
            (o.codes.is_empty() || o.codes.iter().any(|c| c == code))
                && (o.namespaces.is_empty() || o.namespaces.iter().any(|n| n.matches(namespace)))
        };
        let last = self.overrides.iter().rev().find(applies);
        last.map_or(self.mode, |o| o.mode)
    }

    /// Whether any code anywhere is in mode `fix`.
    pub fn may_fix(&self) -> bool {
        let mut modes = self.overrides.iter().map(|o| o.mode);
        self.mode == Mode::Fix || modes.any(|mode| mode == Mode::Fix)
    }
}

impl Mode {
    /// The word that an operator writes.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Deny => "deny",
            Mode::Warn => "warn",
            Mode::Audit => "audit",
            Mode::Fix => "fix",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ModuleRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("builtin", name)) if !name.is_empty() => Ok(Self::Builtin(name.into())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("oci", _)) => Err(format!(
                "`{text}`: this version cannot load modules from registries; save the module and write `file:PATH`"
            )),
            _ => Err(format!(
                "`{text}` is not a module: write `builtin:NAME` or `file:PATH`"
            )),
        }
    }
}

impl fmt::Display for ModuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name) => write!(f, "builtin:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

impl<'de> Deserialize<'de> for ModuleRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}
