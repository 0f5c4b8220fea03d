//! The words of a decision: the same in the cluster and in `check`.
//!
//! The shared text uses only what the author wrote and what API defaulting cannot change; so it names no
//! namespace (a file may leave it out) and no generated name.

mod finding;
mod fix;

use std::fmt::Write;

use crate::{Decision, FailedPolicy, Failure, Judgement, Limits, clean, text::prefix};
pub use finding::finding_text;

/// Longest first line: `kubectl get events` shows no more.
const FIRST_LINE_CHARS: usize = 150;

/// Longest warning: kubectl and client-go cut or drop longer ones.
/// Source: Kubernetes, "Dynamic Admission Control", "Response".
const WARNING_CHARS: usize = 120;

/// All warnings of one answer together.
const WARNINGS_CHARS: usize = 4096;

const NAME_CHARS: usize = 100;

/// Of the name in the first line, so that codes fit beside it: a DNS label's 63, and the `-*` of a generated name.
const SUBJECT_CHARS: usize = 65;

/// Why a request is refused; `None` when it is not.
///
/// The first line stands alone: it says what is refused and lists the codes. Then come the findings,
/// those about the pod as a whole first, then by container, then what could not be checked.
pub fn denial(decision: &Decision, limits: &Limits) -> Option<String> {
    if decision.is_allowed() {
        return None;
    }
    if let Some(malformed) = &decision.malformed {
        return Some(format!("{} is malformed: {malformed}", subject(decision)));
    }
    let refusals: Vec<_> = decision.refusals().collect();
    let mut text = first_line(decision, &refusals);
    write_findings(&mut text, &refusals, limits);
    text.push_str(&failures_text(decision));
    for line in operator_lines(&refusals) {
        let _ = write!(text, "\n\n{line}");
    }
    Some(bounded(text, limits.message_bytes))
}

/// What could not be checked, and why; empty when everything was.
pub fn failures_text(decision: &Decision) -> String {
    let line = |failed: &FailedPolicy| {
        let message = clean(&failed.failure.message, 400);
        format!("\n\ncould not check: policy {} {message}", failed.policy)
    };
    let mut text: String = decision.refusing_failures().map(line).collect();
    if let Some(advice) = advice(decision) {
        let _ = write!(text, "\n  {advice}");
    }
    text
}

/// What to do where something could not be checked. What nobody told says so itself.
fn advice(decision: &Decision) -> Option<&'static str> {
    let failures = || decision.refusing_failures().map(|failed| &failed.failure);
    if failures().any(Failure::may_pass) {
        return Some(
            "This may pass by itself: try again, and tell your cluster's operators if it stays.",
        );
    }
    failures()
        .any(|failure| !failure.is_untold())
        .then_some("Trying again does not help: tell your cluster's operators.")
}

/// The admission warnings: one a finding, each short enough to be shown. Where they are too many, the last one says
/// how many more there are.
pub fn warnings(decision: &Decision) -> Vec<String> {
    let warned = decision.with_effect(crate::Effect::Warned);
    let mut warnings: Vec<_> = warned.map(warning).collect();
    let all = warnings.len();
    if fitting(&warnings, WARNINGS_CHARS) < all {
        warnings.truncate(fitting(&warnings, WARNINGS_CHARS - WARNING_CHARS));
        let more = all - warnings.len();
        warnings.push(format!("and {more} more: `gatehouse check` shows them all"));
    }
    warnings
}

/// How many of the warnings fit, from the first one on.
fn fitting(warnings: &[String], chars: usize) -> usize {
    let after = warnings.iter().scan(0, |sum, warning| {
        *sum += warning.chars().count();
        Some(*sum)
    });
    after.take_while(|sum| *sum <= chars).count()
}

fn warning(judgement: &Judgement) -> String {
    let finding = &judgement.finding;
    let place = match &finding.container {
        Some(container) => format!("container {}", clean(container, NAME_CHARS)),
        None => format!("{:#}", finding.path),
    };
    let text = format!("{}: {place}: {}", finding.code, finding.message);
    let text = clean(&text, WARNING_CHARS);
    match text.char_indices().nth(WARNING_CHARS) {
        Some(_) => text.chars().take(WARNING_CHARS - 1).chain(['…']).collect(),
        None => text.into_owned(),
    }
}

fn first_line(decision: &Decision, refusals: &[&Judgement]) -> String {
    let subject = subject(decision);
    if refusals.is_empty() {
        let mut failed: Vec<_> = decision.refusing_failures().map(|f| &*f.policy).collect();
        failed.sort_unstable();
        failed.dedup();
        let mut line = format!("{subject} could not be checked by ");
        push_while_short(&mut line, &failed);
        return line;
    }
    let problems = match refusals.len() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    let mut codes: Vec<_> = refusals.iter().map(|j| &*j.finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut line = format!("{subject} is refused, {problems}: ");
    push_while_short(&mut line, &codes);
    line
}

/// The kind and name of what is refused.
fn subject(decision: &Decision) -> String {
    let text = |text| clean(text, SUBJECT_CHARS);
    match (&*text(&decision.kind), &*text(&decision.name)) {
        ("", _) => "the object".to_owned(),
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind} {name}"),
    }
}

/// Appends the codes or names, as many as fit the first line.
fn push_while_short(line: &mut String, names: &[&str]) {
    for (i, name) in names.iter().enumerate() {
        let separator = if i == 0 { "" } else { ", " };
        // room for the mark that says there are more
        if line.chars().count() + separator.len() + name.chars().count() + 3 > FIRST_LINE_CHARS {
            line.push_str(if i == 0 { "…" } else { ", …" });
            return;
        }
        line.push_str(separator);
        line.push_str(name);
    }
}

fn write_findings(text: &mut String, refusals: &[&Judgement], limits: &Limits) {
    let mut container = None;
    let mut shown = 0;
    for judgement in refusals.iter().take(limits.findings_shown) {
        let block = block(judgement, &mut container);
        // leave room for the lines that follow
        if text.len() + block.len() > limits.message_bytes.saturating_sub(1024) {
            break;
        }
        text.push_str(&block);
        shown += 1;
    }
    if shown < refusals.len() {
        let _ = write!(text, "\n\nand {} more", refusals.len() - shown);
    }
}

/// A finding, after a heading where another container begins.
fn block<'j>(judgement: &'j Judgement, container: &mut Option<&'j str>) -> String {
    let mut block = String::from("\n");
    let own = judgement.finding.container.as_deref();
    if let Some(name) = own.filter(|_| own != *container) {
        let _ = write!(block, "\ncontainer {}", clean(name, NAME_CHARS));
    }
    *container = own;
    block.push('\n');
    block.push_str(&finding_text(judgement));
    block
}

/// What operators want said, each line once.
fn operator_lines(refusals: &[&Judgement]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in refusals
        .iter()
        .filter_map(|j| j.operator_message.as_deref())
    {
        let line = clean(line, 500).into_owned();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn bounded(text: String, max: usize) -> String {
    if text.len() <= max {
        return text;
    }
    format!("{}…", prefix(&text, max.saturating_sub('…'.len_utf8())))
}

#[cfg(test)]
mod tests;
