//! Certificate authorities, serving certificates and their rotation, for webhooks.
//!
//! Keys and certificates go in and out as PEM text; nothing here knows Kubernetes, a network or a
//! global crypto provider. What has been parsed is usable: a [`ServingCertificate`] has the key that
//! belongs to it, names a host and was valid when it was read; a [`CertificateAuthority`] may sign
//! and has its own key; [`ServingNames`] can all be written into a certificate; a [`CaBundle`] is
//! never empty.
//!
//! ```
//! use std::time::Duration;
//! use gatehouse_certs::{CaBundle, CertificateAuthority, ServingNames};
//!
//! let year = Duration::from_hours(365 * 24);
//! let authority = CertificateAuthority::generate("gatehouse", 10 * year)?;
//! let names = ServingNames::for_service("gatehouse", "gatehouse")?.with(["localhost"])?;
//! let certificate = authority.issue(&names, year)?;
//! assert!(!certificate.needs_rotation(std::time::SystemTime::now()));
//!
//! let ca_bundle = CaBundle::of(&authority).pem();
//! assert!(ca_bundle.starts_with("-----BEGIN CERTIFICATE-----"));
//! # Ok::<(), gatehouse_certs::Error>(())
//! ```
//!
//! # Replacing a certificate authority
//!
//! The API server must trust the old and the new authority while certificates of both are served:
//!
//! 1. write [`CaBundle::joined_with`] of old and new into the webhook configurations;
//! 2. once every API server has seen it, serve a certificate of the new authority;
//! 3. once every replica serves one, write [`CaBundle::of`] the new authority alone.
//!
//! # Clocks
//!
//! Functions that need the time read the machine's clock; each has a twin ending in `_at` that is
//! told the time instead. Moments are [`std::time::SystemTime`], in certificates whole seconds.

mod authority;
mod bundle;
mod certificate;
mod error;
mod files;
mod key;
mod names;
mod pem_text;
mod serving;
mod validity;

pub use authority::{CertificateAuthority, MAX_COMMON_NAME_CHARS};
pub use bundle::{CaBundle, MAX_BUNDLE_CERTIFICATES};
pub use error::{Error, Item, NameFault, PemFault};
pub use files::{LoadError, load_authority, load_pair};
pub use names::{MAX_SERVING_NAMES, ServingName, ServingNames};
pub use pem_text::MAX_PEM_BYTES;
pub use serving::{MAX_CHAIN_CERTIFICATES, ServingCertificate};
pub use validity::{CLOCK_SKEW, MAX_VALID_FOR, MIN_VALID_FOR};
