//! What an authority has to attest of an image, as the settings say it.

use gatehouse_sdk::{Path, ValuePath, ValuePathError};
use serde::Deserialize;

use crate::{
    age::MaxAge,
    glob::Glob,
    scalar::{Number, Scalar},
};

/// Which attestations of an authority count; its signatures do not, then.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attestation {
    /// What is attested, by the URI that an in-toto statement has for it.
    pub predicate_type: String,
    /// What the predicate has to say; one attestation has to meet all of them.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

/// What some values of a predicate have to be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Fields")]
pub struct Condition {
    /// Which values it is about; where that is not clear, nothing meets it.
    pub path: Result<ValuePath, ValuePathError>,
    /// What each of them has to be; where that is not clear, nothing meets it.
    pub operator: Result<Operator, OperatorProblem>,
}

/// What a value has to be. No list is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator {
    /// This.
    Equals(Scalar),
    /// One of these.
    OneOf(Vec<Scalar>),
    /// Something else than these. Values may be absent below a list, for scanners leave out empty ones.
    NoneOf(Vec<Scalar>),
    /// A text that fits a pattern.
    Glob(Glob),
    /// A number not greater than this.
    AtMost(Number),
    /// A number not less than this.
    AtLeast(Number),
    /// A time that is no longer ago.
    MaxAge(MaxAge),
}

/// Why it is not clear what a value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorProblem {
    /// There is no operator.
    None,
    /// There is more than one.
    Several,
    /// This operator's list is empty.
    EmptyList(&'static str),
    /// What this operator has is not of its form, and why.
    Malformed(&'static str, String),
}

impl OperatorProblem {
    /// Where in the condition it is.
    pub(crate) fn path(&self, condition: Path) -> Path {
        match self {
            OperatorProblem::None | OperatorProblem::Several => condition,
            OperatorProblem::EmptyList(operator) | OperatorProblem::Malformed(operator, _) => {
                condition.key(*operator)
            }
        }
    }

    /// What is wrong and what would be right.
    pub(crate) fn message(&self) -> String {
        const OPERATORS: &str =
            "`equals`, `oneOf`, `noneOf`, `glob`, `atMost`, `atLeast` and `maxAge`";
        match self {
            OperatorProblem::None => format!(
                "the condition does not say what the value has to be: write one of {OPERATORS}"
            ),
            OperatorProblem::Several => format!(
                "the condition says in more than one way what the value has to be: keep one of {OPERATORS}, \
                 and write a condition of its own for each other"
            ),
            OperatorProblem::EmptyList("noneOf") => {
                "every value is none of an empty list: name those that are not allowed".to_owned()
            }
            OperatorProblem::EmptyList(_) => {
                "no value is one of an empty list: name those that are allowed".to_owned()
            }
            OperatorProblem::Malformed(_, problem) => problem.clone(),
        }
    }
}

/// A condition as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    path: String,
    equals: Option<Scalar>,
    one_of: Option<Vec<Scalar>>,
    none_of: Option<Vec<Scalar>>,
    glob: Option<String>,
    at_most: Option<Number>,
    at_least: Option<Number>,
    max_age: Option<String>,
}

impl Fields {
    fn operator(self) -> Result<Operator, OperatorProblem> {
        let mut given = [
            self.equals.map(|value| Ok(Operator::Equals(value))),
            self.one_of
                .map(|list| some("oneOf", list).map(Operator::OneOf)),
            self.none_of
                .map(|list| some("noneOf", list).map(Operator::NoneOf)),
            self.glob
                .map(|text| read("glob", &text).map(Operator::Glob)),
            self.at_most.map(|bound| Ok(Operator::AtMost(bound))),
            self.at_least.map(|bound| Ok(Operator::AtLeast(bound))),
            self.max_age
                .map(|text| read("maxAge", &text).map(Operator::MaxAge)),
        ]
        .into_iter()
        .flatten();
        match (given.next(), given.next()) {
            (Some(operator), None) => operator,
            (Some(_), Some(_)) => Err(OperatorProblem::Several),
            (None, _) => Err(OperatorProblem::None),
        }
    }
}

impl From<Fields> for Condition {
    fn from(fields: Fields) -> Self {
        Self {
            path: fields.path.parse(),
            operator: fields.operator(),
        }
    }
}

fn some(operator: &'static str, list: Vec<Scalar>) -> Result<Vec<Scalar>, OperatorProblem> {
    if list.is_empty() {
        return Err(OperatorProblem::EmptyList(operator));
    }
    Ok(list)
}

fn read<T: std::str::FromStr<Err = String>>(
    operator: &'static str,
    text: &str,
) -> Result<T, OperatorProblem> {
    text.parse()
        .map_err(|problem| OperatorProblem::Malformed(operator, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(fields: &str) -> Result<Operator, OperatorProblem> {
        let json = format!(r#"{{"path": "a"{fields}}}"#);
        serde_json::from_str::<Condition>(&json).unwrap().operator
    }

    #[test]
    fn a_condition_has_one_operator() {
        let text = |text: &str| Scalar::Text(text.to_owned());
        let cases = [
            (r#", "equals": "x""#, Operator::Equals(text("x"))),
            (
                r#", "equals": false"#,
                Operator::Equals(Scalar::Bool(false)),
            ),
            (r#", "oneOf": ["x"]"#, Operator::OneOf(vec![text("x")])),
            (
                r#", "noneOf": ["x", 1]"#,
                Operator::NoneOf(vec![text("x"), Scalar::Number(Number::Whole(1))]),
            ),
            (r#", "glob": "x*""#, Operator::Glob("x*".parse().unwrap())),
            (r#", "atMost": 7"#, Operator::AtMost(Number::Whole(7))),
            (r#", "atLeast": 7.5"#, Operator::AtLeast(Number::Real(7.5))),
            (
                r#", "maxAge": "72h""#,
                Operator::MaxAge("72h".parse().unwrap()),
            ),
            (
                r#", "maxAge": "72h", "equals": null"#,
                Operator::MaxAge("72h".parse().unwrap()),
            ),
        ];
        for (fields, expected) in cases {
            assert_eq!(operator(fields), Ok(expected), "{fields}");
        }
    }

    #[test]
    fn what_is_not_clear_is_no_operator() {
        let cases = [
            ("", OperatorProblem::None),
            (r#", "equals": null"#, OperatorProblem::None),
            (r#", "atMost": 1, "atLeast": 0"#, OperatorProblem::Several),
            (r#", "oneOf": [], "maxAge": "x""#, OperatorProblem::Several),
            (r#", "oneOf": []"#, OperatorProblem::EmptyList("oneOf")),
            (r#", "noneOf": []"#, OperatorProblem::EmptyList("noneOf")),
        ];
        for (fields, problem) in cases {
            assert_eq!(operator(fields), Err(problem), "{fields}");
        }
        for (fields, name) in [
            (r#", "glob": """#, "glob"),
            (r#", "maxAge": "72""#, "maxAge"),
        ] {
            let Err(OperatorProblem::Malformed(found, _)) = operator(fields) else {
                panic!("{fields}")
            };
            assert_eq!(found, name);
        }
    }
}
