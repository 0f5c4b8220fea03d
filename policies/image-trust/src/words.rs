//! What is said about the signatures of images: each truth in a sentence of its own.

use std::borrow::Cow;

use gatehouse_reference::{Digest, Reference};
use gatehouse_sdk::FindingBuilder;

use crate::{
    Form, Settings,
    image::Image,
    text::plain,
    trust::{Shortfall, Subject, Wanted},
    verdict::Truth,
};

/// Names, patterns or reasons that a message lists; more are counted.
const LISTED_MAX: usize = 5;

/// The image has no signature that is enough.
pub(crate) fn shortfall<'a>(
    subject: &Subject<'_, 'a>,
    shortfall: &Shortfall<'_, 'a>,
) -> FindingBuilder<'a> {
    let signers = shortfall.signers(subject.settings);
    let code = match shortfall.truth(&signers) {
        Truth::NotSigned => "image-not-signed",
        Truth::SignedByOther => "image-signed-by-other",
        Truth::Invalid => "image-signature-invalid",
    };
    subject
        .image
        .finding(code)
        .message(shortfall.message(&signers))
        .found(shortfall.found(&signers))
        .required(shortfall.wanted.in_words())
        .help(format!(
            "{}{}",
            shortfall.help(subject),
            provisional(subject)
        ))
}

/// The registry does not have the image.
pub(crate) fn not_found<'a>(subject: &Subject<'_, 'a>, form: &Form) -> FindingBuilder<'a> {
    let reference = subject.reference;
    let name = name(reference);
    let help = match reference.tag() {
        Some(_) => format!(
            "push it first, or correct it: `crane ls {name}` prints the tags that there are"
        ),
        None => format!(
            "push it first, or correct it: `crane ls {name}` prints the tags that there are, and \
             `crane digest {name}:TAG` the digest of one"
        ),
    };
    subject
        .image
        .finding("image-not-found")
        .message(format!(
            "the registry {} has no image `{reference}`",
            reference.registry()
        ))
        .required(format!(
            "an image that is there, with {}",
            demand_in_words(form)
        ))
        .help(help)
}

/// No rule matches the image.
pub(crate) fn unmatched<'a>(
    image: &Image<'a>,
    reference: &Reference<'_>,
    settings: &Settings,
) -> FindingBuilder<'a> {
    let patterns = || {
        settings
            .signatures
            .iter()
            .flatten()
            .flat_map(|rule| &rule.images)
    };
    let help = in_lower_case(reference, |image| patterns().any(|p| p.matches(image)));
    image
        .finding("image-unmatched")
        .message(format!(
            "no rule says who has to sign images from `{}`",
            name(reference)
        ))
        .required(format!(
            "an image from {}",
            listed(patterns().map(ToString::to_string), "or")
        ))
        .help(help.unwrap_or_else(|| {
            "there is no fix, for the cluster's operators decide whom to trust: use an image that a rule of \
             `signatures` names, or have one added"
                .to_owned()
        }))
}

/// The image is refused for its registry, so nobody asked that registry anything.
pub(crate) fn not_verified<'a>(image: &Image<'a>, form: &Form) -> FindingBuilder<'a> {
    image
        .finding("image-not-verified")
        .message("who signed the image was not looked at, for its registry is refused")
        .found("not looked at")
        .required(demand_in_words(form))
        .help(
            "it is looked at once `allowedImages` has the image's repository; an exemption of image-registry \
             alone is not enough",
        )
}

/// What could not be learnt, to be read on after the policy's name. What holds for several authorities is
/// said once.
pub(crate) fn unverified(image: &Image<'_>, reasons: &[Cow<'_, str>]) -> String {
    let mut distinct: Vec<_> = Vec::new();
    for reason in reasons.iter().map(|reason| plain(reason)) {
        if !distinct.contains(&reason) {
            distinct.push(reason);
        }
    }
    let more = distinct.len().saturating_sub(LISTED_MAX);
    distinct.truncate(LISTED_MAX);
    if more > 0 {
        distinct.push(format!("{more} more"));
    }
    format!(
        "could not verify `{}`: {}",
        image.text(),
        distinct.join("; ")
    )
}

/// `write the registry in lower case`, where that alone would do.
pub(crate) fn in_lower_case(
    reference: &Reference<'_>,
    would_do: impl Fn(&Reference<'_>) -> bool,
) -> Option<String> {
    let registry = reference.registry().to_ascii_lowercase();
    let lower = format!("{registry}/{}", reference.repository());
    let image = Reference::parse(&lower).ok()?;
    would_do(&image).then(|| format!("write the registry in lower case: {registry}"))
}

/// The registry and repository, which are what patterns match.
pub(crate) fn name(reference: &Reference<'_>) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

/// `a, b or c`, or `a, b, c, d, e or 3 more`.
pub(crate) fn listed(items: impl IntoIterator<Item = String>, last: &str) -> String {
    let mut items: Vec<_> = items.into_iter().collect();
    let more = items.len().saturating_sub(LISTED_MAX);
    items.truncate(LISTED_MAX);
    if more > 0 {
        items.push(format!("{more} more"));
    }
    match items.split_last() {
        Some((end, [])) => end.clone(),
        Some((end, start)) => format!("{} {last} {end}", start.join(", ")),
        None => String::new(),
    }
}

impl Wanted<'_> {
    fn in_words(self) -> String {
        match self.count {
            1 => format!("a signature of {}", quoted(self.of, "or")),
            count => format!("signatures of {count} of {}", quoted(self.of, "and")),
        }
    }

    /// The end of a sentence: who has to sign.
    fn has_to(self) -> String {
        match self.count {
            1 => format!("{} has to", quoted(self.of, "or")),
            count => format!("{count} of {} have to", quoted(self.of, "and")),
        }
    }
}

impl<'c> Shortfall<'c, '_> {
    /// The authorities of the settings that are known to have signed the image.
    fn signers<'s>(&self, settings: &'s Settings) -> Vec<&'s str> {
        let names = settings.authorities.keys().map(String::as_str);
        names.filter(|name| self.known.is_signed_by(name)).collect()
    }

    /// The names of those who signed, and of those who may yet.
    fn by_verdict(&self) -> (Vec<&'c String>, Vec<&'c String>) {
        let names = self.wanted.of.iter();
        names.partition(|name| self.known.verdict(name).is_verified())
    }

    /// Where somebody signed, nobody says that nobody did.
    fn truth(&self, signers: &[&str]) -> Truth {
        let least = match signers.is_empty() {
            true => Truth::NotSigned,
            false => Truth::SignedByOther,
        };
        let rejected = self.rejection.map(|(_, rejection)| rejection.truth());
        rejected.map_or(least, |truth| truth.max(least))
    }

    fn message(&self, signers: &[&str]) -> String {
        let has_to = self.wanted.has_to();
        let (verified, _) = self.by_verdict();
        match (self.truth(signers), &self.rejection) {
            (Truth::Invalid, Some((name, rejection))) => format!(
                "the image's signature is not valid for `{name}`: {}",
                rejection.clause()
            ),
            _ if verified.len() > self.distinct => format!(
                "{} signed the image with {} between them, but {has_to}, each with a key of its own",
                quoted(&verified, "and"),
                keys(self.distinct)
            ),
            (Truth::NotSigned, _) => {
                format!("nobody has signed the image, but {has_to}")
            }
            _ if signers.is_empty() => format!(
                "a key that this configuration does not know signed the image, but {has_to}"
            ),
            _ => format!("{} signed the image, but {has_to}", quoted(signers, "and")),
        }
    }

    fn found(&self, signers: &[&str]) -> String {
        match self.truth(signers) {
            _ if !signers.is_empty() => format!("signed by {}", quoted(signers, "and")),
            Truth::NotSigned => "no signature".to_owned(),
            Truth::SignedByOther => {
                "signed by a key that this configuration does not know".to_owned()
            }
            Truth::Invalid => "a signature that is not valid".to_owned(),
        }
    }

    /// The very line that signs the image.
    fn help(&self, subject: &Subject<'_, '_>) -> String {
        let (_, names) = self.by_verdict();
        let Some(first) = names.first() else {
            return "have another key sign it: one key counts once, under whatever names"
                .to_owned();
        };
        let again = match self.rejection.map(|(_, rejection)| rejection.truth()) {
            Some(Truth::Invalid) => " again",
            _ => "",
        };
        let by = match self.wanted.count.saturating_sub(self.distinct) {
            ..=1 => quoted(&names, "or"),
            missing if missing >= names.len() => quoted(&names, "and"),
            missing => format!("{missing} of {}", quoted(&names, "and")),
        };
        let line = cosign(first, subject, self.known.digest());
        format!("have it signed{again} by {by}: `{line}`")
    }
}

/// The line for cosign 2 and 3 alike. Keys are not known here, so their files are called after the
/// authority.
fn cosign(name: &str, subject: &Subject<'_, '_>, digest: Digest<'_>) -> String {
    let authority = subject.settings.authorities.get(name);
    let with = match authority {
        Some(authority) if authority.keyless => String::new(),
        Some(authority) if authority.certificate => {
            format!(" --key {name}.key --cert {name}.crt --cert-chain {name}-chain.crt")
        }
        _ => format!(" --key {name}.key"),
    };
    let image = self::name(subject.reference);
    format!("cosign sign{with} {image}@{digest}")
}

fn provisional(subject: &Subject<'_, '_>) -> &'static str {
    if subject.is_provisional {
        "; judged by the digest that the tag names now, and again when a pod starts"
    } else {
        ""
    }
}

fn demand_in_words(form: &Form) -> String {
    match form {
        Form::AllOf(names) if names.len() > 1 => {
            format!("signatures of {}", quoted(names, "and"))
        }
        Form::AtLeast { count, of } => Wanted::some(count.get(), of).in_words(),
        Form::AllOf(names) | Form::AnyOf(names) => Wanted::some(1, names).in_words(),
        Form::Unsigned => "no signature".to_owned(),
    }
}

fn keys(count: usize) -> String {
    match count {
        1 => "one key".to_owned(),
        count => format!("{count} keys"),
    }
}

fn quoted<S: AsRef<str>>(names: &[S], last: &str) -> String {
    listed(
        names.iter().map(|name| format!("`{}`", name.as_ref())),
        last,
    )
}
