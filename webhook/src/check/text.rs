//! The report for people.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use gatehouse_core::{Effect, Verdict, failures_text, finding_text, warnings};

use super::{
    excerpt,
    input::shown,
    report::{Checked, NOT_KUBERNETES, Report},
};

/// Writes what is refused, warned of or would be fixed, then what was not read, then the summary.
pub(super) fn write(out: &mut impl Write, report: &Report, show_audit: bool) -> io::Result<()> {
    for checked in &report.objects {
        write_object(out, checked, show_audit)?;
    }
    for unreadable in &report.unreadable {
        let (file, why) = (shown(&unreadable.file), &unreadable.why);
        writeln!(out, "error: {file}: {why}\n")?;
    }
    for (file, lines) in by_file(&report.not_kubernetes) {
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        let file = shown(file);
        writeln!(
            out,
            "{NOT_KUBERNETES}, not judged: {file}, line {}\n",
            lines.join(", ")
        )?;
    }
    for checked in &report.objects {
        if let Some(why) = checked.missing_template() {
            let (file, line) = (shown(&checked.file), checked.line);
            writeln!(out, "not judged: {why}: {file}, line {line}\n")?;
        }
    }
    write_summary(out, report)
}

fn write_object(out: &mut impl Write, checked: &Checked, show_audit: bool) -> io::Result<()> {
    let decision = &checked.decision;
    if let Some(text) = &checked.text {
        writeln!(out, "{text}\n")?;
        excerpt::write(out, checked, &Effect::Refused)?;
    } else if !decision.failed.is_empty() {
        writeln!(
            out,
            "{}{}\n",
            heading(checked, "could not be checked everywhere"),
            failures_text(decision)
        )?;
    }
    if decision.verdict() == Verdict::Fix {
        write_findings(out, checked, &Effect::Repaired, "would be fixed")?;
    }
    let warned = warnings(decision);
    if !warned.is_empty() {
        write_findings(out, checked, &Effect::Warned, "is warned of")?;
    }
    if show_audit {
        write_findings(out, checked, &Effect::Audited, "is recorded")?;
    }
    Ok(())
}

fn heading(checked: &Checked, what: &str) -> String {
    format!("{} {what}", checked.subject())
}

fn write_findings(
    out: &mut impl Write,
    checked: &Checked,
    effect: &Effect,
    what: &str,
) -> io::Result<()> {
    let mut any = false;
    for judgement in checked.decision.with_effect(effect.clone()) {
        if !any {
            writeln!(out, "{}", heading(checked, what))?;
            any = true;
        }
        writeln!(out, "\n{}", finding_text(judgement))?;
    }
    if any {
        writeln!(out)?;
        excerpt::write(out, checked, effect)?;
    }
    Ok(())
}

fn by_file(places: &[(String, usize)]) -> BTreeMap<&str, Vec<usize>> {
    let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (file, line) in places {
        files.entry(file).or_default().push(*line);
    }
    files
}

pub(super) fn write_summary(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let counts = [
        (Verdict::Allow, "allowed"),
        (Verdict::Warn, "warned"),
        (Verdict::Fix, "to be fixed"),
        (Verdict::Deny, "refused"),
        (Verdict::Error, "could not be checked"),
    ];
    let said: Vec<_> = counts
        .iter()
        .map(|(verdict, word)| (report.count(*verdict), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let objects = report.objects.len();
    let noun = if objects == 1 { "object" } else { "objects" };
    let verdicts = if said.is_empty() {
        String::new()
    } else {
        format!(": {}", said.join(", "))
    };
    let others = match report.not_kubernetes.len() {
        0 => String::new(),
        count => format!("; {count} {NOT_KUBERNETES}"),
    };
    writeln!(out, "{objects} {noun}{verdicts}{others}")
}
