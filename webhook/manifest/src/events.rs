//! The events of the YAML parser, with their places in the file.
//!
//! Where the parser (YAML 1.2) and kubectl (YAML 1.1) would see different values in one text, the text is
//! refused: these places were found by comparing both on some millions of generated texts.

use std::ops;

use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, options,
};

use crate::{
    Limit, Problem,
    error::Failure,
    node::Range,
    text::{LINE_BREAKS, Text},
    words::words,
};

/// The events of one document.
pub(crate) struct Events<'t> {
    yaml: &'t str,
    /// Where `yaml` begins in the file.
    base: usize,
    parser: Parser<'t, StrInput<'t>>,
    depth: usize,
    /// Lists and mappings in brackets that are open.
    brackets: usize,
}

impl<'t> Events<'t> {
    /// The events of this part of the text, where lists and objects nest no deeper than `depth`.
    pub(crate) fn new(
        text: &'t Text,
        part: ops::Range<usize>,
        depth: usize,
    ) -> Result<Self, Failure> {
        let yaml = text.as_str().get(part.clone()).unwrap_or_default();
        let yaml = yaml.trim_start_matches('\u{feff}');
        let base = part.end - yaml.len();
        refuse_line_breaks(yaml, base)?;
        // the parser counts nesting as well; one level more, so that it is told by the composer first
        let options = options! {
            flow_nesting_limit: depth + 1,
            block_nesting_limit: depth + 1,
            emit_anchor_events: true,
            // another crate of the build may switch the parser's comments on
            emit_comments: false,
        };
        Ok(Self {
            yaml,
            base,
            parser: Parser::new_from_str_with_options(yaml, options),
            depth,
            brackets: 0,
        })
    }

    /// The next event that says something of the document's values.
    pub(crate) fn next(&mut self) -> Result<(Event<'t>, Range), Failure> {
        loop {
            let (event, span) = match self.parser.next_event() {
                None => (Event::StreamEnd, Span::default()),
                Some(event) => event.map_err(|error| self.syntax(&error))?,
            };
            let range = self.range(&span);
            if let Some(tag) = span.tag_span() {
                self.refuse_bracket(self.range(&tag).end as usize, "put a space after the tag")?;
            }
            match self.enter(&event) {
                Some(words) => return Err(Failure::new(range.at(), Problem::Yaml(words.into()))),
                None if matches!(event, Event::Anchor(..)) => {}
                None => return Ok((event, range)),
            }
        }
    }

    /// Keeps count of brackets. Inside them, kubectl needs no space after `?` and `:`; anywhere, its anchors
    /// end with the first other character: words that other readers read otherwise are refused.
    fn enter(&mut self, event: &Event<'t>) -> Option<&'static str> {
        match event {
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                self.brackets += usize::from(self.brackets > 0 || *style == StructureStyle::Flow);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.brackets = self.brackets.saturating_sub(1);
            }
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if self.brackets > 0 && text.starts_with(['?', ':']) =>
            {
                return Some("put text that begins with `?` or `:` in quotes");
            }
            Event::Anchor(_, name) if !name.bytes().all(is_anchor_char) => {
                return Some("an anchor's name has only letters, digits, `-` and `_`");
            }
            _ => {}
        }
        None
    }

    /// `{a:}` has the key `a:` for kubectl and the key `a` for other readers.
    pub(crate) fn refuse_tight_colon(&self, key_end: usize) -> Result<(), Failure> {
        let rest = self.rest(key_end).trim_start();
        match rest.strip_prefix(':') {
            Some(rest) => self.refuse_bracket(self.end() - rest.len(), "put a space after `:`"),
            None => Ok(()),
        }
    }

    /// In `[!a, b]` the comma is part of the tag for kubectl, and not for other readers.
    fn refuse_bracket(&self, at: usize, words: &str) -> Result<(), Failure> {
        match self.rest(at).starts_with([',', '[', ']', '{', '}']) {
            true => Err(Failure::new(at, Problem::Yaml(words.into()))),
            false => Ok(()),
        }
    }

    fn rest(&self, at: usize) -> &'t str {
        self.yaml.get(at - self.base..).unwrap_or_default()
    }

    fn end(&self) -> usize {
        self.base + self.yaml.len()
    }

    fn range(&self, span: &Span) -> Range {
        let bytes = span.byte_range().unwrap_or_default();
        Range::new(self.base + bytes.start, self.base + bytes.end)
    }

    fn syntax(&self, error: &ScanError) -> Failure {
        use ErrorKind::{RecursionLimitExceeded, TabAtBlockScalarStart, TabInPlainScalar};
        let at = self.base + error.marker().byte_offset().unwrap_or_default();
        let problem = match error.kind() {
            RecursionLimitExceeded => Limit::Depth(self.depth).into(),
            kind => Problem::Yaml(words(kind)),
        };
        let behind = match error.kind() {
            // told at the beginning of the text before the tab
            TabAtBlockScalarStart | TabInPlainScalar => self.rest(at).find('\t'),
            _ => None,
        };
        Failure::new(at + behind.unwrap_or_default(), problem)
    }
}

fn is_anchor_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn refuse_line_breaks(yaml: &str, base: usize) -> Result<(), Failure> {
    let mut found = yaml.match_indices(LINE_BREAKS);
    let Some((at, text)) = found.next() else {
        return Ok(());
    };
    let character = text.chars().next().unwrap_or_default();
    Err(Failure::new(base + at, Problem::LineBreak(character)))
}
