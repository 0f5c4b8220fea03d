//! The report for people.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use gatehouse_core::{Effect, Judgement, Verdict, clean, failures_text, finding_text, warnings};

use super::{
    input::shown,
    report::{Checked, FoundAt, NOT_KUBERNETES, Report},
};

/// Longest source line that is shown.
const SOURCE_CHARS: usize = 160;

/// Writes what is refused, warned of or would be fixed, then what was not read, then the summary.
pub(super) fn write(out: &mut impl Write, report: &Report, show_audit: bool) -> io::Result<()> {
    for checked in &report.objects {
        write_object(out, checked, show_audit)?;
    }
    for (file, error) in &report.unreadable {
        writeln!(out, "error: {}: {error}\n", shown(file))?;
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
        write_excerpts(out, checked, &Effect::Refused)?;
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
        write_excerpts(out, checked, effect)?;
    }
    Ok(())
}

/// The source lines of the findings, each line once with the codes that stand there.
fn write_excerpts(out: &mut impl Write, checked: &Checked, effect: &Effect) -> io::Result<()> {
    let file = shown(&checked.file);
    let mut lines: BTreeMap<usize, (&FoundAt, Vec<String>)> = BTreeMap::new();
    for (judgement, place) in checked.decision.judgements.iter().zip(&checked.places) {
        if judgement.effect == *effect {
            let (_, codes) = lines.entry(place.line).or_insert((place, Vec::new()));
            codes.push(label(judgement, place));
        }
    }
    let origin = checked.origin.as_ref();
    let origin = origin.map_or_else(String::new, |origin| format!(" ({})", shown(origin)));
    if lines.is_empty() {
        return writeln!(out, "  --> {file}:{}{origin}\n", checked.line);
    }
    let width = lines
        .keys()
        .next_back()
        .map_or(1, |line| line.to_string().len());
    let notes = checked.notes(effect);
    for (line, (place, codes)) in lines {
        writeln!(out, "  --> {file}:{line}:{}{origin}", place.column)?;
        let text = clean(place.text.trim_end(), SOURCE_CHARS);
        writeln!(out, "  {line:width$} | {text}")?;
        let marks = underline(place);
        writeln!(out, "  {:width$} | {marks} {}", "", codes.join(", "))?;
        for (_, hint) in notes.iter().filter(|(at, _)| *at == line) {
            writeln!(out, "  {:width$} {}", "", hint.note())?;
        }
    }
    writeln!(out)
}

fn label(judgement: &Judgement, place: &FoundAt) -> String {
    let code = &judgement.finding.code;
    if place.exact {
        code.clone()
    } else {
        format!("{code} (missing below)")
    }
}

fn underline(place: &FoundAt) -> String {
    let width = place
        .end_column
        .saturating_sub(place.column)
        .clamp(1, SOURCE_CHARS);
    let indent = (place.column - 1).min(SOURCE_CHARS);
    format!("{}{}", " ".repeat(indent), "^".repeat(width))
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
