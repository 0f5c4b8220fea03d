use aws_lc_rs::signature::ParsedPublicKey;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use sigstore_verify::{
    crypto::{KeyAlgorithm, SigningScheme, VerificationKey, validate_raw_public_key},
    types::{DerPublicKey, SignatureBytes},
};

/// A public key that signs images: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    spki: DerPublicKey,
    algorithm: KeyAlgorithm,
}

/// Why bytes are no public key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyMistake {
    #[error("its bytes are damaged")]
    Damaged,
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
    #[error("its algorithm cannot be used: ECDSA on P-256 or P-384, Ed25519 and RSA can")]
    Algorithm,
}

impl PublicKey {
    /// Reads the DER of a SubjectPublicKeyInfo (RFC 5280, section 4.1).
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, KeyMistake> {
        let spki = DerPublicKey::from_bytes(der);
        let algorithm = KeyAlgorithm::from_spki(&spki).map_err(|_| KeyMistake::Algorithm)?;
        let key = Self { spki, algorithm };
        let scheme = key.schemes().first().ok_or(KeyMistake::Algorithm)?;
        let raw = VerificationKey::from_spki_with_scheme(&key.spki, *scheme)
            .map_err(|_| KeyMistake::Damaged)?;
        validate_raw_public_key(*scheme, raw.as_bytes()).map_err(|_| match algorithm {
            KeyAlgorithm::Rsa => KeyMistake::RsaSize,
            _ => KeyMistake::Damaged,
        })?;
        key.check_point(raw.as_bytes())?;
        Ok(key)
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::from_bytes(signature);
        self.schemes().iter().any(|scheme| {
            VerificationKey::from_spki_with_scheme(&self.spki, *scheme)
                .is_ok_and(|key| key.verify(message, &signature).is_ok())
        })
    }

    /// `sha256:` and the digest of the SubjectPublicKeyInfo in hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(self.spki.as_bytes())
    }

    /// How cosign names the key in a bundle (`verificationMaterial.publicKey.hint`).
    pub(crate) fn hint(&self) -> String {
        STANDARD.encode(Sha256::digest(self.spki.as_bytes()))
    }

    /// The SubjectPublicKeyInfo in DER.
    pub(crate) fn spki(&self) -> &[u8] {
        self.spki.as_bytes()
    }

    pub(crate) fn is_ed25519(&self) -> bool {
        self.algorithm == KeyAlgorithm::Ed25519
    }

    /// Its raw bytes, where it is of Ed25519: the last 32 (RFC 8410, section 4).
    pub(super) fn ed25519(&self) -> Option<&[u8]> {
        let raw = self.spki.as_bytes().last_chunk::<32>();
        raw.map(<[u8; 32]>::as_slice).filter(|_| self.is_ed25519())
    }

    /// What Sigstore's documents call its kind.
    pub(super) fn details(&self) -> &'static str {
        match self.algorithm {
            KeyAlgorithm::EcdsaP384 => "PKIX_ECDSA_P384_SHA_384",
            KeyAlgorithm::Ed25519 => "PKIX_ED25519",
            KeyAlgorithm::Rsa => "PKIX_RSA_PKCS1V15_2048_SHA256",
            _ => "PKIX_ECDSA_P256_SHA_256",
        }
    }

    pub(super) fn der(&self) -> &DerPublicKey {
        &self.spki
    }

    /// cosign 2 signs with SHA-256 whatever the key, cosign 3 with the hash that fits the curve.
    fn schemes(&self) -> &'static [SigningScheme] {
        match self.algorithm {
            KeyAlgorithm::EcdsaP256 => &[SigningScheme::EcdsaP256Sha256],
            KeyAlgorithm::EcdsaP384 => &[
                SigningScheme::EcdsaP384Sha384,
                SigningScheme::EcdsaP384Sha256,
            ],
            KeyAlgorithm::Ed25519 => &[SigningScheme::Ed25519],
            KeyAlgorithm::Rsa => &[SigningScheme::RsaPkcs1Sha256],
            _ => &[],
        }
    }

    /// A point off its curve would verify nothing, and nobody would know why.
    fn check_point(&self, raw: &[u8]) -> Result<(), KeyMistake> {
        use aws_lc_rs::signature::{
            ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
        };
        let parsed = match self.algorithm {
            KeyAlgorithm::EcdsaP256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, raw),
            KeyAlgorithm::EcdsaP384 => ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, raw),
            KeyAlgorithm::Ed25519 => ParsedPublicKey::new(&ED25519, raw),
            _ => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, raw),
        };
        parsed.map(drop).map_err(|_| KeyMistake::Damaged)
    }
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// `sha256:` and the digest of `der` in hexadecimal digits.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(der))
}
