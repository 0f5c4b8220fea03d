//! A trust root by its parts, as `cosign trusted-root create` takes them.

use std::time::SystemTime;

use gatehouse_test_sigstore::{Ca, Key, Leaf, Sigstore};
use gatehouse_trust::TRUST_ROOT_PARTS;
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::{Value, json};

use crate::kit::{Folder, authority, judge, keyless, mistakes, parse};

/// The parts of this Sigstore.
fn parts(sigstore: &Sigstore) -> Value {
    json!({
        "fulcio": [chain(sigstore)],
        "ctLogs": [sigstore.ct.pem()],
        "rekor": [{"publicKey": rekor(sigstore)}],
    })
}

fn chain(sigstore: &Sigstore) -> String {
    format!("{}{}", sigstore.fulcio.pem, sigstore.root.pem)
}

/// The key of its log, in PEM.
fn rekor(sigstore: &Sigstore) -> String {
    let key = &sigstore.trust_root()["tlogs"][0]["publicKey"]["rawBytes"];
    let key = key.as_str().unwrap();
    format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")
}

/// A timestamp authority and its issuer.
fn timestamps() -> String {
    let issuer = Ca::new("Acme Time");
    let leaf = Leaf {
        usages: vec![ExtendedKeyUsagePurpose::TimeStamping],
        until: 4_000_000_000,
        ..Leaf::default()
    };
    format!("{}{}", issuer.issue(&Key::p256(), leaf), issuer.pem)
}

/// What is said when this part is replaced.
fn with(field: &str, value: Value) -> String {
    let mut parts = parts(&Sigstore::new());
    parts[field] = value;
    let said = mistakes(&keyless(parts));
    said.replace("authorities.ci.trustRoot", "ROOT")
}

#[test]
fn parts_verify_what_they_signed() {
    let sigstore = Sigstore::new();
    let authority = authority(&keyless(parts(&sigstore)));
    assert_eq!(authority.trust_root_fault(SystemTime::now()), None);
    judge(&authority, &sigstore).unwrap();
    assert!(judge(&authority, &Sigstore::new()).is_err());
}

#[test]
fn every_part_is_that_of_its_instance() {
    let (sigstore, other) = (Sigstore::new(), Sigstore::new());
    for field in ["fulcio", "ctLogs", "rekor"] {
        let mut mixed = parts(&sigstore);
        mixed[field] = parts(&other)[field].clone();
        let verdict = judge(&authority(&keyless(mixed)), &sigstore);
        assert!(verdict.is_err(), "{field} of another instance");
    }
}

#[test]
fn what_keyless_needs_must_be_there() {
    let lacks = |noun: &str| format!("ROOT: lacks a {noun}, which `keyless` needs");
    assert_eq!(
        with("fulcio", json!([])),
        lacks("certificate authority (Fulcio)")
    );
    assert_eq!(
        with("ctLogs", json!([])),
        lacks("log of certificates (certificate transparency)")
    );
    assert_eq!(
        with("rekor", json!([])),
        lacks("transparency log (Rekor) or timestamp authority")
    );
    let mut timed = parts(&Sigstore::new());
    timed["rekor"] = json!([]);
    timed["timestampAuthorities"] = json!([timestamps()]);
    assert_eq!(
        authority(&keyless(timed)).trust_root_fault(SystemTime::now()),
        None
    );
}

#[test]
fn certificates_of_the_wrong_kind_are_told_apart() {
    let sigstore = Sigstore::new();
    let leaf = Ca::new("Acme").issue(&Key::p256(), Leaf::default());
    assert_eq!(
        with("fulcio", json!([leaf])),
        "ROOT.fulcio[0]: has a certificate, number 1 (`CN=builds`), that is not a certificate authority's (`CA:TRUE`)"
    );
    assert_eq!(
        with("fulcio", json!([timestamps()])),
        "ROOT.fulcio[0]: has a certificate, number 1 (`CN=builds`), that is not a certificate authority's (`CA:TRUE`)"
    );
    let reversed = format!("{}{}", sigstore.root.pem, sigstore.fulcio.pem);
    assert_eq!(
        with("fulcio", json!([chain(&sigstore), reversed])),
        "ROOT.fulcio[1]: is no chain: number 1 is not issued by number 2; the issuing certificate comes first, the root last"
    );
    assert_eq!(
        with("timestampAuthorities", json!([chain(&sigstore)])),
        "ROOT.timestampAuthorities[0]: begins with a certificate that is not a timestamp authority's (extended key usage `timeStamping`)"
    );
    assert_eq!(
        with("ctLogs", json!([sigstore.root.pem])),
        "ROOT.ctLogs[0]: is a certificate, not a public key"
    );
    assert_eq!(
        with("fulcio", json!([{"certificateChain": sigstore.ct.pem()}])),
        "ROOT.fulcio[0].certificateChain: has a public key where certificates are expected"
    );
    assert!(with("rekor", json!([Key::p256().private_pem()])).contains("is a private key"));
}

#[test]
fn other_mistakes_have_their_place() {
    let key = Key::p256().pem();
    for (field, value, said) in [
        (
            "fulcio",
            json!("file:x"),
            "ROOT.fulcio: expected a list of PEM texts or `file:` and a path",
        ),
        (
            "ctLogs",
            json!([7]),
            "ROOT.ctLogs[0]: expected PEM, `file:` and a path, or an object with `publicKey`",
        ),
        (
            "ctLogs",
            json!([{}]),
            "ROOT.ctLogs[0]: expected `publicKey`: PEM, or `file:` and a path",
        ),
        (
            "ctLogs",
            json!([{"publicKey": key, "origin": "x"}]),
            "ROOT.ctLogs[0].origin: unknown field `origin`: `endTime`, `publicKey`, `startTime` are known",
        ),
        (
            "rekor",
            json!([{"publicKey": key, "origin": "a b"}]),
            "ROOT.rekor[0]: `origin` is the name in the log's checkpoints: `log2026.example`",
        ),
        (
            "rekor",
            json!([{"publicKey": key, "origin": 7}]),
            "ROOT.rekor[0]: expected text in `origin`",
        ),
        (
            "rekor",
            json!([{"publicKey": key, "startTime": "today"}]),
            "ROOT.rekor[0]: expected times as in `2026-11-22T00:00:00Z`",
        ),
        (
            "rekor",
            json!([{"publicKey": key, "startTime": "2026-01-01T00:00:00Z", "endTime": "2025-01-01T00:00:00Z"}]),
            "ROOT.rekor[0]: `endTime` is before `startTime`",
        ),
        (
            "rekor",
            json!([key, key]),
            "ROOT: has a key, a certificate or a validity that cannot be used",
        ),
        (
            "tlogs",
            json!([]),
            "ROOT.tlogs: unknown field `tlogs`: `ctLogs`, `fulcio`, `rekor`, `timestampAuthorities` are known",
        ),
    ] {
        assert_eq!(with(field, value), said);
    }
    assert_eq!(
        mistakes(&keyless(json!({}))),
        "authorities.ci.trustRoot: expected some of `ctLogs`, `fulcio`, `rekor`, `timestampAuthorities`, or `tuf`"
    );
}

#[test]
fn the_number_of_parts_is_limited() {
    let keys = |count: usize| -> Value { (0..count).map(|_| json!(Key::p256().pem())).collect() };
    let mut most = parts(&Sigstore::new());
    most["ctLogs"] = keys(TRUST_ROOT_PARTS);
    assert!(parse(&keyless(most), &Folder::new()).is_ok());
    assert_eq!(
        with("ctLogs", keys(TRUST_ROOT_PARTS + 1)),
        format!("ROOT.ctLogs: has more than {TRUST_ROOT_PARTS} items")
    );
}

#[test]
fn parts_in_files_that_cannot_be_used_are_said_when_they_are_needed() {
    let sigstore = Sigstore::new();
    let mut parts = parts(&sigstore);
    parts["fulcio"] = json!(["file:fulcio.pem"]);
    let document = keyless(parts);
    let fault = |content: Option<String>| {
        let folder = content
            .map(|text| ("fulcio.pem", text))
            .into_iter()
            .collect();
        let authority = parse(&document, &folder).unwrap();
        authority.trust_root_fault(SystemTime::now())
    };
    assert_eq!(fault(Some(chain(&sigstore))), None);
    assert_eq!(
        fault(None).unwrap(),
        "the trust root cannot be used: cannot read `fulcio.pem`: there is no such file"
    );
    assert_eq!(
        fault(Some(sigstore.ct.pem())).unwrap(),
        "the trust root cannot be used: `fulcio.pem` has a public key where certificates are expected"
    );
}

#[test]
fn a_part_is_trusted_while_it_is_said_to_be() {
    let sigstore = Sigstore::new();
    let within = |start: &str, end: &str| {
        let mut parts = parts(&sigstore);
        parts["rekor"][0]["startTime"] = json!(start);
        parts["rekor"][0]["endTime"] = json!(end);
        judge(&authority(&keyless(parts)), &sigstore)
    };
    // the entry is of 2024-07-03T09:46:40Z
    assert!(within("2024-07-03T09:46:40Z", "2024-07-03T09:46:40Z").is_ok());
    assert!(within("2024-07-03T09:46:41Z", "2025-01-01T00:00:00Z").is_err());
    assert!(within("2024-01-01T00:00:00Z", "2024-07-03T09:46:39Z").is_err());
}

#[test]
fn the_end_of_a_part_is_the_end_of_the_trust_root() {
    let mut parts = parts(&Sigstore::new());
    parts["ctLogs"] = json!([{"publicKey": Key::p256().pem(), "endTime": "2026-11-22T00:00:00Z"}]);
    let authority = authority(&keyless(parts));
    let end = authority.trust_root_end().unwrap();
    assert_eq!(end, crate::kit::at(1_795_305_600));
}
