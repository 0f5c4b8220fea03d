//! How tests judge what a Sigstore of their own and cosign wrote.

use std::time::{Duration, SystemTime};

use gatehouse_abi::Path;
use gatehouse_reference::{Digest, Reference};
pub(crate) use gatehouse_test_sigstore::*;
use gatehouse_trust::{
    Authority, AuthorityError,
    signature::{Evidence, Rejection, SignedImage, Signer, Verified, verify},
};
use serde_json::{Value, json};

/// Authorities that trust one key.
pub(crate) trait KeyAuthority {
    fn authority(&self) -> Authority;
    /// With one more member.
    fn authority_with(&self, member: &str, value: Value) -> Authority;
}

/// Authorities that trust one Sigstore.
pub(crate) trait SigstoreAuthority {
    /// An authority of this issuer and subject.
    fn authority(&self, issuer: Value, subject: Value) -> Authority {
        self.authority_of(json!({"issuer": issuer, "subject": subject}))
    }
    fn authority_of(&self, keyless: Value) -> Authority;
    /// The authority that wants what [`Workload::default`] is.
    fn usual(&self) -> Authority {
        self.authority(json!(Workload::ISSUER), json!(Workload::SUBJECT))
    }
}

/// What is said of a layer of cosign 2.
pub(crate) trait VerifyLayer {
    fn verify(&self, authority: &Authority) -> Result<Signer, Rejection> {
        self.verify_at(authority, NOW)
    }
    fn verify_at(&self, authority: &Authority, now: i64) -> Result<Signer, Rejection>;
}

impl KeyAuthority for Key {
    fn authority(&self) -> Authority {
        authority(json!({"key": self.pem()}))
    }

    fn authority_with(&self, member: &str, value: Value) -> Authority {
        let mut document = json!({"key": self.pem()});
        document[member] = value;
        authority(document)
    }
}

impl SigstoreAuthority for Sigstore {
    fn authority_of(&self, keyless: Value) -> Authority {
        authority(json!({"keyless": keyless, "trustRoot": self.trust_root().to_string()}))
    }
}

impl VerifyLayer for Layer {
    fn verify_at(&self, authority: &Authority, now: i64) -> Result<Signer, Rejection> {
        let evidence = Evidence::SimpleSigning {
            payload: &self.payload,
            annotations: &self.annotations,
        };
        judge(authority, &evidence, now)
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
    examine(authority, evidence, now).map(|verified| verified.signer)
}

/// What is said of evidence, with what it says itself.
pub(crate) fn examine(
    authority: &Authority,
    evidence: &Evidence<'_>,
    now: i64,
) -> Result<Verified, Rejection> {
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

/// Long enough, and no more: a text of `length` bytes with `text` in it.
pub(crate) fn padded(text: &str, length: usize) -> String {
    format!("{text}{}", " ".repeat(length - text.len()))
}
