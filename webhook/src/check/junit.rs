//! JUnit's XML, which CI servers show as tests: a suite a file, a case an object.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use gatehouse_core::{Effect, Verdict, clean, failures_text};
use quick_xml::{
    Writer,
    events::{BytesCData, Event},
};

use super::report::{Checked, NOT_KUBERNETES, Report};

/// Writes all files with their objects; a file that cannot be read is a case that ended with an error.
pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let suites = suites(report);
    let counts = Counts::of(suites.values().flatten());
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    let root = xml.create_element("testsuites");
    let root = root.with_attribute(("name", "gatehouse check"));
    counts.on(root).write_inner_content(|xml| {
        suites
            .iter()
            .try_for_each(|(file, cases)| write_suite(xml, file, cases))
    })?;
    writeln!(out)
}

/// What became of an object or a file.
struct Case {
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    /// It is not judged, and why.
    Skipped(String),
    Failed {
        first_line: String,
        text: String,
    },
    Error {
        first_line: String,
        text: String,
    },
}

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

type Element<'a, W> = quick_xml::writer::ElementWriter<'a, W>;

fn suites(report: &Report) -> BTreeMap<String, Vec<Case>> {
    let mut suites: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for checked in &report.objects {
        let cases = suites.entry(plain(&checked.file)).or_default();
        cases.push(Case::of(checked));
    }
    for unreadable in &report.unreadable {
        let cases = suites.entry(plain(&unreadable.file)).or_default();
        let (first_line, text) = ("cannot be read".to_owned(), plain(&unreadable.why));
        let line = unreadable.line.map(|line| format!("line {line}"));
        cases.push(Case {
            name: line.unwrap_or_else(|| "the file".to_owned()),
            outcome: Outcome::Error { first_line, text },
        });
    }
    for (file, line) in &report.not_kubernetes {
        let cases = suites.entry(plain(file)).or_default();
        cases.push(Case {
            name: format!("line {line}"),
            outcome: Outcome::Skipped(NOT_KUBERNETES.to_owned()),
        });
    }
    suites
}

impl Case {
    fn of(checked: &Checked) -> Self {
        let text = match &checked.text {
            Some(text) => plain(text),
            None => plain(failures_text(&checked.decision).trim_start()),
        };
        let first_line = text.lines().next().unwrap_or_default().to_owned();
        let place = format!("{}:{}", checked.file, checked.line);
        let notes = checked.notes(&Effect::Refused);
        let notes = notes.iter().map(|hint| format!("\n  {}", hint.note()));
        let below = format!("  --> {place}{}", notes.collect::<String>());
        let text = format!("{text}\n\n{}", plain(&below));
        let outcome = match checked.decision.verdict() {
            Verdict::Deny => Outcome::Failed { first_line, text },
            Verdict::Error => Outcome::Error { first_line, text },
            Verdict::Allow | Verdict::Warn | Verdict::Fix => match checked.missing_template() {
                Some(why) => Outcome::Skipped(plain(&why)),
                None => Outcome::Passed,
            },
        };
        let name = format!("{} {}/{}", checked.kind, checked.namespace, checked.name);
        Self {
            name: plain(&clean(&name, 300)),
            outcome,
        }
    }
}

impl Counts {
    fn of<'c>(cases: impl Iterator<Item = &'c Case>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            counts.tests += 1;
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Skipped(_) => counts.skipped += 1,
                Outcome::Failed { .. } => counts.failures += 1,
                Outcome::Error { .. } => counts.errors += 1,
            }
        }
        counts
    }

    fn on<'a, W: Write>(&self, element: Element<'a, W>) -> Element<'a, W> {
        element
            .with_attribute(("tests", &*self.tests.to_string()))
            .with_attribute(("failures", &*self.failures.to_string()))
            .with_attribute(("errors", &*self.errors.to_string()))
            .with_attribute(("skipped", &*self.skipped.to_string()))
    }
}

fn write_suite<W: Write>(xml: &mut Writer<W>, file: &str, cases: &[Case]) -> io::Result<()> {
    let suite = xml
        .create_element("testsuite")
        .with_attribute(("name", file));
    Counts::of(cases.iter())
        .on(suite)
        .write_inner_content(|xml| {
            cases
                .iter()
                .try_for_each(|case| write_case(xml, file, case))
        })?;
    Ok(())
}

fn write_case<W: Write>(xml: &mut Writer<W>, file: &str, case: &Case) -> io::Result<()> {
    let element = xml
        .create_element("testcase")
        .with_attribute(("classname", file))
        .with_attribute(("name", &*case.name));
    let (kind, first_line, text) = match &case.outcome {
        Outcome::Passed => return element.write_empty().map(drop),
        Outcome::Skipped(why) => ("skipped", why, ""),
        Outcome::Failed { first_line, text } => ("failure", first_line, &**text),
        Outcome::Error { first_line, text } => ("error", first_line, &**text),
    };
    element
        .write_inner_content(|xml| {
            let outcome = xml
                .create_element(kind)
                .with_attribute(("message", &**first_line));
            let written = match text {
                "" => outcome.write_empty(),
                text => outcome.write_inner_content(|xml| write_text(xml, text)),
            };
            written.map(drop)
        })
        .map(drop)
}

/// As it is, so that people can read the file, too; `]]>` in it does not end it.
fn write_text<W: Write>(xml: &mut Writer<W>, text: &str) -> io::Result<()> {
    BytesCData::escaped(text).try_for_each(|part| xml.write_event(Event::CData(part)))
}

/// XML has no place for most control characters, escaped or not ([XML 1.0], section 2.2).
///
/// [XML 1.0]: https://www.w3.org/TR/xml/#charsets
fn plain(text: &str) -> String {
    let is_char = |c: &char| matches!(c, '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_char).collect()
}
