//! New values as text, in the style of what stands around them.

use std::fmt::Write;

use serde_json::Value;

use super::{style::Style, syntax::Quotes};
use crate::{
    scalar::{self, Scalar},
    text::LINE_BREAKS,
};

/// A value that is to be written.
pub(crate) enum Fresh<'v> {
    Value(&'v Value),
    /// What the alias stands for, but for these members.
    Over {
        /// With its `*`.
        alias: &'v str,
        members: Vec<(&'v str, &'v Value)>,
    },
}

impl<'v> From<&'v Value> for Fresh<'v> {
    fn from(value: &'v Value) -> Self {
        Self::Value(value)
    }
}

impl Style {
    /// A scalar, or an empty list or mapping; nothing else fits behind a key in block style.
    pub(crate) fn inline(&self, fresh: &Fresh<'_>, quotes: Quotes) -> Option<String> {
        match fresh {
            Fresh::Value(Value::Array(items)) if !items.is_empty() => None,
            Fresh::Value(Value::Object(members)) if !members.is_empty() => None,
            Fresh::Value(value) => Some(self.brackets(value, quotes, None)),
            Fresh::Over { .. } => None,
        }
    }

    /// A value inside brackets. Its further lines, if it gets any, begin with `indent`.
    pub(crate) fn flow(&self, fresh: &Fresh<'_>, quotes: Quotes, indent: &str) -> String {
        match fresh {
            Fresh::Value(value) => self.brackets(value, quotes, Some(indent)),
            Fresh::Over { alias, members } => {
                let merged = std::iter::once(format!("<<: {alias}"));
                let member = |member| self.flow_member(member, Quotes::None, indent);
                let all: Vec<_> = merged.chain(members.iter().map(member)).collect();
                self.enclosed(&all, ['{', '}'], None)
            }
        }
    }

    /// A member inside brackets, its key quoted as told.
    pub(crate) fn flow_member(
        &self,
        (key, value): &(&str, &Value),
        quotes: Quotes,
        indent: &str,
    ) -> String {
        let colon = if self.tight { ":" } else { ": " };
        let value = self.brackets(value, Quotes::None, Some(indent));
        format!("{}{colon}{value}", self.text(key, quotes, true))
    }

    /// The lines of a value in block style, which begins in this column.
    pub(crate) fn block(&self, fresh: &Fresh<'_>, column: usize) -> Vec<String> {
        match fresh {
            Fresh::Value(Value::Object(map)) => {
                let members = sorted(map.iter().map(|(key, value)| (key.as_str(), value)));
                self.block_members(&members, Quotes::None, column)
            }
            Fresh::Value(Value::Array(items)) => {
                let item = |item| self.block_item(item, Quotes::None, column);
                items.iter().flat_map(item).collect()
            }
            Fresh::Value(scalar) => vec![self.brackets(scalar, Quotes::None, None)],
            Fresh::Over { alias, members } => {
                let merged = format!("{:column$}<<: {alias}", "");
                let members = self.block_members(members, Quotes::None, column);
                std::iter::once(merged).chain(members).collect()
            }
        }
    }

    pub(crate) fn block_members(
        &self,
        members: &[(&str, &Value)],
        quotes: Quotes,
        column: usize,
    ) -> Vec<String> {
        let member = |(key, value): &(&str, &Value)| {
            let key = format!("{:column$}{}:", "", self.text(key, quotes, false));
            let fresh = Fresh::Value(value);
            match self.inline(&fresh, Quotes::None) {
                Some(text) => vec![format!("{key} {text}")],
                None => {
                    let inside = self.block(&fresh, self.child_column(value, column));
                    std::iter::once(key).chain(inside).collect()
                }
            }
        };
        members.iter().flat_map(member).collect()
    }

    pub(crate) fn block_item(&self, item: &Value, quotes: Quotes, column: usize) -> Vec<String> {
        let fresh = Fresh::Value(item);
        let mut lines = match self.inline(&fresh, quotes) {
            Some(text) => vec![text],
            None => self.block(&fresh, column + "- ".len()),
        };
        if let Some(first) = lines.first_mut() {
            *first = format!("{:column$}- {}", "", first.trim_start());
        }
        lines
    }

    /// Where a list or mapping begins whose key stands in this column.
    pub(crate) fn child_column(&self, value: &Value, column: usize) -> usize {
        match value {
            Value::Array(_) => column + self.list,
            _ => column + self.columns(),
        }
    }

    fn brackets(&self, value: &Value, quotes: Quotes, indent: Option<&str>) -> String {
        let deeper = self.step.as_ref().filter(|_| self.json).zip(indent);
        let deeper = deeper.map(|(step, indent)| format!("{indent}{step}"));
        let inside = deeper.as_deref().or(indent);
        match value {
            Value::String(text) => self.text(text, quotes, indent.is_some()),
            Value::Array(items) => {
                let item = |item| self.brackets(item, quotes, inside.or(Some("")));
                let items: Vec<_> = items.iter().map(item).collect();
                self.enclosed(&items, ['[', ']'], deeper.as_deref().zip(indent))
            }
            Value::Object(map) => {
                let members = sorted(map.iter().map(|(key, value)| (key.as_str(), value)));
                let member = |member| self.flow_member(member, Quotes::None, inside.unwrap_or(""));
                let members: Vec<_> = members.iter().map(member).collect();
                self.enclosed(&members, ['{', '}'], deeper.as_deref().zip(indent))
            }
            scalar => scalar.to_string(),
        }
    }

    /// On a line each, if the indentation of the lines inside and of the last one is given.
    fn enclosed(
        &self,
        entries: &[String],
        [open, close]: [char; 2],
        lines: Option<(&str, &str)>,
    ) -> String {
        match lines.filter(|_| !entries.is_empty()) {
            Some((inside, last)) => {
                let entries = entries.join(&format!(",\n{inside}"));
                format!("{open}\n{inside}{entries}\n{last}{close}")
            }
            None if self.tight => format!("{open}{}{close}", entries.join(",")),
            None => format!("{open}{}{close}", entries.join(", ")),
        }
    }

    fn text(&self, text: &str, quotes: Quotes, flow: bool) -> String {
        match quotes {
            _ if self.json => double_quoted(text),
            Quotes::Double => double_quoted(text),
            Quotes::Single if !text.contains(is_odd) => format!("'{}'", text.replace('\'', "''")),
            Quotes::None | Quotes::Block if is_plain(text, flow) => text.to_owned(),
            _ => double_quoted(text),
        }
    }
}

/// By name, but for `name` itself, which comes first.
pub(crate) fn sorted<'v>(
    members: impl Iterator<Item = (&'v str, &'v Value)>,
) -> Vec<(&'v str, &'v Value)> {
    let mut members: Vec<_> = members.collect();
    members.sort_by_key(|(key, _)| (*key != "name", *key));
    members
}

/// Whether every reader of YAML takes it for text without quotes. Some that none would mistake are quoted as well.
fn is_plain(text: &str, flow: bool) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.');
    let char = |c: char| {
        let everywhere = matches!(c, '/' | '_' | '.' | '-' | '+' | '@' | '=' | ' ' | '(' | ')');
        c.is_ascii_alphanumeric() || everywhere || (!flow && matches!(c, ':' | ','))
    };
    let is_text = matches!(scalar::plain(text.into()), Scalar::Text(_));
    let like_a_number = !text.contains(|c: char| c.is_ascii_alphabetic());
    let like_a_date = text.len() > 4
        && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && text.as_bytes()[4] == b'-';
    is_text
        && text.starts_with(first)
        && text.chars().all(char)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !like_a_number
        && !like_a_date
}

/// What stands in single quotes only with care.
fn is_odd(c: char) -> bool {
    c.is_control() || LINE_BREAKS.contains(&c) || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// JSON's quotes, which are YAML's, too.
fn double_quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.chars()
        .fold(String::with_capacity(json.len()), |mut quoted, c| {
            match is_odd(c) {
                true => drop(write!(quoted, "\\u{:04x}", c as u32)),
                false => quoted.push(c),
            }
            quoted
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_reader_takes_for_something_else_is_quoted() {
        for text in [
            "ALL",
            "RuntimeDefault",
            "a b",
            "docker.io/library/nginx:1.27",
            "1000m",
            "v1",
        ] {
            assert!(is_plain(text, false), "{text}");
        }
        for text in [
            "",
            "y",
            "no",
            "On",
            "null",
            "~",
            "1",
            "1.5",
            "1e3",
            "0644",
            "0x1F",
            "12:30",
            "1_000",
            "2001-01-01",
            "2001-01-01T00:00:00Z",
            "a: b",
            "a:",
            " a",
            "a ",
            "- a",
            "a #b",
            "*a",
            "&a",
            "!a",
            "{a}",
            "'a'",
            "a\nb",
            "é",
            "<<",
            "=",
            "%a",
            "@a",
        ] {
            assert!(!is_plain(text, false), "{text}");
        }
        assert!(!is_plain("a,b", true) && is_plain("a,b", false));
        assert!(!is_plain("a:b", true) && is_plain("a:b", false));
    }
}
