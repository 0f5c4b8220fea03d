use sigstore_verify::{CertificateError, Error, PublicKeyVerificationPolicy, VerificationPolicy};

use super::{Artifact, Bundle, LogFault, TrustRoot};
use crate::{authority::pem_public_key, text::excerpt};

/// The longest bundle file that is read, in bytes: a statement in it may list a whole build.
pub const BUNDLE_FILE_BYTES: usize = 16 * 1024 * 1024;

/// Whose signature a bundle file has to be.
#[derive(Clone, Copy, Debug)]
pub enum BundleSigner<'a> {
    /// Anyone's whom the trusted root's Fulcio certified.
    Anyone,
    /// That of a certificate for this subject, for which this OIDC issuer vouched; both exactly.
    Identity {
        /// An email address or a URI.
        subject: &'a str,
        /// Its URL.
        issuer: &'a str,
    },
    /// That of this public key, in PEM.
    Key(&'a str),
}

/// Who signed, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBundle {
    /// Whom the certificate is for, fit to be shown; `None` for a key.
    pub subject: Option<String>,
    /// The OIDC issuer that vouched for the subject, fit to be shown.
    pub issuer: Option<String>,
}

/// Why a bundle file is not known to be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The bundle is not right.
    #[error("{0}")]
    NotVerified(String),
    /// Nobody knows.
    #[error("{0}")]
    CouldNotCheck(String),
}

/// Verifies a bundle of version 0.1 to 0.3 around a signature of a file or a statement (DSSE): that it is
/// for the artifact of this digest, by this signer, and that a log of the trusted root shows it.
///
/// What registries hand over is judged by [`verify`](crate::signature::verify) instead, which is stricter.
///
/// # Errors
/// Why not, and whether that is known.
pub fn verify_bundle(
    bundle: &[u8],
    artifact: gatehouse_reference::Digest<'_>,
    trusted_root: &[u8],
    signer: BundleSigner<'_>,
) -> Result<VerifiedBundle, BundleError> {
    let root = TrustRoot::parse(trusted_root)
        .map_err(|mistake| BundleError::CouldNotCheck(format!("the trusted root {mistake}")))?;
    let bundle = read(bundle).map_err(BundleError::NotVerified)?;
    let artifact = Artifact::Image(artifact)
        .typed()
        .map_err(|_| BundleError::Usage("the digest must be one of sha256 or sha512".to_owned()))?;
    let verifier = root.verifier();
    let result = match signer {
        BundleSigner::Anyone => {
            verifier.verify(artifact, &bundle.0, &VerificationPolicy::any_identity())
        }
        BundleSigner::Identity { subject, issuer } => {
            let policy = VerificationPolicy::new(subject, issuer);
            verifier.verify(artifact, &bundle.0, &policy)
        }
        BundleSigner::Key(pem) => {
            let key = pem_public_key(pem)
                .map_err(|mistake| BundleError::Usage(format!("the key {mistake}")))?;
            let policy = PublicKeyVerificationPolicy::new(key.der().clone());
            verifier.verify(artifact, &bundle.0, &policy)
        }
    };
    let verified = result.map_err(|error| judged(&error, &root))?;
    Ok(VerifiedBundle {
        subject: verified.identity().map(|name| excerpt(name.as_str())),
        issuer: verified.issuer().map(excerpt),
    })
}

fn read(bytes: &[u8]) -> Result<Bundle, String> {
    if bytes.len() > BUNDLE_FILE_BYTES {
        return Err(format!(
            "the bundle is longer than {BUNDLE_FILE_BYTES} bytes"
        ));
    }
    std::str::from_utf8(bytes)
        .ok()
        .and_then(Bundle::parse)
        .ok_or_else(|| "it is not a Sigstore bundle of version 0.1, 0.2 or 0.3".to_owned())
}

/// What is wrong with the bundle, and what is wrong with the question, are different things.
fn judged(error: &Error, root: &TrustRoot) -> BundleError {
    match error {
        Error::UnsupportedArtifact(_) => BundleError::CouldNotCheck(
            "a signature of this kind is over the file itself, which its digest does not tell"
                .to_owned(),
        ),
        Error::InvalidTrustRoot(_) if !root.has_ct_log() => BundleError::CouldNotCheck(
            "the trusted root lacks a certificate transparency log (`ctlogs`)".to_owned(),
        ),
        error => BundleError::NotVerified(why(error)),
    }
}

fn why(error: &Error) -> String {
    let clause = match error {
        Error::IdentityMismatch { actual, .. } => {
            let actual = actual.as_ref().map(|name| excerpt(name.as_str()));
            return other("subject", actual);
        }
        Error::IssuerMismatch { actual, .. } => {
            return other("issuer", actual.as_deref().map(excerpt));
        }
        Error::SignatureInvalid(_) => "its signature does not verify".to_owned(),
        Error::ArtifactMismatch(_) => "it is for another artifact".to_owned(),
        Error::Certificate(error) => certificate(error).to_owned(),
        Error::TransparencyLog(error) => LogFault::from(error).to_string(),
        Error::Timestamp(_) => LogFault::from(error).to_string(),
        _ => "it is malformed, or lacks what it has to prove".to_owned(),
    };
    format!("{clause} ({})", excerpt(&error.to_string()))
}

fn other(what: &str, actual: Option<String>) -> String {
    match actual {
        Some(actual) => format!("its certificate names another {what}, `{actual}`"),
        None => format!("its certificate names no {what}"),
    }
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Malformed(_) => "its certificate is damaged",
        CertificateError::Sct(_) => {
            "its certificate is in no log of certificates (certificate transparency) that is trusted"
        }
        CertificateError::NotYetValid { .. } | CertificateError::Expired { .. } => {
            "its certificate was not valid when it signed"
        }
        _ => {
            "its certificate leads to no certificate authority that the trusted root trusted when it signed"
        }
    }
}
