//! The report for people.

use std::io::{self, Write};

use gatehouse_core::clean;
use similar::TextDiff;

use super::{
    Report, Status, Tested,
    comparison::Difference,
    coverage::{Coverage, Exercised},
    document::ExpectedFinding,
};

/// Longest name, path or line that is shown.
const SHOWN_CHARS: usize = 300;

/// Words that YAML reads as something else than text.
const NOT_TEXT: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

/// Lines around a change.
const CONTEXT_LINES: usize = 3;

/// Writes the cases that fail, each with all that differs, then the coverage, then the summary.
pub(super) fn write(out: &mut impl Write, report: &Report, verbose: bool) -> io::Result<()> {
    for tested in &report.results {
        if verbose || tested.status() > Status::Passed {
            write_case(out, tested)?;
        }
    }
    if let Some(coverage) = &report.coverage {
        write_coverage(out, coverage)?;
    }
    write_summary(out, report)
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Passed => "pass",
            Status::Updated => "updated",
            Status::Failed => "FAIL",
            Status::CouldNotCheck => "COULD NOT CHECK",
        }
    }
}

fn write_case(out: &mut impl Write, tested: &Tested) -> io::Result<()> {
    let status = tested.status();
    let (name, place) = (shown(&tested.name), shown(&tested.place));
    writeln!(out, "{} {name} ({place})", status.word())?;
    if status <= Status::Updated {
        return Ok(());
    }
    for difference in &tested.differences {
        write_difference(out, difference)?;
    }
    writeln!(out)
}

fn write_difference(out: &mut impl Write, difference: &Difference) -> io::Result<()> {
    match difference {
        Difference::Verdict { expected, got } => {
            let (expected, got) = (expected.as_str(), got.as_str());
            writeln!(out, "  verdict: expected {expected}, got {got}")
        }
        Difference::Judged { got: true } => {
            writeln!(
                out,
                "  judged: a policy judges the object, which was not expected"
            )
        }
        Difference::Judged { got: false } => writeln!(
            out,
            "  judged: no policy judges such an object: see to its kind and namespace, or write \
             `judged: false`"
        ),
        Difference::Missing(finding) => writeln!(out, "  missing:    {}", line(finding)),
        Difference::Unexpected(finding) => writeln!(out, "  unexpected: {}", line(finding)),
        Difference::Failed { policy, why } => {
            writeln!(out, "  could not check: policy {} {why}", shown(policy))
        }
        Difference::NotFailed(policy) => {
            let policy = shown(policy);
            writeln!(
                out,
                "  failed: policy {policy} was expected not to check everything, and did"
            )
        }
        Difference::Patch { expected, got } => write_diff(out, "patch", expected, got),
        Difference::Kept {
            kept,
            expected,
            got,
        } => {
            let file = shown(&kept.path.display().to_string()).into_owned();
            let member = kept.what.member();
            match expected {
                Some(expected) => write_diff(out, &format!("{member}, {file}"), expected, got),
                None => writeln!(
                    out,
                    "  {member}: there is no `{file}`: write it with --update"
                ),
            }
        }
        Difference::Unreadable(kept, why) => {
            let (member, file) = (kept.what.member(), kept.path.display().to_string());
            writeln!(out, "  {member}: `{}`: {why}", shown(&file))
        }
    }
}

fn write_diff(out: &mut impl Write, what: &str, expected: &str, got: &str) -> io::Result<()> {
    writeln!(out, "  {what} (- expected, + got):")?;
    let diff = TextDiff::from_lines(expected, got);
    let unified = diff
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .to_string();
    for line in unified.lines() {
        writeln!(out, "    {}", shown(line))?;
    }
    Ok(())
}

/// A finding as an author writes it below `findings`.
fn line(finding: &ExpectedFinding) -> String {
    let effect = finding.effect.map(|effect| effect.as_str().to_owned());
    let members = [
        ("container", &finding.container),
        ("path", &finding.path),
        ("policy", &finding.policy),
        ("effect", &effect),
    ];
    let mut line = format!("- {{code: {}", scalar(&finding.code));
    for (member, value) in members {
        if let Some(value) = value {
            line += &format!(", {member}: {}", scalar(value));
        }
    }
    line + "}"
}

/// Text as a YAML scalar inside braces.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !NOT_TEXT.contains(&&*text.to_ascii_lowercase());
    let text = shown(text);
    match word {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

fn write_coverage(out: &mut impl Write, coverage: &Coverage) -> io::Result<()> {
    for module in coverage.modules() {
        let codes = module.codes;
        let complete = codes.values().filter(|e| e.is_complete()).count();
        let count = codes.len();
        writeln!(
            out,
            "coverage of {}: {complete} of {count} codes",
            shown(module.module)
        )?;
        for (code, exercised) in codes {
            if let Some(lack) = lack(*exercised) {
                writeln!(out, "  {}: {lack}", shown(code))?;
            }
        }
    }
    Ok(())
}

fn lack(exercised: Exercised) -> Option<&'static str> {
    match (exercised.raised, exercised.not_raised) {
        (true, true) => None,
        (false, true) => Some("no case raises it"),
        (true, false) => Some("every case raises it"),
        (false, false) => Some("no case is judged by it"),
    }
}

fn write_summary(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let cases = report.results.len();
    let counts = [
        (Status::Passed, "passed"),
        (Status::Updated, "updated"),
        (Status::Failed, "failed"),
        (Status::CouldNotCheck, "could not be checked"),
    ];
    let said: Vec<_> = counts
        .iter()
        .map(|(status, word)| (report.count(*status), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let noun = if cases == 1 { "case" } else { "cases" };
    match said.is_empty() {
        true => writeln!(out, "{cases} {noun}"),
        false => writeln!(out, "{cases} {noun}: {}", said.join(", ")),
    }
}

fn shown(text: &str) -> std::borrow::Cow<'_, str> {
    clean(text, SHOWN_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_of_yaml() {
        let mut finding = ExpectedFinding {
            code: "memory-limit".into(),
            container: None,
            path: None,
            policy: None,
            effect: None,
        };
        assert_eq!(line(&finding), "- {code: memory-limit}");
        finding.container = Some("it's, \u{1b}[31m1".into());
        finding.path = Some("spec.containers[app].x".into());
        assert_eq!(
            line(&finding),
            "- {code: memory-limit, container: 'it''s, \\u{1b}[31m1', path: 'spec.containers[app].x'}"
        );
    }
}
