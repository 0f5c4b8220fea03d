//! The lines of a file that findings stand in, with marks below them.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use gatehouse_core::{Effect, Judgement, clean};
use gatehouse_manifest::Span;

use super::{
    hints::Hint,
    input::shown,
    report::{Checked, FoundAt},
};

/// Characters of a source line that are shown at most.
const SOURCE_CHARS: usize = 160;

/// How a tab is shown, which would be as wide as the terminal likes.
const TAB: &str = "    ";

/// Writes the source lines of the findings with this effect, each with the codes that stand there.
pub(super) fn write(out: &mut impl Write, checked: &Checked, effect: &Effect) -> io::Result<()> {
    let (file, origin) = (shown(&checked.file), origin(checked));
    let excerpts = excerpts(marks(checked, effect));
    let Some(last) = excerpts.last() else {
        return writeln!(out, "  --> {file}:{}{origin}\n", checked.line);
    };
    let gutter = last.first.line.to_string().len();
    let notes = checked.notes(effect);
    for excerpt in &excerpts {
        let FoundAt { line, column, .. } = excerpt.first;
        writeln!(out, "  --> {file}:{line}:{column}{origin}")?;
        excerpt.write_marks(out, gutter)?;
        excerpt.write_notes(out, gutter, &notes)?;
    }
    writeln!(out)
}

/// The template behind the file's place, where it is known.
fn origin(checked: &Checked) -> String {
    let origin = checked.origin.as_deref();
    origin.map_or_else(String::new, |origin| format!(" ({})", shown(origin)))
}

/// The column from which on a line is shown, so that the place is seen: the first one, if that is not too far away.
pub(super) fn shown_from(place: &Span) -> usize {
    match place.end_column <= SOURCE_CHARS + 1 {
        true => 1,
        false => place.column.saturating_sub(SOURCE_CHARS / 2).max(1),
    }
}

/// One place in a file, and what is found there.
struct Mark<'a> {
    place: &'a FoundAt,
    codes: Vec<String>,
    /// The indices of the findings.
    findings: Vec<usize>,
}

/// The places that have findings with this effect, in the order of the file.
fn marks<'a>(checked: &'a Checked, effect: &Effect) -> Vec<Mark<'a>> {
    let mut marks = BTreeMap::new();
    for (finding, (judgement, place, _)) in checked.findings().enumerate() {
        if judgement.effect == *effect {
            let at = (place.line, place.column, place.end_column);
            let mark = marks.entry(at).or_insert_with(|| Mark::new(place));
            mark.codes.push(label(judgement, place));
            mark.findings.push(finding);
        }
    }
    marks.into_values().collect()
}

fn label(judgement: &Judgement, place: &FoundAt) -> String {
    let code = &judgement.finding.code;
    match place.exact {
        true => code.clone(),
        false => format!("{code} (missing below)"),
    }
}

impl<'a> Mark<'a> {
    fn new(place: &'a FoundAt) -> Self {
        Self {
            place,
            codes: Vec::new(),
            findings: Vec::new(),
        }
    }
}

/// One line of a file, or what is shown of it, with the marks below.
struct Excerpt<'a> {
    first: &'a FoundAt,
    window: Window<'a>,
    marks: Vec<Mark<'a>>,
}

/// Marks of one line stand together, as far as one window shows them.
fn excerpts(marks: Vec<Mark<'_>>) -> Vec<Excerpt<'_>> {
    let mut excerpts: Vec<Excerpt<'_>> = Vec::new();
    for mark in marks {
        match excerpts.last_mut().filter(|last| last.has_room(&mark)) {
            Some(last) => last.marks.push(mark),
            None => excerpts.push(Excerpt::new(mark)),
        }
    }
    excerpts
}

impl<'a> Excerpt<'a> {
    fn new(mark: Mark<'a>) -> Self {
        Self {
            first: mark.place,
            window: Window::around(mark.place),
            marks: vec![mark],
        }
    }

    /// Whether the next mark is seen here as well as in an excerpt of its own.
    fn has_room(&self, mark: &Mark<'_>) -> bool {
        let place = mark.place;
        let seen = place.end_column.min(Window::around(place).end());
        place.line == self.first.line && seen <= self.window.end()
    }

    fn write_marks(&self, out: &mut impl Write, gutter: usize) -> io::Result<()> {
        let (line, text) = (self.first.line, self.window.shown());
        writeln!(out, "  {line:gutter$} | {text}")?;
        for mark in &self.marks {
            let (carets, codes) = (self.window.carets(mark.place), mark.codes.join(", "));
            writeln!(out, "  {:gutter$} | {carets} {codes}", "")?;
        }
        Ok(())
    }

    /// Writes those of the notes that explain a finding of this excerpt.
    fn write_notes(&self, out: &mut impl Write, gutter: usize, notes: &[&Hint]) -> io::Result<()> {
        let findings: Vec<_> = self.marks.iter().flat_map(|mark| &mark.findings).collect();
        for hint in notes
            .iter()
            .filter(|hint| findings.contains(&&hint.finding))
        {
            writeln!(out, "  {:gutter$} {}", "", hint.note())?;
        }
        Ok(())
    }
}

/// What is shown of a line. Columns count its characters: below wide ones, and those without a width, the marks are
/// not quite where they belong.
struct Window<'a> {
    /// The column of its first character.
    from: usize,
    text: &'a str,
    /// Whether the line goes on behind it.
    is_cut: bool,
}

impl<'a> Window<'a> {
    fn around(place: &'a FoundAt) -> Self {
        let text = place.text.trim_end();
        let (text, rest) = split(text, SOURCE_CHARS);
        Self {
            from: place.shown_from,
            text,
            is_cut: !rest.is_empty(),
        }
    }

    /// The column behind its last character.
    fn end(&self) -> usize {
        self.from + self.text.chars().count()
    }

    fn shown(&self) -> String {
        let end = if self.is_cut { "…" } else { "" };
        [self.start(), &spelt(self.text), end].concat()
    }

    /// Stands for what was cut off before it.
    fn start(&self) -> &'static str {
        if self.from > 1 { "…" } else { "" }
    }

    /// The marks that stand below a place, as far as it is shown.
    fn carets(&self, place: &FoundAt) -> String {
        let (before, rest) = split(self.text, place.column.saturating_sub(self.from));
        let (marked, _) = split(rest, place.end_column.saturating_sub(place.column));
        let width = |text: &str| spelt(text).chars().count();
        let indent = width(self.start()) + width(before);
        " ".repeat(indent) + &"^".repeat(width(marked).max(1))
    }
}

/// The text as it is shown: with blanks for tabs, and other control characters escaped.
fn spelt(text: &str) -> String {
    clean(&text.replace('\t', TAB), usize::MAX).into_owned()
}

/// The text in two, the first with so many characters at most.
fn split(text: &str, chars: usize) -> (&str, &str) {
    let end = text.char_indices().nth(chars).map(|(end, _)| end);
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(line: &str, column: usize, end_column: usize) -> FoundAt {
        let shown_from = shown_from(&Span {
            line: 1,
            column,
            end_column,
        });
        FoundAt {
            line: 1,
            column,
            end_column,
            exact: true,
            shown_from,
            text: line.chars().skip(shown_from - 1).take(400).collect(),
        }
    }

    /// What stands above the marks.
    fn marked(line: &str, column: usize, end_column: usize) -> String {
        let place = found(line, column, end_column);
        let window = Window::around(&place);
        let pairs = window.carets(&place);
        let pairs = pairs
            .chars()
            .zip(window.shown().chars().collect::<Vec<_>>());
        pairs.filter(|(c, _)| *c == '^').map(|(_, c)| c).collect()
    }

    /// How many marks each excerpt has.
    fn grouped(line: &str, columns: &[(usize, usize)]) -> Vec<usize> {
        let places = columns.iter();
        let places: Vec<_> = places.map(|(at, end)| found(line, *at, *end)).collect();
        let excerpts = excerpts(places.iter().map(Mark::new).collect());
        excerpts.iter().map(|excerpt| excerpt.marks.len()).collect()
    }

    proptest! {
        #[test]
        fn the_marks_are_below_the_place_whatever_the_line(
            before in "[a\té\u{1b}\u{202e} ]{0,500}",
            place in "[b\t\u{7}ö]{0,60}b",
            after in "[c\t ]{0,300}",
        ) {
            let column = 1 + before.chars().count();
            let end_column = column + place.chars().count();
            let line = before + &place + &after;
            prop_assert_eq!(marked(&line, column, end_column), spelt(&place));
        }
    }

    #[test]
    fn a_line_is_cut_behind_so_many_characters() {
        let shown = |chars: usize| Window::around(&found(&"a".repeat(chars), 1, 2)).shown();
        assert_eq!(shown(SOURCE_CHARS), "a".repeat(SOURCE_CHARS));
        let cut = "a".repeat(SOURCE_CHARS) + "…";
        assert_eq!(shown(SOURCE_CHARS + 1), cut);
    }

    #[test]
    fn a_line_is_cut_around_a_place_that_would_not_be_seen() {
        let line = "a".repeat(150) + "0123456789" + "b".repeat(200).as_str();
        let shown = |column: usize| {
            let place = found(&line, column, column + 1);
            Window::around(&place).shown()
        };
        assert!(shown(SOURCE_CHARS).starts_with('a'));
        let cut = shown(SOURCE_CHARS + 1);
        assert!(cut.starts_with('…') && cut.ends_with('…'), "{cut}");
        assert_eq!(cut.chars().count(), SOURCE_CHARS + 2);
        let place = found(&line, line.len(), line.len() + 1);
        let end = Window::around(&place).shown();
        assert_eq!(end, "…".to_owned() + &"b".repeat(SOURCE_CHARS / 2 + 1));
    }

    #[test]
    fn a_place_that_is_longer_than_what_is_shown_is_marked_as_far_as_it_is_seen() {
        let line = "a".repeat(500);
        assert_eq!(marked(&line, 1, 501), "a".repeat(SOURCE_CHARS));
        assert_eq!(marked(&line, 301, 501), "a".repeat(SOURCE_CHARS / 2));
    }

    #[test]
    fn a_place_without_characters_has_one_mark() {
        assert_eq!(marked("key:", 1, 1), "k");
        assert_eq!(marked("", 1, 1), "");
        let place = found("", 1, 1);
        assert_eq!(Window::around(&place).carets(&place), "^");
    }

    #[test]
    fn places_share_an_excerpt_that_shows_them_all() {
        let line = "a".repeat(1000);
        let end = SOURCE_CHARS + 1;
        assert_eq!(grouped(&line, &[(1, 2), (end - 1, end)]), [2]);
        assert_eq!(grouped(&line, &[(1, 2), (end, end + 1)]), [1, 1]);
        // what no excerpt shows whole needs none of its own
        assert_eq!(grouped(&line, &[(1, 2), (3, 999), (4, 9)]), [3]);
        assert_eq!(
            grouped(&line, &[(300, 310), (320, 330), (900, 910)]),
            [2, 1]
        );
    }
}
