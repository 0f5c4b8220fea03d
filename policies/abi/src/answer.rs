use serde::{Deserialize, Serialize};

use crate::{Fix, Path};

/// What a policy answers when it has something to say; silence (a returned 0) means "nothing found".
///
/// As JSON it is `{"need": […]}`, or an object with `findings`, `unchecked` or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub enum Answer {
    /// The policy cannot decide before it knows these facts.
    Need(Vec<Need>),
    /// The policy has decided, as far as it could.
    Judged {
        /// The rules that the request breaks.
        findings: Vec<Finding>,
        /// What could not be checked and why, where the facts do not say: neither broken nor kept. Each
        /// one reads on after the policy's name: ``could not verify `app:1`: registry ghcr.io: timed out``.
        unchecked: Vec<String>,
    },
}

/// A fact that a policy asks the host for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The kind of fact, for example `namespace`; the module's metadata must declare it.
    pub fact: String,
    /// Which one, for example the namespace's name.
    pub key: String,
    /// For facts of kind `image`: the authorities whose verdicts are wanted, by their names in the
    /// policy's settings. A policy asks for one key always with the same ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<String>,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// The rule's stable name, for example `run-as-non-root`.
    pub code: String,
    /// Where in the object.
    pub path: Path,
    /// The container's name, where the finding is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// One sentence: what is wrong.
    pub message: String,
    /// What stands there, as a person would write it; `not set` where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What must stand there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// What to do, in one line; where there is no fix, why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The repair, where a machine can make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// A mistake in a policy's settings, found by the policy itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsError {
    /// Where in the settings.
    pub path: Path,
    /// What is wrong and what would be right.
    pub message: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `need` or `findings`")]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    need: Option<Vec<Need>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<Finding>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unchecked: Vec<String>,
}

impl Need {
    /// A need for this fact.
    pub fn new(fact: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            fact: fact.into(),
            key: key.into(),
            authorities: Vec::new(),
        }
    }
}

impl From<Vec<Finding>> for Answer {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Judged {
            findings,
            unchecked: Vec::new(),
        }
    }
}

impl From<Answer> for Wire {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Need(needs) => Self {
                need: Some(needs),
                ..Self::default()
            },
            Answer::Judged {
                findings,
                unchecked,
            } => Self {
                findings: Some(findings),
                unchecked,
                need: None,
            },
        }
    }
}

impl TryFrom<Wire> for Answer {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        match wire {
            Wire {
                need: Some(needs),
                findings: None,
                unchecked,
            } if unchecked.is_empty() => Ok(Self::Need(needs)),
            Wire { need: Some(_), .. } => Err("an answer that needs facts decides nothing yet"),
            Wire {
                findings: None,
                unchecked,
                ..
            } if unchecked.is_empty() => Err("neither `need` nor `findings`"),
            Wire {
                findings,
                unchecked,
                ..
            } => Ok(Self::Judged {
                findings: findings.unwrap_or_default(),
                unchecked,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_read_as_the_abi_says() {
        let need: Answer =
            serde_json::from_str(r#"{"need":[{"fact":"namespace","key":"shop"}]}"#).unwrap();
        assert_eq!(need, Answer::Need(vec![Need::new("namespace", "shop")]));
        let findings: Answer = serde_json::from_str(
            r#"{"findings":[{"code":"host-pid","path":"spec.hostPID","message":"m"}]}"#,
        )
        .unwrap();
        let Answer::Judged {
            findings,
            unchecked,
        } = findings
        else {
            panic!("findings expected")
        };
        assert_eq!(findings[0].path.to_string(), "spec.hostPID");
        assert!(unchecked.is_empty());
    }

    #[test]
    fn what_could_not_be_checked_stands_beside_what_was_found() {
        let json = r#"{"findings":[],"unchecked":["could not verify `app`"]}"#;
        let answer: Answer = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&answer).unwrap(), json);
        assert!(serde_json::from_str::<Answer>(r#"{"unchecked":["x"]}"#).is_ok());
    }

    #[test]
    fn an_answer_is_one_or_the_other() {
        for json in [
            "{}",
            r#"{"need":[],"findings":[]}"#,
            r#"{"need":[],"unchecked":["x"]}"#,
        ] {
            assert!(serde_json::from_str::<Answer>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn authorities_are_named_where_there_are_some() {
        let json =
            r#"{"need":[{"fact":"image","key":"ghcr.io/acme/app:1","authorities":["release"]}]}"#;
        let answer: Answer = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&answer).unwrap(), json);
    }

    #[test]
    fn unknown_members_are_refused() {
        let answer = r#"{"findings":[{"code":"c","path":"","message":"m","severity":1}]}"#;
        assert!(serde_json::from_str::<Answer>(answer).is_err());
    }
}
