/// The bounds of one request, each with a name that its errors say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers of all kinds in one pod. Kubernetes has no limit of its own; etcd's object size allows
    /// some thousands.
    pub containers_per_pod: usize,
    /// Rounds in which policies ask for facts.
    pub fact_rounds: usize,
    /// Facts fetched for one request.
    pub facts: usize,
    /// Rounds in which fixes are applied and everything is judged again.
    pub fix_rounds: usize,
    /// Evaluations of one policy for one request.
    pub evaluations: usize,
    /// Bytes of a denial's text.
    pub message_bytes: usize,
    /// Findings shown in full in a denial's text.
    pub findings_shown: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            containers_per_pod: 500,
            fact_rounds: 4,
            facts: 64,
            fix_rounds: 4,
            evaluations: 8,
            message_bytes: 16 * 1024,
            findings_shown: 40,
        }
    }
}
