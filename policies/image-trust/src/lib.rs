//! A Gatehouse policy that judges images by their references (pinned by digest, from an allowed
//! repository, without a forbidden tag) and by who signed them
//! or attested what of them.
//!
//! What is judged is the reference that containerd would pull
//! ([`gatehouse_reference`]), never its text, so another way to write the same image changes nothing.
//! Whose signatures an image needs is decided here; the host resolves tags, verifies signatures and tells
//! the outcome as facts.

mod age;
mod attestation;
mod attested;
mod duty;
mod fact;
mod glob;
mod image;
mod mistakes;
mod pattern;
mod predicate_type;
mod rules;
mod scalar;
mod settings;
mod signatures;
#[cfg(test)]
mod tests;
mod text;
mod threshold;
mod trust;
mod unmet;
mod verdict;
mod wildcard;
mod words;

use gatehouse_sdk::{Facts, Findings, Needs, Request};

pub use age::MaxAge;
pub use attestation::{Attestation, Condition, Operator, OperatorProblem};
pub use glob::Glob;
pub use mistakes::configure;
pub use pattern::{ImagePattern, TagPattern};
pub use scalar::{Number, Scalar};
pub use settings::{DigestRule, Settings};
pub use signatures::{Authority, Form, FormProblem, SignatureRule, Unmatched};

gatehouse_sdk::export! {
    metadata: "../policy.json",
    settings: Settings,
    evaluate: evaluate,
    configure: configure,
}

/// Judges every image that the pod names.
///
/// # Errors
/// The facts about all images that need signatures, where they are not known yet.
pub fn evaluate(
    request: &Request<'_>,
    settings: &Settings,
    facts: &Facts<'_>,
) -> Result<Findings, Needs> {
    let mut findings = Findings::default();
    let mut rules = rules::Rules {
        settings,
        is_pod: request.kind() == "Pod",
        facts: trust::ImageFacts::new(*facts),
    };
    for image in request.pod().into_iter().flat_map(image::images) {
        rules.judge(&image, &mut findings);
    }
    rules.facts.all_known()?;
    Ok(findings)
}
