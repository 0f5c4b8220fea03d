//! Whether a signature that a registry offers is one of an authority, for an image.
//!
//! Nothing here asks a clock, a file or a network. What is judged was written by whoever may push to the
//! registry: every byte of it is doubted until a signature covers it.

mod bundle;
mod certificate;
mod claim;
mod keyless;
mod rejection;
mod simple_signing;

use std::{collections::BTreeMap, time::SystemTime};

use gatehouse_reference::Digest;

pub use rejection::{NamedSigner, Rejection};

use crate::{authority::Authority, time::seconds};

/// The longest payload that is read, in bytes: what a signature is over. cosign's have 250.
pub const PAYLOAD_BYTES: usize = 64 * 1024;
/// The longest bundle that is read, in bytes. cosign's have 1,000, those with log entries 10,000.
pub const BUNDLE_BYTES: usize = 512 * 1024;
/// The longest annotation that is read, in bytes.
pub const ANNOTATION_BYTES: usize = 64 * 1024;
/// How many log entries a bundle may have.
pub const TLOG_ENTRIES: usize = 8;
/// How many timestamps a bundle may have.
pub const TIMESTAMPS: usize = 8;
/// How many subjects a statement may have.
pub const SUBJECTS: usize = 64;

/// The image whose signatures are looked for.
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

/// One candidate for a signature, as it came from a registry.
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

/// Verifies one signature: that it is one of the authority, and for this image.
///
/// A certificate must have been valid when a log entry or timestamp proves that it signed, or `now` where
/// nothing proves it; of a keyless signature it has to be proven. A log entry is judged at the time of this machine, which must not be before it.
///
/// # Errors
/// Why it does not count.
pub fn verify(
    authority: &Authority,
    image: &SignedImage<'_>,
    evidence: &Evidence<'_>,
    now: SystemTime,
) -> Result<Signer, Rejection> {
    let claim = match *evidence {
        Evidence::SimpleSigning {
            payload,
            annotations,
        } => simple_signing::read(payload, annotations)?,
        Evidence::Bundle(bytes) => bundle::read(bytes)?,
    };
    claim.verify(authority, image, seconds(now))
}
