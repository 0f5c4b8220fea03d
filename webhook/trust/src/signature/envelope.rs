//! Attestations of cosign 1 and 2: a DSSE envelope, and annotations of its layer.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_abi::tree::Node;
use serde_json::{Value, json};

use super::{
    ATTESTATION_BYTES, Rejection,
    bundle::check_one_signature,
    claim::{Certificates, Claim, Content},
    simple_signing::{Annotations, LOG, TIMESTAMP, as_bundle, log_entry},
    statement::{Statement, check_length, strict_json},
};
use crate::sigstore::{Bundle, LogFault};

const NOT_AN_ENVELOPE: Rejection = Rejection::Malformed("its members are not those of an envelope");

/// Reads a layer and its annotations. The annotation `predicateType` is passed over: nobody signed it.
pub(super) fn read(
    envelope: &[u8],
    annotations: &BTreeMap<String, String>,
) -> Result<Claim<'static>, Rejection> {
    check_length(envelope.len(), "envelope", ATTESTATION_BYTES)?;
    let text = std::str::from_utf8(envelope).map_err(|_| Rejection::Malformed("it is not text"))?;
    let tree = strict_json(text, "it is not JSON, or has a key twice")?;
    let members = Members::read(tree.root())?;
    let (payload, signature) = (decode(members.payload)?, decode(members.signature)?);
    let signed = pre_authentication_encoding(members.payload_type, &payload);
    let Statement { content, images } = Statement::read(members.payload_type, &payload)?;
    if matches!(content, Content::Signature) {
        // such a signature has to be in a bundle, whose log entry proves more
        return Err(Rejection::Malformed("it is a signature without its bundle"));
    }
    let annotations = Annotations(annotations);
    let certificate = annotations.certificate()?;
    let log = log(&annotations, &members, certificate.as_ref())?;
    Ok(Claim {
        content,
        signed: Cow::Owned(signed),
        signature,
        hint: None,
        certificate,
        images,
        log,
        logs_payload: false,
    })
}

/// The members of an envelope ([format]).
///
/// [format]: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md
struct Members<'a> {
    payload_type: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Members<'a> {
    fn read(envelope: Node<'a>) -> Result<Self, Rejection> {
        let text = |node: Node<'a>, key| node.get(key).and_then(Node::as_str);
        let signatures = envelope.get("signatures").ok_or(NOT_AN_ENVELOPE)?;
        check_one_signature(signatures)?;
        let signature = signatures.items().next().ok_or(NOT_AN_ENVELOPE)?;
        Ok(Self {
            payload_type: text(envelope, "payloadType").ok_or(NOT_AN_ENVELOPE)?,
            payload: text(envelope, "payload").ok_or(NOT_AN_ENVELOPE)?,
            signature: text(signature, "sig").ok_or(NOT_AN_ENVELOPE)?,
        })
    }

    fn to_value(&self) -> Value {
        json!({
            "payloadType": self.payload_type,
            "payload": self.payload,
            "signatures": [{"sig": self.signature}],
        })
    }
}

fn decode(base64: &str) -> Result<Vec<u8>, Rejection> {
    STANDARD
        .decode(base64)
        .map_err(|_| Rejection::Malformed("its payload or its signature is not base64"))
}

/// What the signature of an envelope is over ([protocol]).
///
/// [protocol]: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (kind, length) = (payload_type.len(), payload.len());
    let head = format!("DSSEv1 {kind} {payload_type} {length} ");
    [head.as_bytes(), payload].concat()
}

/// The log entry in the form of a bundle. cosign 2 has the whole envelope timestamped, and no verifier of
/// bundles expects that.
fn log(
    annotations: &Annotations<'_>,
    members: &Members<'_>,
    certificates: Option<&Certificates>,
) -> Result<Result<Bundle, LogFault>, Rejection> {
    let entry = match (annotations.get(LOG)?, annotations.get(TIMESTAMP)?) {
        (Some(entry), _) => log_entry(entry),
        (None, Some(_)) => Err(LogFault::EnvelopeTimestamp),
        (None, None) => Err(LogFault::Absent),
    };
    Ok(entry.and_then(|entry| {
        let content = ("dsseEnvelope", members.to_value());
        as_bundle(content, certificates, Some(entry), None).ok_or(LogFault::Unsupported)
    }))
}
