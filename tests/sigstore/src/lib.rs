//! A Sigstore of one's own, for tests: a certificate authority like Fulcio, its log of certificates, logs of
//! signatures like Rekor (versions 1 and 2), and a timestamp authority, all made at run time; and what cosign
//! writes with them.
//!
//! ```
//! use gatehouse_test_sigstore::{Sigstore, Workload};
//!
//! let sigstore = Sigstore::new();
//! let bundle = sigstore.bundle(&Workload::default());
//! assert!(bundle["dsseEnvelope"].is_object());
//! // … verify it with `sigstore.trust_root()`
//! ```
//!
//! Whatever a verifier must refuse can be made, too: every part of a certificate, an entry or a root can be
//! another.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod ca;
mod cosign;
mod key;
mod log;
mod rekor_v2;
mod serve;
mod sigstore;
mod tree;
mod tsa;
mod tuf;

use ::base64::{Engine, engine::general_purpose::STANDARD};

pub use ca::{Ca, Leaf};
pub use cosign::{
    DIGEST, Layer, OTHER_DIGEST, REFERENCE, SIGN, TYPE, bundle, bundle_over, pae, payload,
    statement,
};
pub use key::Key;
pub use log::{INTEGRATED, Log};
pub use rekor_v2::{RekorV2, hashedrekord};
pub use serve::{Proof, Server};
pub use sigstore::{Sct, Sigstore, Workload};
pub use tsa::{Stamp, Tsa};
pub use tuf::TufRepository;

/// The second since 1970 at which tests judge: in 2025.
pub const NOW: i64 = 1_750_000_000;

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
