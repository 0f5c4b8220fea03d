//! Texts, numbers and truth values: what conditions compare.

use std::{cmp::Ordering, fmt};

use gatehouse_sdk::Node;
use serde::Deserialize;

use crate::text::excerpt;

/// Characters of a text that a message holds.
const TEXT_MAX_CHARS: usize = 80;

/// A value that has no parts. Values of two kinds are never equal: `7` is another than `"7"`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a text, a number, `true` or `false`")]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

/// A number, never infinite and never NaN.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number")]
pub enum Number {
    /// One that is whole and fits 64 bits, signed.
    Whole(i64),
    /// Any other.
    Real(f64),
}

impl Scalar {
    /// Whether the value is the same.
    pub(crate) fn is(&self, value: Node<'_>) -> bool {
        match self {
            Scalar::Bool(wanted) => value.as_bool() == Some(*wanted),
            Scalar::Number(wanted) => Number::read(value) == Some(*wanted),
            Scalar::Text(wanted) => value.as_str() == Some(wanted),
        }
    }

    /// Whether the value is of the same kind.
    pub(crate) fn is_like(&self, value: Node<'_>) -> bool {
        match self {
            Scalar::Bool(_) => value.as_bool().is_some(),
            Scalar::Number(_) => Number::read(value).is_some(),
            Scalar::Text(_) => value.as_str().is_some(),
        }
    }

    /// The value of a document, if it has no parts and is not `null`.
    pub(crate) fn read(value: Node<'_>) -> Option<Self> {
        let text = || value.as_str().map(|text| Scalar::Text(text.to_owned()));
        let number = Number::read(value).map(Scalar::Number);
        number
            .or_else(|| value.as_bool().map(Scalar::Bool))
            .or_else(text)
    }
}

impl Number {
    /// The value, if it is a number.
    pub(crate) fn read(value: Node<'_>) -> Option<Self> {
        if let Some(whole) = value.as_i64() {
            return Some(Number::Whole(whole));
        }
        let real: f64 = value.as_number()?.parse().ok()?;
        real.is_finite().then_some(Number::Real(real))
    }

    fn as_f64(self) -> f64 {
        match self {
            Number::Whole(whole) => whole as f64,
            Number::Real(real) => real,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Number::Whole(a), Number::Whole(b)) => Some(a.cmp(b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(value) => value.fmt(f),
            Scalar::Number(number) => number.fmt(f),
            Scalar::Text(text) => write!(f, "`{}`", excerpt(text, TEXT_MAX_CHARS)),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Whole(whole) => whole.fmt(f),
            Number::Real(real) => real.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_sdk::tree::TreeBuf;

    use super::*;

    fn is(wanted: &str, value: &str) -> bool {
        let wanted: Scalar = serde_json::from_str(wanted).unwrap();
        wanted.is(TreeBuf::from_json(value).unwrap().root())
    }

    #[test]
    fn kinds_are_told_apart() {
        let same = [
            ("7", "7"),
            ("7", "7.0"),
            ("7.5", "7.5"),
            ("-1", "-1"),
            ("true", "true"),
            (r#""a""#, r#""a""#),
            ("18446744073709551615", "18446744073709551615"),
            ("9007199254740993", "9007199254740993"),
        ];
        for (wanted, value) in same {
            assert!(is(wanted, value), "{wanted} {value}");
        }
        let others = [
            ("7", r#""7""#),
            (r#""7""#, "7"),
            ("1", "true"),
            ("true", "1"),
            (r#""true""#, "true"),
            ("true", r#""true""#),
            ("0", "null"),
            ("false", "null"),
            (r#""a""#, r#"["a"]"#),
            (r#""""#, "{}"),
            (r#""a""#, r#""A""#),
            ("9007199254740993", "9007199254740992"),
        ];
        for (wanted, value) in others {
            assert!(!is(wanted, value), "{wanted} {value}");
        }
    }

    #[test]
    fn numbers_are_ordered() {
        let number = |text| serde_json::from_str::<Number>(text).unwrap();
        for (less, more) in [
            ("1", "2"),
            ("1", "1.5"),
            ("-2.5", "-2"),
            ("9007199254740992", "9007199254740993"),
        ] {
            assert!(number(less) < number(more), "{less} {more}");
        }
        for wrong in ["\"7\"", "null", "true", "[7]"] {
            assert!(serde_json::from_str::<Number>(wrong).is_err(), "{wrong}");
        }
    }
}
