use std::{collections::BTreeMap, time::SystemTime};

use serde_json::{Value, json};

use crate::{
    Authorities, Authority,
    evidence::Collected,
    projection::Predicate,
    signature::{Rejection, SignedImage, Signer, Verified},
};

/// What one authority says of an image: verified or attested, failed (why) or unavailable (why), never two of
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It signed; by these signers, each once.
    Verified(Vec<Signer>),
    /// It attested, for an authority that wants attestations.
    Attested(Attested),
    /// It did not sign, or not attest.
    Failed(Failed),
    /// What there is could not be looked at, and this is why.
    Unavailable(String),
}

/// The attestations of an authority that verify. Whether they say what is wanted, the policy judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// One at least; two that tell a policy the same are one.
    pub attestations: Vec<Attestation>,
    /// Why there may be more.
    pub unavailable: Option<String>,
}

/// An attestation that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// Who made it.
    pub signer: Signer,
    /// What it says, as far as conditions are about it.
    pub predicate: Predicate,
}

/// Why no signature or attestation of an authority counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The kind of reason, in a word.
    pub reason: Reason,
    /// A clause that says more about the one that came nearest; empty where there is none.
    pub text: String,
    /// The other authorities of the policy that did sign.
    pub signed_by: Vec<String>,
}

/// The kinds of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody signed.
    NotSigned,
    /// There is no attestation of the type that is wanted.
    NotAttested,
    /// Somebody else signed, or attested.
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
    let mut tallies: Vec<_> = authorities.iter().map(Tally::new).collect();
    for found in &collected.found {
        // one at a time: what was read of megabytes takes more of them
        let evidence = found.read();
        for tally in &mut tallies {
            tally.add(evidence.verify(tally.authority, image, now));
        }
    }
    let verdict = |tally: Tally<'_>| {
        let name = tally.authority.name().to_owned();
        (name, tally.verdict(collected.unavailable.as_deref()))
    };
    let mut verdicts: Verdicts = tallies.into_iter().map(verdict).collect();
    name_who_signed(&mut verdicts, authorities);
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

/// What was found for one authority.
struct Tally<'a> {
    authority: &'a Authority,
    signers: Vec<Signer>,
    attestations: Vec<Attestation>,
    nearest: Option<Rejection>,
}

impl<'a> Tally<'a> {
    fn new(authority: &'a Authority) -> Self {
        Self {
            authority,
            signers: Vec::new(),
            attestations: Vec::new(),
            nearest: None,
        }
    }

    fn add(&mut self, verified: Result<Verified, Rejection>) {
        let Verified { signer, predicate } = match verified {
            Ok(verified) => verified,
            Err(rejection) => {
                self.nearest = self.nearest.take().max(Some(rejection));
                return;
            }
        };
        match predicate {
            None if self.signers.iter().any(|known| known.id == signer.id) => {}
            None => self.signers.push(signer),
            Some(predicate) => {
                let attestation = Attestation { signer, predicate };
                if !self.attestations.contains(&attestation) {
                    self.attestations.push(attestation);
                }
            }
        }
    }

    fn verdict(self, unavailable: Option<&str>) -> Verdict {
        if !self.signers.is_empty() {
            return Verdict::Verified(self.signers);
        }
        if !self.attestations.is_empty() {
            return Verdict::Attested(Attested {
                attestations: self.attestations,
                unavailable: unavailable.map(str::to_owned),
            });
        }
        match unavailable {
            Some(why) => Verdict::Unavailable(why.to_owned()),
            None => Verdict::Failed(Failed::of(self.authority, self.nearest.as_ref())),
        }
    }
}

/// A denial says who signed instead.
fn name_who_signed(verdicts: &mut Verdicts, authorities: &Authorities) {
    // who signed has not attested, nor the other way round
    let duty = |name: &str| authorities.get(name).and_then(Authority::predicate_type);
    let done: Vec<String> = verdicts
        .iter()
        .filter(|(_, verdict)| verdict.is_verified())
        .map(|(name, _)| name.clone())
        .collect();
    for (name, verdict) in verdicts {
        if let Verdict::Failed(failed) = verdict {
            let same = done.iter().filter(|other| duty(other) == duty(name));
            failed.signed_by = same.cloned().collect();
        }
    }
}

impl Verdict {
    /// Whether something of the authority verifies.
    pub(crate) fn is_verified(&self) -> bool {
        matches!(self, Verdict::Verified(_) | Verdict::Attested(_))
    }

    /// Whether there was nothing that could not be looked at and would matter.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Verdict::Verified(_) | Verdict::Failed(_) => true,
            Verdict::Attested(attested) => attested.unavailable.is_none(),
            Verdict::Unavailable(_) => false,
        }
    }

    /// As the fact of an image has it that is told at `now`, in seconds since 1970.
    pub(crate) fn to_value(&self, now: i64) -> Value {
        match self {
            Verdict::Verified(signers) => {
                json!({"verified": signers.iter().map(signer).collect::<Vec<_>>()})
            }
            Verdict::Attested(attested) => json!({"attested": attested.to_value(now)}),
            Verdict::Failed(failed) => json!({"failed": {
                "reason": failed.reason.as_str(),
                "text": failed.text,
                "signedBy": failed.signed_by,
            }}),
            Verdict::Unavailable(why) => json!({"unavailable": why}),
        }
    }

    /// How much memory it takes beyond what every verdict takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Verdict::Attested(attested) => {
                let attestations = attested.attestations.iter();
                attestations.map(|one| one.predicate.bytes()).sum()
            }
            _ => 0,
        }
    }
}

impl Attested {
    fn to_value(&self, now: i64) -> Value {
        let attestation = |Attestation { signer, predicate }: &Attestation| {
            let mut value = self::signer(signer);
            value["predicate"] = predicate.to_value();
            value
        };
        let attestations: Vec<_> = self.attestations.iter().map(attestation).collect();
        let mut value = json!({"now": now, "attestations": attestations});
        if let Some(why) = &self.unavailable {
            value["unavailable"] = json!(why);
        }
        value
    }
}

impl Failed {
    fn of(authority: &Authority, nearest: Option<&Rejection>) -> Self {
        let absent = match authority.predicate_type() {
            None => Reason::NotSigned,
            Some(_) => Reason::NotAttested,
        };
        Self {
            reason: nearest.and_then(Reason::of).unwrap_or(absent),
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
            Reason::NotAttested => "not-attested",
            Reason::OtherSigner => "other-signer",
            Reason::OtherDigest => "other-digest",
            Reason::OtherRepository => "other-repository",
            Reason::NotInLog => "not-in-log",
            Reason::Certificate => "certificate",
            Reason::Malformed => "malformed",
            Reason::Unsupported => "unsupported",
        }
    }

    /// `None` where nothing of the kind that is wanted was rejected: an attestation does not sign, and a
    /// signature does not attest.
    fn of(rejection: &Rejection) -> Option<Self> {
        Some(match rejection {
            Rejection::NotAnImageSignature(_)
            | Rejection::NotAnAttestation
            | Rejection::OtherPredicate(_) => return None,
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
        })
    }
}

fn signer(signer: &Signer) -> Value {
    match &signer.identity {
        Some(identity) => json!({"signer": signer.id, "identity": identity}),
        None => json!({"signer": signer.id}),
    }
}
