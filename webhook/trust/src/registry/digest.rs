use std::fmt;

use gatehouse_reference::{Algorithm, Digest, DigestError};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The digest of a manifest or a blob, kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedDigest {
    algorithm: Algorithm,
    hex: String,
}

impl OwnedDigest {
    /// Reads a digest.
    ///
    /// # Errors
    /// What is wrong with it and what would be right.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        Digest::parse(text).map(Self::from)
    }

    /// The SHA-256 digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::with(Algorithm::Sha256, bytes)
    }

    /// Whether these bytes have this digest.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        *self == Self::with(self.algorithm, bytes)
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    fn with(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let hex = match algorithm {
            Algorithm::Sha256 => format!("{:x}", Sha256::digest(bytes)),
            Algorithm::Sha384 => format!("{:x}", Sha384::digest(bytes)),
            Algorithm::Sha512 => format!("{:x}", Sha512::digest(bytes)),
        };
        Self { algorithm, hex }
    }
}

impl From<Digest<'_>> for OwnedDigest {
    fn from(digest: Digest<'_>) -> Self {
        Self {
            algorithm: digest.algorithm(),
            hex: digest.hex().to_owned(),
        }
    }
}

impl fmt::Display for OwnedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_match_their_own_digest_only() {
        for algorithm in Algorithm::ALL {
            let digest = OwnedDigest::with(algorithm, b"bytes");
            assert!(digest.matches(b"bytes"));
            assert!(!digest.matches(b"other bytes"));
            assert_eq!(OwnedDigest::parse(&digest.to_string()), Ok(digest));
        }
    }
}
