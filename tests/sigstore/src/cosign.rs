//! What cosign writes when it signs an image.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Key, base64};

/// The repository of the image that is signed.
pub const REFERENCE: &str = "registry.example:5000/acme/app";
/// The image that is signed.
pub const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
/// Another image.
pub const OTHER_DIGEST: &str =
    "sha256:2222222222222222222222222222222222222222222222222222222222222222";
/// What a payload of cosign 2 says of itself.
pub const TYPE: &str = "cosign container image signature";
/// The type of the predicate of cosign 3's signatures.
pub const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// A layer of cosign 2.
#[derive(Clone)]
pub struct Layer {
    /// The bytes of the layer.
    pub payload: Vec<u8>,
    /// The annotations of its descriptor.
    pub annotations: BTreeMap<String, String>,
}

impl Layer {
    /// The layer that cosign 2 makes.
    pub fn of(key: &Key) -> Self {
        Self::over(key, payload(DIGEST, REFERENCE).to_string())
    }

    /// A payload with a signature of it that is right.
    pub fn over(key: &Key, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        let signature = base64(&key.sign(&payload));
        let annotations = BTreeMap::from([(annotation("signature"), signature)]);
        Self {
            payload,
            annotations,
        }
    }

    /// The same layer with one more annotation, named without cosign's prefix.
    pub fn annotate(mut self, name: &str, value: impl Into<String>) -> Self {
        self.annotations.insert(annotation(name), value.into());
        self
    }

    /// Its signature, in base64.
    pub fn signature(&self) -> &str {
        &self.annotations[&annotation("signature")]
    }
}

fn annotation(name: &str) -> String {
    match name {
        "signature" => "dev.cosignproject.cosign/signature".to_owned(),
        other => format!("dev.sigstore.cosign/{other}"),
    }
}

/// What cosign 2 signs.
pub fn payload(digest: &str, reference: &str) -> Value {
    json!({
        "critical": {
            "identity": {"docker-reference": reference},
            "image": {"docker-manifest-digest": digest},
            "type": TYPE,
        },
        "optional": null,
    })
}

/// The statement that cosign 3 signs.
pub fn statement(digest: &str) -> Value {
    let (algorithm, hex) = digest.split_once(':').unwrap();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {algorithm: hex}, "annotations": {}}],
        "predicateType": SIGN,
        "predicate": {},
    })
}

/// The bundle that cosign 3 makes with a key.
pub fn bundle(key: &Key) -> Value {
    bundle_over(key, &statement(DIGEST).to_string())
}

/// A statement with a signature of it that is right.
pub fn bundle_over(key: &Key, statement: &str) -> Value {
    let payload_type = "application/vnd.in-toto+json";
    let signature = key.sign(&pae(payload_type, statement));
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": key.hint()}},
        "dsseEnvelope": {
            "payload": base64(statement.as_bytes()),
            "payloadType": payload_type,
            "signatures": [{"sig": base64(&signature)}],
        },
    })
}

/// What the signature of an envelope is over (DSSE, version 1).
pub fn pae(payload_type: &str, payload: &str) -> Vec<u8> {
    let (t, p) = (payload_type.len(), payload.len());
    format!("DSSEv1 {t} {payload_type} {p} {payload}").into_bytes()
}
