//! When the last that a trust root has for a purpose is over, nothing can be verified with it. Both sides of
//! that second, for each purpose.

use std::time::SystemTime;

use gatehouse_test_sigstore::{Ca, Key, Sigstore};
use serde_json::{Value, json};

use crate::kit::{at, authority, keyless};

/// 2026-11-22T00:00:00Z.
const END: i64 = 1_795_305_600;
const ENDS: &str = "2026-11-22T00:00:00Z";

/// What is said at the end, and a second after it.
fn around_the_end(document: &Value) -> [Option<String>; 2] {
    let authority = authority(document);
    [END, END + 1].map(|second| authority.trust_root_fault(at(second)))
}

/// One of each, without a timestamp authority.
fn root() -> Value {
    let mut root = Sigstore::new().trust_root();
    root["tlogs"].as_array_mut().unwrap().truncate(1);
    root["timestampAuthorities"] = json!([]);
    root
}

fn window() -> Value {
    json!({"start": "2020-01-01T00:00:00Z", "end": ENDS})
}

fn over(noun: &str) -> String {
    format!("the trust root has expired: the last {noun} in it ended on 2026-11-22 00:00 UTC")
}

fn of(root: &Value) -> Value {
    keyless(json!(root.to_string()))
}

#[test]
fn whoever_issues_certificates_ends_by_the_trust_root() {
    let mut root = root();
    root["certificateAuthorities"][0]["validFor"] = window();
    let said = over("certificate authority (Fulcio)");
    assert_eq!(around_the_end(&of(&root)), [None, Some(said)]);
}

#[test]
fn whoever_issues_certificates_ends_with_any_certificate_of_the_chain() {
    let anchor = || Ca::new("Acme");
    let (old, new) = (Ca::valid("Old", 0, END), anchor());
    let chains = [
        (anchor().intermediate_valid("Fulcio", 0, END), new),
        (old.intermediate("Fulcio"), old),
    ];
    for (fulcio, root) in chains {
        let root = Sigstore::of(root, fulcio).trust_root();
        let said = over("certificate authority (Fulcio)");
        assert_eq!(around_the_end(&of(&root)), [None, Some(said)]);
    }
}

#[test]
fn the_log_of_certificates_ends() {
    let mut root = root();
    root["ctlogs"][0]["publicKey"]["validFor"] = window();
    let said = over("log of certificates (certificate transparency)");
    assert_eq!(around_the_end(&of(&root)), [None, Some(said)]);
}

#[test]
fn the_log_of_signatures_ends() {
    let mut root = root();
    root["tlogs"][0]["publicKey"]["validFor"] = window();
    let said = over("transparency log (Rekor) or timestamp authority");
    assert_eq!(around_the_end(&of(&root)), [None, Some(said)]);
    let mut logged = of(&root);
    logged["requireTlog"] = json!(true);
    let said = over("transparency log (Rekor)");
    assert_eq!(around_the_end(&logged), [None, Some(said.clone())]);
    let key = json!({"key": Key::p256().pem(), "requireTlog": true, "trustRoot": root.to_string()});
    assert_eq!(around_the_end(&key), [None, Some(said)]);
}

#[test]
fn a_timestamp_authority_outlives_a_log_unless_that_is_demanded() {
    let mut root = root();
    root["tlogs"][0]["publicKey"]["validFor"] = window();
    root["timestampAuthorities"] = root["certificateAuthorities"].clone();
    assert_eq!(around_the_end(&of(&root)), [None, None]);
    let mut logged = of(&root);
    logged["requireTlog"] = json!(true);
    assert_eq!(around_the_end(&logged)[0], None);
    assert!(around_the_end(&logged)[1].is_some());
    root["timestampAuthorities"][0]["validFor"] = window();
    assert!(around_the_end(&of(&root))[1].is_some());
}

#[test]
fn the_last_of_several_counts() {
    let mut root = root();
    root["certificateAuthorities"][0]["validFor"] = window();
    let mut list = root["certificateAuthorities"].as_array().unwrap().clone();
    list.push(Sigstore::new().trust_root()["certificateAuthorities"][0].clone());
    root["certificateAuthorities"] = json!(list);
    assert_eq!(around_the_end(&of(&root)), [None, None]);
}

#[test]
fn who_needs_no_log_is_not_concerned() {
    let mut root = root();
    root["tlogs"][0]["publicKey"]["validFor"] = window();
    let root = json!(root.to_string());
    let key = json!({"key": Key::p256().pem(), "trustRoot": root});
    assert_eq!(around_the_end(&key), [None, None]);
    assert_eq!(authority(&key).trust_root_end(), None);
    let certificate = json!({"certificate": Ca::new("Acme").pem, "trustRoot": root});
    assert_eq!(around_the_end(&certificate), [None, None]);
}

#[test]
fn the_end_is_known_before() {
    let mut root = root();
    root["ctlogs"][0]["publicKey"]["validFor"] = window();
    assert_eq!(authority(&of(&root)).trust_root_end(), Some(at(END)));
    let endless = json!({"key": Key::p256().pem(), "requireTlog": true});
    assert_eq!(authority(&endless).trust_root_end(), None);
    assert_eq!(
        authority(&endless).trust_root_fault(SystemTime::now()),
        None
    );
}
