//! Bundle files, as `gatehouse trust verify-bundle` judges them.

use gatehouse_reference::Digest;
use gatehouse_trust::{
    BUNDLE_FILE_BYTES, BundleError, BundleSigner, VerifiedBundle, verify_bundle,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::kit::*;

pub(crate) const IDENTITY: BundleSigner<'_> = BundleSigner::Identity {
    subject: Workload::SUBJECT,
    issuer: Workload::ISSUER,
};

pub(crate) const VERSIONS: [&str; 4] = [
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
];

/// A day in 2049, to which no clock that runs these tests has come.
pub(crate) const FUTURE: i64 = 2_500_000_000;

pub(crate) fn verdict(
    sigstore: &Sigstore,
    bundle: &Value,
    signer: BundleSigner<'_>,
    digest: &str,
) -> Result<VerifiedBundle, BundleError> {
    let root = sigstore.trust_root().to_string();
    let digest = Digest::parse(digest).unwrap();
    verify_bundle(
        bundle.to_string().as_bytes(),
        digest,
        root.as_bytes(),
        signer,
    )
}

/// Why it is known to be wrong.
pub(crate) fn wrong<T: std::fmt::Debug>(verdict: Result<T, BundleError>) -> String {
    match verdict {
        Err(BundleError::NotVerified(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// What `cosign sign-blob --key` writes without a log, and the file's digest.
pub(crate) fn file_by(key: &Key, file: &[u8]) -> (Value, String) {
    let digest = Sha256::digest(file);
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": key.hint()}},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64(&digest)},
            "signature": base64(&key.sign(file)),
        },
    });
    (bundle, format!("sha256:{digest:x}"))
}

pub(crate) fn begins(text: &str, start: &str) {
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn files_and_statements_verify_in_all_versions() {
    let sigstore = Sigstore::new();
    let (file, digest) = sigstore.file_bundle(b"hello");
    let statement = sigstore.bundle(&Workload::default());
    for version in VERSIONS {
        for (bundle, digest) in [(&file, digest.as_str()), (&statement, DIGEST)] {
            let mut bundle = bundle.clone();
            bundle["mediaType"] = json!(version);
            for signer in [IDENTITY, BundleSigner::Anyone] {
                let verified = verdict(&sigstore, &bundle, signer, digest).unwrap();
                assert_eq!(verified.subject.as_deref(), Some(Workload::SUBJECT));
                assert_eq!(verified.issuer.as_deref(), Some(Workload::ISSUER));
            }
        }
    }
}

#[test]
fn it_must_be_for_the_artifact() {
    let sigstore = Sigstore::new();
    let (file, _) = sigstore.file_bundle(b"hello");
    for bundle in [file, sigstore.bundle(&Workload::default())] {
        let why = wrong(verdict(&sigstore, &bundle, IDENTITY, OTHER_DIGEST));
        begins(&why, "it is for another artifact");
    }
}

#[test]
fn subject_and_issuer_are_compared_exactly() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle(&Workload::default());
    let of = |subject, issuer| {
        let signer = BundleSigner::Identity { subject, issuer };
        wrong(verdict(&sigstore, &bundle, signer, DIGEST))
    };
    let subject = Workload::SUBJECT;
    assert_eq!(
        of(&subject[..subject.len() - 1], Workload::ISSUER),
        format!("its certificate names another subject, `{subject}`")
    );
    assert_eq!(
        of(subject, "https://evil.example"),
        format!(
            "its certificate names another issuer, `{}`",
            Workload::ISSUER
        )
    );
}

#[test]
fn certificate_signature_and_log_are_verified() {
    let (sigstore, other) = (Sigstore::new(), Sigstore::new());
    let right = sigstore.bundle(&Workload::default());
    let of = |bundle: &Value| wrong(verdict(&sigstore, bundle, IDENTITY, DIGEST));
    let foreign = other.bundle(&Workload::default());
    begins(&of(&foreign), "its log is not in the trust root");
    let mut unlogged = right.clone();
    unlogged["verificationMaterial"]["tlogEntries"] = json!([]);
    begins(
        &of(&unlogged),
        "it is malformed, or lacks what it has to prove",
    );
    let mut forged = right.clone();
    forged["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["hashes"] =
        json!([base64(&[0; 32])]);
    begins(&of(&forged), "the log's signature or its proof");
    let unpromised = Workload {
        sct: Sct::Absent,
        ..Workload::default()
    };
    begins(
        &of(&sigstore.bundle(&unpromised)),
        "its certificate is in no log of certificates",
    );
    let key = Key::p256();
    let certificate = sigstore.certificate(&key, &Workload::default());
    let stolen = sigstore.logged(bundle(&Key::p256()), &certificate);
    begins(&of(&stolen), "its signature does not verify");
}

#[test]
fn a_key_verifies_its_own_bundles_alone() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let mut signed = bundle(&key);
    let entry = sigstore.log.entry(&signed, &key.pem());
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    let of = |bundle: &Value, pem: &str| verdict(&sigstore, bundle, BundleSigner::Key(pem), DIGEST);
    let verified = of(&signed, &key.pem()).unwrap();
    assert_eq!(verified.subject, None);
    begins(
        &wrong(of(&signed, &Key::p256().pem())),
        "its signature does not verify",
    );
    let keyless = sigstore.bundle(&Workload::default());
    begins(&wrong(of(&keyless, &key.pem())), "it is malformed");
    begins(
        &wrong(verdict(&sigstore, &signed, IDENTITY, DIGEST)),
        "it is malformed",
    );
    let unusable = of(&signed, "ssh-ed25519 AAAA").unwrap_err();
    assert!(matches!(unusable, BundleError::Usage(_)), "{unusable:?}");
}

#[test]
fn what_cannot_be_checked_is_not_called_wrong() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle(&Workload::default()).to_string();
    let with = |root: &str| {
        let digest = Digest::parse(DIGEST).unwrap();
        verify_bundle(bundle.as_bytes(), digest, root.as_bytes(), IDENTITY).unwrap_err()
    };
    let could_not = |why: &str| BundleError::CouldNotCheck(why.to_owned());
    assert_eq!(
        with("{}"),
        could_not("the trusted root is not a Sigstore `trusted_root.json`")
    );
    let mut unpromising = sigstore.trust_root();
    unpromising["ctlogs"] = json!([]);
    assert_eq!(
        with(&unpromising.to_string()),
        could_not("the trusted root lacks a certificate transparency log (`ctlogs`)")
    );
}

#[test]
fn what_is_no_bundle_is_wrong_and_limited() {
    let sigstore = Sigstore::new();
    let root = sigstore.trust_root().to_string();
    let of = |bundle: &[u8]| {
        let digest = Digest::parse(DIGEST).unwrap();
        verify_bundle(bundle, digest, root.as_bytes(), IDENTITY)
    };
    for garbage in [&b""[..], b"{}", b"\xff", b"[]"] {
        begins(&wrong(of(garbage)), "it is not a Sigstore bundle");
    }
    let text = sigstore.bundle(&Workload::default()).to_string();
    assert!(of(padded(&text, BUNDLE_FILE_BYTES).as_bytes()).is_ok());
    let long = wrong(of(padded(&text, BUNDLE_FILE_BYTES + 1).as_bytes()));
    begins(&long, "the bundle is longer than 16777216 bytes");
}
