//! What Rekor stores of what clients propose
//! (<https://github.com/sigstore/rekor/blob/main/types.md>).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::log::hex;

/// The body of an entry of version 1; `None` for what cosign does not propose.
pub(super) fn canonical(proposed: &Value) -> Option<String> {
    let spec = &proposed["spec"];
    let kind = proposed["kind"].as_str()?;
    let spec = match kind {
        "hashedrekord" => hashedrekord(spec),
        "dsse" => dsse(spec)?,
        "intoto" => intoto(spec)?,
        _ => return None,
    };
    let body = json!({"apiVersion": "0.0.1", "kind": kind, "spec": spec});
    (proposed["apiVersion"] == "0.0.1").then(|| body.to_string())
}

/// The body of an entry of version 2, whatever its signature is of
/// (<https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/hashedrekord.proto>).
pub(super) fn canonical_2(proposed: &Value) -> Option<String> {
    let request = proposed.get("hashedRekordRequestV002")?;
    let spec = json!({
        "data": {"algorithm": "SHA2_256", "digest": request["digest"]},
        "signature": request["signature"],
    });
    let body = json!({
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": spec},
    });
    Some(body.to_string())
}

fn hashedrekord(spec: &Value) -> Value {
    let signature = &spec["signature"];
    json!({
        "data": {"hash": {
            "algorithm": spec["data"]["hash"]["algorithm"],
            "value": spec["data"]["hash"]["value"],
        }},
        "signature": {
            "content": signature["content"],
            "publicKey": {"content": signature["publicKey"]["content"]},
        },
    })
}

fn dsse(spec: &Value) -> Option<Value> {
    let proposed = &spec["proposedContent"];
    let text = proposed["envelope"].as_str()?;
    let envelope: Value = serde_json::from_str(text).ok()?;
    Some(json!({
        "envelopeHash": sha256(text.as_bytes()),
        "payloadHash": sha256(&payload(text)?),
        "signatures": [{
            "signature": envelope["signatures"][0]["sig"],
            "verifier": proposed["verifiers"][0],
        }],
    }))
}

/// It says nothing of the signature but by the digest of the envelope.
fn intoto(spec: &Value) -> Option<Value> {
    let text = spec["content"]["envelope"].as_str()?;
    let payload = payload(text)?;
    Some(json!({
        "content": {"hash": sha256(text.as_bytes()), "payloadHash": sha256(&payload)},
        "publicKey": spec["publicKey"],
    }))
}

fn payload(envelope: &str) -> Option<Vec<u8>> {
    let envelope: Value = serde_json::from_str(envelope).ok()?;
    STANDARD.decode(envelope["payload"].as_str()?).ok()
}

fn sha256(bytes: &[u8]) -> Value {
    json!({"algorithm": "sha256", "value": hex(&Sha256::digest(bytes))})
}
