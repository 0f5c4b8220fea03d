use std::{collections::BTreeMap, time::SystemTime};

use serde_json::{Value, json};

use crate::{
    Authorities, Authority,
    evidence::Collected,
    signature::{Rejection, SignedImage, Signer, verify},
};

/// What one authority says of an image: verified, failed (why) or unavailable (why), never two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It signed; by these signers, each once.
    Verified(Vec<Signer>),
    /// It did not sign.
    Failed(Failed),
    /// What there is could not be looked at, and this is why.
    Unavailable(String),
}

/// Why no signature of an authority counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The kind of reason, in a word.
    pub reason: Reason,
    /// A clause that says more about the signature that came nearest; empty where there is none.
    pub text: String,
    /// The other authorities of the policy that did sign.
    pub signed_by: Vec<String>,
}

/// The kinds of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody signed.
    NotSigned,
    /// Somebody else signed.
    OtherSigner,
    /// The signature is for another image.
    OtherDigest,
    /// The signature is for another repository.
    OtherRepository,
    /// The signature is in no transparency log that is trusted.
    NotInLog,
    /// The certificate does not hold.
    Certificate,
    /// The signature is not what it says it is.
    Malformed,
    /// The signature is of a form that must not be accepted.
    Unsupported,
}

/// The verdicts of all authorities of a policy on one image, by their names.
pub type Verdicts = BTreeMap<String, Verdict>;

/// Judges what was collected for an image.
pub(crate) fn judge(
    authorities: &Authorities,
    image: &SignedImage<'_>,
    collected: &Collected,
    now: SystemTime,
) -> Verdicts {
    let verdict = |authority: &Authority| {
        let verdict = of_one(authority, image, collected, now);
        (authority.name().to_owned(), verdict)
    };
    let mut verdicts: Verdicts = authorities.iter().map(verdict).collect();
    name_who_signed(&mut verdicts);
    verdicts
}

/// The verdicts of authorities with these names where nothing could be looked at.
pub(crate) fn unavailable<'a>(names: impl Iterator<Item = &'a str>, why: &str) -> Verdicts {
    names
        .map(|name| (name.to_owned(), Verdict::Unavailable(why.to_owned())))
        .collect()
}

/// What authorities say whose trust root cannot be used now is worth nothing, remembered or not.
pub(crate) fn withdraw(verdicts: &mut Verdicts, authorities: &Authorities, now: SystemTime) {
    for (name, verdict) in verdicts {
        let authority = authorities.get(name);
        if let Some(why) = authority.and_then(|authority| authority.trust_root_fault(now)) {
            *verdict = Verdict::Unavailable(why);
        }
    }
}

fn of_one(
    authority: &Authority,
    image: &SignedImage<'_>,
    collected: &Collected,
    now: SystemTime,
) -> Verdict {
    let mut signers: Vec<Signer> = Vec::new();
    let mut nearest: Option<Rejection> = None;
    for evidence in collected.evidence() {
        match verify(authority, image, &evidence, now) {
            Ok(signer) if signers.iter().any(|known| known.id == signer.id) => {}
            Ok(signer) => signers.push(signer),
            Err(rejection) => nearest = nearest.max(Some(rejection)),
        }
    }
    match (&collected.unavailable, nearest) {
        _ if !signers.is_empty() => Verdict::Verified(signers),
        (Some(why), _) => Verdict::Unavailable(why.clone()),
        (None, nearest) => Verdict::Failed(Failed::of(nearest.as_ref())),
    }
}

/// A denial says who signed instead.
fn name_who_signed(verdicts: &mut Verdicts) {
    let verified = |(name, verdict): (&String, &Verdict)| {
        matches!(verdict, Verdict::Verified(_)).then(|| name.clone())
    };
    let signed_by: Vec<String> = verdicts.iter().filter_map(verified).collect();
    for verdict in verdicts.values_mut() {
        if let Verdict::Failed(failed) = verdict {
            failed.signed_by.clone_from(&signed_by);
        }
    }
}

impl Verdict {
    /// As the fact of an image has it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Verdict::Verified(signers) => {
                json!({"verified": signers.iter().map(signer).collect::<Vec<_>>()})
            }
            Verdict::Failed(failed) => json!({"failed": {
                "reason": failed.reason.as_str(),
                "text": failed.text,
                "signedBy": failed.signed_by,
            }}),
            Verdict::Unavailable(why) => json!({"unavailable": why}),
        }
    }
}

impl Failed {
    fn of(nearest: Option<&Rejection>) -> Self {
        Self {
            reason: nearest.map_or(Reason::NotSigned, Reason::of),
            text: nearest.map(Rejection::to_string).unwrap_or_default(),
            signed_by: Vec::new(),
        }
    }
}

impl Reason {
    /// The reason's word in the fact of an image and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NotSigned => "not-signed",
            Reason::OtherSigner => "other-signer",
            Reason::OtherDigest => "other-digest",
            Reason::OtherRepository => "other-repository",
            Reason::NotInLog => "not-in-log",
            Reason::Certificate => "certificate",
            Reason::Malformed => "malformed",
            Reason::Unsupported => "unsupported",
        }
    }

    fn of(rejection: &Rejection) -> Self {
        match rejection {
            // an attestation beside an image does not sign it
            Rejection::NotAnImageSignature(_) => Reason::NotSigned,
            Rejection::OtherSigner(_)
            | Rejection::NoCertificate
            | Rejection::OtherAuthority(_)
            | Rejection::OtherIdentity(_)
            | Rejection::OtherIssuer(_)
            | Rejection::OtherClaim { .. } => Reason::OtherSigner,
            Rejection::OtherDigest(_) => Reason::OtherDigest,
            Rejection::OtherRepository(_) | Rejection::NoRepository => Reason::OtherRepository,
            Rejection::NotLogged(_) => Reason::NotInLog,
            Rejection::UnusableCertificate(_)
            | Rejection::NotYetValid(_)
            | Rejection::Expired { .. } => Reason::Certificate,
            Rejection::TooLarge { .. }
            | Rejection::Malformed(_)
            | Rejection::BadSignature { .. } => Reason::Malformed,
            Rejection::UnsupportedVersion(_) => Reason::Unsupported,
        }
    }
}

fn signer(signer: &Signer) -> Value {
    match &signer.identity {
        Some(identity) => json!({"signer": signer.id, "identity": identity}),
        None => json!({"signer": signer.id}),
    }
}
