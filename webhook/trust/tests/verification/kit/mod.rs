//! Keys, signatures and authorities for tests.

mod ca;
mod log;
mod sigstore;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_abi::Path;
use gatehouse_reference::{Digest, Reference};
use gatehouse_trust::{
    Authority, AuthorityError,
    signature::{Evidence, Rejection, SignedImage, Signer, verify},
};
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::{Value, json};
use sha2::Digest as _;

pub(crate) use ca::{Ca, Leaf};
pub(crate) use log::{INTEGRATED, Log};
pub(crate) use sigstore::{Sct, Sigstore, Workload};

pub(crate) const REFERENCE: &str = "registry.example:5000/acme/app";
pub(crate) const DIGEST: &str =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const OTHER_DIGEST: &str =
    "sha256:2222222222222222222222222222222222222222222222222222222222222222";
pub(crate) const TYPE: &str = "cosign container image signature";
pub(crate) const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// The second since 1970 at which tests judge: in 2025.
pub(crate) const NOW: i64 = 1_750_000_000;

/// A key that signs.
pub(crate) struct Key(pub(crate) KeyPair);

impl Key {
    pub(crate) fn p256() -> Self {
        Self::of(&rcgen::PKCS_ECDSA_P256_SHA256)
    }

    pub(crate) fn of(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        Self(KeyPair::generate_for(algorithm).unwrap())
    }

    /// One of every kind that signs images.
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        vec![
            ("P-256", Self::p256()),
            ("P-384", Self::of(&rcgen::PKCS_ECDSA_P384_SHA384)),
            ("Ed25519", Self::of(&rcgen::PKCS_ED25519)),
            ("RSA", Self::of(&rcgen::PKCS_RSA_SHA256)),
        ]
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        SigningKey::sign(&self.0, message).unwrap()
    }

    pub(crate) fn pem(&self) -> String {
        self.0.public_key_pem()
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    pub(crate) fn fingerprint(&self) -> String {
        format!("sha256:{:x}", sha2::Sha256::digest(self.spki()))
    }

    pub(crate) fn hint(&self) -> String {
        base64(&sha2::Sha256::digest(self.spki()))
    }

    pub(crate) fn authority(&self) -> Authority {
        authority(json!({"key": self.pem()}))
    }

    /// An authority of this key with one more member.
    pub(crate) fn authority_with(&self, member: &str, value: Value) -> Authority {
        let mut document = json!({"key": self.pem()});
        document[member] = value;
        authority(document)
    }
}

pub(crate) fn authority(document: Value) -> Authority {
    parse(document).unwrap()
}

pub(crate) fn parse(document: Value) -> Result<Authority, Vec<AuthorityError>> {
    let files = |file: &str| Err(format!("no file {file} in this test"));
    Authority::parse(
        "release",
        &document,
        &Path::dotted("authorities.release"),
        &files,
    )
}

/// A layer of cosign 2.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) payload: Vec<u8>,
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Layer {
    /// The layer that cosign 2 makes.
    pub(crate) fn of(key: &Key) -> Self {
        Self::over(key, payload(DIGEST, REFERENCE).to_string())
    }

    /// A payload with a signature of it that is right.
    pub(crate) fn over(key: &Key, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        let signature = base64(&key.sign(&payload));
        let annotations = BTreeMap::from([(annotation("signature"), signature)]);
        Self {
            payload,
            annotations,
        }
    }

    pub(crate) fn annotate(mut self, name: &str, value: impl Into<String>) -> Self {
        self.annotations.insert(annotation(name), value.into());
        self
    }

    pub(crate) fn signature(&self) -> &str {
        &self.annotations[&annotation("signature")]
    }

    pub(crate) fn verify(&self, authority: &Authority) -> Result<Signer, Rejection> {
        self.verify_at(authority, NOW)
    }

    pub(crate) fn verify_at(&self, authority: &Authority, now: i64) -> Result<Signer, Rejection> {
        let evidence = Evidence::SimpleSigning {
            payload: &self.payload,
            annotations: &self.annotations,
        };
        judge(authority, &evidence, now)
    }
}

fn annotation(name: &str) -> String {
    match name {
        "signature" => "dev.cosignproject.cosign/signature".to_owned(),
        other => format!("dev.sigstore.cosign/{other}"),
    }
}

pub(crate) fn payload(digest: &str, reference: &str) -> Value {
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
pub(crate) fn statement(digest: &str) -> Value {
    let (algorithm, hex) = digest.split_once(':').unwrap();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {algorithm: hex}, "annotations": {}}],
        "predicateType": SIGN,
        "predicate": {},
    })
}

/// The bundle that cosign 3 makes with a key.
pub(crate) fn bundle(key: &Key) -> Value {
    bundle_over(key, &statement(DIGEST).to_string())
}

/// A statement with a signature of it that is right.
pub(crate) fn bundle_over(key: &Key, statement: &str) -> Value {
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

pub(crate) fn pae(payload_type: &str, payload: &str) -> Vec<u8> {
    let (t, p) = (payload_type.len(), payload.len());
    format!("DSSEv1 {t} {payload_type} {p} {payload}").into_bytes()
}

pub(crate) fn verify_bundle(authority: &Authority, bundle: &Value) -> Result<Signer, Rejection> {
    judge(
        authority,
        &Evidence::Bundle(bundle.to_string().as_bytes()),
        NOW,
    )
}

pub(crate) fn judge(
    authority: &Authority,
    evidence: &Evidence<'_>,
    now: i64,
) -> Result<Signer, Rejection> {
    let image = Reference::parse(REFERENCE).unwrap();
    let repository = image.repository();
    let image = SignedImage {
        digest: Digest::parse(DIGEST).unwrap(),
        registry: image.registry(),
        repository: &repository,
    };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.try_into().unwrap());
    verify(authority, &image, evidence, now)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Long enough, and no more: a text of `length` bytes with `text` in it.
pub(crate) fn padded(text: &str, length: usize) -> String {
    format!("{text}{}", " ".repeat(length - text.len()))
}
