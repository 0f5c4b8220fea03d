//! The only place that names Sigstore's crates.
//!
//! They are pinned exactly: what a verifier accepts changes on purpose only.

mod bundle;
mod file;
mod fulcio;
mod key;
mod lifetime;
mod log;
mod parts;
mod trust_root;
mod tuf;
mod unlogged;

pub(crate) use bundle::{Bundle, Material};
pub use file::{BUNDLE_FILE_BYTES, BundleError, BundleSigner, VerifiedBundle, verify_bundle};
pub(crate) use fulcio::{CiClaim, FulcioCertificate, FulcioChain, FulcioFault};
pub(crate) use key::{PublicKey, fingerprint};
pub(crate) use lifetime::Need;
pub(crate) use parts::{ChainPart, LogPart, RootParts, Window};
pub(crate) use trust_root::{Artifact, Signing, TrustRoot};
pub use trust_root::{LogFault, TRUST_ROOT_BYTES};
pub use tuf::{
    TUF_DELEGATIONS, TUF_ROOT_BYTES, TUF_ROOTS, TUF_SNAPSHOT_BYTES, TUF_TARGETS_BYTES,
    TUF_TIMESTAMP_BYTES,
};
pub(crate) use tuf::{TufClient, Vouched, check_tuf_root};

/// The algorithms for certificates: ECDSA P-256 and P-384, Ed25519, RSA of 2048 to 8192 bits.
pub(crate) const CERTIFICATE_ALGORITHMS:
    &[&dyn rustls_pki_types::SignatureVerificationAlgorithm] =
    sigstore_verify::crypto::WEBPKI_VERIFICATION_ALGS;
