use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use gatehouse_reference::Algorithm;
use sha2::{Digest, Sha256};
use sigstore_verify::{
    Error, PublicKeyVerificationPolicy, TimestampError, TransparencyLogError, VerificationPolicy,
    VerificationResult, Verifier,
    trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot},
    types::{self, ArtifactDigest, HashAlgorithm, Sha256Hash, Sha512Hash},
};

use super::{Bundle, FulcioCertificate, FulcioChain, FulcioFault, PublicKey};

/// The longest `trusted_root.json` that is read, in bytes. The public one has 7,000.
pub const TRUST_ROOT_BYTES: usize = 1024 * 1024;

const NOBODY_JSON: &str =
    r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

/// The keys of transparency logs and the certificates of timestamp authorities that are trusted
/// (Sigstore's `trusted_root.json`).
pub(crate) struct TrustRoot {
    digest: [u8; 32],
    root: TrustedRoot,
    verifier: Verifier,
}

/// What a signature is for.
#[derive(Clone, Copy)]
pub(crate) enum Artifact<'a> {
    /// The bytes that are signed.
    Payload(&'a [u8]),
    /// The image that a statement must name.
    Image(gatehouse_reference::Digest<'a>),
}

/// What a signature was made with.
#[derive(Clone, Copy)]
pub(crate) enum Signing<'a> {
    Key(&'a PublicKey),
    /// The certificate in the bundle, whose chain is checked elsewhere.
    Certificate,
}

/// Why logs and timestamps prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LogFault {
    /// There is no log entry.
    #[error("it has no entry of a transparency log")]
    Absent,
    /// There is one, but none with a signed time, and no timestamp either.
    #[error("neither its log entry nor a timestamp proves when it was signed")]
    NoTime,
    /// The entry is of a kind that is not understood.
    #[error("its log entry is of a kind that cannot be verified")]
    Unsupported,
    /// The log is not in the trust root.
    #[error("its log is not in the trust root, or was not trusted at the time of the entry")]
    UnknownLog,
    /// The log's signature does not verify, or the proof does not lead to it.
    #[error("the log's signature or its proof of inclusion does not verify")]
    Forged,
    /// The entry is about something else.
    #[error("its log entry is for another signature")]
    OtherEntry,
    /// A time that a log entry or timestamp proves is in the future, or outside the certificate's validity.
    #[error(
        "the time of its log entry or timestamp is in the future or outside the certificate's validity"
    )]
    Time,
    /// There is no log entry, and a timestamp over the whole envelope, as cosign 2 makes them of attestations.
    #[error("its timestamp is over its envelope, not over its signature, which cannot be verified")]
    EnvelopeTimestamp,
    /// A timestamp does not verify.
    #[error(
        "its timestamp is not over this signature, or of no authority that the trust root trusted then"
    )]
    Timestamp,
}

impl TrustRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        if json.len() > TRUST_ROOT_BYTES {
            return Err(format!("is longer than {TRUST_ROOT_BYTES} bytes"));
        }
        let root = std::str::from_utf8(json)
            .ok()
            .and_then(|text| TrustedRoot::from_json(text).ok())
            .ok_or("is not a Sigstore `trusted_root.json`")?;
        let verifier = Verifier::new(&root)
            .map_err(|_| "has a key, a certificate or a validity that cannot be used")?;
        Ok(Self {
            digest: Sha256::digest(json).into(),
            root,
            verifier,
        })
    }

    /// The root of Sigstore's public instance, as of this build.
    ///
    /// # Errors
    /// Never, unless this build is broken.
    pub(crate) fn public() -> Result<Arc<Self>, String> {
        static PUBLIC: LazyLock<Result<Arc<TrustRoot>, String>> = LazyLock::new(|| {
            TrustRoot::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes()).map(Arc::new)
        });
        PUBLIC.clone()
    }

    /// A root that trusts nobody.
    ///
    /// # Errors
    /// Never, unless this build is broken.
    pub(crate) fn of_nobody() -> Result<Arc<Self>, String> {
        static NOBODY: LazyLock<Result<Arc<TrustRoot>, String>> =
            LazyLock::new(|| TrustRoot::parse(NOBODY_JSON.as_bytes()).map(Arc::new));
        NOBODY.clone()
    }

    /// The digest of its text.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Verifies every log entry and timestamp of the bundle, and that the entries are about its
    /// signature. The times that they prove, in seconds since 1970.
    pub(crate) fn prove(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        signing: Signing<'_>,
    ) -> Result<Vec<i64>, LogFault> {
        let artifact = artifact.typed()?;
        let result = match signing {
            Signing::Key(key) => self.prove_key(bundle, artifact, key),
            Signing::Certificate => self.prove_certificate(bundle, artifact),
        };
        let result = result.map_err(|error| LogFault::from(&error))?;
        self.check_logs(bundle, &result)?;
        let times = result.verified_timestamps().iter();
        Ok(times.map(|time| time.as_second()).collect())
    }

    /// Verifies the bundle with its certificate: the chain to a Fulcio of this root, the certificate's own
    /// transparency, the signature, log entries and timestamps. Whom it is for, the caller compares.
    pub(crate) fn certified(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
    ) -> Result<FulcioCertificate, FulcioFault> {
        let artifact = artifact.typed().map_err(FulcioFault::Log)?;
        let policy = without_absent_log(VerificationPolicy::any_identity(), bundle);
        let result = self.verifier.verify(artifact, &bundle.0, &policy);
        let result = result.map_err(|error| FulcioFault::from(&error))?;
        if !(result.certificate_verified() && result.sct_verified()) {
            return Err(FulcioFault::Chain);
        }
        self.check_logs(bundle, &result).map_err(FulcioFault::Log)?;
        let certificate = result.certificate().cloned();
        certificate
            .map(FulcioCertificate::new)
            .ok_or(FulcioFault::Chain)
    }

    pub(super) fn trusted_root(&self) -> &TrustedRoot {
        &self.root
    }

    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The certificate authorities whose certificates are for keyless signatures.
    pub(crate) fn fulcio_chains(&self) -> impl Iterator<Item = FulcioChain> {
        let authorities = self.root.certificate_authorities.iter();
        authorities.map(FulcioChain::from)
    }

    /// Whether it trusts a log of certificates.
    pub(crate) fn has_ct_log(&self) -> bool {
        !self.root.ctlogs.is_empty()
    }

    fn prove_key(
        &self,
        bundle: &Bundle,
        artifact: types::Artifact<'_>,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        let policy = PublicKeyVerificationPolicy::new(key.der().clone());
        self.verifier.verify(artifact, &bundle.0, &policy)
    }

    fn prove_certificate(
        &self,
        bundle: &Bundle,
        artifact: types::Artifact<'_>,
    ) -> Result<VerificationResult, Error> {
        // the chain leads to the authority's own anchors, not to those of the trust root
        let policy = VerificationPolicy::any_identity().skip_certificate_chain();
        let policy = without_absent_log(policy, bundle);
        self.verifier.verify(artifact, &bundle.0, &policy)
    }
}

/// A timestamp alone proves a time.
fn without_absent_log(policy: VerificationPolicy, bundle: &Bundle) -> VerificationPolicy {
    match bundle.has_log_entry() {
        true => policy,
        false => policy.skip_tlog_unsafe(),
    }
}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustRoot").field(&self.digest).finish()
    }
}

impl<'a> Artifact<'a> {
    pub(super) fn typed(self) -> Result<types::Artifact<'a>, LogFault> {
        let digest = match self {
            Artifact::Payload(payload) => return Ok(types::Artifact::from_blob(payload)),
            Artifact::Image(digest) => digest,
        };
        let typed = match digest.algorithm() {
            Algorithm::Sha256 => Sha256Hash::from_hex(digest.hex())
                .and_then(|hash| ArtifactDigest::new(HashAlgorithm::Sha2256, hash)),
            Algorithm::Sha512 => Sha512Hash::from_hex(digest.hex())
                .and_then(|hash| ArtifactDigest::new(HashAlgorithm::Sha2512, hash)),
            Algorithm::Sha384 => return Err(LogFault::Unsupported),
        };
        typed
            .map(types::Artifact::from_digest)
            .map_err(|_| LogFault::Unsupported)
    }
}

impl From<&Error> for LogFault {
    fn from(error: &Error) -> Self {
        match error {
            Error::TransparencyLog(error) => Self::from(error),
            Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => Self::NoTime,
            Error::Timestamp(_) => Self::Timestamp,
            // the envelope's signature is verified before; the crate knows one hash for each kind of key
            Error::SignatureInvalid(detail) if detail.starts_with("DSSE") => Self::Unsupported,
            Error::ArtifactMismatch(_) | Error::SignatureInvalid(_) => Self::OtherEntry,
            Error::Bundle(_) => Self::Forged,
            _ => Self::Unsupported,
        }
    }
}

impl From<&TransparencyLogError> for LogFault {
    fn from(error: &TransparencyLogError) -> Self {
        match error {
            TransparencyLogError::UnknownLog { .. } => Self::UnknownLog,
            // the crate has one error for a log that is unknown at that time and one that lied
            TransparencyLogError::InclusionPromise(detail) if detail.starts_with("No log key") => {
                Self::UnknownLog
            }
            TransparencyLogError::Checkpoint(detail) if detail.starts_with("No matching") => {
                Self::UnknownLog
            }
            TransparencyLogError::EntryMismatch(_) => Self::OtherEntry,
            TransparencyLogError::IntegratedTime(_) => Self::Time,
            TransparencyLogError::MalformedEntry(_) => Self::Unsupported,
            _ => Self::Forged,
        }
    }
}
