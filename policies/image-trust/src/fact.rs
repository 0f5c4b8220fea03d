//! What the host knows of an image. It is read here and nowhere else, and what is not understood counts as
//! not known, never as verified.

use std::borrow::Cow;

use gatehouse_reference::{Digest, Reference};
use gatehouse_sdk::{Kind, Node};

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
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownImage<'a> {
    digest: Digest<'a>,
    authorities: Node<'a>,
}

/// What one authority's key or certificates say about the image's signatures.
#[derive(Clone, Debug)]
pub(crate) enum Verdict<'a> {
    /// It signed the image.
    Verified(Signers<'a>),
    /// It did not.
    Failed(Rejection<'a>),
    /// That could not be learnt, and why.
    Unavailable(Cow<'a, str>),
}

/// Who signed for an authority: one or more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signers<'a>(Node<'a>);

/// Why no signature counts for an authority.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejection<'a> {
    reason: &'a str,
    verdict: Node<'a>,
}

/// The three truths about an image that an authority did not sign, the most telling last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// Nobody signed it.
    NotSigned,
    /// Others signed it.
    SignedByOther,
    /// It has a signature that does not hold.
    Invalid,
}

/// Characters of the host's words that a message holds.
const WORDS_MAX_CHARS: usize = 200;

const NOT_UNDERSTOOD: Cow<'static, str> =
    Cow::Borrowed("the facts about it are not of a form that is understood");

impl<'a> ImageFact<'a> {
    /// Reads the fact about this reference.
    pub(crate) fn read(fact: Node<'a>, reference: &Reference<'_>) -> Self {
        let only = |key| fact.get(key).filter(|_| fact.count() == 1);
        if only("missing").and_then(Node::as_bool) == Some(true) {
            return ImageFact::Missing;
        }
        if let Some(why) = only("unavailable").and_then(Node::as_str) {
            return ImageFact::Unavailable(Cow::Borrowed(why));
        }
        match KnownImage::read(fact) {
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
    fn read(fact: Node<'a>) -> Option<Self> {
        if fact.get("missing").is_some() || fact.get("unavailable").is_some() {
            return None;
        }
        let digest = Digest::parse(fact.get("digest")?.as_str()?).ok()?;
        let authorities = fact.get("authorities")?;
        (authorities.kind() == Kind::Object).then_some(Self {
            digest,
            authorities,
        })
    }

    /// The digest of the content that was verified.
    pub(crate) fn digest(&self) -> Digest<'a> {
        self.digest
    }

    /// The verdict of an authority.
    pub(crate) fn verdict(&self, authority: &str) -> Verdict<'a> {
        match self.authorities.get(authority) {
            Some(verdict) => Verdict::read(verdict),
            None => Verdict::Unavailable(Cow::Owned(format!(
                "the facts about it say nothing of `{authority}`"
            ))),
        }
    }

    /// Whether an authority signed the image, so far as it is known: by its own verdict, or because
    /// another's names it.
    pub(crate) fn is_signed_by(&self, authority: &str) -> bool {
        let mut verdicts = self.authorities.members();
        self.verdict(authority).is_verified()
            || verdicts.any(|(_, verdict)| Verdict::read(verdict).names(authority))
    }
}

impl<'a> Verdict<'a> {
    fn read(verdict: Node<'a>) -> Self {
        let only = |key| verdict.get(key).filter(|_| verdict.count() == 1);
        if let Some(signers) = only("verified").and_then(Signers::read) {
            return Verdict::Verified(signers);
        }
        if let Some(rejection) = only("failed").and_then(Rejection::read) {
            return Verdict::Failed(rejection);
        }
        match only("unavailable").and_then(Node::as_str) {
            Some(why) => Verdict::Unavailable(Cow::Borrowed(why)),
            None => Verdict::Unavailable(NOT_UNDERSTOOD),
        }
    }

    /// Whether the authority signed the image.
    pub(crate) fn is_verified(&self) -> bool {
        matches!(self, Verdict::Verified(_))
    }

    fn names(&self, authority: &str) -> bool {
        match self {
            Verdict::Failed(rejection) => rejection.names(authority),
            Verdict::Verified(_) | Verdict::Unavailable(_) => false,
        }
    }
}

impl<'a> Signers<'a> {
    /// Reads a list in which every item names its signer.
    fn read(list: Node<'a>) -> Option<Self> {
        let all_named = list.items().all(|item| signer(item).is_some());
        (list.count() > 0 && list.kind() == Kind::Array && all_named).then_some(Self(list))
    }

    /// What tells signers apart: the same for two authorities that have one key.
    pub(crate) fn ids(self) -> impl Iterator<Item = &'a str> {
        self.0.items().filter_map(signer)
    }
}

fn signer(item: Node<'_>) -> Option<&str> {
    item.get("signer")?.as_str().filter(|id| !id.is_empty())
}

impl<'a> Rejection<'a> {
    fn read(verdict: Node<'a>) -> Option<Self> {
        let reason = verdict.get("reason")?.as_str()?;
        Some(Self { reason, verdict })
    }

    /// Which of the truths it is; a reason that is not known here is a signature that does not hold.
    pub(crate) fn truth(self) -> Truth {
        match self.reason {
            "not-signed" => Truth::NotSigned,
            "other-signer" => Truth::SignedByOther,
            _ => Truth::Invalid,
        }
    }

    /// Why the signature does not hold, as a clause in the host's words.
    pub(crate) fn clause(self) -> String {
        let text = self.verdict.get("text").and_then(Node::as_str);
        let text = plain(text.unwrap_or_default());
        if text.is_empty() {
            clause_of(self.reason).to_owned()
        } else {
            text
        }
    }

    fn names(self, authority: &str) -> bool {
        let signed_by = self.verdict.get("signedBy").unwrap_or(Node::NULL);
        signed_by
            .items()
            .any(|name| name.as_str() == Some(authority))
    }
}

/// For hosts that give no words of their own.
fn clause_of(reason: &str) -> &'static str {
    match reason {
        "other-digest" => "it is for another image",
        "other-repository" => "it is for another repository",
        "not-in-log" => "it is not in the transparency log",
        "certificate" => "its certificate is not trusted",
        "malformed" => "it cannot be read",
        "unsupported" => "it is of a kind that is not supported",
        _ => "it does not hold",
    }
}

/// Words from outside as they may stand in a message: without characters that are not seen, and bounded.
pub(crate) fn plain(text: &str) -> String {
    let invisible = |c: char| {
        let mark = matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        c.is_control() || mark
    };
    let mut shown = text.trim().chars().filter(|c| !invisible(*c));
    let mut plain: String = shown.by_ref().take(WORDS_MAX_CHARS).collect();
    if shown.next().is_some() {
        plain.push('…');
    }
    plain
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
        match ImageFact::read(tree.root(), &Reference::parse(reference).unwrap()) {
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
            ("not-signed", "NotSigned"),
            ("other-signer", "SignedByOther"),
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

    #[test]
    fn words_are_made_plain_and_bounded() {
        assert_eq!(plain(" a\u{1b}[31m\nb\u{202e}c "), "a[31mbc");
        assert_eq!(plain(&"é".repeat(WORDS_MAX_CHARS)).chars().count(), 200);
        assert!(plain(&"é".repeat(WORDS_MAX_CHARS + 1)).ends_with("é…"));
    }
}
