use std::fmt;

use gatehouse_abi::tree::TooLarge;

use crate::{Limit, node::Range, text::Text};

/// Characters of a key or value that an error repeats.
const MAX_QUOTED_CHARS: usize = 60;

/// Why nothing of a file can be read. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// [`Limit::FileBytes`] or [`Limit::Documents`].
    #[error(transparent)]
    Limit(#[from] Limit),
    /// The file has a NUL character.
    #[error("not a text file: a NUL character at line {line}, column {column}")]
    Binary {
        /// Where the first one is.
        line: usize,
        /// Where the first one is.
        column: usize,
    },
    /// The file is text in another encoding, or no text.
    #[error("not UTF-8 text: line {line}, column {column}")]
    NotUtf8 {
        /// Where the first byte is that does not fit.
        line: usize,
        /// Where the first byte is that does not fit.
        column: usize,
    },
    /// The file begins with the mark of UTF-16 or UTF-32.
    #[error("the text is UTF-16 or UTF-32: save it as UTF-8")]
    Utf16,
    /// The file has no document, or only empty ones.
    #[error("the file has no document: it is empty or has only comments")]
    Empty,
}

/// Why one document of a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct DocumentError {
    /// Which document of the file, from 1.
    pub document: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at a place in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is not YAML; says what the parser stumbled over.
    #[error("not valid YAML: {0}")]
    Yaml(String),
    /// The text is not JSON; says what the parser stumbled over.
    #[error("not valid JSON: {0}")]
    Json(&'static str),
    /// The text cannot be read and its line has `{{`.
    #[error("`{{{{` looks like a template: render it first and check the result")]
    Template,
    /// A character that ends a line for some readers only.
    #[error(
        "the character U+{:04X} ends a line for kubectl but not for every YAML reader: write it as an escape in double quotes",
        *.0 as u32
    )]
    LineBreak(char),
    /// A key that its object has already.
    #[error("duplicate key {}, already on line {first}", Quoted(key))]
    DuplicateKey {
        /// The key.
        key: String,
        /// The line where the object has it already.
        first: usize,
    },
    /// A key that is a list or an object.
    #[error("a key must be text, not a list or a mapping")]
    CompoundKey,
    /// A key that is missing, `null` or `~`.
    #[error("a key is missing or `null`: write it, or put it in quotes")]
    NullKey,
    /// A key that is a number over 64 bits with a sign.
    #[error("the key {} is too large a number: put it in quotes", Quoted(.0))]
    NumberKey(String),
    /// A value that its tag does not allow.
    #[error("{} is not what its tag `!!{tag}` says", Quoted(text))]
    Tag {
        /// The value as it is written.
        text: String,
        /// The tag, for example `int`.
        tag: &'static str,
    },
    /// Base64 that YAML would decode.
    #[error("the tag `!!binary` is not read here: write the text itself")]
    BinaryTag,
    /// An infinite number, or not a number.
    #[error("{} is not a number that Kubernetes can hold", Quoted(.0))]
    NotFinite(String),
    /// `<<` with something that cannot be merged.
    #[error("`<<` takes a mapping or a list of mappings")]
    Merge,
    /// An anchor whose value has an alias to it.
    #[error("the value of this anchor contains itself")]
    Cycle,
    /// A document that is not a mapping.
    #[error("a manifest is a mapping, this is {found}")]
    NotAMapping {
        /// What it is, with its article.
        found: &'static str,
    },
    /// [`Limit::Depth`], [`Limit::Values`] or [`Limit::AliasBytes`].
    #[error(transparent)]
    Limit(#[from] Limit),
    /// A document that no tree can hold.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// A problem and the offset in the file where it is.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) at: usize,
    pub(crate) problem: Problem,
}

impl Failure {
    pub(crate) fn new(at: usize, problem: impl Into<Problem>) -> Self {
        Self {
            at,
            problem: problem.into(),
        }
    }

    pub(crate) fn duplicate(text: &Text, key: &str, range: Range, first: Range) -> Self {
        let problem = Problem::DuplicateKey {
            key: key.to_owned(),
            first: text.line_at(first.at()),
        };
        Self::new(range.at(), problem)
    }
}

/// Text of the manifest inside a message: one line of it, without control characters, and not too much.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        f.write_str("`")?;
        for c in chars.by_ref().take(MAX_QUOTED_CHARS) {
            match c.is_control() {
                true => write!(f, "{}", c.escape_default())?,
                false => write!(f, "{c}")?,
            }
        }
        f.write_str(if chars.next().is_some() { "…`" } else { "`" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_messages_are_bounded_and_harmless() {
        let problem = Problem::NumberKey(format!("\u{1b}[31m{}", "x".repeat(100)));
        let text = problem.to_string();
        assert!(text.starts_with("the key `\\u{1b}[31mxxx"), "{text}");
        assert!(text.contains("x…` is too large"), "{text}");
        assert!(text.len() < 150, "{text}");
    }

    #[test]
    fn braces_and_code_points_show_as_people_write_them() {
        assert!(Problem::Template.to_string().starts_with("`{{` looks like"));
        let text = Problem::LineBreak('\u{2028}').to_string();
        assert!(text.starts_with("the character U+2028 ends"), "{text}");
    }
}
