//! Bundle files that are signed with a key, as `gatehouse trust verify-bundle` judges them.

use gatehouse_reference::Digest;
use gatehouse_trust::{BundleError, BundleSigner, verify_bundle};
use serde_json::{Value, json};

use crate::{
    files::{FUTURE, IDENTITY, begins, file_by, verdict, wrong},
    kit::*,
};

/// A trusted root that trusts nobody.
const EMPTY: &str = r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

fn of_key(root: &str, bundle: &Value, key: &Key, digest: &str) -> Result<(), BundleError> {
    let digest = Digest::parse(digest).unwrap();
    let signer = BundleSigner::Key(&key.pem());
    verify_bundle(
        bundle.to_string().as_bytes(),
        digest,
        root.as_bytes(),
        signer,
    )
    .map(drop)
}

#[test]
fn a_bundle_by_key_needs_neither_log_nor_timestamp() {
    for key in [Key::p256(), Key::of(&rcgen::PKCS_RSA_SHA256)] {
        let other = Key::p256();
        let (file, file_digest) = file_by(&key, b"hello");
        for (signed, digest) in [(file, file_digest.as_str()), (bundle(&key), DIGEST)] {
            assert_eq!(of_key(EMPTY, &signed, &key, digest), Ok(()));
            let stranger = wrong(of_key(EMPTY, &signed, &other, digest));
            begins(&stranger, "its signature does not verify");
            let elsewhere = wrong(of_key(EMPTY, &signed, &key, OTHER_DIGEST));
            begins(&elsewhere, "it is for another artifact");
        }
    }
    let statement = bundle(&Key::of(&rcgen::PKCS_ED25519));
    assert!(of_key(EMPTY, &statement, &Key::p256(), DIGEST).is_err());
}

#[test]
fn a_file_signed_with_ed25519_cannot_be_checked_by_its_digest() {
    let key = Key::of(&rcgen::PKCS_ED25519);
    let (mut file, digest) = file_by(&key, b"hello");
    let members = file["messageSignature"].as_object_mut().unwrap();
    members.remove("messageDigest");
    let verdict = of_key(EMPTY, &file, &key, &digest);
    assert!(
        matches!(verdict, Err(BundleError::CouldNotCheck(_))),
        "{verdict:?}"
    );
}

#[test]
fn a_digest_that_the_bundle_names_is_that_of_the_file() {
    let key = Key::p256();
    let (mut file, digest) = file_by(&key, b"hello");
    file["messageSignature"]["messageDigest"]["digest"] = json!(base64(&[0; 32]));
    begins(
        &wrong(of_key(EMPTY, &file, &key, &digest)),
        "it is for another artifact",
    );
    let sigstore = Sigstore::new();
    let (mut file, digest) = sigstore.file_bundle(b"hello");
    file["messageSignature"]["messageDigest"]["digest"] = json!(base64(&[0; 32]));
    let why = wrong(verdict(&sigstore, &file, IDENTITY, &digest));
    begins(&why, "it is for another artifact");
}

#[test]
fn what_a_bundle_by_key_brings_has_to_be_right() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let root = sigstore.trust_root().to_string();
    let of = |bundle: &Value| of_key(&root, bundle, &key, DIGEST);
    let (file, file_digest) = file_by(&key, b"hello");
    let logged = sigstore.rekor_v2.logged(file, &key.pem());
    assert_eq!(of_key(&root, &logged, &key, &file_digest), Ok(()));
    let signed = bundle(&key);
    assert_eq!(
        of(&sigstore.rekor_v2.logged(signed.clone(), &key.pem())),
        Ok(())
    );
    assert_eq!(of(&sigstore.tsa.stamped(&signed, INTEGRATED)), Ok(()));
    begins(
        &wrong(of(&RekorV2::new().logged(signed.clone(), &key.pem()))),
        "its log is not in the trust root",
    );
    let again = sigstore.rekor_v2.logged(bundle(&key), &key.pem());
    let mut borrowed = signed.clone();
    borrowed["verificationMaterial"] = again["verificationMaterial"].clone();
    begins(
        &wrong(of(&borrowed)),
        "its log entry is for another signature",
    );
    begins(
        &wrong(of(&Tsa::new().stamped(&signed, INTEGRATED))),
        "its timestamp is not over this signature",
    );
    begins(
        &wrong(of(&sigstore.tsa.stamped(&signed, FUTURE))),
        "the time of its log entry or timestamp is in the future",
    );
    let keyless = sigstore.bundle(&Workload::default());
    assert!(of(&keyless).is_err());
    let mut unlogged = keyless;
    unlogged["verificationMaterial"]["tlogEntries"] = json!([]);
    assert!(of(&unlogged).is_err());
}

#[test]
fn a_statement_is_of_a_known_type() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let certificate = sigstore.certificate(&key, &Workload::default());
    let of = |kind: Option<&str>| {
        let mut statement = statement(DIGEST);
        match kind {
            Some(kind) => statement["_type"] = json!(kind),
            None => drop(statement.as_object_mut().unwrap().remove("_type")),
        }
        let signed = bundle_over(&key, &statement.to_string());
        let by_key = of_key(EMPTY, &signed, &key, DIGEST);
        let keyless = sigstore.logged(signed, &certificate);
        let keyless = verdict(&sigstore, &keyless, IDENTITY, DIGEST).map(drop);
        assert_eq!(by_key, keyless);
        keyless
    };
    for known in ["v1", "v0.1"] {
        let known = format!("https://in-toto.io/Statement/{known}");
        assert_eq!(of(Some(&known)), Ok(()));
    }
    assert_eq!(
        wrong(of(Some("https://in-toto.io/Statement/v2"))),
        "its statement is of a type that is not known, `https://in-toto.io/Statement/v2`"
    );
    assert_eq!(wrong(of(None)), "its statement has no type (`_type`)");
}
