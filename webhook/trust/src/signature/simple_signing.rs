//! Signatures of cosign 1 and 2: a payload in "simple signing" form, and annotations beside it.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_abi::tree::TreeBuf;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    ANNOTATION_BYTES, PAYLOAD_BYTES, Rejection,
    claim::{Certificates, Claim, ClaimedImage, Content},
};
use crate::{
    authority::{CHAIN_CERTIFICATES, pem_certificates},
    sigstore::{Bundle, LogFault},
    text::excerpt,
};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
pub(super) const LOG: &str = "dev.sigstore.cosign/bundle";
pub(super) const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// `critical.type`; cosign accepts no other.
const TYPE: &str = "cosign container image signature";

/// Reads a layer and its annotations.
pub(super) fn read<'a>(
    payload: &'a [u8],
    annotations: &BTreeMap<String, String>,
) -> Result<Claim<'a>, Rejection> {
    let critical = critical(payload)?;
    let annotations = Annotations(annotations);
    let text = annotations
        .get(SIGNATURE)?
        .ok_or(Rejection::Malformed("it has no signature annotation"))?;
    let signature = STANDARD
        .decode(text)
        .map_err(|_| Rejection::Malformed("its signature is not base64"))?;
    let certificate = annotations.certificate()?;
    let log = annotations.log(payload, text, certificate.as_ref())?;
    Ok(Claim {
        content: Content::Signature,
        signed: Cow::Borrowed(payload),
        signature,
        hint: None,
        certificate,
        images: vec![ClaimedImage {
            digest: critical.image.docker_manifest_digest,
            reference: Some(critical.identity.docker_reference.into()),
        }],
        log,
        logs_payload: true,
    })
}

/// What a payload must say. A consumer must not accept critical members that it does not know
/// ([specification]).
///
/// [specification]: https://github.com/containers/image/blob/v5.36.0/docs/containers-signature.5.md
fn critical(payload: &[u8]) -> Result<Critical, Rejection> {
    if payload.len() > PAYLOAD_BYTES {
        return Err(Rejection::TooLarge {
            what: "payload",
            limit: PAYLOAD_BYTES,
        });
    }
    // the tree refuses duplicate keys, of which two readers could take different ones
    let tree = std::str::from_utf8(payload)
        .ok()
        .and_then(|text| TreeBuf::from_json(text).ok())
        .ok_or(Rejection::Malformed(
            "its payload is not JSON, or has a key twice",
        ))?;
    let payload = Payload::deserialize(tree.root().deserializer()).map_err(|_| {
        Rejection::Malformed("its payload is not a `critical` and an `optional` object")
    })?;
    if payload.critical.kind != TYPE {
        return Err(Rejection::NotAnImageSignature(excerpt(
            &payload.critical.kind,
        )));
    }
    Ok(payload.critical)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    critical: Critical,
    #[serde(default, rename = "optional")]
    _optional: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Identity {
    docker_reference: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: String,
}

/// The annotations of a layer.
pub(super) struct Annotations<'a>(pub(super) &'a BTreeMap<String, String>);

impl Annotations<'_> {
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, Rejection> {
        match self.0.get(name) {
            Some(text) if text.len() > ANNOTATION_BYTES => Err(Rejection::TooLarge {
                what: "annotation",
                limit: ANNOTATION_BYTES,
            }),
            text => Ok(text.map(String::as_str).filter(|text| !text.is_empty())),
        }
    }

    pub(super) fn certificate(&self) -> Result<Option<Certificates>, Rejection> {
        let Some(pem) = self.get(CERTIFICATE)? else {
            return Ok(None);
        };
        let damaged = |_| Rejection::Malformed("its certificates are not PEM");
        let leaves = pem_certificates(pem).map_err(damaged)?;
        let Ok([leaf]) = <[Vec<u8>; 1]>::try_from(leaves) else {
            return Err(Rejection::Malformed("it has not exactly one certificate"));
        };
        let chain = match self.get(CHAIN)? {
            Some(pem) => pem_certificates(pem).map_err(damaged)?,
            None => Vec::new(),
        };
        if chain.len() > CHAIN_CERTIFICATES {
            return Err(Rejection::TooLarge {
                what: "number of certificates",
                limit: CHAIN_CERTIFICATES,
            });
        }
        Ok(Some(Certificates { leaf, chain }))
    }

    /// Log entry and timestamp in the form of a bundle, so that one verifier judges both formats. Where
    /// they cannot be read they prove nothing, which matters only to those who ask for proof.
    fn log(
        &self,
        payload: &[u8],
        signature: &str,
        certificates: Option<&Certificates>,
    ) -> Result<Result<Bundle, LogFault>, Rejection> {
        let (entry, timestamp) = (self.get(LOG)?, self.get(TIMESTAMP)?);
        if entry.is_none() && timestamp.is_none() {
            return Ok(Err(LogFault::Absent));
        }
        let bundle = || {
            let entry = entry.map(log_entry).transpose()?;
            let timestamp = timestamp.map(signed_timestamp).transpose()?;
            let content = ("messageSignature", message(payload, signature));
            as_bundle(content, certificates, entry, timestamp).ok_or(LogFault::Unsupported)
        };
        Ok(bundle())
    }
}

/// The bundle that would say the same. In version 0.1 the log's signed promise is enough, which is all
/// that the annotation has, and up to version 0.2 there is a place for intermediate certificates; neither is
/// ever accepted from a registry.
pub(super) fn as_bundle(
    (content, signed): (&str, Value),
    certificates: Option<&Certificates>,
    entry: Option<Value>,
    timestamp: Option<String>,
) -> Option<Bundle> {
    let version = match entry {
        Some(_) => "application/vnd.dev.sigstore.bundle+json;version=0.1",
        None => "application/vnd.dev.sigstore.bundle+json;version=0.2",
    };
    let entries = Vec::from_iter(entry);
    let timestamps = Vec::from_iter(timestamp.map(|t| json!({"signedTimestamp": t})));
    let mut material = json!({
        "tlogEntries": entries,
        "timestampVerificationData": {"rfc3161Timestamps": timestamps},
    });
    match certificates {
        Some(Certificates { leaf, chain }) => {
            let certificates = std::iter::once(leaf).chain(chain);
            let raw = certificates.map(|der| json!({"rawBytes": STANDARD.encode(der)}));
            material["x509CertificateChain"] = json!({"certificates": raw.collect::<Value>()});
        }
        None => material["publicKey"] = json!({"hint": ""}),
    }
    let bundle = json!({
        "mediaType": version,
        "verificationMaterial": material,
        content: signed,
    });
    Bundle::parse(&bundle.to_string())
}

fn message(payload: &[u8], signature: &str) -> Value {
    json!({
        "messageDigest": {
            "algorithm": "SHA2_256",
            "digest": STANDARD.encode(Sha256::digest(payload)),
        },
        "signature": signature,
    })
}

/// The annotation of a log entry as the entry of a bundle.
pub(super) fn log_entry(annotation: &str) -> Result<Value, LogFault> {
    let unsupported = |_| LogFault::Unsupported;
    let log: LogAnnotation = serde_json::from_str(annotation).map_err(unsupported)?;
    let body = STANDARD.decode(&log.payload.body);
    let body = body.map_err(|_| LogFault::Unsupported)?;
    let body: Body = serde_json::from_slice(&body).map_err(unsupported)?;
    let id = hex(&log.payload.log_id).ok_or(LogFault::Unsupported)?;
    Ok(json!({
        "logIndex": log.payload.log_index.to_string(),
        "logId": {"keyId": STANDARD.encode(id)},
        "kindVersion": {"kind": body.kind, "version": body.api_version},
        "integratedTime": log.payload.integrated_time.to_string(),
        "inclusionPromise": {"signedEntryTimestamp": log.signed_entry_timestamp},
        "canonicalizedBody": log.payload.body,
    }))
}

/// cosign's `bundle.RekorBundle`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LogAnnotation {
    signed_entry_timestamp: String,
    payload: LogPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogPayload {
    body: String,
    integrated_time: i64,
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    api_version: String,
    kind: String,
}

/// The annotation of a timestamp: its token in base64.
fn signed_timestamp(annotation: &str) -> Result<String, LogFault> {
    /// cosign's `bundle.RFC3161Timestamp`.
    #[derive(Deserialize)]
    struct TimestampAnnotation {
        #[serde(rename = "SignedRFC3161Timestamp")]
        token: String,
    }
    let read: TimestampAnnotation =
        serde_json::from_str(annotation).map_err(|_| LogFault::Unsupported)?;
    Ok(read.token)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect()
}
