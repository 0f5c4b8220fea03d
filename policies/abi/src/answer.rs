use serde::{Deserialize, Serialize};

use crate::{Fix, Path};

/// What a policy answers when it has something to say; silence (a returned 0) means "nothing found".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Answer {
    /// The policy cannot decide before it knows these facts.
    Need(Vec<Need>),
    /// The rules that the request breaks.
    Findings(Vec<Finding>),
}

/// A fact that a policy asks the host for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The kind of fact, for example `namespace`; the module's metadata must declare it.
    pub fact: String,
    /// Which one, for example the namespace's name.
    pub key: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_read_as_the_abi_says() {
        let need: Answer =
            serde_json::from_str(r#"{"need":[{"fact":"namespace","key":"shop"}]}"#).unwrap();
        assert_eq!(
            need,
            Answer::Need(vec![Need {
                fact: "namespace".into(),
                key: "shop".into()
            }])
        );
        let findings: Answer = serde_json::from_str(
            r#"{"findings":[{"code":"host-pid","path":"spec.hostPID","message":"m"}]}"#,
        )
        .unwrap();
        let Answer::Findings(findings) = findings else {
            panic!("findings expected")
        };
        assert_eq!(findings[0].path.to_string(), "spec.hostPID");
    }

    #[test]
    fn unknown_members_are_refused() {
        let answer = r#"{"findings":[{"code":"c","path":"","message":"m","severity":1}]}"#;
        assert!(serde_json::from_str::<Answer>(answer).is_err());
    }
}
