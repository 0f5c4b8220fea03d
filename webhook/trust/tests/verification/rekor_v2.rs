//! Logs like Rekor v2: an entry proves that a signature is in the log, and no time.

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_trust::{
    Authority, LogFault,
    signature::{Rejection, Signer},
};
use serde_json::{Value, json};

use crate::kit::*;

fn refused(fault: LogFault) -> Result<Signer, Rejection> {
    Err(Rejection::NotLogged(fault))
}

/// What is said of the usual bundle when its only log entry is changed like this.
fn with_entry(sigstore: &Sigstore, change: impl FnOnce(&mut Value)) -> Result<Signer, Rejection> {
    let mut bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    change(&mut bundle["verificationMaterial"]["tlogEntries"][0]);
    verify_bundle(&sigstore.usual(), &bundle)
}

/// The same of the checkpoint's text.
fn with_checkpoint(
    sigstore: &Sigstore,
    change: impl FnOnce(&str) -> String,
) -> Result<Signer, Rejection> {
    with_entry(sigstore, |entry| {
        let envelope = &mut entry["inclusionProof"]["checkpoint"]["envelope"];
        *envelope = json!(change(envelope.as_str().unwrap()));
    })
}

/// The usual authority, with other logs in its trust root.
fn trusting(sigstore: &Sigstore, logs: Value) -> Result<Authority, String> {
    let mut root = sigstore.trust_root();
    root["tlogs"] = logs;
    let document = json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
        "trustRoot": root.to_string(),
    });
    parse(document).map_err(|mistakes| format!("{mistakes:?}"))
}

#[test]
fn an_entry_and_a_timestamp_verify() {
    for key in [Key::of(&rcgen::PKCS_ED25519), Key::p256()] {
        let mut sigstore = Sigstore::new();
        sigstore.rekor_v2 = RekorV2::of(key);
        let signer = with_entry(&sigstore, |_| {}).unwrap();
        assert_eq!(signer.identity.as_deref(), Some(Workload::SUBJECT));
    }
}

#[test]
fn an_entry_is_what_a_log_is_required_for() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let root = sigstore.trust_root().to_string();
    let document = json!({"key": key.pem(), "requireTlog": true, "trustRoot": root});
    let authority = authority(document);
    let logged = sigstore.rekor_v2.logged(bundle(&key), &key.pem());
    assert!(verify_bundle(&authority, &logged).is_ok());
    // without a time nobody knows whether it was before the end
    let mut ended = sigstore.trust_root();
    for log in ended["tlogs"].as_array_mut().unwrap() {
        log["publicKey"]["validFor"]["end"] = json!("2999-01-01T00:00:00Z");
    }
    let of_ended = key.authority_with("trustRoot", json!(ended.to_string()));
    assert!(
        verify_bundle(&of_ended, &logged).is_ok(),
        "nobody asks for an entry"
    );
    let document = json!({"key": key.pem(), "requireTlog": true, "trustRoot": ended.to_string()});
    let unknown = refused(LogFault::UnknownLog);
    assert_eq!(verify_bundle(&self::authority(document), &logged), unknown);

    let stamped = sigstore.tsa.stamped(&bundle(&key), INTEGRATED);
    let absent = refused(LogFault::Absent);
    assert_eq!(verify_bundle(&authority, &stamped), absent);
    // what is there has to be right, whether it is asked for or not
    let strange = Tsa::new().stamped(&logged, INTEGRATED);
    let expected = refused(LogFault::Timestamp);
    assert_eq!(verify_bundle(&authority, &strange), expected);
}

#[test]
fn without_a_timestamp_it_proves_no_time() {
    let sigstore = Sigstore::new();
    let of = |change: fn(&mut Value)| {
        let mut bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
        let material = &mut bundle["verificationMaterial"];
        material["timestampVerificationData"] = json!({});
        change(&mut material["tlogEntries"][0]);
        verify_bundle(&sigstore.usual(), &bundle)
    };
    let expected = refused(LogFault::NoTime);
    assert_eq!(of(|_| {}), expected);
    // a time that nobody signed
    let time = of(|entry| entry["integratedTime"] = json!(INTEGRATED.to_string()));
    assert_eq!(time, expected);
    let promise = of(|entry| {
        entry["integratedTime"] = json!(INTEGRATED.to_string());
        entry["inclusionPromise"] = json!({"signedEntryTimestamp": base64(b"promise")});
    });
    assert!(promise.is_err());
}

#[test]
fn what_the_log_did_not_sign_is_forged() {
    let sigstore = Sigstore::new();
    let forged = refused(LogFault::Forged);
    let other_root = base64(&[0; 32]);
    let root = |note: &str| note.lines().nth(2).unwrap().to_owned();
    let changed = |change: &dyn Fn(&str) -> String| with_checkpoint(&sigstore, change);
    assert!(changed(&str::to_owned).is_ok());
    assert_eq!(
        changed(&|note| note.replace(&root(note), &other_root)),
        forged
    );
    assert_eq!(changed(&|note| note.replace("\n6\n", "\n7\n")), forged);
    let renamed = |note: &str| note.replacen("rekor-v2.example\n", "other.example\n", 1);
    assert_eq!(changed(&renamed), forged);
    // signed by another key under the name of the right one
    let impostor = |note: &str| {
        let (signed, line) = note.split_once("\n\n").unwrap();
        let (name, hinted) = line.trim().rsplit_once(' ').unwrap();
        let hint = &STANDARD.decode(hinted).unwrap()[..4];
        let key = Key::of(&rcgen::PKCS_ED25519);
        let signature = key.sign(format!("{signed}\n").as_bytes());
        format!(
            "{signed}\n\n{name} {}\n",
            base64(&[hint, &signature].concat())
        )
    };
    assert_eq!(changed(&impostor), forged);
}

#[test]
fn a_checkpoint_without_one_of_its_parts_is_refused() {
    let sigstore = Sigstore::new();
    for missing in 0..5 {
        let verdict = with_checkpoint(&sigstore, |note| {
            let lines = note.lines().enumerate();
            let kept = lines.filter(|(number, _)| *number != missing);
            kept.map(|(_, line)| format!("{line}\n")).collect()
        });
        assert!(verdict.is_err(), "{missing}");
    }
    let none = with_entry(&sigstore, |entry| {
        entry["inclusionProof"]["checkpoint"] = json!({"envelope": ""});
    });
    assert!(none.is_err());
}

#[test]
fn witnesses_sign_beside_the_log_and_never_for_it() {
    let sigstore = Sigstore::new();
    let witness = {
        let note = RekorV2::new().checkpoint(6, &[0; 32]);
        note.lines().last().unwrap().to_owned()
    };
    let beside = with_checkpoint(&sigstore, |note| format!("{note}{witness}\n"));
    assert!(beside.is_ok());
    let instead = with_checkpoint(&sigstore, |note| {
        let (signed, _) = note.split_once("\n\n").unwrap();
        format!("{signed}\n\n{witness}\n")
    });
    assert_eq!(instead, refused(LogFault::UnknownLog));
}

#[test]
fn the_proof_has_to_lead_from_the_entry_to_the_checkpoint() {
    let sigstore = Sigstore::new();
    let forged = refused(LogFault::Forged);
    let hashes = |change: &dyn Fn(&mut Vec<Value>)| {
        with_entry(&sigstore, |entry| {
            change(entry["inclusionProof"]["hashes"].as_array_mut().unwrap());
        })
    };
    assert!(hashes(&|_| {}).is_ok());
    assert_eq!(
        hashes(&|hashes| hashes[0] = json!(base64(&[0; 32]))),
        forged
    );
    assert_eq!(hashes(&|hashes| drop(hashes.pop())), forged);
    assert_eq!(hashes(&|hashes| hashes.swap(0, 1)), forged);
    assert_eq!(
        hashes(&|hashes| hashes.push(json!(base64(&[0; 32])))),
        forged
    );
    let moved = |index: &str| with_entry(&sigstore, |entry| entry["logIndex"] = json!(index));
    for index in ["0", "1", "3", "6", "9223372036854775807"] {
        assert_eq!(moved(index), forged, "{index}");
    }
    let none = with_entry(&sigstore, |entry| {
        entry.as_object_mut().unwrap().remove("inclusionProof");
    });
    assert_eq!(none, forged);
}

#[test]
fn another_leaf_is_not_in_the_log() {
    let sigstore = Sigstore::new();
    let verdict = with_entry(&sigstore, |entry| {
        let other = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
        let other = &other["verificationMaterial"]["tlogEntries"][0];
        entry["canonicalizedBody"] = other["canonicalizedBody"].clone();
    });
    assert_eq!(verdict, refused(LogFault::Forged));
}

#[test]
fn the_entry_is_about_this_signature_this_statement_and_this_certificate() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let usual = sigstore.usual();
    let certificate = sigstore.certificate(&key, &Workload::default());
    let right = sigstore.rekor_v2.logged(bundle(&key), &certificate);
    let right = sigstore.tsa.stamped(&right, INTEGRATED);
    let with = |entry: Value| {
        let mut bundle = right.clone();
        bundle["verificationMaterial"]["tlogEntries"] = json!([entry]);
        verify_bundle(&usual, &bundle)
    };
    assert!(with(sigstore.rekor_v2.entry(&right, &certificate)).is_ok());
    let other = refused(LogFault::OtherEntry);
    // ECDSA signs the same differently every time
    let again = sigstore.rekor_v2.entry(&bundle(&key), &certificate);
    assert_eq!(with(again), other);
    let elsewhere = bundle_over(&key, &statement(OTHER_DIGEST).to_string());
    assert_eq!(
        with(sigstore.rekor_v2.entry(&elsewhere, &certificate)),
        other
    );
    let evil = sigstore.certificate(&key, &Workload::email("evil@example.com"));
    assert_eq!(with(sigstore.rekor_v2.entry(&right, &evil)), other);
    assert_eq!(with(sigstore.rekor_v2.entry(&right, &key.pem())), other);
    // the right signature, over what is another digest
    let signature = right["dsseEnvelope"]["signatures"][0]["sig"].as_str();
    let signature = STANDARD.decode(signature.unwrap()).unwrap();
    let body = hashedrekord(&[0; 32], &signature, &certificate).to_string();
    assert_eq!(with(sigstore.rekor_v2.shown("hashedrekord", &body)), other);
}

#[test]
fn an_entry_is_of_the_kind_that_it_says() {
    let sigstore = Sigstore::new();
    for (kind, version) in [
        ("hashedrekord", "0.0.1"),
        ("intoto", "0.0.2"),
        ("dsse", "0.0.1"),
        ("dsse", "0.0.3"),
        ("mashedrekord", "0.0.2"),
    ] {
        let verdict = with_entry(&sigstore, |entry| {
            entry["kindVersion"] = json!({"kind": kind, "version": version});
        });
        assert!(verdict.is_err(), "{kind} {version}");
    }
}

#[test]
fn an_unknown_log_proves_nothing() {
    let mut sigstore = Sigstore::new();
    let usual = sigstore.usual();
    sigstore.rekor_v2 = RekorV2::new();
    let bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let expected = refused(LogFault::UnknownLog);
    assert_eq!(verify_bundle(&usual, &bundle), expected);
}

#[test]
fn the_trust_root_says_when_a_log_was_trusted() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let of = |window: &Value, others: &[Value]| {
        let mut log = sigstore.rekor_v2.trusted();
        log["publicKey"]["validFor"] = window.clone();
        let logs: Vec<_> = others.iter().cloned().chain([log]).collect();
        verify_bundle(&trusting(&sigstore, json!(logs)).unwrap(), &bundle)
    };
    // INTEGRATED is 2024-07-03T09:46:40Z
    let just = json!({"start": "2024-07-03T09:46:40Z", "end": "2024-07-03T09:46:40Z"});
    assert!(of(&just, &[]).is_ok());
    let ended = json!({"start": "2020-01-01T00:00:00Z", "end": "2024-07-03T09:46:39Z"});
    let early = json!({"start": "2024-07-03T09:46:41Z"});
    let expected = refused(LogFault::UnknownLog);
    for window in [&ended, &early] {
        assert_eq!(of(window, &[]), expected);
        // nor does another log lend its own
        assert_eq!(of(window, &[RekorV2::new().trusted()]), expected);
    }
}

#[test]
fn a_log_that_has_ended_is_not_excused_by_the_name_of_another() {
    let sigstore = Sigstore::new();
    let mut ended = sigstore.rekor_v2.trusted();
    ended["publicKey"]["validFor"]["end"] = json!("2024-07-03T09:46:39Z");
    let current = RekorV2::new();
    let logs = json!([ended, current.trusted()]);
    let mut bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let proof = &mut bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"];
    let note = proof["checkpoint"]["envelope"].as_str().unwrap();
    let named = current.checkpoint(6, &[0; 32]);
    let named = named.lines().last().unwrap();
    proof["checkpoint"]["envelope"] = json!(format!("{note}{named}\n"));
    let verdict = verify_bundle(&trusting(&sigstore, logs).unwrap(), &bundle);
    assert_eq!(verdict, refused(LogFault::UnknownLog));
}

#[test]
fn a_log_counts_once_however_often_it_is_named() {
    let sigstore = Sigstore::new();
    let log = sigstore.rekor_v2.trusted();
    assert!(trusting(&sigstore, json!([log, RekorV2::new().trusted()])).is_ok());
    let twice = trusting(&sigstore, json!([log, log])).unwrap_err();
    assert!(twice.contains("cannot be used"), "{twice}");
}

#[test]
fn the_same_entry_twice_is_one_and_a_wrong_one_beside_it_is_fatal() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let entry = bundle["verificationMaterial"]["tlogEntries"][0].clone();
    let with = |entries: Value| {
        let mut bundle = bundle.clone();
        bundle["verificationMaterial"]["tlogEntries"] = entries;
        verify_bundle(&sigstore.usual(), &bundle)
    };
    let once = with(json!([entry]));
    assert!(once.is_ok());
    assert_eq!(with(json!([entry, entry])), once);
    let other = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let other = &other["verificationMaterial"]["tlogEntries"][0];
    let expected = refused(LogFault::OtherEntry);
    assert_eq!(with(json!([entry, other])), expected);
    assert_eq!(with(json!([other, entry])), expected);
}

#[test]
fn entries_of_both_versions_stand_together() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let certificate = sigstore.certificate(&key, &Workload::default());
    let mut bundle = sigstore.logged(bundle(&key), &certificate);
    let second = sigstore.rekor_v2.entry(&bundle, &certificate);
    let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
    entries.as_array_mut().unwrap().push(second);
    // the first proves the time
    assert!(verify_bundle(&sigstore.usual(), &bundle).is_ok());
}
