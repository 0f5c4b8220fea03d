//! Whether a signature or an attestation that a registry offers is one of an authority, for an image.
//!
//! Nothing here asks a clock, a file or a network. What is judged was written by whoever may push to the
//! registry: every byte of it is doubted until a signature covers it.

mod bundle;
mod certificate;
mod claim;
mod envelope;
mod keyless;
mod rejection;
mod simple_signing;
mod statement;

use std::{collections::BTreeMap, time::SystemTime};

use gatehouse_reference::Digest;

pub(crate) use certificate::Certificate;
pub use rejection::{NamedSigner, Rejection};
pub(crate) use statement::{PAYLOAD_TYPE, STATEMENT_TYPES};

use crate::{authority::Authority, projection::Predicate, text::excerpt, time::seconds};
use claim::Claim;

/// The longest payload that is read, in bytes: what a signature is over. cosign's have 250.
pub const PAYLOAD_BYTES: usize = 64 * 1024;
/// The longest bundle of a signature that is read, in bytes. cosign's have 1,000, those with log entries
/// 10,000.
pub const BUNDLE_BYTES: usize = 512 * 1024;
/// The longest bundle or envelope of an attestation that is read, in bytes: there are scans of megabytes.
pub const ATTESTATION_BYTES: usize = 8 * 1024 * 1024;
/// The longest annotation that is read, in bytes.
pub const ANNOTATION_BYTES: usize = 64 * 1024;
/// How many log entries a bundle may have.
pub const TLOG_ENTRIES: usize = 8;
/// How many timestamps a bundle may have.
pub const TIMESTAMPS: usize = 8;
/// How many digests a subject may have, one an algorithm. cosign writes one.
pub const DIGESTS: usize = 16;
/// How many subjects the statement of a signature may have.
pub const SUBJECTS: usize = 64;
/// How many subjects the statement of an attestation may have: one provenance is for all that a build made.
pub const ATTESTED_SUBJECTS: usize = 1024;

/// The predicate type of the statements that cosign 3 signs images with; every other is an attestation's.
pub(crate) const SIGNATURE_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

/// The image whose signatures and attestations are looked for.
#[derive(Clone, Copy, Debug)]
pub struct SignedImage<'a> {
    /// The digest of its manifest, or of its index.
    pub digest: Digest<'a>,
    /// Its registry, as [`Reference::registry`](gatehouse_reference::Reference::registry) gives it.
    pub registry: &'a str,
    /// Its repository there, as [`Reference::repository`](gatehouse_reference::Reference::repository)
    /// gives it.
    pub repository: &'a str,
}

/// One candidate for a signature or an attestation, as it came from a registry.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// A layer of a `.sig` manifest, of cosign 1 and 2 ([format]).
    ///
    /// [format]: https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md
    SimpleSigning {
        /// The bytes of the layer.
        payload: &'a [u8],
        /// The annotations of its descriptor.
        annotations: &'a BTreeMap<String, String>,
    },
    /// A layer of an `.att` manifest, of cosign 1 and 2 ([format]).
    ///
    /// [format]: https://github.com/sigstore/cosign/blob/v2.5.0/specs/ATTESTATION_SPEC.md
    Envelope {
        /// The bytes of the layer: a DSSE envelope.
        envelope: &'a [u8],
        /// The annotations of its descriptor.
        annotations: &'a BTreeMap<String, String>,
    },
    /// The bytes of a Sigstore bundle, of cosign 3 ([format]).
    ///
    /// [format]: https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto
    Bundle(&'a [u8]),
}

/// Who signed, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// `sha256:` and the digest of the public key (SubjectPublicKeyInfo); of a keyless signature, whose
    /// key nobody uses twice, that of issuer and subject. Two signatures with one `id` are by one signer.
    pub id: String,
    /// Whom the certificate is for, fit to be shown: the accepted one of its names, or the first.
    pub identity: Option<String>,
    /// The OIDC issuer that vouched for the identity of a keyless signature, fit to be shown.
    pub issuer: Option<String>,
}

/// What counts for an authority, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who made it.
    pub signer: Signer,
    /// What an attestation says; `None` for a signature.
    pub predicate: Option<Predicate>,
}

/// One candidate, read once for all authorities.
pub(crate) struct ReadEvidence<'a>(Result<Claim<'a>, Rejection>);

/// Verifies one signature or attestation: that it is one of the authority, of the kind that the authority
/// wants, and for this image.
///
/// A certificate must have been valid when a log entry or timestamp proves that it signed, or `now` where
/// nothing proves it; of a keyless signature it has to be proven. A log entry is judged at the time of this
/// machine, which must not be before it.
///
/// # Errors
/// Why it does not count.
pub fn verify(
    authority: &Authority,
    image: &SignedImage<'_>,
    evidence: &Evidence<'_>,
    now: SystemTime,
) -> Result<Verified, Rejection> {
    ReadEvidence::of(evidence).verify(authority, image, now)
}

impl<'a> ReadEvidence<'a> {
    pub(crate) fn of(evidence: &Evidence<'a>) -> Self {
        Self(match *evidence {
            Evidence::SimpleSigning {
                payload,
                annotations,
            } => simple_signing::read(payload, annotations),
            Evidence::Envelope {
                envelope,
                annotations,
            } => envelope::read(envelope, annotations),
            Evidence::Bundle(bytes) => bundle::read(bytes),
        })
    }

    /// One that is rejected unread.
    pub(crate) fn rejected(why: Rejection) -> Self {
        Self(Err(why))
    }

    /// As [`verify`].
    pub(crate) fn verify(
        &self,
        authority: &Authority,
        image: &SignedImage<'_>,
        now: SystemTime,
    ) -> Result<Verified, Rejection> {
        let claim = self.0.as_ref().map_err(Rejection::clone)?;
        claim.verify(authority, image, seconds(now))
    }

    /// The type of the attestation that it says it is, fit to be shown; nothing of it is verified.
    pub(crate) fn predicate_type(&self) -> Option<String> {
        self.0.as_ref().ok()?.predicate_type().map(excerpt)
    }
}
