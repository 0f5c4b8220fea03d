//! What images are and who signed them: the only crate that names sigstore and OCI registries.
//!
//! - [`ImageTrust`]: answers questions about images, and keeps the answers for a while.
//! - [`Authority`]: whose signatures count, as an operator writes it.
//! - [`TrustRoots`]: whom authorities trust, fetched from mirrors.
//! - [`registry`]: a client for registries that cannot be fooled or stalled.
//! - [`format`]: which layers of a manifest are signatures or attestations.
//! - [`signature`]: whether one of them is an authority's, for an image.
//! - [`verify_bundle`]: whether a bundle file is right, for any artifact.
//!
//! Three outcomes, never two: verified, failed (why), could not be checked (why).

mod authorities;
mod authority;
mod cache;
mod evidence;
mod explanation;
pub mod format;
mod image_trust;
mod projection;
pub mod registry;
mod search;
pub mod signature;
mod sigstore;
mod text;
mod time;
mod trust_root;
mod verdict;

pub use authorities::Authorities;
pub use authority::{
    AUTHORITY_CERTIFICATES, Authority, AuthorityError, CHAIN_CERTIFICATES, COMPILED_PATTERN_BYTES,
    Files, IDENTITIES, PATTERN_BYTES, PEM_BYTES, TRUST_ROOT_PARTS,
};
pub use explanation::{Explanation, SeenSignature};
pub use image_trust::{CacheCounts, ImageFact, ImageTrust, Lifetimes, Question};
pub use projection::{PROJECTION_BYTES, Predicate};
pub use sigstore::{
    BUNDLE_FILE_BYTES, BundleError, BundleSigner, LogFault, TRUST_ROOT_BYTES, TUF_DELEGATIONS,
    TUF_ROOT_BYTES, TUF_ROOTS, TUF_SNAPSHOT_BYTES, TUF_TARGETS_BYTES, TUF_TIMESTAMP_BYTES,
    VerifiedBundle, verify_bundle,
};
pub use trust_root::{LiveAuthorities, MirrorStatus, TrustRoots};
pub use verdict::{Attestation, Attested, Failed, Reason, Verdict, Verdicts};
