use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::PublicKeyData;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Key, base64, cosign::pae, tree, tsa::signature};

/// How many leaves stand before the entry, and how many behind it.
const BEFORE: usize = 2;
const BEHIND: usize = 3;

/// A transparency log like Rekor v2, of a few entries. It tells no time: that is for timestamps to prove.
pub struct RekorV2 {
    key: Key,
    /// The name in its checkpoints, and the host at which it is.
    pub origin: String,
}

impl Default for RekorV2 {
    fn default() -> Self {
        Self::new()
    }
}

impl RekorV2 {
    /// A log with a key of Ed25519, as the public one.
    pub fn new() -> Self {
        Self::of(Key::of(&rcgen::PKCS_ED25519))
    }

    /// A log with this key, of Ed25519 or ECDSA on P-256.
    pub fn of(key: Key) -> Self {
        let origin = "rekor-v2.example".to_owned();
        Self { key, origin }
    }

    /// What a `trusted_root.json` says of it.
    pub fn trusted(&self) -> Value {
        let details = match self.is_ed25519() {
            true => "PKIX_ED25519",
            false => "PKIX_ECDSA_P256_SHA_256",
        };
        json!({
            "baseUrl": format!("https://{}", self.origin),
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64(&self.key.spki()),
                "keyDetails": details,
                "validFor": {"start": "2020-01-01T00:00:00Z"},
            },
            "logId": {"keyId": base64(&self.id())},
        })
    }

    /// The entry of a bundle when the log took its signature: of the envelope as it is signed, or of the
    /// file. `verifier` is the PEM of the key or certificate.
    pub fn entry(&self, bundle: &Value, verifier: &str) -> Value {
        let digest = match bundle["messageSignature"]["messageDigest"]["digest"].as_str() {
            Some(digest) => STANDARD.decode(digest).unwrap(),
            None => signed_digest(&bundle["dsseEnvelope"]),
        };
        let body = hashedrekord(&digest, &signature(bundle), verifier);
        self.shown("hashedrekord", &body.to_string())
    }

    /// The bundle with this certificate or key (in PEM) and a log entry.
    pub fn logged(&self, mut bundle: Value, verifier: &str) -> Value {
        let entry = self.entry(&bundle, verifier);
        let parsed = pem::parse(verifier).unwrap();
        let material = &mut bundle["verificationMaterial"];
        if parsed.tag() == "CERTIFICATE" {
            *material = json!({"certificate": {"rawBytes": base64(parsed.contents())}});
        }
        material["tlogEntries"] = json!([entry]);
        bundle
    }

    /// An entry of this kind and body, with the proof that it is in the log.
    pub fn shown(&self, kind: &str, body: &str) -> Value {
        let leaf = |number: usize| tree::leaf(format!("entry {number}").as_bytes());
        let before = (0..BEFORE).map(leaf);
        let behind = (BEFORE + 1..=BEFORE + BEHIND).map(leaf);
        let own = std::iter::once(tree::leaf(body.as_bytes()));
        let leaves: Vec<_> = before.chain(own).chain(behind).collect();
        self.proved(kind, body, BEFORE, &leaves)
    }

    /// The entry of this number in a tree of these leaves.
    pub(crate) fn proved(
        &self,
        kind: &str,
        body: &str,
        number: usize,
        leaves: &[tree::Hash],
    ) -> Value {
        let root = tree::root(leaves);
        let path = tree::inclusion(number, leaves);
        let hashes: Vec<_> = path.iter().map(|hash| base64(hash)).collect();
        json!({
            "logIndex": number.to_string(),
            "logId": {"keyId": base64(&self.id())},
            "kindVersion": {"kind": kind, "version": "0.0.2"},
            "inclusionProof": {
                "logIndex": number.to_string(),
                "rootHash": base64(&root),
                "treeSize": leaves.len().to_string(),
                "hashes": hashes,
                "checkpoint": {"envelope": self.checkpoint(leaves.len(), &root)},
            },
            "canonicalizedBody": base64(body.as_bytes()),
        })
    }

    /// A signed note (C2SP `tlog-checkpoint`) over a tree of so many leaves.
    pub fn checkpoint(&self, size: usize, root: &[u8]) -> String {
        let note = format!("{}\n{size}\n{}\n", self.origin, base64(root));
        let hinted = [&self.id()[..4], &self.key.sign(note.as_bytes())].concat();
        format!("{note}\n— {} {}\n", self.origin, base64(&hinted))
    }

    /// Of a key of Ed25519 the one of C2SP `signed-note`, of others that of RFC 6962, section 3.2.
    fn id(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        if self.is_ed25519() {
            hash.update(format!("{}\n\x01", self.origin));
            hash.update(self.key.0.der_bytes());
        } else {
            hash.update(self.key.spki());
        }
        hash.finalize().to_vec()
    }

    fn is_ed25519(&self) -> bool {
        *PublicKeyData::algorithm(&self.key.0) == rcgen::PKCS_ED25519
    }
}

/// The body of an entry for this digest of what is signed.
pub fn hashedrekord(digest: &[u8], signature: &[u8], verifier: &str) -> Value {
    json!({
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": base64(digest)},
            "signature": {"content": base64(signature), "verifier": described(verifier)},
        }},
    })
}

fn described(verifier: &str) -> Value {
    let pem = pem::parse(verifier).unwrap();
    let member = match pem.tag() {
        "CERTIFICATE" => "x509Certificate",
        _ => "publicKey",
    };
    json!({
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        member: {"rawBytes": base64(pem.contents())},
    })
}

/// The digest of what the signature of the envelope is over.
fn signed_digest(envelope: &Value) -> Vec<u8> {
    let payload = envelope["payload"].as_str().unwrap();
    let payload = String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap();
    let payload_type = envelope["payloadType"].as_str().unwrap();
    Sha256::digest(pae(payload_type, &payload)).to_vec()
}
