//! What the host says of one authority, and what becomes of it by the settings. What is not understood counts as not known, never as verified.

use std::borrow::Cow;

use gatehouse_sdk::Node;

use crate::{Authority, attested::Attested, text::plain, unmet::Unmet};

/// Whether one authority did for the image what it has to.
#[derive(Clone, Debug)]
pub(crate) enum Verdict<'a> {
    /// It signed the image, or attested what is wanted.
    Verified(Signers<'a>),
    /// It did not.
    Failed(Rejection<'a>),
    /// That could not be learnt, and why.
    Unavailable(Cow<'a, str>),
}

/// Who signed or attested for an authority: one or more.
#[derive(Clone, Debug)]
pub(crate) struct Signers<'a>(Vec<&'a str>);

/// Why no signature or attestation counts for an authority.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rejection<'a> {
    /// It does not hold, or there is none.
    ByHost {
        /// The host's reason.
        reason: &'a str,
        /// What else the host says.
        verdict: Node<'a>,
    },
    /// There is one that holds, but none that meets the conditions.
    Unmet(Unmet<'a>),
}

/// The truths about an image for which an authority did not do what it has to, the most telling last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// Nobody did it.
    NotDone,
    /// Others did it.
    DoneByOther,
    /// There is a signature or an attestation that does not hold.
    Invalid,
    /// There is an attestation that holds, and does not say what it has to.
    Unmet,
}

pub(crate) const NOT_UNDERSTOOD: Cow<'static, str> =
    Cow::Borrowed("the facts about it are not of a form that is understood");

impl<'a> Verdict<'a> {
    /// Reads what the host says of an authority. Who has to attest does not do so by signing, nor the other
    /// way round.
    pub(crate) fn read(verdict: Node<'a>, authority: Option<&'a Authority>) -> Self {
        let only = |key| verdict.get(key).filter(|_| verdict.count() == 1);
        let done = match authority.and_then(|authority| authority.attestation.as_ref()) {
            Some(wanted) => only("attested").and_then(|attested| {
                let judged = Attested::read(attested)?.judge(wanted);
                // one that could not be looked at may meet what these do not
                let more = attested.get("unavailable").and_then(Node::as_str);
                Some(match (judged, more) {
                    (Verdict::Failed(_), Some(why)) => Verdict::Unavailable(Cow::Borrowed(why)),
                    (judged, _) => judged,
                })
            }),
            None => only("verified")
                .and_then(Signers::read)
                .map(Verdict::Verified),
        };
        if let Some(verdict) = done {
            return verdict;
        }
        if let Some(rejection) = only("failed").and_then(Rejection::read) {
            return Verdict::Failed(rejection);
        }
        match only("unavailable").and_then(Node::as_str) {
            Some(why) => Verdict::Unavailable(Cow::Borrowed(why)),
            None => Verdict::Unavailable(NOT_UNDERSTOOD),
        }
    }

    /// Whether the authority did what it has to.
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
    /// These, of which there is at least one.
    pub(crate) fn new(ids: Vec<&'a str>) -> Self {
        Self(ids)
    }

    /// Reads a list in which every item names its signer.
    fn read(list: Node<'a>) -> Option<Self> {
        let ids: Vec<_> = list.items().map(signer).collect::<Option<_>>()?;
        (!ids.is_empty()).then_some(Self(ids))
    }

    /// What tells signers apart: the same for two authorities that have one key.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().copied()
    }
}

/// What tells the signer of an item apart from others.
pub(crate) fn signer(item: Node<'_>) -> Option<&str> {
    item.get("signer")?.as_str().filter(|id| !id.is_empty())
}

impl<'a> Rejection<'a> {
    fn read(verdict: Node<'a>) -> Option<Self> {
        let reason = verdict.get("reason")?.as_str()?;
        Some(Rejection::ByHost { reason, verdict })
    }

    /// Which of the truths it is; a reason that is not known here is a signature that does not hold.
    pub(crate) fn truth(self) -> Truth {
        match self {
            Rejection::ByHost {
                reason: "not-signed" | "not-attested",
                ..
            } => Truth::NotDone,
            Rejection::ByHost {
                reason: "other-signer",
                ..
            } => Truth::DoneByOther,
            Rejection::ByHost { .. } => Truth::Invalid,
            Rejection::Unmet(_) => Truth::Unmet,
        }
    }

    /// Why the signature or attestation is not enough, as a clause; in the host's words where it has some.
    pub(crate) fn clause(self) -> String {
        let (reason, verdict) = match self {
            Rejection::ByHost { reason, verdict } => (reason, verdict),
            Rejection::Unmet(unmet) => return unmet.clause(),
        };
        let text = verdict.get("text").and_then(Node::as_str);
        let text = plain(text.unwrap_or_default());
        if text.is_empty() {
            clause_of(reason).to_owned()
        } else {
            text
        }
    }

    fn names(self, authority: &str) -> bool {
        let Rejection::ByHost { verdict, .. } = self else {
            return false;
        };
        let signed_by = verdict.get("signedBy").unwrap_or(Node::NULL);
        signed_by
            .items()
            .any(|name| name.as_str() == Some(authority))
    }
}

/// For hosts that give no words of their own.
fn clause_of(reason: &str) -> &'static str {
    match reason {
        "other-signer" => "its certificate is not one that counts",
        "other-digest" => "it is for another image",
        "other-repository" => "it is for another repository",
        "not-in-log" => "it is not in the transparency log",
        "certificate" => "its certificate is not trusted",
        "malformed" => "it cannot be read",
        "unsupported" => "it is of a kind that is not supported",
        _ => "it does not hold",
    }
}
