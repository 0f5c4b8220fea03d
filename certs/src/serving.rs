//! The certificate that a server shows, with its key.

use std::fmt;
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use crate::certificate::Certificate;
use crate::key::Key;
use crate::validity::Validity;
use crate::{Error, Item, pem_text};

/// The most certificates in a chain: 10, which is what Go's verifier and OpenSSL follow at most.
pub const MAX_CHAIN_CERTIFICATES: usize = 10;

/// A certificate chain and the private key that belongs to it, fit for a server.
///
/// The first certificate is the server's own. It was valid when this was made, names a host and may
/// be used for serving.
pub struct ServingCertificate {
    validity: Validity,
    key: Key,
    certified: CertifiedKey,
}

impl ServingCertificate {
    /// Reads a chain, the server's own certificate first, and its key.
    ///
    /// # Errors
    ///
    /// In this order: of the chain, [`Error::TooLarge`], [`Error::BrokenPem`],
    /// [`Error::NoCertificate`], [`Error::TooManyCertificates`], [`Error::BrokenCertificate`],
    /// [`Error::Expired`], [`Error::NotYetValid`], [`Error::UnsupportedCertificate`],
    /// [`Error::NamesNoHost`], [`Error::NotForServers`]; of the key, [`Error::TooLarge`],
    /// [`Error::EncryptedKey`], [`Error::NoKey`], [`Error::BrokenPem`], [`Error::UnusableKey`]; of
    /// both, [`Error::KeyMismatch`].
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, Error> {
        Self::from_pem_at(chain, key, SystemTime::now())
    }

    /// As [`ServingCertificate::from_pem`], with the time told.
    ///
    /// # Errors
    ///
    /// As [`ServingCertificate::from_pem`].
    pub fn from_pem_at(chain: &str, key: &str, now: SystemTime) -> Result<Self, Error> {
        Chain::parse(chain, now)?.with_key(Key::parse(key)?)
    }

    /// The certificates as PEM, the server's own first; nothing else, whatever was read.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        pem_text::encode_certificates(self.certified.cert.iter())
    }

    /// The private key as PEM: a secret.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.pem()
    }

    /// The first moment at which the server's own certificate is valid.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.validity.not_before
    }

    /// The last moment at which the server's own certificate is valid.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.validity.not_after
    }

    /// When two thirds of the certificate's life are over.
    ///
    /// The last third is there to notice and repair a rotation that fails.
    #[must_use]
    pub fn rotation_due(&self) -> SystemTime {
        self.validity.rotation_due()
    }

    /// Whether the certificate should be replaced: [`rotation_due`](Self::rotation_due) is reached.
    #[must_use]
    pub fn needs_rotation(&self, now: SystemTime) -> bool {
        now >= self.rotation_due()
    }

    /// The chain and key as rustls serves them.
    #[must_use]
    pub fn certified_key(&self) -> CertifiedKey {
        self.certified.clone()
    }

    /// The certificates, the server's own first.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }
}

/// Without the key: this may end up in a log.
impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingCertificate")
            .field("not_before", &self.validity.not_before)
            .field("not_after", &self.validity.not_after)
            .finish_non_exhaustive()
    }
}

/// A certificate chain that is fit for a server, before its key is known.
pub(crate) struct Chain {
    validity: Validity,
    certificates: Vec<CertificateDer<'static>>,
}

impl Chain {
    pub(crate) fn parse(pem: &str, now: SystemTime) -> Result<Self, Error> {
        let item = Item::Certificate;
        let certificates = Certificate::parse_all(pem, item, MAX_CHAIN_CERTIFICATES)?;
        let own = certificates.first().ok_or(Error::NoCertificate)?;
        own.check_server(now)?;
        Ok(Self {
            validity: own.validity(),
            certificates: certificates.iter().map(|one| one.der().clone()).collect(),
        })
    }

    /// A chain of the server's own certificate alone.
    pub(crate) fn of(certificate: &Certificate, now: SystemTime) -> Result<Self, Error> {
        certificate.check_server(now)?;
        Ok(Self {
            validity: certificate.validity(),
            certificates: vec![certificate.der().clone()],
        })
    }

    pub(crate) fn with_key(self, key: Key) -> Result<ServingCertificate, Error> {
        Ok(ServingCertificate {
            validity: self.validity,
            certified: key.certify(self.certificates)?,
            key,
        })
    }
}
