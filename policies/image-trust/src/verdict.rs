//! What the host says of one authority. What is not understood counts as not known, never as verified.

use std::borrow::Cow;

use gatehouse_sdk::{Kind, Node};

use crate::text::plain;

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

pub(crate) const NOT_UNDERSTOOD: Cow<'static, str> =
    Cow::Borrowed("the facts about it are not of a form that is understood");

impl<'a> Verdict<'a> {
    pub(crate) fn read(verdict: Node<'a>) -> Self {
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

    pub(crate) fn names(&self, authority: &str) -> bool {
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
