//! What is said of an attestation that does not meet a condition.

use std::fmt;

use gatehouse_sdk::{Kind, Node, ValuePath};

use crate::{attestation::Operator, scalar::Scalar, text::plain, words::listed};

/// A condition that an attestation does not meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unmet<'a> {
    pub(crate) path: &'a ValuePath,
    pub(crate) operator: &'a Operator,
    pub(crate) found: Found<'a>,
    /// How many of the other conditions it does not meet either.
    pub(crate) others: usize,
}

/// What stands where a condition wants something else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    /// A value.
    Value(Node<'a>),
    /// A time that is longer ago.
    TooOld(Node<'a>),
    /// A time that is yet to come.
    InFuture(Node<'a>),
    /// What is no time.
    NoTime(Node<'a>),
    /// The member that these first steps of the path end with is absent.
    Absent(usize),
    /// What these first steps of the path lead to is of another kind than the path says.
    Mismatched(usize, Node<'a>),
    /// Its lists are empty.
    NoValue,
}

impl Unmet<'_> {
    /// How far the attestation is from meeting all conditions: what it says too late tells less than what it
    /// says otherwise.
    pub(crate) fn distance(&self) -> (usize, bool) {
        (self.others, matches!(self.found, Found::TooOld(_)))
    }

    /// What was found and what is required, as a clause.
    pub(crate) fn clause(&self) -> String {
        let path = plain(&self.path.to_string());
        let subject = match self.place() == path {
            true => String::new(),
            false => format!("`{path}` "),
        };
        let others = match self.others {
            0 => String::new(),
            1 => "; another condition is not met either".to_owned(),
            others => format!("; {others} other conditions are not met either"),
        };
        format!(
            "{}, but {subject}has to be {}{others}",
            self.found(),
            self.operator
        )
    }

    /// What was found.
    pub(crate) fn found(&self) -> String {
        format!("`{}` {}", self.place(), self.is())
    }

    /// What is required.
    pub(crate) fn required(&self) -> String {
        format!("`{}` is {}", plain(&self.path.to_string()), self.operator)
    }

    /// What the author can do; who has to attest and the line that does it follow.
    pub(crate) fn help(&self) -> &'static str {
        match self.found {
            Found::TooOld(_) | Found::InFuture(_) => "have a new one made and attested",
            Found::Value(value) if Scalar::read(value).is_some() => {
                "there is no fix here: use an image that meets it, or, if this one does, have it attested again"
            }
            _ => {
                "the predicate is not of the form that the condition expects: have it attested again"
            }
        }
    }

    /// The beginning of the path that something was found at; mostly all of it.
    fn place(&self) -> String {
        match self.found {
            Found::Mismatched(0, _) => "predicate".to_owned(),
            Found::Absent(steps) | Found::Mismatched(steps, _) => {
                plain(&self.path.beginning(steps))
            }
            _ => plain(&self.path.to_string()),
        }
    }

    fn is(&self) -> String {
        match self.found {
            Found::Value(value) if self.is_about_text() => format!("is {}", in_words(value)),
            Found::Value(value) if value.as_str().is_some() => {
                format!("is the text {}", in_words(value))
            }
            Found::Value(value) | Found::TooOld(value) | Found::Mismatched(_, value) => {
                format!("is {}", in_words(value))
            }
            Found::InFuture(time) => format!("is {}, in the future", in_words(time)),
            Found::NoTime(text) => format!("is {}, which is no time of RFC 3339", in_words(text)),
            Found::Absent(_) => "is not there".to_owned(),
            Found::NoValue => "has no value".to_owned(),
        }
    }

    /// Whether a text is expected; elsewhere a text is called one, for `7` reads like 7.
    fn is_about_text(&self) -> bool {
        !matches!(
            self.operator,
            Operator::AtMost(_)
                | Operator::AtLeast(_)
                | Operator::Equals(Scalar::Number(_) | Scalar::Bool(_))
        )
    }
}

impl fmt::Display for Operator {
    /// What a value has to be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |list: &[Scalar], last| listed(list.iter().map(Scalar::to_string), last);
        match self {
            Operator::Equals(value) => value.fmt(f),
            Operator::OneOf(values) => f.write_str(&list(values, "or")),
            Operator::NoneOf(values) => write!(f, "none of {}", list(values, "and")),
            Operator::Glob(glob) => write!(f, "like {}", Scalar::Text(glob.to_string())),
            Operator::AtMost(most) => write!(f, "at most {most}"),
            Operator::AtLeast(least) => write!(f, "at least {least}"),
            Operator::MaxAge(age) => write!(f, "a time of the last {age}"),
        }
    }
}

fn in_words(value: Node<'_>) -> String {
    let what = match value.kind() {
        Kind::Array => "a list",
        Kind::Object => "an object",
        _ => {
            return Scalar::read(value)
                .map_or_else(|| "null".to_owned(), |value| value.to_string());
        }
    };
    what.to_owned()
}
