//! What a client trusts: certificates of one or several certificate authorities.

use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::ParsedCertificate;

use crate::certificate::{Certificate, check_count};
use crate::validity::unix_time;
use crate::{CertificateAuthority, Error, Item, ServingCertificate, pem_text};

/// The most certificates in a bundle: 32.
///
/// A rotation needs two. A bundle that grows is a rotation that never comes to its end.
pub const MAX_BUNDLE_CERTIFICATES: usize = 32;

/// The certificates for a `caBundle` of Kubernetes: each once, in a stable order, at least one.
///
/// Never empty, because an empty `caBundle` means the authorities of the API server's system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaBundle(Vec<Certificate>);

impl CaBundle {
    /// A bundle that trusts this certificate authority alone.
    #[must_use]
    pub fn of(authority: &CertificateAuthority) -> Self {
        Self(vec![authority.certificate().clone()])
    }

    /// Reads a bundle; certificates that have expired or come twice are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::BrokenPem`], [`Error::NoCertificate`],
    /// [`Error::TooManyCertificates`], [`Error::BrokenCertificate`], [`Error::AllExpired`].
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        Self::from_pem_at(pem, SystemTime::now())
    }

    /// As [`CaBundle::from_pem`], with the time told.
    ///
    /// # Errors
    ///
    /// As [`CaBundle::from_pem`].
    pub fn from_pem_at(pem: &str, now: SystemTime) -> Result<Self, Error> {
        let found = Certificate::parse_all(pem, Item::Bundle, MAX_BUNDLE_CERTIFICATES)?;
        Self::collect(found, now)
    }

    /// A bundle that trusts what either does, these first; what has expired is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyCertificates`] if together they have more than
    /// [`MAX_BUNDLE_CERTIFICATES`]; [`Error::AllExpired`].
    pub fn joined_with(&self, other: &Self) -> Result<Self, Error> {
        self.joined_with_at(other, SystemTime::now())
    }

    /// As [`CaBundle::joined_with`], with the time told.
    ///
    /// # Errors
    ///
    /// As [`CaBundle::joined_with`].
    pub fn joined_with_at(&self, other: &Self, now: SystemTime) -> Result<Self, Error> {
        Self::collect(self.0.iter().chain(&other.0).cloned().collect(), now)
    }

    /// The certificates as PEM, which is what a `caBundle` holds in base64.
    #[must_use]
    pub fn pem(&self) -> String {
        pem_text::encode_certificates(self.0.iter().map(Certificate::der))
    }

    /// How many certificates there are: one or more.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a bundle is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a client with this bundle accepts the certificate for its names, `now`.
    ///
    /// To be asked before a server switches to the certificate of a new authority.
    #[must_use]
    pub fn trusts(&self, certificate: &ServingCertificate, now: SystemTime) -> bool {
        self.verify(certificate, now).unwrap_or(false)
    }

    fn verify(&self, certificate: &ServingCertificate, now: SystemTime) -> Result<bool, Error> {
        let Some((own, intermediates)) = certificate.chain().split_first() else {
            return Ok(false);
        };
        let Ok(own) = ParsedCertificate::try_from(own) else {
            return Ok(false);
        };
        let verified = verify_server_cert_signed_by_trust_anchor(
            &own,
            &self.roots(),
            intermediates,
            unix_time(now)?,
            default_provider().signature_verification_algorithms.all,
        );
        Ok(verified.is_ok())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.0.iter().map(|one| one.der().clone()));
        roots
    }

    fn collect(certificates: Vec<Certificate>, now: SystemTime) -> Result<Self, Error> {
        let last_end = certificates
            .iter()
            .map(|one| one.validity().not_after)
            .max();
        let mut kept: Vec<Certificate> = Vec::new();
        for certificate in certificates {
            if certificate.validity().not_after >= now && !kept.contains(&certificate) {
                kept.push(certificate);
            }
        }
        check_count(Item::Bundle, kept.len(), MAX_BUNDLE_CERTIFICATES)?;
        match last_end {
            Some(not_after) if kept.is_empty() => Err(Error::AllExpired { not_after }),
            _ => Ok(Self(kept)),
        }
    }
}
