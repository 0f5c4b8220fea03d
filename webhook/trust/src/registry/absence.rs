//! Whether a 404 is a registry's word that a manifest does not exist. What stands before a registry, such as
//! an ingress that has lost it, says 404 as well, and then nothing is known.

use serde::{Deserialize, de::IgnoredAny};

use super::http::Answer;

/// What all registries derived from Docker's send with each of their answers.
const REGISTRY: &str = "docker-distribution-api-version";

/// The body that the [specification] gives a refusal.
///
/// [specification]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
#[derive(Deserialize)]
struct Errors {
    #[serde(rename = "errors")]
    _errors: IgnoredAny,
}

/// Whether a 404 with a body says it: in the form of the specification, or in no words at all.
pub(super) fn is_said(answer: &Answer) -> bool {
    let body = answer.body.trim_ascii();
    answer.is_whole && (body.is_empty() || serde_json::from_slice::<Errors>(body).is_ok())
}

/// The same of an answer to HEAD, which has no body: by its headers. Where they do not tell, GET does.
pub(super) fn is_likely(answer: &Answer) -> bool {
    let is_json = |kind: &str| kind == "application/json" || kind.ends_with("+json");
    answer.header(REGISTRY).is_some() || answer.media_type().is_none_or(is_json)
}
