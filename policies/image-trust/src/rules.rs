use gatehouse_reference::{Reference, ReferenceError};
use gatehouse_sdk::{FindingBuilder, Findings};

use crate::{
    DigestRule, ImagePattern, Settings,
    fact::ImageFact,
    image::Image,
    trust::{Demand, ImageFacts, Subject},
    words::{self, in_lower_case, listed, name},
};

/// What an image is judged by.
#[derive(Debug)]
pub(crate) struct Rules<'s, 'a> {
    pub(crate) settings: &'s Settings,
    /// Whether the object is a Pod, which starts as it is; others make Pods, which are judged again.
    pub(crate) is_pod: bool,
    pub(crate) facts: ImageFacts<'a>,
}

impl<'a> Rules<'_, 'a> {
    /// Adds what is wrong with an image: everything at once, so that one change of the manifest is enough.
    pub(crate) fn judge(&mut self, image: &Image<'a>, findings: &mut Findings) {
        let reference = match Reference::parse(image.text()) {
            Ok(reference) => reference,
            Err(error) => return findings.add(unreadable(image, &error)),
        };
        let demand = Demand::on(&reference, self.settings);
        let is_refused = self.judge_name(image, &reference, demand, findings);
        let form = demand.form().filter(|_| !is_refused);
        let fact = match form.map(|form| self.facts.get(&reference, form, self.settings)) {
            // it is judged when the host has answered
            Some(None) => return,
            fact => fact.flatten(),
        };
        self.judge_tag(image, &reference, demand, fact.as_ref(), findings);
        if let (Some(form), Some(fact)) = (form, &fact) {
            self.subject(image, &reference).judge(form, fact, findings);
        }
    }

    /// Judges what the reference says by itself; whether its registry is not to be asked.
    fn judge_name(
        &self,
        image: &Image<'a>,
        reference: &Reference<'_>,
        demand: Demand<'_>,
        findings: &mut Findings,
    ) -> bool {
        let allowed = self.settings.allowed_images.as_deref();
        let allowed = allowed.filter(|allowed| !is_allowed(reference, allowed));
        if let Some(allowed) = allowed {
            findings.add(not_allowed(image, reference, allowed));
            if let Some(form) = demand.form() {
                findings.add(words::not_verified(image, form, self.settings));
            }
        }
        if matches!(demand, Demand::Unmatched) {
            findings.add(words::unmatched(image, reference, self.settings));
        }
        allowed.is_some()
    }

    /// Judges the tag even where a digest is required, which would make up for it: the finding about the
    /// digest can be exempted.
    fn judge_tag(
        &self,
        image: &Image<'a>,
        reference: &Reference<'_>,
        demand: Demand<'_>,
        fact: Option<&ImageFact<'_>>,
        findings: &mut Findings,
    ) {
        // beside a digest a tag decides nothing, and the reference has none
        let Some(tag) = reference.tag() else { return };
        let is_required = self.settings.digest == DigestRule::Required;
        if is_required || self.is_pod && demand.form().is_some() {
            findings.add(not_pinned(image, tag, fact));
        }
        let mut forbidden = self.settings.forbidden_tags.iter();
        if forbidden.any(|forbidden| forbidden.matches(tag)) {
            findings.add(forbidden_tag(image, reference, tag, self.settings));
        }
    }

    fn subject<'c>(
        &'c self,
        image: &'c Image<'a>,
        reference: &'c Reference<'a>,
    ) -> Subject<'c, 'a> {
        Subject {
            image,
            reference,
            settings: self.settings,
            is_provisional: !self.is_pod && reference.tag().is_some(),
        }
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

/// The author's own text stays in the fix, so that the tag can be read on.
fn not_pinned<'a>(
    image: &Image<'a>,
    tag: &str,
    fact: Option<&ImageFact<'_>>,
) -> FindingBuilder<'a> {
    let text = image.text();
    let finding = image.finding("image-not-pinned").message(format!(
        "the image is not pinned: {} can come to mean another image",
        tag_in_words(image, tag)
    ));
    if let Some(digest) = fact.and_then(ImageFact::digest) {
        let pinned = format!("{text}@{digest}");
        let finding = image.name_instead(finding, &pinned);
        return finding.required(pinned).help(
            "the digest is what the tag names now; beside it the tag stays readable, and decides nothing",
        );
    }
    let finding = finding.required(format!("{text}@sha256:…"));
    let why = match fact {
        Some(ImageFact::Missing) => {
            return finding.help("there is no fix, for the registry has no such image");
        }
        Some(_) => "the registry did not tell the digest",
        None => "only the registry knows the digest",
    };
    finding.help(format!(
        "{why}: `crane digest {text}` prints it, as does `docker buildx imagetools inspect`"
    ))
}

fn not_allowed<'a>(
    image: &Image<'a>,
    reference: &Reference<'_>,
    allowed: &[ImagePattern],
) -> FindingBuilder<'a> {
    let help = in_lower_case(reference, |image| is_allowed(image, allowed));
    image
        .finding("image-registry")
        .message(format!("images from `{}` are not allowed", name(reference)))
        .required(format!("an image from {}", any_of(allowed)))
        .help(help.unwrap_or_else(|| {
            "there is no fix, for another repository may hold another image: use an image of an allowed \
             one, or have this one added to `allowedImages`"
                .to_owned()
        }))
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
        .required(format!("a digest, or another tag than {}", any_of(&settings.forbidden_tags)))
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

fn any_of(patterns: &[impl ToString]) -> String {
    listed(patterns.iter().map(ToString::to_string), "or")
}
