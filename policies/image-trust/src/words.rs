//! What is said about the signatures and attestations of images: each truth in a sentence of its own.

use std::borrow::Cow;

use gatehouse_reference::Reference;
use gatehouse_sdk::FindingBuilder;

use crate::{
    Form, Settings,
    duty::Duty,
    image::Image,
    text::plain,
    trust::{Shortfall, Subject, Wanted},
    unmet::Unmet,
    verdict::{Rejection, Truth},
};

/// Names, patterns or reasons that a message lists; more are counted.
const LISTED_MAX: usize = 5;

/// The image has no signature or attestation that is enough.
pub(crate) fn shortfall<'a>(
    subject: &Subject<'_, 'a>,
    shortfall: &Shortfall<'_>,
) -> FindingBuilder<'a> {
    let lack = Lack::of(shortfall, subject.settings);
    subject
        .image
        .finding(lack.code())
        .message(lack.message())
        .found(lack.found())
        .required(lack.required())
        .help(format!("{}{}", lack.help(subject), provisional(subject)))
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
            demand_in_words(form, subject.settings)
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
pub(crate) fn not_verified<'a>(
    image: &Image<'a>,
    form: &Form,
    settings: &Settings,
) -> FindingBuilder<'a> {
    image
        .finding("image-not-verified")
        .message("who signed the image was not looked at, for its registry is refused")
        .found("not looked at")
        .required(demand_in_words(form, settings))
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
    fn in_words(self, duty: Duty<'_>) -> String {
        match self.count {
            1 => format!("a {} of {}", duty.proof(), quoted(self.of, "or")),
            count => format!("{} of {count} of {}", duty.proofs(), quoted(self.of, "and")),
        }
    }

    /// The end of a sentence: who has to.
    fn has_to(self) -> String {
        match self.count {
            1 => format!("{} has to", quoted(self.of, "or")),
            count => format!("{count} of {} have to", quoted(self.of, "and")),
        }
    }
}

/// What an image lacks, and what is known beside it.
struct Lack<'c> {
    shortfall: &'c Shortfall<'c>,
    settings: &'c Settings,
    /// What those who are wanted have to do.
    duty: Duty<'c>,
    /// The authorities of the settings that are known to have done it.
    signers: Vec<&'c str>,
    truth: Truth,
}

impl<'c> Lack<'c> {
    fn of(shortfall: &'c Shortfall<'c>, settings: &'c Settings) -> Self {
        let duty = Duty::of_all(shortfall.wanted.of, settings);
        let names = settings.authorities.keys().map(String::as_str);
        let signers: Vec<_> = names
            .filter(|name| shortfall.known.is_done_by(name, duty))
            .collect();
        // where somebody did it, nobody says that nobody did
        let least = match signers.is_empty() {
            true => Truth::NotDone,
            false => Truth::DoneByOther,
        };
        let rejected = shortfall.rejection.map(|(_, rejection)| rejection.truth());
        Self {
            shortfall,
            settings,
            duty,
            signers,
            truth: rejected.map_or(least, |truth| truth.max(least)),
        }
    }

    fn code(&self) -> &'static str {
        match (self.truth, self.duty) {
            (Truth::NotDone, Duty::Attest(_)) => "image-not-attested",
            (Truth::NotDone, _) => "image-not-signed",
            (Truth::DoneByOther, _) => "image-signed-by-other",
            (Truth::Invalid, _) => "image-signature-invalid",
            (Truth::Unmet, _) => "image-attestation-unmet",
        }
    }

    fn message(&self) -> String {
        let (has_to, done) = (self.shortfall.wanted.has_to(), self.duty.done());
        let (verified, _) = self.by_verdict();
        match (self.truth, &self.shortfall.rejection) {
            (Truth::Invalid, Some((name, rejection))) => format!(
                "the image's {} is not valid for `{name}`: {}",
                self.duty_of(name).proof(),
                rejection.clause()
            ),
            (Truth::Unmet, Some((name, rejection))) => format!(
                "the image's {} of `{name}` does not meet a condition: {}",
                self.duty_of(name).proof(),
                rejection.clause()
            ),
            _ if verified.len() > self.shortfall.distinct => format!(
                "{} {done} with {} between them, but {has_to}, each with a key of its own",
                quoted(&verified, "and"),
                keys(self.shortfall.distinct)
            ),
            (Truth::NotDone, _) => format!("nobody has {done}, but {has_to}"),
            _ if self.signers.is_empty() => match self.stranger() {
                Some(why) => format!("somebody else {done}, but {has_to}: {why}"),
                None => format!("a key that this configuration does not know {done}, but {has_to}"),
            },
            _ => format!("{} {done}, but {has_to}", quoted(&self.signers, "and")),
        }
    }

    fn found(&self) -> String {
        let (is_done, proof) = (self.duty.is_done(), self.duty.proof());
        match (self.truth, self.unmet()) {
            (_, Some(unmet)) => unmet.found(),
            _ if !self.signers.is_empty() => {
                format!("{is_done} by {}", quoted(&self.signers, "and"))
            }
            (Truth::NotDone, _) => format!("no {proof}"),
            (Truth::DoneByOther, _) => match self.stranger() {
                Some(_) => format!("{is_done} by somebody else"),
                None => format!("{is_done} by a key that this configuration does not know"),
            },
            (Truth::Invalid | Truth::Unmet, _) => format!("a {proof} that is not valid"),
        }
    }

    /// What the certificate of an unknown signer says, where certificates are what counts.
    fn stranger(&self) -> Option<String> {
        let (name, rejection) = self.shortfall.rejection?;
        let authority = self.settings.authorities.get(name)?;
        (authority.keyless || authority.certificate).then(|| rejection.clause())
    }

    fn required(&self) -> String {
        match self.unmet() {
            Some(unmet) => unmet.required(),
            None => self.shortfall.wanted.in_words(self.duty),
        }
    }

    /// What to do, and the very line that signs or attests.
    fn help(&self, subject: &Subject<'_, '_>) -> String {
        let (_, names) = self.by_verdict();
        let first = match (self.unmet(), self.shortfall.rejection) {
            (Some(_), Some((name, _))) => Some(name),
            _ => names.first().map(|name| name.as_str()),
        };
        let Some(first) = first else {
            let proof = match self.duty {
                Duty::Sign => "sign it",
                _ => "attest it",
            };
            return format!("have another key {proof}: one key counts once, under whatever names");
        };
        let image = format!(
            "{}@{}",
            name(subject.reference),
            self.shortfall.known.digest()
        );
        let line = Duty::command(first, self.settings.authorities.get(first), &image);
        format!("{}: `{line}`", self.what_to_do(first, &names))
    }

    fn what_to_do(&self, first: &str, names: &[&String]) -> String {
        if let Some(unmet) = self.unmet() {
            return format!("{} by `{first}`", unmet.help());
        }
        let again = match self.truth {
            Truth::Invalid => " again",
            _ => "",
        };
        let by = match self
            .shortfall
            .wanted
            .count
            .saturating_sub(self.shortfall.distinct)
        {
            ..=1 => quoted(names, "or"),
            missing if missing >= names.len() => quoted(names, "and"),
            missing => format!("{missing} of {}", quoted(names, "and")),
        };
        format!("have it {}{again} by {by}", self.duty.is_done())
    }

    /// The condition that is told of.
    fn unmet(&self) -> Option<Unmet<'c>> {
        match self.shortfall.rejection {
            Some((_, Rejection::Unmet(unmet))) => Some(unmet),
            _ => None,
        }
    }

    /// The names of those who did it, and of those who may yet.
    fn by_verdict(&self) -> (Vec<&'c String>, Vec<&'c String>) {
        let names = self.shortfall.wanted.of.iter();
        names.partition(|name| self.shortfall.known.verdict(name).is_verified())
    }

    fn duty_of(&self, name: &str) -> Duty<'c> {
        Duty::of(self.settings.authorities.get(name))
    }
}

fn provisional(subject: &Subject<'_, '_>) -> &'static str {
    if subject.is_provisional {
        "; judged by the digest that the tag names now, and again when a pod starts"
    } else {
        ""
    }
}

fn demand_in_words(form: &Form, settings: &Settings) -> String {
    let duty = Duty::of_all(form.names(), settings);
    match form {
        Form::AllOf(names) if names.len() > 1 => {
            format!("{} of {}", duty.proofs(), quoted(names, "and"))
        }
        Form::AtLeast { count, of } => Wanted::some(count.get(), of).in_words(duty),
        Form::AllOf(names) | Form::AnyOf(names) => Wanted::some(1, names).in_words(duty),
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
