//! Every limit, from both sides.

use gatehouse_trust::{
    AUTHORITY_CERTIFICATES, CHAIN_CERTIFICATES, IDENTITIES, PEM_BYTES, TRUST_ROOT_BYTES,
    format::{CANDIDATES, Candidates, MANIFEST_BYTES, ManifestError, Wanted},
    signature::{
        ANNOTATION_BYTES, BUNDLE_BYTES, DIGESTS, Evidence, PAYLOAD_BYTES, Rejection, SUBJECTS,
        TIMESTAMPS, TLOG_ENTRIES,
    },
};
use serde_json::{Value, json};

use crate::kit::*;

fn too_large(what: &'static str, limit: usize) -> Rejection {
    Rejection::TooLarge { what, limit }
}

#[test]
fn payload_of_a_layer() {
    let key = Key::p256();
    let text = payload(DIGEST, REFERENCE).to_string();
    let of = |length| Layer::over(&key, padded(&text, length)).verify(&key.authority());
    assert!(of(PAYLOAD_BYTES).is_ok());
    assert_eq!(
        of(PAYLOAD_BYTES + 1),
        Err(too_large("payload", PAYLOAD_BYTES))
    );
}

#[test]
fn payload_of_a_bundle() {
    let key = Key::p256();
    let text = statement(DIGEST).to_string();
    let of = |length| verify_bundle(&key.authority(), &bundle_over(&key, &padded(&text, length)));
    assert!(of(PAYLOAD_BYTES).is_ok());
    assert_eq!(
        of(PAYLOAD_BYTES + 1),
        Err(too_large("payload", PAYLOAD_BYTES))
    );
}

#[test]
fn bundle() {
    let key = Key::p256();
    let text = crate::kit::bundle(&key).to_string();
    let of = |length| {
        let padded = padded(&text, length);
        judge(&key.authority(), &Evidence::Bundle(padded.as_bytes()), NOW)
    };
    assert!(of(BUNDLE_BYTES).is_ok());
    assert_eq!(of(BUNDLE_BYTES + 1), Err(too_large("bundle", BUNDLE_BYTES)));
}

#[test]
fn annotation() {
    let key = Key::p256();
    let of = |length| {
        let filler = "x".repeat(length);
        Layer::of(&key)
            .annotate("bundle", filler)
            .verify(&key.authority())
    };
    assert!(of(ANNOTATION_BYTES).is_ok());
    assert_eq!(
        of(ANNOTATION_BYTES + 1),
        Err(too_large("annotation", ANNOTATION_BYTES))
    );
}

#[test]
fn certificates_in_a_chain() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let authority = authority(json!({"certificate": ca.pem}));
    let of = |count| {
        ca.layer(&key, Leaf::default())
            .annotate("chain", ca.pem.repeat(count))
            .verify(&authority)
    };
    assert!(of(CHAIN_CERTIFICATES).is_ok());
    let expected = too_large("number of certificates", CHAIN_CERTIFICATES);
    assert_eq!(of(CHAIN_CERTIFICATES + 1), Err(expected));
}

#[test]
fn subjects() {
    let key = Key::p256();
    let of = |count| {
        let mut statement = statement(DIGEST);
        let subject = statement["subject"][0].clone();
        statement["subject"] = json!(vec![subject; count]);
        verify_bundle(&key.authority(), &bundle_over(&key, &statement.to_string()))
    };
    assert!(of(SUBJECTS).is_ok());
    assert_eq!(
        of(SUBJECTS + 1),
        Err(too_large("number of subjects", SUBJECTS))
    );
}

#[test]
fn digests_of_a_subject() {
    let key = Key::p256();
    let of = |count: usize, predicate_type: &str| {
        let mut statement = statement(DIGEST);
        // whoever may push writes this: nothing of it is to be copied for each digest
        statement["subject"][0]["name"] = json!("n".repeat(40_000));
        statement["predicateType"] = json!(predicate_type);
        for other in 1..count {
            statement["subject"][0]["digest"][format!("a{other}")] = json!("");
        }
        verify_bundle(&key.authority(), &bundle_over(&key, &statement.to_string()))
    };
    assert!(of(DIGESTS, SIGN).is_ok());
    let expected = Err(too_large("number of digests", DIGESTS));
    assert_eq!(of(DIGESTS + 1, SIGN), expected);
    assert_eq!(of(1000, "https://example.com/other"), expected);
}

#[test]
fn log_entries_and_timestamps() {
    let (log, key) = (Log::new(), Key::p256());
    let mut signed = crate::kit::bundle(&key);
    let entry = log.entry(&signed, &key.pem());
    let mut with = |member: &str, count: usize, item: &Value| {
        let items = json!(vec![item; count]);
        let material = &mut signed["verificationMaterial"];
        match member {
            "tlogEntries" => material[member] = items,
            _ => material["timestampVerificationData"] = json!({member: items}),
        }
        verify_bundle(&key.authority(), &signed)
    };
    assert!(with("tlogEntries", TLOG_ENTRIES, &entry).is_ok());
    let expected = too_large("number of log entries", TLOG_ENTRIES);
    assert_eq!(with("tlogEntries", TLOG_ENTRIES + 1, &entry), Err(expected));
    with("tlogEntries", 0, &entry).unwrap();
    let timestamp = json!({"signedTimestamp": "AA=="});
    assert!(with("rfc3161Timestamps", TIMESTAMPS, &timestamp).is_ok());
    let expected = too_large("number of timestamps", TIMESTAMPS);
    assert_eq!(
        with("rfc3161Timestamps", TIMESTAMPS + 1, &timestamp),
        Err(expected)
    );
}

#[test]
fn manifest() {
    let text = json!({"layers": []}).to_string();
    let of = |length| Candidates::of(padded(&text, length).as_bytes(), Wanted::ALL);
    assert!(of(MANIFEST_BYTES).is_ok());
    assert_eq!(of(MANIFEST_BYTES + 1), Err(ManifestError::TooLarge));
}

#[test]
fn candidates() {
    let layer = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "digest": DIGEST, "size": 1,
    });
    let of = |count| {
        let manifest = json!({"layers": vec![&layer; count]}).to_string();
        let candidates = Candidates::of(manifest.as_bytes(), Wanted::ALL).unwrap();
        (candidates.listed.len(), candidates.left_out)
    };
    assert_eq!(of(CANDIDATES), (CANDIDATES, 0));
    assert_eq!(of(CANDIDATES + 3), (CANDIDATES, 3));
}

#[test]
fn documents() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let pem = |length| parse(json!({"key": padded(&key.pem(), length)})).is_ok();
    assert!(pem(PEM_BYTES));
    assert!(!pem(PEM_BYTES + 1));
    let certificates = |count| parse(json!({"certificate": ca.pem.repeat(count)})).is_ok();
    assert!(certificates(AUTHORITY_CERTIFICATES));
    assert!(!certificates(AUTHORITY_CERTIFICATES + 1));
    let identities = |count: usize| {
        let identities: Vec<_> = (0..count).map(|i| format!("{i}@acme.example")).collect();
        parse(json!({"certificate": ca.pem, "identities": identities})).is_ok()
    };
    assert!(identities(IDENTITIES));
    assert!(!identities(IDENTITIES + 1));
    let root = |length| {
        let root = padded(&Log::new().trust_root(), length);
        parse(json!({"key": key.pem(), "trustRoot": root})).is_ok()
    };
    assert!(root(TRUST_ROOT_BYTES));
    assert!(!root(TRUST_ROOT_BYTES + 1));
}
