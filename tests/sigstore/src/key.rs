use rcgen::{KeyPair, PublicKeyData, SignatureAlgorithm, SigningKey};
use sha2::{Digest, Sha256};

use crate::base64;

/// A key that signs.
pub struct Key(pub(crate) KeyPair);

impl Key {
    /// A key of ECDSA on P-256.
    pub fn p256() -> Self {
        Self::of(&rcgen::PKCS_ECDSA_P256_SHA256)
    }

    /// A key of this kind.
    pub fn of(algorithm: &'static SignatureAlgorithm) -> Self {
        Self(KeyPair::generate_for(algorithm).unwrap())
    }

    /// One of every kind that signs images.
    pub fn all() -> Vec<(&'static str, Self)> {
        vec![
            ("P-256", Self::p256()),
            ("P-384", Self::of(&rcgen::PKCS_ECDSA_P384_SHA384)),
            ("Ed25519", Self::of(&rcgen::PKCS_ED25519)),
            ("RSA", Self::of(&rcgen::PKCS_RSA_SHA256)),
        ]
    }

    /// A signature with the hash that fits the key.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        SigningKey::sign(&self.0, message).unwrap()
    }

    /// The public key in PEM.
    pub fn pem(&self) -> String {
        self.0.public_key_pem()
    }

    /// The private key in PEM (PKCS#8).
    pub fn private_pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// The public key (SubjectPublicKeyInfo) in DER.
    pub fn spki(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    /// `sha256:` and the digest of the public key.
    pub fn fingerprint(&self) -> String {
        format!("sha256:{:x}", Sha256::digest(self.spki()))
    }

    /// How bundles name the key.
    pub fn hint(&self) -> String {
        base64(&Sha256::digest(self.spki()))
    }
}

/// Certificates are issued for it.
impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        PublicKeyData::algorithm(&self.0)
    }
}
