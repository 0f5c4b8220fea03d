use sigstore_verify::{
    Error, Result,
    crypto::{KeyAlgorithm, verify_signature_prehashed},
    types::{
        Artifact, ArtifactDigest, DsseEnvelope, HashAlgorithm, SignatureContent, Statement,
        bundle::MessageSignature,
    },
};

use super::{Bundle, PublicKey};
use crate::signature::PAYLOAD_TYPE;

/// Verifies the signature of a bundle by key that has neither log entry nor timestamp, which Sigstore's
/// verifier refuses to look at.
pub(super) fn verify_unlogged(
    bundle: &Bundle,
    artifact: &Artifact<'_>,
    key: &PublicKey,
) -> Result<()> {
    let Artifact::Digest(artifact) = artifact else {
        return Err(Error::UnsupportedArtifact("it is no digest".into()));
    };
    if bundle.0.signing_certificate().is_some() {
        return Err(Error::UnsupportedBundle(
            "it is signed with a certificate, not with a key".into(),
        ));
    }
    match &bundle.0.content {
        SignatureContent::DsseEnvelope(envelope) => verify_envelope(envelope, artifact, key),
        SignatureContent::MessageSignature(signature) => verify_message(signature, artifact, key),
        _ => Err(Error::UnsupportedBundle("its content is unknown".into())),
    }
}

fn verify_envelope(
    envelope: &DsseEnvelope,
    artifact: &ArtifactDigest,
    key: &PublicKey,
) -> Result<()> {
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(Error::UnsupportedBundle("it is no statement".into()));
    }
    if !key.verifies(&envelope.pae(), envelope.signature.sig.as_bytes()) {
        return Err(Error::SignatureInvalid("of the envelope".into()));
    }
    let statement: Statement = serde_json::from_slice(envelope.payload.as_bytes())
        .map_err(|_| Error::InvalidBundle("its payload is no statement".into()))?;
    let mut subjects = statement.subject.iter().map(|subject| &subject.digest);
    let named = subjects.any(|named| {
        let sha256 = named.sha256.as_ref().map(|hash| hash.as_bytes().as_slice());
        let sha512 = named.sha512.as_ref().map(|hash| hash.as_bytes().as_slice());
        let named = match artifact.algorithm() {
            HashAlgorithm::Sha2256 => sha256,
            HashAlgorithm::Sha2512 => sha512,
            _ => None,
        };
        named == Some(artifact.as_bytes())
    });
    match named {
        true => Ok(()),
        false => Err(Error::ArtifactMismatch("no subject has the digest".into())),
    }
}

fn verify_message(
    message: &MessageSignature,
    artifact: &ArtifactDigest,
    key: &PublicKey,
) -> Result<()> {
    let algorithm = KeyAlgorithm::from_spki(key.der())?;
    let scheme = match &message.message_digest {
        Some(digest) => algorithm.resolve_signing_scheme(digest.algorithm)?,
        None => algorithm.default_signing_scheme(),
    };
    if scheme.hash_algorithm() != Some(artifact.algorithm()) {
        return Err(Error::UnsupportedArtifact("of another algorithm".into()));
    }
    let digest = message.message_digest.as_ref();
    if digest.is_some_and(|digest| digest.digest.as_bytes() != artifact.as_bytes()) {
        return Err(Error::ArtifactMismatch("it names another digest".into()));
    }
    verify_signature_prehashed(key.der(), artifact.as_bytes(), &message.signature, scheme)
        .map_err(|error| Error::SignatureInvalid(error.to_string()))
}
