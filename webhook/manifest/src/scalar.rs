//! What a YAML scalar means to kubectl: the rules of Go's yaml.v2, then of its conversion to JSON.

use std::borrow::Cow;

use crate::Problem;

/// A resolved scalar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number above `i64::MAX`.
    Uint(u64),
    Float(f64),
    Text(Cow<'t, str>),
}

/// What a tag asks a scalar to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Binary,
    Merge,
    /// `!!str`, and every tag that kubectl does not know.
    Text,
}

/// What a plain scalar is.
pub(crate) fn plain(text: Cow<'_, str>) -> Scalar<'_> {
    match text.bytes().next() {
        None => Scalar::Null,
        Some(b'+' | b'-' | b'0'..=b'9') => number(&text).unwrap_or(Scalar::Text(text)),
        Some(b'.') => point(&text).unwrap_or(Scalar::Text(text)),
        Some(_) => word(&text).unwrap_or(Scalar::Text(text)),
    }
}

/// What a scalar with a tag is, however it is quoted.
pub(crate) fn tagged(text: Cow<'_, str>, tag: Tag) -> Result<Scalar<'_>, Problem> {
    if matches!(tag, Tag::Text | Tag::Merge) {
        return Ok(Scalar::Text(text));
    }
    let wrong = |name| Problem::Tag {
        text: text.to_string(),
        tag: name,
    };
    match (tag, plain(Cow::Borrowed(&text))) {
        (Tag::Null, Scalar::Null) => Ok(Scalar::Null),
        (Tag::Bool, Scalar::Bool(value)) => Ok(Scalar::Bool(value)),
        (Tag::Int, Scalar::Int(value)) => Ok(Scalar::Int(value)),
        (Tag::Float, Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
        (Tag::Int, Scalar::Uint(value)) => Ok(Scalar::Uint(value)),
        (Tag::Float, Scalar::Float(value)) => Ok(Scalar::Float(value)),
        (Tag::Binary, _) => Err(Problem::BinaryTag),
        (Tag::Null, _) => Err(wrong("null")),
        (Tag::Bool, _) => Err(wrong("bool")),
        (Tag::Int, _) => Err(wrong("int")),
        _ => Err(wrong("float")),
    }
}

impl<'t> Scalar<'t> {
    /// The scalar as a value of JSON, where `1.0` and `1` are the same number.
    pub(crate) fn into_value(self) -> Result<Self, Problem> {
        match self {
            Scalar::Float(number) if !number.is_finite() => {
                Err(Problem::NotFinite(short_float(number)))
            }
            Scalar::Float(number) => Ok(whole(number).unwrap_or(self)),
            _ => Ok(self),
        }
    }

    /// The scalar as the key of an object.
    pub(crate) fn into_key(self) -> Result<Cow<'t, str>, Problem> {
        match self {
            Scalar::Null => Err(Problem::NullKey),
            Scalar::Bool(value) => Ok(value.to_string().into()),
            Scalar::Int(value) => Ok(value.to_string().into()),
            Scalar::Uint(value) => Err(Problem::NumberKey(value.to_string())),
            Scalar::Float(value) => Ok(short_float(value).into()),
            Scalar::Text(text) => Ok(text),
        }
    }

    /// The scalar in words, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Scalar::Null => "nothing",
            Scalar::Bool(_) => "a boolean",
            Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_) => "a number",
            Scalar::Text(_) => "text",
        }
    }
}

fn word(text: &str) -> Option<Scalar<'static>> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Scalar::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Scalar::Bool(false))
        }
        "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        _ => None,
    }
}

/// A scalar that begins with a point. Go allows `_` there between digits only, elsewhere anywhere.
fn point(text: &str) -> Option<Scalar<'static>> {
    let between = |(at, _): (usize, &str)| {
        let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        digit(at - 1) && digit(at + 1)
    };
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(Scalar::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" => Some(Scalar::Float(f64::INFINITY)),
        _ if text.match_indices('_').all(between) => float(&text.replace('_', "")),
        _ => None,
    }
}

/// A scalar that begins with a sign or a digit. Dates and `12:30` are text: Go reads sexagesimal numbers
/// nowhere, and dates become text again on their way to JSON.
fn number(text: &str) -> Option<Scalar<'static>> {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Some(Scalar::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Scalar::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    let text = match text.contains('_') {
        true => Cow::Owned(text.replace('_', "")),
        false => Cow::Borrowed(text),
    };
    integer(&text)
        .or_else(|| float(&text))
        .or_else(|| odd_binary(&text))
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`, which takes no sign.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(digits);
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    match (i64::try_from(size), negative) {
        (Ok(value), false) => Some(Scalar::Int(value)),
        (Err(_), false) => (!text.starts_with('+')).then_some(Scalar::Uint(size)),
        (_, true) => 0_i64.checked_sub_unsigned(size).map(Scalar::Int),
    }
}

/// The base that a number's prefix names, and its digits.
fn radix(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    }
}

/// A decimal number within the range of a double.
fn float(text: &str) -> Option<Scalar<'static>> {
    let decimal = |b: u8| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let value: f64 = text.bytes().all(decimal).then(|| text.parse().ok())??;
    value.is_finite().then_some(Scalar::Float(value))
}

/// `0b-101`, which Go reads as -5.
fn odd_binary(text: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix("0b")?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Int)
}

/// The whole number as which Go writes a double to JSON, if 64 bits hold it.
fn whole(number: f64) -> Option<Scalar<'static>> {
    if number.fract() != 0.0 {
        return None;
    }
    let digits = number.to_string();
    let int = digits.parse().map(Scalar::Int);
    int.or_else(|_| digits.parse().map(Scalar::Uint)).ok()
}

/// Go's `%g` of a number cut to 32 bits: how kubectl writes a key that is a number with a fraction.
fn short_float(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    // of two equally short forms, Rust's shortest is not always Go's; with a given length they agree
    let scientific = format!("{number:.decimals$e}");
    let digits = scientific.split('e').next().unwrap_or_default();
    match exponent.parse::<i32>().unwrap_or(0) {
        exponent @ -4..=5 => {
            let decimals = (decimals as i32 - exponent).max(0) as usize;
            format!("{number:.decimals$}")
        }
        exponent if exponent < 0 => format!("{digits}e-{:02}", -exponent),
        exponent => format!("{digits}e+{exponent:02}"),
    }
}
