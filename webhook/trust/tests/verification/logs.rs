//! Transparency logs: `requireTlog`, and the time at which a certificate signed.

use gatehouse_trust::{Authority, LogFault, signature::Rejection};
use serde_json::{Value, json};

use crate::kit::*;

/// An authority of this key or certificate that demands an entry of this log.
fn logged(mut document: Value, log: &Log) -> Authority {
    document["requireTlog"] = json!(true);
    document["trustRoot"] = json!(log.trust_root());
    authority(document)
}

fn certificate_pem(bundle: &Value) -> String {
    let der = &bundle["verificationMaterial"]["certificate"]["rawBytes"];
    let der = der.as_str().unwrap();
    format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n")
}

fn not_logged(fault: LogFault) -> Rejection {
    Rejection::NotLogged(fault)
}

#[test]
fn a_logged_signature_verifies_in_both_formats() {
    let log = Log::new();
    for (kind, key) in Key::all() {
        let authority = logged(json!({"key": key.pem()}), &log);
        let layer = Layer::of(&key);
        let entry = log.annotation(&layer, &key.pem());
        let verdict = layer.annotate("bundle", entry).verify(&authority);
        match kind {
            // made here with SHA-384; cosign 2 takes SHA-256, see `tests/recorded.rs`
            "P-384" => assert_eq!(verdict, Err(not_logged(LogFault::OtherEntry))),
            _ => assert!(verdict.is_ok(), "{kind}: {verdict:?}"),
        }
        let mut signed = bundle(&key);
        let entry = log.entry(&signed, &key.pem());
        signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
        let verdict = verify_bundle(&authority, &signed);
        assert!(verdict.is_ok(), "{kind}: {verdict:?}");
    }
}

#[test]
fn without_an_entry_it_is_not_logged() {
    let (log, key) = (Log::new(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    let absent = Err(not_logged(LogFault::Absent));
    assert_eq!(Layer::of(&key).verify(&authority), absent);
    assert_eq!(verify_bundle(&authority, &bundle(&key)), absent);
    let mut empty = bundle(&key);
    empty["verificationMaterial"]["tlogEntries"] = json!([]);
    assert_eq!(verify_bundle(&authority, &empty), absent);
}

#[test]
fn the_entry_of_another_signature_proves_nothing() {
    let (log, key) = (Log::new(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    // ECDSA signs the same payload differently every time
    let (one, two) = (Layer::of(&key), Layer::of(&key));
    let swapped = one.annotate("bundle", log.annotation(&two, &key.pem()));
    assert_eq!(
        swapped.verify(&authority),
        Err(not_logged(LogFault::OtherEntry))
    );
    let (mut one, two) = (bundle(&key), bundle(&key));
    one["verificationMaterial"]["tlogEntries"] = json!([log.entry(&two, &key.pem())]);
    assert_eq!(
        verify_bundle(&authority, &one),
        Err(not_logged(LogFault::OtherEntry))
    );
}

#[test]
fn the_entry_of_another_key_proves_nothing() {
    let (log, key, other) = (Log::new(), Key::p256(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    let layer = Layer::of(&key);
    let entry = log.annotation(&layer, &other.pem());
    let verdict = layer.annotate("bundle", entry).verify(&authority);
    assert_eq!(verdict, Err(not_logged(LogFault::OtherEntry)));
    let mut signed = bundle(&key);
    let entry = log.entry(&signed, &other.pem());
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert_eq!(
        verify_bundle(&authority, &signed),
        Err(not_logged(LogFault::OtherEntry))
    );
}

#[test]
fn the_log_must_be_in_the_trust_root() {
    let (log, key) = (Log::new(), Key::p256());
    let layer = Layer::of(&key);
    let entry = log.annotation(&layer, &key.pem());
    let layer = layer.annotate("bundle", entry);
    let mut signed = bundle(&key);
    let entry = log.entry(&signed, &key.pem());
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    let other = logged(json!({"key": key.pem()}), &Log::new());
    let public = key.authority_with("requireTlog", json!(true));
    for authority in [other, public] {
        let unknown = Err(not_logged(LogFault::UnknownLog));
        assert_eq!(layer.verify(&authority), unknown);
        assert_eq!(verify_bundle(&authority, &signed), unknown);
    }
}

#[test]
fn what_the_log_did_not_sign_is_forged() {
    let (log, key) = (Log::new(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    let layer = Layer::of(&key);
    let mut entry: Value = serde_json::from_str(&log.annotation(&layer, &key.pem())).unwrap();
    entry["Payload"]["integratedTime"] = json!(INTEGRATED + 1);
    let verdict = layer
        .annotate("bundle", entry.to_string())
        .verify(&authority);
    assert_eq!(verdict, Err(not_logged(LogFault::Forged)));
    let mut signed = bundle(&key);
    let entry = log.entry(&signed, &key.pem());
    for (member, value) in [
        ("rootHash", json!(base64(&[0; 32]))),
        ("hashes", json!([base64(&[0; 32])])),
    ] {
        let mut entry = entry.clone();
        entry["inclusionProof"][member] = value;
        signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
        assert_eq!(
            verify_bundle(&authority, &signed),
            Err(not_logged(LogFault::Forged))
        );
    }
}

#[test]
fn a_fetched_bundle_needs_a_proof_of_inclusion() {
    let (log, key) = (Log::new(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    let mut signed = bundle(&key);
    let mut entry = log.entry(&signed, &key.pem());
    entry.as_object_mut().unwrap().remove("inclusionProof");
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert_eq!(
        verify_bundle(&authority, &signed),
        Err(not_logged(LogFault::Forged))
    );
}

#[test]
fn entries_that_cannot_be_read_prove_nothing_and_hurt_nobody_who_asks_for_none() {
    let (log, key) = (Log::new(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    for annotation in ["{}", "not JSON", "[]", "{\"SignedEntryTimestamp\":1}"] {
        let layer = Layer::of(&key).annotate("bundle", annotation);
        assert_eq!(
            layer.verify(&authority),
            Err(not_logged(LogFault::Unsupported))
        );
        assert!(layer.verify(&key.authority()).is_ok(), "{annotation}");
    }
}

#[test]
fn a_log_proves_that_an_expired_certificate_signed_in_time() {
    let (log, ca, key) = (Log::new(), Ca::new("Acme"), Key::p256());
    let authority = authority(json!({"certificate": ca.pem, "trustRoot": log.trust_root()}));
    let short = Leaf {
        from: INTEGRATED - 60,
        until: INTEGRATED + 60,
        ..Default::default()
    };
    let layer = ca.layer(&key, short.clone());
    let expired = Rejection::Expired {
        not_after: INTEGRATED + 60,
        proven: false,
    };
    assert_eq!(layer.verify(&authority), Err(expired.clone()));
    let certificate = &layer.annotations["dev.sigstore.cosign/certificate"];
    let entry = log.annotation(&layer, certificate);
    assert!(
        layer
            .clone()
            .annotate("bundle", entry)
            .verify(&authority)
            .is_ok()
    );

    let mut signed = ca.bundle(&key, short);
    assert_eq!(verify_bundle(&authority, &signed), Err(expired.clone()));
    let verifier = certificate_pem(&signed);
    let entry = log.entry(&signed, &verifier);
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert!(verify_bundle(&authority, &signed).is_ok());

    // a log that nobody trusts proves nothing
    let strange = Log::new().annotation(&layer, certificate);
    assert_eq!(
        layer.annotate("bundle", strange).verify(&authority),
        Err(expired)
    );
}

#[test]
fn a_log_proves_that_a_certificate_signed_too_late_or_too_early() {
    let (log, ca, key) = (Log::new(), Ca::new("Acme"), Key::p256());
    let document = json!({"certificate": ca.pem});
    let authority = logged(document, &log);
    for (from, until) in [
        (INTEGRATED - 60, INTEGRATED - 1),
        (INTEGRATED + 1, INTEGRATED + 60),
    ] {
        let layer = ca.layer(
            &key,
            Leaf {
                from,
                until,
                ..Default::default()
            },
        );
        let entry = log.annotation(
            &layer,
            &layer.annotations["dev.sigstore.cosign/certificate"],
        );
        let verdict = layer.annotate("bundle", entry).verify_at(&authority, from);
        assert_eq!(verdict, Err(not_logged(LogFault::Time)));
    }
}

#[test]
fn the_proof_of_inclusion_counts_for_certificates_too() {
    let (log, ca, key) = (Log::new(), Ca::new("Acme"), Key::p256());
    let authority = logged(json!({"certificate": ca.pem}), &log);
    let leaf = Leaf {
        from: INTEGRATED - 60,
        until: INTEGRATED + 60,
        ..Default::default()
    };
    let mut signed = ca.bundle(&key, leaf);
    let verifier = certificate_pem(&signed);
    let mut entry = log.entry(&signed, &verifier);
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert!(verify_bundle(&authority, &signed).is_ok());
    entry["inclusionProof"]["hashes"] = json!([base64(&[0; 32])]);
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    // the promise alone would prove the time, but forged evidence proves nothing
    let expired = Rejection::Expired {
        not_after: INTEGRATED + 60,
        proven: false,
    };
    assert_eq!(verify_bundle(&authority, &signed), Err(expired));
}

#[test]
fn subjects_that_logs_cannot_be_asked_for_do_not_hide_the_image() {
    let (log, key) = (Log::new(), Key::p256());
    let authority = logged(json!({"key": key.pem()}), &log);
    let mut statement = statement(DIGEST);
    let image = statement["subject"][0].clone();
    statement["subject"] = json!([{"digest": {"sha384": "1".repeat(96)}}, image]);
    let mut signed = bundle_over(&key, &statement.to_string());
    let entry = log.entry(&signed, &key.pem());
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert!(verify_bundle(&authority, &signed).is_ok());
}

#[test]
fn an_entry_without_a_promise_proves_no_time() {
    let (log, ca, key) = (Log::new(), Ca::new("Acme"), Key::p256());
    let authority = logged(json!({"certificate": ca.pem}), &log);
    let mut signed = ca.bundle(&key, Leaf::default());
    let mut entry = log.entry(&signed, &key.pem());
    entry.as_object_mut().unwrap().remove("inclusionPromise");
    signed["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert_eq!(
        verify_bundle(&authority, &signed),
        Err(not_logged(LogFault::NoTime))
    );
}

#[test]
fn a_certificate_authority_can_demand_a_log_too() {
    let (log, ca, key) = (Log::new(), Ca::new("Acme"), Key::p256());
    let authority = logged(json!({"certificate": ca.pem}), &log);
    let verdict = ca.layer(&key, Leaf::default()).verify(&authority);
    assert_eq!(verdict, Err(not_logged(LogFault::Absent)));
}
