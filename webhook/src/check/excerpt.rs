//! The lines of a file that findings stand in, with marks below them.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use gatehouse_core::{Effect, Judgement, clean};

use super::{
    input::shown,
    report::{Checked, FoundAt},
};

/// Longest source line that is shown.
const SOURCE_CHARS: usize = 160;

/// The source lines of the findings, each line once with the codes that stand there.
pub(super) fn write(out: &mut impl Write, checked: &Checked, effect: &Effect) -> io::Result<()> {
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
