//! Signatures of cosign 3, by key.

use gatehouse_trust::signature::{Evidence, NamedSigner, Rejection};
use serde_json::{Value, json};

use crate::kit::*;

#[test]
fn every_kind_of_key_verifies_its_own_signature_and_no_other() {
    for (kind, key) in Key::all() {
        let signed = bundle(&key);
        let signer = verify_bundle(&key.authority(), &signed).unwrap();
        assert_eq!(signer.id, key.fingerprint(), "{kind}");
        for (other, stranger) in Key::all() {
            let verdict = verify_bundle(&stranger.authority(), &signed);
            let expected = NamedSigner::Key(key.fingerprint());
            assert_eq!(
                verdict,
                Err(Rejection::OtherSigner(expected)),
                "{kind} by {other}"
            );
        }
    }
}

#[test]
fn both_spellings_of_the_version_are_read_and_older_ones_are_not() {
    let key = Key::p256();
    let spelled = |media_type: Value| {
        let mut signed = bundle(&key);
        signed["mediaType"] = media_type;
        verify_bundle(&key.authority(), &signed)
    };
    assert!(
        spelled(json!(
            "application/vnd.dev.sigstore.bundle+json;version=0.3"
        ))
        .is_ok()
    );
    for older in [
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "",
    ] {
        let expected = Rejection::UnsupportedVersion(older.to_owned());
        assert_eq!(spelled(json!(older)), Err(expected));
    }
    assert_eq!(
        spelled(json!(3)),
        Err(Rejection::Malformed("it has no media type"))
    );
}

#[test]
fn only_the_statement_that_an_image_is_signed_counts() {
    let key = Key::p256();
    let with = |member: &str, value: &str| {
        let mut statement = statement(DIGEST);
        statement[member] = json!(value);
        verify_bundle(&key.authority(), &bundle_over(&key, &statement.to_string()))
    };
    for other in [
        "https://slsa.dev/provenance/v1",
        "https://sigstore.dev/cosign/sign/v2",
    ] {
        let expected = Rejection::OtherPredicate(other.to_owned());
        assert_eq!(with("predicateType", other), Err(expected));
    }
    let other = "https://in-toto.io/Statement/v9";
    let expected = Rejection::NotAnImageSignature(other.to_owned());
    assert_eq!(with("_type", other), Err(expected));
    assert!(with("_type", "https://in-toto.io/Statement/v0.1").is_ok());
}

#[test]
fn an_attestation_of_anyone_is_not_taken_for_a_strangers_signature() {
    let (key, other) = (Key::p256(), Key::p256());
    let mut statement = statement(DIGEST);
    statement["predicateType"] = json!("https://spdx.dev/Document");
    let verdict = verify_bundle(
        &key.authority(),
        &bundle_over(&other, &statement.to_string()),
    );
    let expected = Rejection::OtherPredicate("https://spdx.dev/Document".to_owned());
    assert_eq!(verdict, Err(expected));
}

#[test]
fn any_subject_with_the_digest_will_do_and_no_other_algorithm() {
    let key = Key::p256();
    let about = |subject: Value| {
        let mut statement = statement(DIGEST);
        statement["subject"] = subject;
        verify_bundle(&key.authority(), &bundle_over(&key, &statement.to_string()))
    };
    let (hex, other) = (&DIGEST[7..], &OTHER_DIGEST[7..]);
    assert!(about(json!([{"digest": {"sha256": other}}, {"digest": {"sha256": hex}}])).is_ok());
    assert!(about(json!([{"digest": {"sha512": other, "sha256": hex}}])).is_ok());
    for (subject, named) in [
        (
            json!([{"digest": {"sha256": other}}]),
            OTHER_DIGEST.to_owned(),
        ),
        (
            json!([{"digest": {"sha512": hex}}]),
            format!("sha512:{hex}"),
        ),
        (
            json!([{"digest": {"SHA256": hex}}]),
            format!("SHA256:{hex}"),
        ),
        (
            json!([{"digest": {"sha256": hex.replace('1', "A")}}]),
            format!("sha256:{}", "A".repeat(64)),
        ),
        (json!([{"digest": {}}]), String::new()),
        (json!([]), String::new()),
    ] {
        assert_eq!(
            about(subject.clone()),
            Err(Rejection::OtherDigest(named)),
            "{subject}"
        );
    }
}

#[test]
fn the_repository_is_that_of_the_subject_if_it_has_one() {
    let key = Key::p256();
    let bound = key.authority_with("bindReference", json!(true));
    let named = |name: Value| {
        let mut statement = statement(DIGEST);
        statement["subject"][0]["name"] = name;
        verify_bundle(&bound, &bundle_over(&key, &statement.to_string()))
    };
    assert_eq!(
        verify_bundle(&bound, &bundle(&key)),
        Err(Rejection::NoRepository)
    );
    assert_eq!(named(json!("")), Err(Rejection::NoRepository));
    assert!(named(json!(REFERENCE)).is_ok());
    let expected = Rejection::OtherRepository("evil.example/app".to_owned());
    assert_eq!(named(json!("evil.example/app")), Err(expected));
}

#[test]
fn the_envelope_has_one_signature() {
    let key = Key::p256();
    let signed = bundle(&key);
    let one = signed["dsseEnvelope"]["signatures"][0].clone();
    for signatures in [
        json!([]),
        json!([one, one]),
        json!([one, {"sig": ""}]),
        json!({}),
        json!(null),
    ] {
        let mut changed = signed.clone();
        changed["dsseEnvelope"]["signatures"] = signatures;
        let verdict = verify_bundle(&key.authority(), &changed);
        assert!(
            matches!(verdict, Err(Rejection::Malformed(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn what_excludes_each_other_may_not_stand_together() {
    let key = Key::p256();
    let mut both = bundle(&key);
    both["messageSignature"] = json!({"signature": "AA=="});
    let mut materials = bundle(&key);
    materials["verificationMaterial"]["certificate"] = json!({"rawBytes": "AA=="});
    let mut chain = bundle(&key);
    chain["verificationMaterial"] = json!({"x509CertificateChain": {"certificates": []}});
    let mut nothing = bundle(&key);
    nothing["verificationMaterial"] = json!({});
    for changed in [both, materials, chain, nothing] {
        let verdict = verify_bundle(&key.authority(), &changed);
        assert!(
            matches!(verdict, Err(Rejection::Malformed(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn json_has_one_meaning() {
    let key = Key::p256();
    let right = bundle(&key).to_string();
    let trailing = format!("{right}{{}}");
    let twice = right.replacen(
        "{\"dsseEnvelope\"",
        "{\"mediaType\":\"x\",\"dsseEnvelope\"",
        1,
    );
    assert_ne!(right, twice);
    for text in [trailing.as_str(), twice.as_str(), "", "null", "\u{0}"] {
        let verdict = judge(&key.authority(), &Evidence::Bundle(text.as_bytes()), NOW);
        assert!(verdict.is_err(), "{text}");
    }
    let statement = statement(DIGEST).to_string();
    let twice = statement.replacen('{', "{\"predicateType\":\"x\",", 1);
    let verdict = verify_bundle(&key.authority(), &bundle_over(&key, &twice));
    assert!(
        matches!(verdict, Err(Rejection::Malformed(_))),
        "{verdict:?}"
    );
}

#[test]
fn the_signature_of_a_file_or_of_another_payload_type_is_none_of_an_image() {
    let key = Key::p256();
    let file = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": key.hint()}},
        "messageSignature": {"signature": base64(&key.sign(DIGEST.as_bytes()))},
    });
    let verdict = verify_bundle(&key.authority(), &file);
    let expected = Rejection::NotAnImageSignature("the signature of a file".to_owned());
    assert_eq!(verdict, Err(expected));
    let mut typed = bundle(&key);
    typed["dsseEnvelope"]["payloadType"] = json!("text/plain");
    let expected = Rejection::NotAnImageSignature("text/plain".to_owned());
    assert_eq!(verify_bundle(&key.authority(), &typed), Err(expected));
}

#[test]
fn a_signature_that_names_the_key_but_is_not_its_own_is_told_apart() {
    let (key, other) = (Key::p256(), Key::p256());
    let mut forged = bundle(&other);
    forged["verificationMaterial"]["publicKey"]["hint"] = json!(key.hint());
    let expected = Rejection::BadSignature { ed25519: false };
    assert_eq!(verify_bundle(&key.authority(), &forged), Err(expected));
}

#[test]
fn hints_are_shown_with_care() {
    let (key, other) = (Key::p256(), Key::p256());
    let hinted = |hint: &str| {
        let mut signed = bundle(&other);
        signed["verificationMaterial"]["publicKey"]["hint"] = json!(hint);
        verify_bundle(&key.authority(), &signed)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(hinted(""), "it is signed by another key");
    assert_eq!(
        hinted("k\u{1b}[1m"),
        "it is signed by another key, `k\\u{1b}[1m`"
    );
    assert!(hinted(&"x".repeat(10_000)).len() < 300);
}
