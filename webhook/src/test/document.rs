//! The form of a document of cases.

use std::collections::BTreeMap;

use gatehouse_core::Verdict;
use serde::{Deserialize, Deserializer, de::Error as _, de::IgnoredAny};
use serde_json::{Map, Value};
use time::{Date, macros::format_description};

/// The kind of such a document.
pub(super) const KIND: &str = "PolicyTest";

/// A `PolicyTest` but for its cases, which are read one by one, so that all their mistakes are said.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Header {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
}

/// What all cases of a document are judged by: `config`, or `policy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Spec {
    /// Files and folders of configuration documents.
    #[serde(default)]
    pub(super) config: Vec<String>,
    /// One policy as its document's `spec` says it, and its `name`.
    #[serde(default)]
    pub(super) policy: Map<String, Value>,
    #[serde(rename = "cases")]
    _cases: IgnoredAny,
}

/// What is judged, what is known, and what is expected.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaseSpec {
    pub(super) name: String,
    /// Members that replace those of the document's `policy`.
    #[serde(default)]
    pub(super) policy: Map<String, Value>,
    /// The object itself.
    pub(super) object: Option<Value>,
    /// A file with the object, in YAML or JSON.
    pub(super) manifest: Option<String>,
    /// A file with an AdmissionReview, as the API server sent it.
    pub(super) review: Option<String>,
    #[serde(default)]
    pub(super) namespace: NamespaceSpec,
    #[serde(default)]
    pub(super) facts: FactsSpec,
    /// A file that `gatehouse check --record` wrote.
    pub(super) record: Option<String>,
    /// The day by which exemptions expire; today when it is not given.
    #[serde(default, deserialize_with = "date")]
    pub(super) today: Option<Date>,
    pub(super) expect: Expectation,
}

/// The namespace of the object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NamespaceSpec {
    /// Its name, where the object does not say it.
    pub(super) name: Option<String>,
    /// Its labels; not known when they are not given.
    pub(super) labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

/// Facts as policies read them, by their keys.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FactsSpec {
    /// Namespaces by their names.
    #[serde(default)]
    pub(super) namespace: BTreeMap<String, Value>,
    /// Images by their references.
    #[serde(default)]
    pub(super) image: BTreeMap<String, Value>,
}

/// What a case expects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expectation {
    pub(super) verdict: Verdict,
    /// Whether a policy judges the object at all. A slip in its kind or namespace would pass unseen.
    #[serde(default = "yes")]
    pub(super) judged: bool,
    /// All findings; none when it is not given.
    #[serde(default)]
    pub(super) findings: Vec<ExpectedFinding>,
    /// The policies that could not check everything. When it is not given: some where the verdict is
    /// `error`, otherwise none.
    pub(super) failed: Option<Vec<String>>,
    /// The JSON patch of mode `fix`.
    pub(super) patch: Option<Vec<Value>>,
    /// The file that keeps what a person reads: the denial, or the warnings.
    pub(super) message: Option<String>,
    /// The file that keeps the object after the fixes.
    pub(super) fixed: Option<String>,
}

/// A finding that is expected. What is not given is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectedFinding {
    pub(super) code: String,
    pub(super) container: Option<String>,
    /// As a denial shows it, or exactly.
    pub(super) path: Option<String>,
    pub(super) policy: Option<String>,
    /// What becomes of it.
    pub(super) effect: Option<ExpectedEffect>,
}

/// The words of [`gatehouse_core::Effect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ExpectedEffect {
    Refused,
    Warned,
    Audited,
    Repaired,
    Exempted,
    Unchanged,
    Left,
}

impl ExpectedEffect {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Warned => "warned",
            Self::Audited => "audited",
            Self::Repaired => "repaired",
            Self::Exempted => "exempted",
            Self::Unchanged => "unchanged",
            Self::Left => "left",
        }
    }
}

fn yes() -> bool {
    true
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let date = Date::parse(&text, format_description!("[year]-[month]-[day]"));
    date.map(Some).map_err(|_| {
        D::Error::custom(format_args!(
            "`{text}` is not a date: write it as 2027-01-31"
        ))
    })
}
