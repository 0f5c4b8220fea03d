//! Signatures of cosign 2, by key.

use gatehouse_trust::signature::{NamedSigner, Rejection};
use serde_json::json;

use crate::kit::*;

#[test]
fn every_kind_of_key_verifies_its_own_signature_and_no_other() {
    for (kind, key) in Key::all() {
        let layer = Layer::of(&key);
        let signer = layer.verify(&key.authority()).unwrap();
        assert_eq!(signer.id, key.fingerprint(), "{kind}");
        assert_eq!(signer.identity, None, "{kind}");
        for (other, stranger) in Key::all() {
            let verdict = layer.verify(&stranger.authority());
            let expected = Rejection::OtherSigner(NamedSigner::Unnamed);
            assert_eq!(verdict, Err(expected), "{kind} by {other}");
        }
    }
}

#[test]
fn a_payload_for_another_digest_is_refused() {
    let key = Key::p256();
    let layer = Layer::over(&key, payload(OTHER_DIGEST, REFERENCE).to_string());
    let expected = Rejection::OtherDigest(OTHER_DIGEST.to_owned());
    assert_eq!(layer.verify(&key.authority()), Err(expected));
}

#[test]
fn a_payload_that_was_changed_after_signing_is_refused() {
    let key = Key::p256();
    let mut layer = Layer::over(&key, payload(OTHER_DIGEST, REFERENCE).to_string());
    layer.payload = payload(DIGEST, REFERENCE).to_string().into();
    let expected = Rejection::OtherSigner(NamedSigner::Unnamed);
    assert_eq!(layer.verify(&key.authority()), Err(expected));
}

#[test]
fn the_repository_counts_when_the_authority_binds_it() {
    let key = Key::p256();
    let bound = key.authority_with("bindReference", json!(true));
    let verdict =
        |reference| Layer::over(&key, payload(DIGEST, reference).to_string()).verify(&bound);
    let tagged = format!("{REFERENCE}:v1");
    let digested = format!("{REFERENCE}@{OTHER_DIGEST}");
    for same in [REFERENCE, &tagged, &digested] {
        assert!(verdict(same).is_ok(), "{same}");
    }
    for other in [
        "registry.example:5000/acme/app2",
        "registry.example/acme/app",
        "registry.example:5000/acme",
        "acme/app",
        "registry.example:5000/ACME/app",
    ] {
        let expected = Rejection::OtherRepository(other.to_owned());
        assert_eq!(verdict(other), Err(expected), "{other}");
    }
    assert_eq!(verdict(""), Err(Rejection::NoRepository));
    let copied = Layer::over(&key, payload(DIGEST, "evil.example/app").to_string());
    assert!(copied.verify(&key.authority()).is_ok(), "unbound");
}

#[test]
fn docker_hub_has_one_name() {
    let key = Key::p256();
    let bound = key.authority_with("bindReference", json!(true));
    for written in [
        "nginx",
        "docker.io/nginx",
        "index.docker.io/library/nginx:1",
    ] {
        let layer = Layer::over(&key, payload(DIGEST, written).to_string());
        let image = gatehouse_trust::signature::SignedImage {
            digest: gatehouse_reference::Digest::parse(DIGEST).unwrap(),
            registry: "docker.io",
            repository: "library/nginx",
        };
        let evidence = gatehouse_trust::signature::Evidence::SimpleSigning {
            payload: &layer.payload,
            annotations: &layer.annotations,
        };
        let now = std::time::SystemTime::UNIX_EPOCH;
        let verdict = gatehouse_trust::signature::verify(&bound, &image, &evidence, now);
        assert!(verdict.is_ok(), "{written}");
    }
}

#[test]
fn other_types_are_not_signatures_of_images() {
    let key = Key::p256();
    for kind in [
        "atomic container signature",
        "",
        "Cosign Container Image Signature",
    ] {
        let mut payload = payload(DIGEST, REFERENCE);
        payload["critical"]["type"] = json!(kind);
        let layer = Layer::over(&key, payload.to_string());
        let expected = Rejection::NotAnImageSignature(kind.to_owned());
        assert_eq!(layer.verify(&key.authority()), Err(expected));
    }
}

#[test]
fn a_payload_must_have_one_meaning() {
    let key = Key::p256();
    let right = payload(DIGEST, REFERENCE).to_string();
    let twice = right.replacen(
        "{\"docker-manifest-digest\"",
        &format!("{{\"docker-manifest-digest\":\"{OTHER_DIGEST}\",\"docker-manifest-digest\""),
        1,
    );
    let mut unknown = payload(DIGEST, REFERENCE);
    unknown["critical"]["until"] = json!(2020);
    let mut missing = payload(DIGEST, REFERENCE);
    missing["critical"].as_object_mut().unwrap().remove("image");
    let cases = [
        format!("{right} {{}}"),
        format!("{right}\0"),
        twice,
        unknown.to_string(),
        missing.to_string(),
        format!("\u{feff}{right}"),
        "[]".to_owned(),
        String::new(),
        "[".repeat(100_000 / 2),
    ];
    for payload in cases {
        let verdict = Layer::over(&key, payload.clone()).verify(&key.authority());
        assert!(
            matches!(verdict, Err(Rejection::Malformed(_))),
            "{payload}: {verdict:?}"
        );
    }
    let not_text = Layer::over(&key, vec![0xff; 16]).verify(&key.authority());
    assert!(matches!(not_text, Err(Rejection::Malformed(_))));
}

#[test]
fn the_signature_must_be_there_and_be_base64() {
    let key = Key::p256();
    let mut layer = Layer::of(&key).annotate("signature", "not base64!");
    assert!(matches!(
        layer.verify(&key.authority()),
        Err(Rejection::Malformed(_))
    ));
    layer.annotations.clear();
    assert!(matches!(
        layer.verify(&key.authority()),
        Err(Rejection::Malformed(_))
    ));
    let short = Layer::of(&key).annotate("signature", base64(b"x"));
    assert!(matches!(
        short.verify(&key.authority()),
        Err(Rejection::OtherSigner(_))
    ));
}

#[test]
fn who_signed_instead_is_named_by_its_certificate() {
    let (key, other) = (Key::p256(), Key::p256());
    let layer = Ca::new("Other").layer(&other, Default::default());
    let expected = NamedSigner::Certificate(Some("builds@acme.example".to_owned()));
    let rejection = layer.verify(&key.authority()).unwrap_err();
    assert_eq!(rejection, Rejection::OtherSigner(expected));
    assert_eq!(
        rejection.to_string(),
        "it is signed by a certificate of `builds@acme.example`"
    );
}
