use std::time::Duration;

/// What a policy may use, at most. Every limit has a test that crosses it, and an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a module's file. Default: 16 MiB.
    pub module: usize,
    /// Time of one evaluation, in whole milliseconds. From half of it on, only what the policy really
    /// runs counts, so that a busy machine makes no good policy fail. Default: 20 ms.
    pub evaluate_time: Duration,
    /// Time in which a module judges its settings, likewise. Default: 100 ms.
    pub configure_time: Duration,
    /// Bytes of an instance's memory, in whole pages of 64 KiB. Default: 32 MiB.
    pub memory: usize,
    /// Elements of an instance's one table. Default: 10,000.
    pub table: usize,
    /// Bytes of stack that a policy may use of the thread that evaluates it. Default: 256 KiB.
    pub stack: usize,
    /// Instances that exist at the same time; `memory` times this is what hostile policies can take
    /// together. Default: 16.
    pub instances: u32,
    /// Bytes of an answer. Default: 1 MiB.
    pub answer: usize,
    /// Findings of one answer, or mistakes found in one policy's settings. Default: 4,096.
    pub findings: usize,
    /// Facts that one answer asks for. Default: 256.
    pub needs: usize,
    /// Time-outs running after which a policy is given up for a while. Default: 5.
    pub give_up_after: u32,
    /// How long a policy that was given up is not run. Default: 10 s.
    pub give_up_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            module: 16 << 20,
            evaluate_time: Duration::from_millis(20),
            configure_time: Duration::from_millis(100),
            memory: 32 << 20,
            table: 10_000,
            stack: 256 << 10,
            instances: 16,
            answer: 1 << 20,
            findings: 4096,
            needs: 256,
            give_up_after: 5,
            give_up_for: Duration::from_secs(10),
        }
    }
}
