//! The decision log: one line of JSON for each request that was decided.

use std::time::Duration;

use gatehouse_core::{Decision, FailedPolicy, Judgement, Subject, clean, config::OnError};
use serde::Serialize;
use tracing_subscriber::fmt::{format::Writer, time::FormatTime, time::SystemTime};

use super::queue::Queue;

/// Writes decisions, without ever keeping a request waiting.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    queue: Queue,
    max_findings: usize,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome<'a> {
    /// `validate` or `mutate`.
    pub(crate) endpoint: &'static str,
    /// The request's uid.
    pub(crate) uid: &'a str,
    /// What it was about.
    pub(crate) subject: &'a Subject,
    /// What was decided.
    pub(crate) decision: &'a Decision,
    /// The decision in one word.
    pub(crate) verdict: &'static str,
    /// How long it took.
    pub(crate) took: Duration,
    /// Digest of the configuration that decided.
    pub(crate) config_sha256: &'a str,
}

/// Longest name, user or message in the log.
const TEXT_CHARS: usize = 300;

/// A line's bytes where it has no more than a few findings.
const LINE_BYTES: usize = 1024;

impl DecisionLog {
    /// A log of lines with at most `max_findings` findings each.
    pub(crate) fn new(queue: Queue, max_findings: usize) -> Self {
        Self {
            queue,
            max_findings,
        }
    }

    /// Writes one line.
    pub(crate) fn write(&self, outcome: &Outcome<'_>) {
        let mut line = Vec::with_capacity(LINE_BYTES);
        // only a full memory keeps this from being written, and then there is no line to lose
        if serde_json::to_writer(&mut line, &Line::new(outcome, self.max_findings)).is_ok() {
            line.push(b'\n');
            self.queue.push(line);
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    log: &'static str,
    endpoint: &'static str,
    uid: String,
    #[serde(flatten)]
    subject: &'a Subject,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<String>,
    /// Where a custom workload has no pod template, so that no pod was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_template: Option<String>,
    findings: Vec<Finding<'a>>,
    findings_total: usize,
    failures: Vec<Failure<'a>>,
    patched: bool,
    duration_us: u64,
    config_sha256: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    policy: &'a str,
    code: &'a str,
    path: String,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<&'a str>,
}

#[derive(Serialize)]
struct Failure<'a> {
    policy: &'a str,
    reason: &'static str,
    message: String,
    on_error: &'static str,
}

impl<'a> Line<'a> {
    fn new(outcome: &Outcome<'a>, max_findings: usize) -> Self {
        let decision = outcome.decision;
        let malformed = decision.malformed.as_ref();
        let missing_template = decision.missing_template.as_ref();
        let judgements = decision.judgements.iter();
        Self {
            timestamp: timestamp(),
            log: "decision",
            endpoint: outcome.endpoint,
            uid: text(outcome.uid),
            subject: outcome.subject,
            verdict: outcome.verdict,
            malformed: malformed.map(|malformed| text(&malformed.to_string())),
            missing_template: missing_template.map(|path| text(&path.to_string())),
            findings: judgements.take(max_findings).map(Finding::new).collect(),
            findings_total: decision.judgements.len(),
            failures: decision.failed.iter().map(Failure::new).collect(),
            patched: decision.patch.is_some(),
            duration_us: u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX),
            config_sha256: outcome.config_sha256,
        }
    }
}

impl<'a> Finding<'a> {
    fn new(judgement: &'a Judgement) -> Self {
        Self {
            policy: &judgement.policy,
            code: &judgement.finding.code,
            path: text(&judgement.finding.path.to_string()),
            effect: judgement.effect.as_str(),
            exemption: match &judgement.effect {
                gatehouse_core::Effect::Exempted(name) => Some(name),
                _ => None,
            },
        }
    }
}

impl<'a> Failure<'a> {
    fn new(failed: &'a FailedPolicy) -> Self {
        Self {
            policy: &failed.policy,
            reason: failed.failure.reason,
            message: text(&failed.failure.message),
            on_error: match failed.on_error {
                OnError::Deny => "deny",
                OnError::Allow => "allow",
            },
        }
    }
}

fn text(text: &str) -> String {
    clean(text, TEXT_CHARS).into_owned()
}

/// Now, as the other log writes it.
fn timestamp() -> String {
    let mut text = String::with_capacity(32);
    // a clock outside the calendar leaves it empty
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}
