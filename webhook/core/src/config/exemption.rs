use serde::{Deserialize, Deserializer, de::Error as _};
use time::{Date, macros::format_description};

use crate::glob::Glob;

/// A named hole in a policy, with an owner and an end, instead of a weaker policy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemption {
    /// The policy's name.
    pub policy: String,
    /// The codes that are exempted; at least one.
    pub codes: Vec<String>,
    /// The workloads that are; at least one.
    pub workloads: Vec<WorkloadPattern>,
    /// Who may use the hole; everyone when it names nobody.
    #[serde(default)]
    pub subjects: Subjects,
    /// Why it exists.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The first day (UTC) on which it no longer holds.
    #[serde(deserialize_with = "date")]
    pub expires: Date,
}

/// Some workloads. Every member that is given must match.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadPattern {
    /// The namespace's name.
    pub namespace: Glob,
    /// The kind: of the workload, whose pods are exempted with it, or Pod.
    pub kind: String,
    /// The name.
    pub name: Glob,
    /// Only these containers; all when empty.
    #[serde(default)]
    pub containers: Vec<Glob>,
    /// Only containers with these images, by their full reference; all when empty.
    #[serde(default)]
    pub images: Vec<Glob>,
}

/// People and programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subjects {
    /// User names.
    #[serde(default)]
    pub users: Vec<String>,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Service accounts, as `namespace/name`.
    #[serde(default)]
    pub service_accounts: Vec<String>,
}

impl Subjects {
    /// Whether the subjects name nobody, which means everyone.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.service_accounts.is_empty()
    }
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    Date::parse(&text, format_description!("[year]-[month]-[day]")).map_err(|_| {
        D::Error::custom(format_args!(
            "`{text}` is not a date: write it as 2027-01-31"
        ))
    })
}
