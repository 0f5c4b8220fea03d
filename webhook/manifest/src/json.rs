//! JSON: one text or several, one after the other, as kubectl reads files that begin with `{`.
//!
//! YAML's own reading of JSON differs: no surrogate pairs, no tabs before keys, no second text.

use std::{borrow::Cow, ops};

use crate::{
    Limit, Problem,
    budget::Budget,
    error::Failure,
    members::Members,
    node::{Member, Node, Range},
    scalar::Scalar,
    text::Text,
};

/// Whether this part of the text begins as JSON objects do; if so, where.
pub(crate) fn start(text: &Text, part: &ops::Range<usize>) -> Option<usize> {
    let all = text.as_str().get(part.clone()).unwrap_or_default();
    let rest = all.trim_start_matches('\u{feff}');
    let rest = rest.strip_prefix("---").unwrap_or(rest).trim_start();
    rest.starts_with('{').then_some(part.end - rest.len())
}

/// Whether what begins here with `{` was meant to be JSON, if it is neither JSON nor YAML.
pub(crate) fn has_quoted_key(text: &Text, start: usize) -> bool {
    let inside = text.as_str().get(start + 1..).unwrap_or_default();
    inside.trim_start().starts_with('"')
}

/// The JSON texts of a part of the file.
pub(crate) struct Texts<'t> {
    text: &'t Text,
    at: usize,
    end: usize,
}

impl<'t> Texts<'t> {
    pub(crate) fn new(text: &'t Text, part: ops::Range<usize>) -> Self {
        Self {
            text,
            at: part.start,
            end: part.end,
        }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> ops::Range<usize> {
        self.at..self.end
    }

    /// Whether the text that begins at `start`, and failed so, may be YAML.
    pub(crate) fn may_be_yaml(&self, start: usize, failure: &Failure) -> bool {
        self.at == start && matches!(failure.problem, Problem::Json(_))
    }

    /// The next text; `None` when there is no more.
    pub(crate) fn next(&mut self, budget: &mut Budget) -> Result<Option<Node<'t>>, Failure> {
        let mut reader = Reader {
            text: self.text,
            at: self.at,
            end: self.end,
            budget,
        };
        let Some(first) = reader.peek() else {
            return Ok(None);
        };
        if first != b'{' {
            return Err(reader.error("expected `{` or the end of the file"));
        }
        let node = reader.value(0)?;
        self.at = reader.at;
        Ok(Some(node))
    }
}

struct Reader<'t, 'b> {
    text: &'t Text,
    at: usize,
    end: usize,
    budget: &'b mut Budget,
}

impl<'t> Reader<'t, '_> {
    /// The value that begins here, inside `depth` lists and objects.
    fn value(&mut self, depth: usize) -> Result<Node<'t>, Failure> {
        let first = self.peek();
        let start = self.at;
        let fail = |limit: Limit| Failure::new(start, limit);
        self.budget.value().map_err(fail)?;
        match first {
            Some(b'{') => {
                self.budget.room(depth + 1).map_err(fail)?;
                self.object(start, depth + 1)
            }
            Some(b'[') => {
                self.budget.room(depth + 1).map_err(fail)?;
                self.array(start, depth + 1)
            }
            Some(b'"') => {
                let text = Scalar::Text(self.string()?);
                Ok(Node::scalar(Range::new(start, self.at), text))
            }
            _ => self.bare(),
        }
    }

    fn array(&mut self, start: usize, depth: usize) -> Result<Node<'t>, Failure> {
        let mut items = Vec::new();
        self.at += 1;
        if !self.eat(b']') {
            loop {
                items.push(self.value(depth)?);
                if self.eat(b']') {
                    break;
                }
                self.expect(b',', "expected `,` or `]`")?;
            }
        }
        Ok(Node::array(Range::new(start, self.at), items))
    }

    fn object(&mut self, start: usize, depth: usize) -> Result<Node<'t>, Failure> {
        let mut members = Members::default();
        self.at += 1;
        if !self.eat(b'}') {
            loop {
                self.member(&mut members, depth)?;
                if self.eat(b'}') {
                    break;
                }
                self.expect(b',', "expected `,` or `}`")?;
            }
        }
        Ok(Node::object(Range::new(start, self.at), members.finish()))
    }

    fn member(&mut self, members: &mut Members<'t>, depth: usize) -> Result<(), Failure> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a key in double quotes"));
        }
        let start = self.at;
        let key = self.string()?;
        let key_range = Range::new(start, self.at);
        self.expect(b':', "expected `:`")?;
        let node = self.value(depth)?;
        let member = Member {
            key,
            key_range,
            node,
        };
        members.write(self.text, member)
    }

    fn string(&mut self) -> Result<Cow<'t, str>, Failure> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end.map(|end| end + 2) else {
            return Err(self.error("this quote is not closed"));
        };
        let quoted = &rest[..end];
        // text without escapes and control characters stands for itself
        let inside = &quoted[1..end - 1];
        if !inside.bytes().any(|byte| byte == b'\\' || byte < b' ') {
            self.at += end;
            return Ok(Cow::Borrowed(inside));
        }
        let text = serde_json::from_str::<String>(quoted)
            .map_err(|_| self.error("text with a bad escape or a control character"))?;
        self.at += end;
        Ok(Cow::Owned(text))
    }

    /// `true`, `false`, `null` or a number.
    fn bare(&mut self) -> Result<Node<'t>, Failure> {
        let rest = self.rest();
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let end = rest.bytes().position(|byte| !word(byte));
        let text = &rest[..end.unwrap_or(rest.len())];
        let scalar = match text {
            "null" => Scalar::Null,
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            _ => self.number(text)?,
        };
        let range = Range::new(self.at, self.at + text.len());
        self.at += text.len();
        Ok(Node::scalar(range, scalar))
    }

    fn number(&self, text: &str) -> Result<Scalar<'t>, Failure> {
        let number: Option<serde_json::Number> = serde_json::from_str(text).ok();
        let scalar = number.and_then(|number| {
            let int = number.as_i64().map(Scalar::Int);
            let uint = || number.as_u64().map(Scalar::Uint);
            // serde_json rounds less exactly than Rust and Go do
            let float = || text.parse().ok().map(Scalar::Float);
            int.or_else(uint).or_else(float)?.into_value().ok()
        });
        let begins = |byte: &u8| *byte == b'-' || byte.is_ascii_digit();
        scalar.ok_or_else(|| match text.as_bytes().first().is_some_and(begins) {
            true => self.error("this is not a number of JSON, or it is too large"),
            false => self.error("expected a value"),
        })
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let skip = rest.bytes().position(|byte| !blank(byte));
        self.at += skip.unwrap_or(rest.len());
        self.rest().bytes().next()
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: u8, problem: &'static str) -> Result<(), Failure> {
        match self.eat(wanted) {
            true => Ok(()),
            false => Err(self.error(problem)),
        }
    }

    fn rest(&self) -> &'t str {
        self.text
            .as_str()
            .get(self.at..self.end)
            .unwrap_or_default()
    }

    fn error(&self, problem: &'static str) -> Failure {
        let problem = match self.rest().is_empty() {
            true => "the text ends in the middle of a list or object",
            false => problem,
        };
        Failure::new(self.at, Problem::Json(problem))
    }
}
