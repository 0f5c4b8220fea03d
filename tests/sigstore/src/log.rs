use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Key, Layer, base64};

/// When the log says that it took an entry, in seconds since 1970: in 2024.
pub const INTEGRATED: i64 = 1_720_000_000;

/// The first line of its checkpoints. That a tree's number ends it tells version 1 of Rekor from version 2:
/// cosign and sigstore-go read the proof of one that lacks it by the rules of version 2.
const ORIGIN: &str = "log.example - 1";

/// A transparency log like Rekor, of one entry.
pub struct Log(Key);

impl Default for Log {
    fn default() -> Self {
        Self(Key::p256())
    }
}

impl Log {
    /// A log with a key of its own.
    pub fn new() -> Self {
        Self(Key::p256())
    }

    /// A `trusted_root.json` that trusts this log only.
    pub fn trust_root(&self) -> String {
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": base64(&self.0.spki()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": {"start": "2020-01-01T00:00:00Z"},
                },
                "logId": {"keyId": base64(&self.id())},
            }],
            "certificateAuthorities": [],
            "ctlogs": [],
            "timestampAuthorities": [],
        })
        .to_string()
    }

    /// The annotation that cosign 2 writes when the log took this layer. `verifier` is the PEM of the
    /// key or certificate.
    pub fn annotation(&self, layer: &Layer, verifier: &str) -> String {
        let body = hashedrekord(layer, verifier);
        let payload = json!({
            "body": base64(body.to_string().as_bytes()),
            "integratedTime": INTEGRATED,
            "logID": hex(&self.id()),
            "logIndex": 0,
        });
        let promise = self.0.sign(payload.to_string().as_bytes());
        json!({"SignedEntryTimestamp": base64(&promise), "Payload": payload}).to_string()
    }

    /// The entry of a bundle when the log took its envelope.
    pub fn entry(&self, bundle: &Value, verifier: &str) -> Value {
        self.entry_at(bundle, verifier, INTEGRATED)
    }

    /// The same, taken at this second since 1970.
    pub fn entry_at(&self, bundle: &Value, verifier: &str, at: i64) -> Value {
        self.shown(("dsse", "0.0.1"), &dsse(bundle, verifier).to_string(), at)
    }

    /// The entry of a bundle when the log took the signature of a file with this payload.
    pub fn file_entry(&self, layer: &Layer, verifier: &str) -> Value {
        let body = hashedrekord(layer, verifier).to_string();
        self.shown(("hashedrekord", "0.0.1"), &body, INTEGRATED)
    }

    /// A promise that what this payload says is in the log.
    pub(crate) fn promise(&self, payload: &Value) -> String {
        base64(&self.0.sign(payload.to_string().as_bytes()))
    }

    /// Its public key in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// An entry of this kind, version and body, with the promise of that time and the proof that it is in
    /// the log.
    pub fn shown(&self, (kind, version): (&str, &str), body: &str, at: i64) -> Value {
        let payload = json!({
            "body": base64(body.as_bytes()),
            "integratedTime": at,
            "logID": hex(&self.id()),
            "logIndex": 0,
        });
        let promise = self.0.sign(payload.to_string().as_bytes());
        let root = Sha256::digest([&[0], body.as_bytes()].concat());
        json!({
            "logIndex": "0",
            "logId": {"keyId": base64(&self.id())},
            "kindVersion": {"kind": kind, "version": version},
            "integratedTime": at.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": base64(&promise)},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": base64(&root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": self.checkpoint(1, &root)},
            },
            "canonicalizedBody": base64(body.as_bytes()),
        })
    }

    /// A signed note (C2SP `signed-note`) over a tree of so many leaves.
    pub fn checkpoint(&self, size: usize, root: &[u8]) -> String {
        let note = format!("{ORIGIN}\n{size}\n{}\n", base64(root));
        let hinted = [&self.id()[..4], &self.0.sign(note.as_bytes())].concat();
        format!("{note}\n— log.example {}\n", base64(&hinted))
    }

    /// The digest of its key (RFC 6962, section 3.2).
    pub(crate) fn id(&self) -> Vec<u8> {
        Sha256::digest(self.0.spki()).to_vec()
    }
}

fn hashedrekord(layer: &Layer, verifier: &str) -> Value {
    json!({
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hex(&Sha256::digest(&layer.payload))}},
            "signature": {
                "content": layer.signature(),
                "publicKey": {"content": base64(verifier.as_bytes())},
            },
        },
    })
}

fn dsse(bundle: &Value, verifier: &str) -> Value {
    let envelope = &bundle["dsseEnvelope"];
    let payload = STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": {"algorithm": "sha256", "value": hex(&Sha256::digest(envelope.to_string()))},
            "payloadHash": {"algorithm": "sha256", "value": hex(&Sha256::digest(payload))},
            "signatures": [{
                "signature": envelope["signatures"][0]["sig"],
                "verifier": base64(verifier.as_bytes()),
            }],
        },
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
