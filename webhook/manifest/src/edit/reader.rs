//! Reads the syntax of a YAML document from the same events as its values.

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::syntax::{Entry, Form, Key, Layout, Quotes, Syntax};
use crate::{
    Problem, compose, document::Source, error::Failure, events::Events, json, limits::Limits,
    node::Range, scalar::Scalar, text::Text,
};

/// The syntax of a document that could be read; `None` if it is written in a way that no edit is prepared for.
pub(crate) fn syntax<'t>(text: &'t Text, source: &Source, limits: &Limits) -> Option<Syntax<'t>> {
    match source {
        Source::Json(part) => {
            let mut budget = crate::budget::Budget::new(limits);
            let node = json::Texts::new(text, part.clone())
                .next(&mut budget)
                .ok()??;
            Some(Syntax::of_json(&node, part.start, text.as_str()))
        }
        Source::Yaml(part) => {
            let reader = Reader {
                text: text.as_str(),
                at: part.start,
                events: Events::new(text, part.clone(), limits.depth).ok()?,
            };
            reader.document().ok()
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    /// The end of what was read.
    at: usize,
    events: Events<'t>,
}

impl<'t> Reader<'t> {
    fn document(mut self) -> Result<Syntax<'t>, Failure> {
        loop {
            let (event, range) = self.events.next()?;
            match event {
                Event::StreamEnd => return Err(self.unprepared()),
                Event::DocumentStart(true, _) => self.at = range.end as usize,
                event if event.is_node() => return self.value(event, range),
                _ => {}
            }
        }
    }

    /// The value that this event begins. What stands before it has been read.
    fn value(&mut self, event: Event<'t>, range: Range) -> Result<Syntax<'t>, Failure> {
        let anchor = event.anchor_id();
        if anchor.is_some() || has_tag(&event) {
            self.properties(&event);
        }
        let lead = self.at;
        let start = self.skip();
        let form = self.form(event, range, start)?;
        Ok(Syntax {
            lead,
            start: if self.at == lead { lead } else { start },
            end: self.at,
            anchor,
            form,
        })
    }

    fn form(&mut self, event: Event<'t>, range: Range, start: usize) -> Result<Form<'t>, Failure> {
        match event {
            Event::SequenceStart(style, ..) => {
                let layout = self.open(style, start, '[')?;
                Ok(Form::List(layout, self.items(layout)?))
            }
            Event::MappingStart(style, ..) => {
                let layout = self.open(style, start, '{')?;
                Ok(Form::Mapping(layout, self.members(layout)?))
            }
            Event::Alias(anchor) => {
                self.at = range.end as usize;
                Ok(Form::Alias(anchor))
            }
            Event::Scalar(_, ScalarStyle::Plain, ..) if range.start == range.end => {
                Ok(Form::Absent)
            }
            Event::Scalar(_, style, ..) => {
                let quotes = quotes(style);
                self.at = match quotes {
                    Quotes::Block => self.block_end(start, range),
                    _ => range.end as usize,
                };
                Ok(Form::Scalar(quotes))
            }
            _ => Err(self.unprepared()),
        }
    }

    /// Reads `&anchor` and `!tag`.
    fn properties(&mut self, event: &Event<'t>) {
        let wanted = usize::from(event.anchor_id().is_some()) + usize::from(has_tag(event));
        for _ in 0..wanted {
            let start = self.skip();
            let rest = &self.text[start..];
            if !rest.starts_with(['&', '!']) {
                return;
            }
            let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}');
            self.at = start + rest.find(ends).unwrap_or(rest.len());
        }
    }

    fn open(
        &mut self,
        style: StructureStyle,
        start: usize,
        bracket: char,
    ) -> Result<Layout, Failure> {
        match style {
            StructureStyle::Block => Ok(Layout::Block),
            StructureStyle::Flow if self.text[start..].starts_with(bracket) => {
                self.at = start + 1;
                Ok(Layout::Flow)
            }
            // the mapping in `[a: b]`
            StructureStyle::Flow => Err(self.unprepared()),
        }
    }

    fn items(&mut self, layout: Layout) -> Result<Vec<Entry<'t>>, Failure> {
        let mut items = Vec::new();
        loop {
            let (event, range) = self.events.next()?;
            if event == Event::SequenceEnd {
                self.close(layout, range);
                return Ok(items);
            }
            let at = match layout {
                Layout::Block => self.indicator('-')?,
                Layout::Flow => self.separator(items.is_empty()),
            };
            items.push(Entry {
                at,
                key: Key::None,
                value: self.value(event, range)?,
            });
        }
    }

    fn members(&mut self, layout: Layout) -> Result<Vec<Entry<'t>>, Failure> {
        let mut members = Vec::new();
        loop {
            let (event, range) = self.events.next()?;
            if event == Event::MappingEnd {
                self.close(layout, range);
                return Ok(members);
            }
            let at = match layout {
                Layout::Block => self.skip(),
                Layout::Flow => self.separator(members.is_empty()),
            };
            let key = self.key(event, range)?;
            let (event, range) = self.events.next()?;
            if self.text[self.skip()..].starts_with(':') {
                self.indicator(':')?;
            }
            members.push(Entry {
                at,
                key,
                value: self.value(event, range)?,
            });
        }
    }

    fn key(&mut self, event: Event<'t>, range: Range) -> Result<Key<'t>, Failure> {
        let quotes = match &event {
            Event::Scalar(_, style, ..) if range.start < range.end => quotes(*style),
            _ => return Err(self.unprepared()),
        };
        self.at = range.end as usize;
        if compose::is_merge(&event) {
            return Ok(Key::Merge);
        }
        let name = compose::scalar(event, range).and_then(Scalar::into_key);
        let name = name.map_err(|problem| Failure::new(range.at(), problem))?;
        Ok(Key::Name(name, quotes))
    }

    /// Reads the comma before an entry in brackets; where the entry begins.
    fn separator(&mut self, first: bool) -> usize {
        if !first && self.text[self.skip()..].starts_with(',') {
            self.at = self.skip() + 1;
        }
        self.skip()
    }

    fn indicator(&mut self, wanted: char) -> Result<usize, Failure> {
        let at = self.skip();
        match self.text[at..].starts_with(wanted) {
            true => self.at = at + 1,
            false => return Err(self.unprepared()),
        }
        Ok(at)
    }

    fn close(&mut self, layout: Layout, range: Range) {
        if layout == Layout::Flow {
            self.at = range.end as usize;
        }
    }

    /// The end of a text block's last line. Blank lines after it belong to it only if its header says so.
    fn block_end(&self, start: usize, range: Range) -> usize {
        let header = self.text[start..].lines().next().unwrap_or_default();
        let body = start + header.len();
        let indent = column(self.text, range.at());
        let mut end = body.max(range.end as usize);
        loop {
            let content = &self.text[body..end];
            let line = content.rsplit(['\n', '\r']).next().unwrap_or_default();
            let is_blank = line.bytes().all(|b| b == b' ') && line.len() <= indent;
            if !is_blank || line.len() == content.len() {
                return end;
            }
            end -= line.len();
            end -= line_break(&self.text[..end]).len();
            if header.contains('+') {
                return end;
            }
        }
    }

    /// The next place with something that is neither white space nor a comment.
    fn skip(&self) -> usize {
        skip(self.text, self.at)
    }

    fn unprepared(&self) -> Failure {
        Failure::new(
            self.at,
            Problem::Yaml("no edit is prepared for this".into()),
        )
    }
}

/// From `at` on, the next place with something that is neither white space nor a comment.
pub(crate) fn skip(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let content = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']);
        at += rest.len() - content.len();
        if !content.starts_with('#') {
            return at;
        }
        at += content.find(['\n', '\r']).unwrap_or(content.len());
    }
}

/// Bytes of white space at the beginning of a text.
pub(crate) fn blank(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len()
}

/// The line break at the end of the text, if there is one.
fn line_break(text: &str) -> &'static str {
    match text {
        _ if text.ends_with("\r\n") => "\r\n",
        _ if text.ends_with('\n') => "\n",
        _ if text.ends_with('\r') => "\r",
        _ => "",
    }
}

/// Bytes of the line before the offset.
pub(crate) fn column(text: &str, at: usize) -> usize {
    let line = text[..at].rsplit(['\n', '\r']).next();
    line.unwrap_or_default().len()
}

fn has_tag(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(.., tag) | Event::SequenceStart(.., tag) | Event::MappingStart(.., tag) => {
            tag.is_some()
        }
        _ => false,
    }
}

fn quotes(style: ScalarStyle) -> Quotes {
    match style {
        ScalarStyle::Plain => Quotes::None,
        ScalarStyle::SingleQuoted => Quotes::Single,
        ScalarStyle::DoubleQuoted => Quotes::Double,
        _ => Quotes::Block,
    }
}
