//! A Gatehouse policy that judges images by their references: pinned by digest, from an allowed
//! repository, without a forbidden tag.
//!
//! What is judged is the reference that containerd would pull
//! ([`gatehouse_reference`]), never its text, so another way to write the same image changes nothing.

mod image;
mod pattern;
mod rules;
mod settings;
#[cfg(test)]
mod tests;
mod wildcard;

use gatehouse_sdk::{Facts, Findings, Needs, Request};

pub use pattern::{ImagePattern, TagPattern};
pub use settings::{DigestRule, Settings, configure};

gatehouse_sdk::export! {
    metadata: "../policy.json",
    settings: Settings,
    evaluate: evaluate,
    configure: configure,
}

/// Judges every image that the pod names.
///
/// # Errors
/// Never: it needs no facts.
pub fn evaluate(
    request: &Request<'_>,
    settings: &Settings,
    _: &Facts<'_>,
) -> Result<Findings, Needs> {
    let mut findings = Findings::default();
    for image in request.pod().into_iter().flat_map(image::images) {
        rules::judge(&image, settings, &mut findings);
    }
    Ok(findings)
}
