//! What cosign 3 writes: a Sigstore bundle around an in-toto statement.

use std::borrow::Cow;

use gatehouse_abi::tree::Node;

use super::{
    ATTESTATION_BYTES, BUNDLE_BYTES, Rejection, TIMESTAMPS, TLOG_ENTRIES,
    claim::{Certificates, Claim, Content},
    statement::{Statement, check_count, check_length, strict_json},
};
use crate::{
    sigstore::{Bundle, Material},
    text::excerpt,
};

const MEDIA_TYPES: [&str; 2] = [
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
];

/// Reads the JSON of a bundle.
pub(super) fn read(bytes: &[u8]) -> Result<Claim<'static>, Rejection> {
    check_length(bytes.len(), "bundle", ATTESTATION_BYTES)?;
    let text = std::str::from_utf8(bytes).map_err(|_| Rejection::Malformed("it is not text"))?;
    let tree = strict_json(text, "it is not JSON, or has a key twice")?;
    check_shape(tree.root())?;
    drop(tree);
    let bundle = Bundle::parse(text)
        .filter(Bundle::is_v0_3)
        .ok_or(Rejection::Malformed(
            "its members are not those of a bundle",
        ))?;
    let Some(envelope) = bundle.envelope() else {
        return Err(Rejection::NotAnImageSignature(
            "the signature of a file".to_owned(),
        ));
    };
    let Statement { content, images } = Statement::read(envelope.payload_type, envelope.payload)?;
    if matches!(content, Content::Signature) {
        check_length(bytes.len(), "bundle", BUNDLE_BYTES)?;
    }
    let (signed, signature) = (envelope.signed, envelope.signature.to_vec());
    let (hint, certificate) = material(&bundle)?;
    Ok(Claim {
        content,
        signed: Cow::Owned(signed),
        signature,
        hint,
        certificate,
        images,
        log: Ok(bundle),
        logs_payload: false,
    })
}

/// What Sigstore's types would take in silence: an older version, both of two that exclude each other,
/// lists without an end.
fn check_shape(bundle: Node<'_>) -> Result<(), Rejection> {
    let media_type = bundle.get("mediaType").and_then(|node| node.as_str());
    match media_type {
        Some(media_type) if MEDIA_TYPES.contains(&media_type) => {}
        Some(other) => return Err(Rejection::UnsupportedVersion(excerpt(other))),
        None => return Err(Rejection::Malformed("it has no media type")),
    }
    let material = bundle.get("verificationMaterial").unwrap_or(Node::NULL);
    check_count(
        material.get("tlogEntries"),
        "number of log entries",
        TLOG_ENTRIES,
    )?;
    let timestamps = material.at("timestampVerificationData.rfc3161Timestamps");
    check_count(timestamps, "number of timestamps", TIMESTAMPS)?;
    let both = |node: Node<'_>, a, b| node.get(a).is_some() && node.get(b).is_some();
    if both(bundle, "messageSignature", "dsseEnvelope")
        || both(material, "publicKey", "certificate")
    {
        return Err(Rejection::Malformed(
            "it has two members of which it may have one",
        ));
    }
    match bundle.at("dsseEnvelope.signatures") {
        Some(signatures) => check_one_signature(signatures),
        None => Ok(()),
    }
}

/// Of several signatures two readers could take different ones.
pub(super) fn check_one_signature(signatures: Node<'_>) -> Result<(), Rejection> {
    match signatures.count() {
        1 => Ok(()),
        _ => Err(Rejection::Malformed("it has not exactly one signature")),
    }
}

/// The hint of the key, or the certificate.
fn material(bundle: &Bundle) -> Result<(Option<String>, Option<Certificates>), Rejection> {
    match bundle.material() {
        Some(Material::Key { hint }) => Ok((Some(hint.to_owned()), None)),
        Some(Material::Certificate(der)) => {
            let (leaf, chain) = (der.to_vec(), Vec::new());
            Ok((None, Some(Certificates { leaf, chain })))
        }
        None => Err(Rejection::Malformed(
            "it has neither one key nor one certificate",
        )),
    }
}
