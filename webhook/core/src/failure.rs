use std::fmt;

/// Why a policy gave no answer. Not a violation: what could not be checked is not what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of a few fixed words, for metrics: `timeout`, `trap`, `memory`, `answer`, `fact`, …
    pub reason: &'static str,
    /// What happened, for people; reads on after the policy's name: `ran longer than 20 ms`.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
