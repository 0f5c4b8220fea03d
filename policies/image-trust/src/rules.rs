use gatehouse_reference::{Reference, ReferenceError};
use gatehouse_sdk::{FindingBuilder, Findings};

use crate::{DigestRule, ImagePattern, Settings, image::Image};

/// Patterns that a finding lists; more are counted.
const LISTED_PATTERNS_MAX: usize = 5;

/// Adds what is wrong with an image: everything at once, so that one change of the manifest is enough.
pub(crate) fn judge(image: &Image<'_>, settings: &Settings, findings: &mut Findings) {
    let reference = match Reference::parse(image.text()) {
        Ok(reference) => reference,
        Err(error) => return findings.add(unreadable(image, &error)),
    };
    if let Some(allowed) = &settings.allowed_images
        && !is_allowed(&reference, allowed)
    {
        findings.add(not_allowed(image, &reference, allowed));
    }
    // beside a digest a tag decides nothing, and the reference has none
    if let Some(tag) = reference.tag() {
        judge_tag(image, &reference, tag, settings, findings);
    }
}

/// Judges the tag even where a digest is required, which would make up for it: the finding about the
/// digest can be exempted.
fn judge_tag(
    image: &Image<'_>,
    reference: &Reference<'_>,
    tag: &str,
    settings: &Settings,
    findings: &mut Findings,
) {
    if settings.digest == DigestRule::Required {
        findings.add(not_pinned(image, tag));
    }
    if settings
        .forbidden_tags
        .iter()
        .any(|forbidden| forbidden.matches(tag))
    {
        findings.add(forbidden_tag(image, reference, tag, settings));
    }
}

fn is_allowed(reference: &Reference<'_>, allowed: &[ImagePattern]) -> bool {
    allowed.iter().any(|pattern| pattern.matches(reference))
}

fn unreadable<'a>(image: &Image<'a>, error: &ReferenceError) -> FindingBuilder<'a> {
    let message = match error {
        ReferenceError::Empty => "no image is named".to_owned(),
        error => format!("the image's reference cannot be read: {error}"),
    };
    image
        .finding("image-reference")
        .message(message)
        .required("a registry, a repository and a tag or digest, such as ghcr.io/acme/app:1.25")
        .help("there is no fix: only its author knows which image is meant")
}

fn not_pinned<'a>(image: &Image<'a>, tag: &str) -> FindingBuilder<'a> {
    let text = image.text();
    image
        .finding("image-not-pinned")
        .message(format!(
            "the image is not pinned: {} can come to mean another image",
            tag_in_words(image, tag)
        ))
        .required(format!("{text}@sha256:…"))
        .help(format!(
            "there is no fix, for only the registry knows the digest: `crane digest {text}` or \
             `docker buildx imagetools inspect {text}` prints it"
        ))
}

fn not_allowed<'a>(
    image: &Image<'a>,
    reference: &Reference<'_>,
    allowed: &[ImagePattern],
) -> FindingBuilder<'a> {
    image
        .finding("image-registry")
        .message(format!("images from `{}` are not allowed", name(reference)))
        .required(format!("an image from {}", listed(allowed)))
        .help(help_to_allow(reference, allowed))
}

fn help_to_allow(reference: &Reference<'_>, allowed: &[ImagePattern]) -> String {
    let registry = reference.registry().to_ascii_lowercase();
    let in_lower_case = format!("{registry}/{}", reference.repository());
    match Reference::parse(&in_lower_case) {
        Ok(image) if is_allowed(&image, allowed) => {
            format!("write the registry in lower case: {registry}")
        }
        _ => "there is no fix, for another repository may hold another image: use an image of an allowed \
              one, or have this one added to `allowedImages`"
            .to_owned(),
    }
}

fn forbidden_tag<'a>(
    image: &Image<'a>,
    reference: &Reference<'_>,
    tag: &str,
    settings: &Settings,
) -> FindingBuilder<'a> {
    image
        .finding("image-tag")
        .message(format!("{} is forbidden", tag_in_words(image, tag)))
        .required(format!("a digest, or another tag than {}", listed(&settings.forbidden_tags)))
        .help(format!(
            "there is no fix, for only its author knows which version is meant: `crane ls {}` prints the \
             tags that there are",
            name(reference)
        ))
}

/// The tag as the subject of a sentence, which says where it comes from if its author wrote none.
fn tag_in_words(image: &Image<'_>, tag: &str) -> String {
    let before = image.text().strip_suffix(tag);
    if before.is_some_and(|before| before.ends_with(':')) {
        format!("the tag `{tag}`")
    } else {
        format!("without a tag it is `{tag}`, which")
    }
}

/// The registry and repository, which are what patterns match.
fn name(reference: &Reference<'_>) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

fn listed(patterns: &[impl ToString]) -> String {
    let listed: Vec<_> = patterns
        .iter()
        .take(LISTED_PATTERNS_MAX)
        .map(ToString::to_string)
        .collect();
    match patterns.len().saturating_sub(LISTED_PATTERNS_MAX) {
        0 => listed.join(" or "),
        more => format!("{} or {more} more", listed.join(", ")),
    }
}
