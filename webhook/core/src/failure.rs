use std::fmt;

/// Why a policy gave no answer. Not a violation: what could not be checked is not what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of a few fixed words, for metrics: `timeout`, `trap`, `memory`, `answer`, `fact`, `untold`, …
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

    /// Whether it may be gone when one tries again.
    pub fn may_pass(&self) -> bool {
        let passing = ["fact", "timeout", "deadline", "busy", "given-up", "host"];
        passing.contains(&self.reason)
    }

    /// Whether it is what a file, or its author, does not tell.
    pub(crate) fn is_untold(&self) -> bool {
        self.reason == "untold"
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
