//! Annotations for GitHub Actions ([workflow commands]).
//!
//! [workflow commands]: https://docs.github.com/actions/reference/workflow-commands-for-github-actions

use std::io::{self, Write};

use gatehouse_core::{Effect, finding_text};

use super::{
    report::{Checked, Report},
    text,
};

/// Writes one command a finding, and the summary for people. GitHub shows ten errors and ten warnings a step.
pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for checked in &report.objects {
        write_object(out, checked)?;
    }
    for unreadable in &report.unreadable {
        let place = Place::at(&unreadable.file, unreadable.line);
        command(out, "error", &place, "not readable", &unreadable.why)?;
    }
    for (file, line, why) in report.not_judged() {
        let place = Place::at(file, Some(line));
        let message = format!("line {line}: {why}");
        command(out, "notice", &place, "not judged", &message)?;
    }
    text::write_summary(out, report)
}

fn write_object(out: &mut impl Write, checked: &Checked) -> io::Result<()> {
    let file = &checked.file;
    let subject = checked.subject();
    for (judgement, found, hints) in checked.findings() {
        let Some(level) = level(&judgement.effect) else {
            continue;
        };
        let place = Place {
            columns: Some((found.column, found.end_column)),
            ..Place::at(file, Some(found.line))
        };
        let title = format!("{}: {subject}", judgement.finding.code);
        let notes: String = hints.map(|hint| format!("\n  {}", hint.note())).collect();
        let message = finding_text(judgement) + &notes;
        command(out, level, &place, &title, message.trim_start())?;
    }
    let place = Place::at(file, Some(checked.line));
    if let Some(malformed) = &checked.decision.malformed {
        let title = format!("malformed: {subject}");
        command(out, "error", &place, &title, &malformed.to_string())?;
    }
    for failure in checked.failures() {
        let title = format!("could not check: {subject}");
        command(out, "error", &place, &title, &failure)?;
    }
    Ok(())
}

fn level(effect: &Effect) -> Option<&'static str> {
    match effect {
        Effect::Refused => Some("error"),
        Effect::Warned => Some("warning"),
        Effect::Repaired => Some("notice"),
        Effect::Audited | Effect::Exempted(_) | Effect::Unchanged | Effect::Left => None,
    }
}

/// Where an annotation stands; what came from standard input stands nowhere.
struct Place<'a> {
    file: &'a str,
    line: Option<usize>,
    /// The first one, and the one behind the last.
    columns: Option<(usize, usize)>,
}

impl<'a> Place<'a> {
    fn at(file: &'a str, line: Option<usize>) -> Self {
        let columns = None;
        Self {
            file,
            line,
            columns,
        }
    }
}

fn command(
    out: &mut impl Write,
    level: &str,
    place: &Place<'_>,
    title: &str,
    message: &str,
) -> io::Result<()> {
    write!(out, "::{level} ")?;
    if place.file != super::input::STDIN {
        write!(out, "file={},", property(place.file))?;
        if let Some(line) = place.line {
            write!(out, "line={line},")?;
        }
        if let Some((first, end)) = place.columns {
            write!(out, "col={first},endColumn={end},")?;
        }
    }
    writeln!(out, "title={}::{}", property(title), data(message))
}

/// What follows `::` runs to the end of the line, so a name or a value must not end it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property also ends at `,` and `:`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As GitHub's runner reads a command: the message, and its properties.
    fn read(line: &str) -> Option<(String, Vec<(String, String)>)> {
        let unescape = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n");
            text.replace("%3A", ":")
                .replace("%2C", ",")
                .replace("%25", "%")
        };
        let rest = line.strip_prefix("::error ")?;
        let (properties, message) = rest.split_once("::")?;
        let properties = properties.split(',').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), unescape(value)))
        });
        Some((unescape(message), properties.collect()))
    }

    proptest! {
        #[test]
        fn nothing_ends_a_command_early(file in ".*", title in ".*", message in ".*") {
            let mut out = Vec::new();
            let place = Place::at(&file, None);
            command(&mut out, "error", &place, &title, &message).unwrap();
            let written = String::from_utf8(out).unwrap();
            let line = written.strip_suffix('\n').unwrap();
            prop_assert!(!line.contains(['\n', '\r']));
            let (said, properties) = read(line).unwrap();
            prop_assert_eq!(said, message);
            prop_assert_eq!(&properties[0], &("file".to_owned(), file));
            prop_assert_eq!(&properties[1], &("title".to_owned(), title));
        }
    }

    #[test]
    fn standard_input_has_no_file() {
        let mut out = Vec::new();
        let place = Place::at("<stdin>", Some(3));
        command(&mut out, "error", &place, "a: b", "x\n::stop-commands::y").unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(written, "::error title=a%3A b::x%0A::stop-commands::y\n");
    }
}
