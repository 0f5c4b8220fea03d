//! What the host knows of an image. It is read here and nowhere else, and what is not understood counts as
//! not known, never as verified.

use std::borrow::Cow;

use gatehouse_reference::{Digest, Reference};
use gatehouse_sdk::{Kind, Node};

use crate::{
    Form, Settings,
    duty::Duty,
    verdict::{NOT_UNDERSTOOD, Verdict},
};

/// What the registry and the signatures of an image say.
#[derive(Clone, Debug)]
pub(crate) enum ImageFact<'a> {
    /// The registry has no such image.
    Missing,
    /// Nothing could be learnt, and why.
    Unavailable(Cow<'a, str>),
    /// There is the image.
    Known(KnownImage<'a>),
}

/// An image that its registry has.
#[derive(Clone, Debug)]
pub(crate) struct KnownImage<'a> {
    digest: Digest<'a>,
    authorities: Vec<Judged<'a>>,
}

/// An authority that the image needs, and whether it did what it has to.
#[derive(Clone, Debug)]
struct Judged<'a> {
    name: &'a str,
    duty: Duty<'a>,
    verdict: Verdict<'a>,
}

/// Of authorities that the image does not need.
static NOT_ASKED: Verdict<'static> = Verdict::Unavailable(NOT_UNDERSTOOD);

impl<'a> ImageFact<'a> {
    /// Reads the fact about this reference, from which this is demanded.
    pub(crate) fn read(
        fact: Node<'a>,
        reference: &Reference<'_>,
        form: &'a Form,
        settings: &'a Settings,
    ) -> Self {
        let only = |key| fact.get(key).filter(|_| fact.count() == 1);
        if only("missing").and_then(Node::as_bool) == Some(true) {
            return ImageFact::Missing;
        }
        if let Some(why) = only("unavailable").and_then(Node::as_str) {
            return ImageFact::Unavailable(Cow::Borrowed(why));
        }
        match KnownImage::read(fact, form, settings) {
            // facts about other content than what is pulled prove nothing
            Some(image) if reference.digest().is_none_or(|d| d == image.digest) => {
                ImageFact::Known(image)
            }
            _ => ImageFact::Unavailable(NOT_UNDERSTOOD),
        }
    }

    /// The digest that the reference names now.
    pub(crate) fn digest(&self) -> Option<Digest<'a>> {
        match self {
            ImageFact::Known(image) => Some(image.digest),
            ImageFact::Missing | ImageFact::Unavailable(_) => None,
        }
    }
}

impl<'a> KnownImage<'a> {
    fn read(fact: Node<'a>, form: &'a Form, settings: &'a Settings) -> Option<Self> {
        if fact.get("missing").is_some() || fact.get("unavailable").is_some() {
            return None;
        }
        let digest = Digest::parse(fact.get("digest")?.as_str()?).ok()?;
        let told = fact.get("authorities")?;
        let judged = |name: &'a String| Judged::read(name, told, settings);
        (told.kind() == Kind::Object).then(|| Self {
            digest,
            authorities: form.names().iter().map(judged).collect(),
        })
    }

    /// The digest of the content that was verified.
    pub(crate) fn digest(&self) -> Digest<'a> {
        self.digest
    }

    /// The verdict of an authority.
    pub(crate) fn verdict(&self, authority: &str) -> &Verdict<'a> {
        let mut judged = self.authorities.iter();
        let of_it = judged.find(|judged| judged.name == authority);
        of_it.map_or(&NOT_ASKED, |judged| &judged.verdict)
    }

    /// Whether an authority did this, so far as it is known: by its own verdict, or because another's names
    /// it.
    pub(crate) fn is_done_by(&self, authority: &str, duty: Duty<'_>) -> bool {
        let mut alike = self
            .authorities
            .iter()
            .filter(|judged| duty.covers(judged.duty));
        alike.any(|judged| match judged.name == authority {
            true => judged.verdict.is_verified(),
            false => judged.verdict.names(authority),
        })
    }
}

impl<'a> Judged<'a> {
    fn read(name: &'a str, told: Node<'a>, settings: &'a Settings) -> Self {
        let authority = settings.authorities.get(name);
        let verdict = match told.get(name) {
            Some(verdict) => Verdict::read(verdict, authority),
            None => Verdict::Unavailable(Cow::Owned(format!(
                "the facts about it say nothing of `{name}`"
            ))),
        };
        Self {
            name,
            duty: Duty::of(authority),
            verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_sdk::tree::TreeBuf;
    use serde_json::{Value, json};

    use super::*;

    const DIGEST: &str = "sha256:86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa";

    /// What the fact says of `release`, in short.
    fn read(reference: &str, fact: Value) -> String {
        let tree = TreeBuf::from_value(&fact).unwrap();
        let (reference, form) = (
            Reference::parse(reference).unwrap(),
            Form::AnyOf(vec!["release".to_owned()]),
        );
        match ImageFact::read(tree.root(), &reference, &form, &Settings::default()) {
            ImageFact::Missing => "missing".to_owned(),
            ImageFact::Unavailable(why) => format!("unavailable: {why}"),
            ImageFact::Known(image) => match image.verdict("release") {
                Verdict::Verified(signers) => signers.ids().collect::<Vec<_>>().join(" "),
                Verdict::Failed(rejection) => {
                    format!("{:?}: {}", rejection.truth(), rejection.clause())
                }
                Verdict::Unavailable(why) => format!("not known: {why}"),
            },
        }
    }

    fn release(verdict: Value) -> String {
        read(
            "app",
            json!({"digest": DIGEST, "authorities": {"release": verdict}}),
        )
    }

    #[test]
    fn facts_are_read_as_the_host_writes_them() {
        assert_eq!(read("app", json!({"missing": true})), "missing");
        assert_eq!(
            read("app", json!({"unavailable": "timed out"})),
            "unavailable: timed out"
        );
        assert_eq!(
            release(json!({"verified": [{"signer": "k1"}, {"signer": "k2", "identity": "i"}]})),
            "k1 k2"
        );
        assert_eq!(
            release(json!({"unavailable": "timed out"})),
            "not known: timed out"
        );
    }

    #[test]
    fn reasons_are_one_of_three_truths() {
        let cases = [
            ("not-signed", "NotDone"),
            ("other-signer", "DoneByOther"),
            ("other-digest", "Invalid: it is for another image"),
            ("other-repository", "Invalid: it is for another repository"),
            ("not-in-log", "Invalid: it is not in the transparency log"),
            ("certificate", "Invalid: its certificate is not trusted"),
            ("malformed", "Invalid: it cannot be read"),
            (
                "unsupported",
                "Invalid: it is of a kind that is not supported",
            ),
            ("new-reason", "Invalid: it does not hold"),
        ];
        for (reason, truth) in cases {
            let said = release(json!({"failed": {"reason": reason}}));
            assert!(said.starts_with(truth), "{said}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_known() {
        for verdict in [
            json!(null),
            json!(true),
            json!("verified"),
            json!({}),
            json!({"verified": true}),
            json!({"verified": []}),
            json!({"verified": {"signer": "k"}}),
            json!({"verified": [{}]}),
            json!({"verified": [{"signer": ""}]}),
            json!({"verified": [{"signer": "k"}, {"signer": 1}]}),
            json!({"verified": [{"signer": "k"}], "failed": {"reason": "not-signed"}}),
            json!({"verified": [{"signer": "k"}], "unavailable": "timed out"}),
            json!({"failed": {}}),
            json!({"failed": "not-signed"}),
            json!({"failed": {"reason": 1}}),
            json!({"unavailable": 1}),
        ] {
            assert!(
                release(verdict.clone()).starts_with("not known: "),
                "{verdict}"
            );
        }
        assert_eq!(
            read("app", json!({"digest": DIGEST, "authorities": {}})),
            "not known: the facts about it say nothing of `release`"
        );
    }

    #[test]
    fn a_fact_that_is_not_understood_says_nothing() {
        let authorities = json!({"release": {"verified": [{"signer": "k"}]}});
        for fact in [
            json!(null),
            json!([]),
            json!({}),
            json!({"missing": false}),
            json!({"missing": "true"}),
            json!({"missing": true, "unavailable": "x"}),
            json!({"unavailable": null}),
            json!({"digest": DIGEST}),
            json!({"digest": DIGEST, "authorities": []}),
            json!({"digest": "latest", "authorities": authorities}),
            json!({"digest": &DIGEST[..70], "authorities": authorities}),
            json!({"authorities": authorities}),
            json!({"digest": DIGEST, "authorities": authorities, "missing": true}),
            json!({"digest": DIGEST, "authorities": authorities, "unavailable": "x"}),
        ] {
            assert!(
                read("app", fact.clone()).starts_with("unavailable: "),
                "{fact}"
            );
        }
    }

    #[test]
    fn facts_about_another_digest_say_nothing() {
        let fact =
            json!({"digest": DIGEST, "authorities": {"release": {"verified": [{"signer": "k"}]}}});
        let other = format!("sha256:{}", "0".repeat(64));
        assert_eq!(read(&format!("app:1@{DIGEST}"), fact.clone()), "k");
        assert!(read(&format!("app:1@{other}"), fact).starts_with("unavailable: "));
    }
}
