//! One private key.

use std::fmt;
use std::sync::Arc;

use rcgen::KeyPair;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};

use crate::{Error, pem_text};

/// A private key that the TLS library can sign with.
pub(crate) struct Key {
    der: PrivateKeyDer<'static>,
    signing: Arc<dyn SigningKey>,
}

impl Key {
    pub(crate) fn parse(pem: &str) -> Result<Self, Error> {
        Self::from_der(pem_text::private_key(pem)?)
    }

    /// Makes a new key for ECDSA on P-256: every TLS client has it, and it signs in microseconds.
    pub(crate) fn generate() -> Result<Self, Error> {
        let pair = KeyPair::generate().map_err(|_| Error::Generation)?;
        Self::from_der(PrivatePkcs8KeyDer::from(pair.serialize_der()).into())
    }

    /// The key together with the chain, refused unless the first certificate is the key's.
    pub(crate) fn certify(
        &self,
        chain: Vec<CertificateDer<'static>>,
    ) -> Result<CertifiedKey, Error> {
        let certified = CertifiedKey::new(chain, Arc::clone(&self.signing));
        certified.keys_match().map_err(|_| Error::KeyMismatch)?;
        Ok(certified)
    }

    /// The key as the certificate builder wants it.
    pub(crate) fn pair(&self) -> Result<KeyPair, Error> {
        KeyPair::try_from(&self.der).map_err(|_| Error::UnusableKey)
    }

    pub(crate) fn pem(&self) -> String {
        pem_text::encode_key(&self.der)
    }

    fn from_der(der: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let signing = any_supported_type(&der).map_err(|_| Error::UnusableKey)?;
        Ok(Self { der, signing })
    }
}

/// Without the key: this may end up in a log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_reads_back() {
        let key = Key::generate().unwrap();
        let read = Key::parse(&key.pem()).unwrap();
        assert_eq!(read.pem(), key.pem());
        assert!(read.pair().is_ok());
    }

    #[test]
    fn a_key_is_not_in_its_debug_output() {
        assert_eq!(format!("{:?}", Key::generate().unwrap()), "Key { .. }");
    }

    #[test]
    fn a_key_that_cannot_sign_is_refused() {
        let pem = "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
        assert_eq!(
            Key::parse(pem).unwrap_err().to_string(),
            "the private key cannot be used: \
             make one for ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 to 8192 bits)"
        );
    }
}
