//! Cuts a file into documents before anything is parsed, so that a broken document hides no other.
//!
//! A line that begins with `---` and a blank, or `...` and a blank, ends a document wherever it stands: YAML
//! allows it inside no scalar.

use std::ops::Range;

use crate::text::{LINE_BREAKS, Text};

/// The part of the text of each document. It begins with the first line that is neither blank nor a comment;
/// `---` is part of it if something else is on its line, or if directives stand before it.
pub(crate) fn documents(text: &Text) -> Vec<Range<usize>> {
    let mut splitter = Splitter::default();
    for (at, line) in text.lines() {
        splitter.line(at, line);
    }
    splitter.close(text.as_str().len());
    splitter.documents
}

#[derive(Default)]
struct Splitter {
    documents: Vec<Range<usize>>,
    state: State,
}

/// What is known of the document at hand.
#[derive(Clone, Copy, Default)]
enum State {
    /// Nothing but blank lines and comments.
    #[default]
    Before,
    /// Directives from this offset on.
    Directives(usize),
    /// A `---` that ends at this offset, and nothing yet.
    Marked(usize),
    /// The document began at this offset.
    Inside(usize),
}

enum Line {
    /// `---` alone.
    Marker,
    /// `---` and the document's content.
    MarkedContent,
    /// `...`
    End,
    Blank,
    Directive,
    Content,
}

impl Splitter {
    fn line(&mut self, at: usize, line: &str) {
        let kind = kind(line);
        if let (Line::Marker | Line::MarkedContent, State::Marked(_) | State::Inside(_)) =
            (&kind, self.state)
        {
            self.close(at);
        }
        self.state = match (kind, self.state) {
            (Line::Marker | Line::MarkedContent, State::Directives(start)) => State::Inside(start),
            (Line::Marker, _) => State::Marked(at + "---".len()),
            (Line::Directive, State::Before) => State::Directives(at),
            (Line::Content | Line::Directive, State::Marked(_)) => State::Inside(at),
            (Line::MarkedContent | Line::Content, State::Before) => State::Inside(at),
            (Line::Content, State::Directives(start)) => State::Inside(start),
            (Line::End, _) => self.close(at),
            (_, state) => state,
        };
    }

    fn close(&mut self, end: usize) -> State {
        match std::mem::take(&mut self.state) {
            State::Marked(start) => self.documents.push(start..start),
            State::Inside(start) => self.documents.push(start..end),
            State::Before | State::Directives(_) => {}
        }
        State::Before
    }
}

fn kind(line: &str) -> Line {
    let line = line.trim_start_matches('\u{feff}');
    let blank = [' ', '\t'];
    let after = |mark: &str| {
        let rest = line.strip_prefix(mark)?;
        let ends = rest.is_empty() || rest.starts_with(blank);
        ends.then_some(rest.trim_start_matches(blank))
    };
    // kubectl allows `---#`, which to YAML is a word
    let bare = line
        .strip_prefix("---")
        .filter(|rest| rest.starts_with('#'));
    // a line break that not everybody sees: what follows it must not pass for a comment
    let hides = !line.is_ascii() && line.contains(LINE_BREAKS);
    match (
        bare.or(after("---")),
        line.trim_start_matches(blank).bytes().next(),
    ) {
        (Some(rest), _) if !hides && (rest.is_empty() || rest.starts_with('#')) => Line::Marker,
        (Some(_), _) => Line::MarkedContent,
        (None, _) if hides => Line::Content,
        (None, None | Some(b'#')) => Line::Blank,
        (None, Some(b'.')) if after("...").is_some() => Line::End,
        (None, Some(b'%')) if line.starts_with('%') => Line::Directive,
        _ => Line::Content,
    }
}
