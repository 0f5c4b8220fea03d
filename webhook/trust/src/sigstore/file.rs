use std::time::{SystemTime, UNIX_EPOCH};

use gatehouse_abi::tree::{Node, TreeBuf};
use rustls_pki_types::CertificateDer;
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult,
    types::Artifact as Signed,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Artifact, Bundle, LogFault, PublicKey, TrustRoot, unlogged::verify_unlogged};
use crate::{
    authority::{CertificateAuthority, pem_public_key},
    signature::{Certificate, STATEMENT_TYPES},
    text::excerpt,
};

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
/// for the artifact of this digest, by this signer, and that a log of the trusted root shows it. Of a bundle
/// by key that brings neither log entry nor timestamp, the signature alone counts: whoever has the bundle
/// could take them away.
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
    let policy = match signer {
        BundleSigner::Anyone => VerificationPolicy::any_identity(),
        BundleSigner::Identity { subject, issuer } => VerificationPolicy::new(subject, issuer),
        BundleSigner::Key(pem) => {
            let key = pem_public_key(pem)
                .map_err(|mistake| BundleError::Usage(format!("the key {mistake}")))?;
            return by_key(&root, &bundle, artifact, &key);
        }
    };
    by_certificate(&root, &bundle, artifact, &policy)
}

fn by_key(
    root: &TrustRoot,
    bundle: &Bundle,
    artifact: Signed<'_>,
    key: &PublicKey,
) -> Result<VerifiedBundle, BundleError> {
    let policy = PublicKeyVerificationPolicy::new(key.der().clone());
    let verifier = root.verifier();
    let result = match (bundle.has_log_entry(), bundle.has_timestamp()) {
        (true, _) => verifier.verify(artifact, &bundle.0, &policy).map(Some),
        (false, true) => {
            let policy = policy.skip_tlog_unsafe();
            verifier.verify(artifact, &bundle.0, &policy).map(Some)
        }
        (false, false) => verify_unlogged(bundle, &artifact, key).map(|()| None),
    };
    let verified = result.map_err(|error| judged(&error, root))?;
    if let Some(verified) = &verified {
        check_times(root, bundle, verified)?;
    }
    Ok(VerifiedBundle {
        subject: None,
        issuer: None,
    })
}

fn by_certificate(
    root: &TrustRoot,
    bundle: &Bundle,
    artifact: Signed<'_>,
    policy: &VerificationPolicy,
) -> Result<VerifiedBundle, BundleError> {
    let result = root.verifier().verify(artifact, &bundle.0, policy);
    let verified = result.map_err(|error| judged(&error, root))?;
    check_times(root, bundle, &verified)?;
    for at in verified.verified_timestamps() {
        check_issued(root, bundle, at.as_second())?;
    }
    Ok(VerifiedBundle {
        subject: verified.identity().map(|name| excerpt(name.as_str())),
        issuer: verified.issuer().map(excerpt),
    })
}

/// Checks what Sigstore's verifier does not ask of the times that logs and timestamps prove: that they are
/// not in the future, and that the logs were trusted then.
fn check_times(
    root: &TrustRoot,
    bundle: &Bundle,
    verified: &VerificationResult,
) -> Result<(), BundleError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    let mut times = verified.verified_timestamps().iter();
    let fault = match times.any(|at| u64::try_from(at.as_second()).is_ok_and(|at| at > now)) {
        true => Err(LogFault::Time),
        false => root.check_logs(bundle, verified),
    };
    fault.map_err(|fault| BundleError::NotVerified(fault.to_string()))
}

/// Checks that a chain leads to a certificate authority that was trusted at this second since 1970, over
/// certificates that were all valid then: Sigstore's verifier takes those of the trusted root as they are.
fn check_issued(root: &TrustRoot, bundle: &Bundle, at: i64) -> Result<(), BundleError> {
    let unusable = |mistake| {
        BundleError::CouldNotCheck(format!(
            "a certificate authority of the trusted root {mistake}"
        ))
    };
    let chains = root.fulcio_chains();
    let trusted = chains.filter(|chain| (chain.valid_for.0..=chain.valid_for.1).contains(&at));
    let authorities = trusted.map(|chain| CertificateAuthority::new(chain.certificates, None));
    let authorities: Vec<_> = authorities.collect::<Result<_, _>>().map_err(unusable)?;
    let (leaf, others) = bundle.certificates().unwrap_or_default();
    let others = others.into_iter().map(CertificateDer::from).collect();
    Certificate::parse(leaf, others)
        .and_then(|certificate| certificate.check_any_chain(authorities.iter(), at))
        .map_err(|rejection| BundleError::NotVerified(rejection.to_string()))
}

/// Reads a bundle that has one meaning only, whoever reads it.
fn read(bytes: &[u8]) -> Result<Bundle, String> {
    if bytes.len() > BUNDLE_FILE_BYTES {
        return Err(format!(
            "the bundle is longer than {BUNDLE_FILE_BYTES} bytes"
        ));
    }
    let none = || "it is not a Sigstore bundle of version 0.1, 0.2 or 0.3".to_owned();
    let text = std::str::from_utf8(bytes).map_err(|_| none())?;
    let tree = TreeBuf::from_json(text).map_err(|_| format!("{}, or has a key twice", none()))?;
    // without a media type Sigstore's types take it for version 0.1, of which least is asked
    let bundle = Bundle::parse(text).filter(|_| tree.root().get("mediaType").is_some());
    let bundle = bundle.ok_or_else(none)?;
    check_members(tree.root())?;
    check_chain(&bundle)?;
    check_statement(&bundle)?;
    Ok(bundle)
}

/// Of members that exclude each other Sigstore's types take the first.
fn check_members(bundle: Node<'_>) -> Result<(), String> {
    let several = |node: Node<'_>, names: &[&str]| {
        let given = names.iter().filter(|name| node.get(name).is_some());
        given.count() > 1
    };
    let material = bundle.get("verificationMaterial").unwrap_or(Node::NULL);
    match several(bundle, &["messageSignature", "dsseEnvelope"])
        || several(
            material,
            &["publicKey", "certificate", "x509CertificateChain"],
        ) {
        true => Err("it has two members of which it may have one".to_owned()),
        false => Ok(()),
    }
}

/// A bundle may bring intermediate certificates, but no root ([specification]).
///
/// [specification]: https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_common.proto
fn check_chain(bundle: &Bundle) -> Result<(), String> {
    let (_, others) = bundle.certificates().unwrap_or_default();
    let is_root = |der: &&[u8]| {
        let parsed = X509Certificate::from_der(der);
        parsed.is_ok_and(|(_, certificate)| certificate.subject() == certificate.issuer())
    };
    match others.iter().any(is_root) {
        true => Err("it brings a root certificate, which only the trusted root may".to_owned()),
        false => Ok(()),
    }
}

/// A statement of a type that is not known may mean anything.
fn check_statement(bundle: &Bundle) -> Result<(), String> {
    let Some(envelope) = bundle.envelope() else {
        return Ok(());
    };
    let text = std::str::from_utf8(envelope.payload).ok();
    let tree = text.and_then(|text| TreeBuf::from_json(text).ok());
    let tree = tree.ok_or("its statement is not JSON, or has a key twice")?;
    match tree.root().get("_type").and_then(|kind| kind.as_str()) {
        Some(kind) if STATEMENT_TYPES.contains(&kind) => Ok(()),
        Some(kind) => Err(format!(
            "its statement is of a type that is not known, `{}`",
            excerpt(kind)
        )),
        None => Err("its statement has no type (`_type`)".to_owned()),
    }
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
