use gatehouse_abi::{Path, ValuePath, ValuePathError, tree::Node};
use serde_json::{Map, Value};

use super::{AuthorityError, unknown_fields};
use crate::{
    projection::{Predicate, Projection, TooLong},
    signature::SIGNATURE_PREDICATE,
    text::excerpt,
};

const FIELDS: [&str; 2] = ["conditions", "predicateType"];

/// Which attestations count for an authority. Whether they meet the conditions, the policy judges; here
/// only the conditions' paths matter.
#[derive(Clone, Debug)]
pub(crate) struct AttestationRule {
    predicate_type: String,
    paths: Vec<ValuePath>,
    projection: Projection,
}

impl AttestationRule {
    /// Reads the document that stands at `at`.
    pub(super) fn read(document: &Value, at: &Path) -> Result<Self, Vec<AuthorityError>> {
        let Value::Object(members) = document else {
            let message = "expected an object with `predicateType`";
            return Err(vec![AuthorityError::new(at.clone(), message)]);
        };
        let mut mistakes = unknown_fields(members, &FIELDS, at);
        let predicate_type = predicate_type(members, at).map_err(|mistake| mistakes.push(mistake));
        let paths = paths(members, at).map_err(|found| mistakes.extend(found));
        match (predicate_type, paths) {
            (Ok(predicate_type), Ok(paths)) if mistakes.is_empty() => Ok(Self {
                predicate_type,
                projection: Projection::of(paths.iter()),
                paths,
            }),
            _ => Err(mistakes),
        }
    }

    /// The predicate type that counts; it is compared exactly.
    pub(crate) fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// What conditions are about.
    pub(super) fn paths(&self) -> &[ValuePath] {
        &self.paths
    }

    /// What the policy has to know of a predicate.
    pub(crate) fn project(&self, predicate: Node<'_>) -> Result<Predicate, TooLong> {
        self.projection.apply(predicate)
    }
}

fn predicate_type(members: &Map<String, Value>, at: &Path) -> Result<String, AuthorityError> {
    let wrong = |message: &str| {
        Err(AuthorityError::new(
            at.clone().key("predicateType"),
            message,
        ))
    };
    match members.get("predicateType") {
        None => Err(AuthorityError::new(
            at.clone(),
            "`predicateType` is missing: the type of the attestations that count",
        )),
        Some(Value::String(text)) if text == SIGNATURE_PREDICATE => wrong(
            "with this type cosign 3 signs images: leave `attestation` out, and signatures count",
        ),
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(_) => wrong("expected text, exactly as attestations have it"),
    }
}

/// The paths of the conditions. What else may be wrong with those, the policy says.
fn paths(members: &Map<String, Value>, at: &Path) -> Result<Vec<ValuePath>, Vec<AuthorityError>> {
    let conditions = members.get("conditions").and_then(Value::as_array);
    let (mut paths, mut mistakes) = (Vec::new(), Vec::new());
    for (i, condition) in conditions.into_iter().flatten().enumerate() {
        let Some(text) = condition.get("path").and_then(Value::as_str) else {
            continue;
        };
        match text.parse() {
            Ok(path) => paths.push(path),
            Err(error) => {
                let at = at.clone().key("conditions").index(i).key("path");
                mistakes.push(AuthorityError::new(at, in_words(&error)));
            }
        }
    }
    if mistakes.is_empty() {
        Ok(paths)
    } else {
        Err(mistakes)
    }
}

fn in_words(error: &ValuePathError) -> String {
    match error {
        ValuePathError::Malformed { text, problem, at } => {
            format!("`{}` is not a path: {problem} at byte {at}", excerpt(text))
        }
        other => other.to_string(),
    }
}
