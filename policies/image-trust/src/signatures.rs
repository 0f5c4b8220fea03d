use std::num::NonZeroUsize;

use gatehouse_reference::Reference;
use gatehouse_sdk::Path;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{Attestation, ImagePattern};

/// Whose signatures some images need.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Fields")]
pub struct SignatureRule {
    /// The images it is about.
    pub images: Vec<ImagePattern>,
    /// What they need, unless that is not clear; then nothing could be enough.
    pub form: Result<Form, FormProblem>,
}

/// What a [`SignatureRule`] demands. No list of names is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One of these has to sign.
    AnyOf(Vec<String>),
    /// Each of these has to sign; two of them may have one key.
    AllOf(Vec<String>),
    /// That many of these have to sign, each with a key of its own.
    AtLeast {
        /// How many.
        count: NonZeroUsize,
        /// Of whom.
        of: Vec<String>,
    },
    /// Nobody has to sign.
    Unsigned,
}

/// Why it is not clear what a [`SignatureRule`] demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormProblem {
    /// It has none of the forms.
    None,
    /// It has more than one.
    Several,
    /// `atLeast` without `of`.
    NoOf,
    /// `of` without `atLeast`.
    NoAtLeast,
    /// `atLeast` is zero or less.
    AtLeastNone,
    /// This list of names is empty.
    NoNames(&'static str),
}

/// An authority, so far as the policy needs to know it. The host reads its keys and certificates.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Authority {
    /// Its key as the settings have it: two authorities with one text have one key.
    pub key: Option<String>,
    /// Whether it signs with certificates of a certificate authority.
    #[serde(deserialize_with = "is_set")]
    pub certificate: bool,
    /// Whether it signs without a key of its own, as an identity that Fulcio certifies.
    #[serde(deserialize_with = "is_set")]
    pub keyless: bool,
    /// What it has to attest, instead of signing.
    pub attestation: Option<Attestation>,
}

/// What becomes of images that no [`SignatureRule`] matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unmatched {
    /// They are refused.
    #[default]
    Deny,
    /// They need nobody's signature.
    Allow,
}

impl SignatureRule {
    /// Whether the rule is about the image.
    pub fn matches(&self, image: &Reference<'_>) -> bool {
        self.images.iter().any(|pattern| pattern.matches(image))
    }
}

impl Form {
    /// The authorities it names.
    pub fn names(&self) -> &[String] {
        match self {
            Form::AnyOf(names) | Form::AllOf(names) | Form::AtLeast { of: names, .. } => names,
            Form::Unsigned => &[],
        }
    }

    /// The setting that holds the names.
    pub(crate) fn names_setting(&self) -> &'static str {
        match self {
            Form::AnyOf(_) => "anyOf",
            Form::AllOf(_) => "allOf",
            Form::AtLeast { .. } => "of",
            Form::Unsigned => "unsigned",
        }
    }
}

impl FormProblem {
    /// Where in the rule it is.
    pub(crate) fn path(self, rule: Path) -> Path {
        match self {
            FormProblem::None | FormProblem::Several => rule,
            FormProblem::NoOf | FormProblem::AtLeastNone => rule.key("atLeast"),
            FormProblem::NoAtLeast => rule.key("of"),
            FormProblem::NoNames(setting) => rule.key(setting),
        }
    }

    /// What is wrong and what would be right.
    pub(crate) fn message(self) -> &'static str {
        match self {
            FormProblem::None => {
                "the rule does not say who has to sign: write `anyOf`, `allOf`, `atLeast` with `of`, or \
                 `unsigned: allow`"
            }
            FormProblem::Several => {
                "the rule says in more than one way who has to sign: keep one of `anyOf`, `allOf`, \
                 `atLeast` with `of`, and `unsigned`"
            }
            FormProblem::NoOf => {
                "`atLeast` says how many have to sign, but not who: name them in `of`"
            }
            FormProblem::NoAtLeast => {
                "`of` says who may sign, but not how many have to: write `atLeast` beside it, or `anyOf` or \
                 `allOf` instead"
            }
            FormProblem::AtLeastNone => {
                "at least 1 has to sign: for images that need no signature write `unsigned: allow` instead"
            }
            FormProblem::NoNames(_) => {
                "the list names nobody: name authorities, or write `unsigned: allow` instead for images that \
                 need no signature"
            }
        }
    }
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    images: Vec<ImagePattern>,
    any_of: Option<Vec<String>>,
    all_of: Option<Vec<String>>,
    at_least: Option<i64>,
    of: Option<Vec<String>>,
    unsigned: Option<Unsigned>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unsigned {
    Allow,
}

impl Fields {
    fn form(&mut self) -> Result<Form, FormProblem> {
        let lists = (self.any_of.take(), self.all_of.take(), self.of.take());
        match (lists, self.at_least, self.unsigned) {
            ((Some(names), None, None), None, None) => Ok(Form::AnyOf(some("anyOf", names)?)),
            ((None, Some(names), None), None, None) => Ok(Form::AllOf(some("allOf", names)?)),
            ((None, None, Some(of)), Some(count), None) => Ok(Form::AtLeast {
                count: positive(count)?,
                of: some("of", of)?,
            }),
            ((None, None, None), None, Some(Unsigned::Allow)) => Ok(Form::Unsigned),
            ((None, None, None), Some(_), None) => Err(FormProblem::NoOf),
            ((None, None, Some(_)), None, None) => Err(FormProblem::NoAtLeast),
            ((None, None, None), None, None) => Err(FormProblem::None),
            _ => Err(FormProblem::Several),
        }
    }
}

impl From<Fields> for SignatureRule {
    fn from(mut fields: Fields) -> Self {
        Self {
            form: fields.form(),
            images: fields.images,
        }
    }
}

fn some(setting: &'static str, names: Vec<String>) -> Result<Vec<String>, FormProblem> {
    if names.is_empty() {
        return Err(FormProblem::NoNames(setting));
    }
    Ok(names)
}

fn positive(count: i64) -> Result<NonZeroUsize, FormProblem> {
    let count = usize::try_from(count).ok();
    count
        .and_then(NonZeroUsize::new)
        .ok_or(FormProblem::AtLeastNone)
}

fn is_set<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(field)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &str) -> Result<Form, FormProblem> {
        let json = format!(r#"{{"images": ["a.io/**"]{fields}}}"#);
        let rule: SignatureRule = serde_json::from_str(&json).unwrap();
        rule.form
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_rule_has_one_form() {
        assert_eq!(
            form(r#", "anyOf": ["a", "b"]"#),
            Ok(Form::AnyOf(names(&["a", "b"])))
        );
        assert_eq!(form(r#", "allOf": ["a"]"#), Ok(Form::AllOf(names(&["a"]))));
        let at_least = Form::AtLeast {
            count: NonZeroUsize::MIN,
            of: names(&["a"]),
        };
        assert_eq!(form(r#", "atLeast": 1, "of": ["a"]"#), Ok(at_least));
        assert_eq!(form(r#", "unsigned": "allow""#), Ok(Form::Unsigned));
        assert_eq!(
            form(r#", "unsigned": "allow", "anyOf": null"#),
            Ok(Form::Unsigned)
        );
    }

    #[test]
    fn what_is_not_clear_is_no_form() {
        let cases = [
            ("", FormProblem::None),
            (r#", "atLeast": 1"#, FormProblem::NoOf),
            (r#", "of": ["a"]"#, FormProblem::NoAtLeast),
            (r#", "atLeast": 0, "of": ["a"]"#, FormProblem::AtLeastNone),
            (r#", "atLeast": -1, "of": ["a"]"#, FormProblem::AtLeastNone),
            (r#", "atLeast": 1, "of": []"#, FormProblem::NoNames("of")),
            (r#", "anyOf": []"#, FormProblem::NoNames("anyOf")),
            (r#", "allOf": []"#, FormProblem::NoNames("allOf")),
            (r#", "anyOf": ["a"], "allOf": ["a"]"#, FormProblem::Several),
            (r#", "anyOf": ["a"], "of": ["a"]"#, FormProblem::Several),
            (
                r#", "anyOf": ["a"], "unsigned": "allow""#,
                FormProblem::Several,
            ),
            (
                r#", "atLeast": 1, "unsigned": "allow""#,
                FormProblem::Several,
            ),
        ];
        for (fields, problem) in cases {
            assert_eq!(form(fields), Err(problem), "{fields}");
        }
    }

    #[test]
    fn an_authority_is_known_by_its_kind() {
        let read = |json| serde_json::from_str::<Authority>(json).unwrap().certificate;
        assert!(read(
            r#"{"certificate": "file:ca.pem", "identities": ["a"]}"#
        ));
        assert!(!read(r#"{"key": "file:a.pub"}"#));
        assert!(!read(r#"{"certificate": null}"#));
    }
}
