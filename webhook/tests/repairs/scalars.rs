//! Scalars as text, in the styles that YAML has for them.

use serde_json::Value;

use crate::dice::Dice;

/// A text in lines, behind `|` or `>`.
pub(crate) struct Block {
    pub(crate) way: &'static str,
    pub(crate) header: char,
    /// `-`, `+` or nothing.
    pub(crate) ending: &'static str,
    pub(crate) begins_with_space: bool,
    pub(crate) lines: Vec<String>,
}

impl Block {
    /// `None`, if the text cannot be written so.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let content = text.trim_end_matches('\n');
        let is_odd = |c: char| c.is_control() && c != '\n' && c != '\t';
        if content.is_empty() || text.contains(is_odd) || content.starts_with('\t') {
            return None;
        }
        let ending = match text.len() - content.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let (way, header, lines) = match folds(text) {
            true => ("folded text", '>', content.replace(' ', "\n")),
            false => (
                "text in lines",
                '|',
                text.strip_suffix('\n').unwrap_or(text).to_owned(),
            ),
        };
        Some(Self {
            way,
            header,
            ending,
            begins_with_space: content.starts_with(' '),
            lines: lines.split('\n').map(str::to_owned).collect(),
        })
    }
}

/// Whether it is words with one blank between them, which may as well stand in different lines.
pub(crate) fn folds(text: &str) -> bool {
    let words = |text: &str| text.split(' ').all(|word| !word.is_empty());
    let simple =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '.' | ';' | '-' | '+' | '=');
    text.contains(' ') && words(text) && text.chars().all(simple)
}

/// A key as it is, or in double quotes where it would be something else.
pub(crate) fn key(key: &str) -> String {
    match is_plain(key) {
        true => key.to_owned(),
        false => Value::from(key).to_string(),
    }
}

/// A scalar that may stand inside brackets; `liked` are the quotes that are taken most often.
pub(crate) fn flow(scalar: &Value, liked: &str, dice: &mut Dice) -> String {
    match scalar {
        Value::String(text) => {
            let quotes = if dice.hit(6) {
                dice.pick(&["", "'", "\""])
            } else {
                liked
            };
            quoted(text, quotes, dice.hit(2))
        }
        Value::Bool(true) => dice
            .pick(&["true", "true", "true", "yes", "True", "on"])
            .to_owned(),
        Value::Bool(false) => dice
            .pick(&["false", "false", "false", "no", "off"])
            .to_owned(),
        Value::Null => dice.pick(&["null", "~"]).to_owned(),
        scalar => scalar.to_string(),
    }
}

fn quoted(text: &str, quotes: &str, raw_tabs: bool) -> String {
    let has_lines = text.contains('\n');
    match quotes {
        "" if is_plain(text) => text.to_owned(),
        "'" if !has_lines => format!("'{}'", text.replace('\'', "''")),
        // a tab may stand in quotes as it is
        _ if raw_tabs => Value::from(text).to_string().replace("\\t", "\t"),
        _ => Value::from(text).to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    let simple =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | ':');
    let reserved = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(simple)
        && !text.contains(": ")
        && !text.ends_with(':')
        && !reserved.contains(&text.to_ascii_lowercase().as_str())
}
