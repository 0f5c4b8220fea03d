//! Whatever is offered: no panic, and nothing that was not signed verifies.

use std::{collections::BTreeMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_reference::Digest;
use gatehouse_trust::{
    Authority, BundleSigner,
    format::{Candidates, Wanted},
    signature::Evidence,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::kit::*;

/// Made once: keys take longer than cases.
static AUTHORITIES: LazyLock<(Key, Vec<Authority>)> = LazyLock::new(|| {
    let (log, key) = (Log::new(), Key::p256());
    let logged = json!({
        "key": key.pem(), "requireTlog": true, "bindReference": true, "trustRoot": log.trust_root(),
    });
    let certified = json!({"certificate": Ca::new("Acme").pem});
    let authorities = vec![
        key.authority(),
        attesting(json!({"key": key.pem()})),
        attesting(logged.clone()),
        authority(logged),
        authority(certified),
        KEYLESS.authority.clone(),
    ];
    (key, authorities)
});

/// An authority, a key, and the DER of the key's certificate.
static CERTIFIED: LazyLock<(Authority, Key, Vec<u8>)> = LazyLock::new(|| {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let pem = pem::parse(ca.issue(&key, Leaf::default())).unwrap();
    let document = json!({"certificate": ca.pem, "identities": ["builds@acme.example"]});
    (authority(document), key, pem.into_contents())
});

/// An authority of an identity, and what that identity signed.
static KEYLESS: LazyLock<Identity> = LazyLock::new(|| {
    let sigstore = Sigstore::new();
    let (key, workload) = (Key::p256(), Workload::default());
    let certificate = pem::parse(sigstore.certificate(&key, &workload)).unwrap();
    Identity {
        authority: sigstore.usual(),
        bundle: sigstore.bundle(&workload),
        layer: sigstore.layer_by(&key, &workload),
        certificate: certificate.into_contents(),
    }
});

/// A Sigstore, a bundle of which nothing but a timestamp proves the time, and two responses of its timestamp
/// authority: one in time, one of a second after the certificate ended.
static STAMPED: LazyLock<(Sigstore, Value, [Vec<u8>; 2])> = LazyLock::new(|| {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let workload = Workload::default();
    let certificate = sigstore.certificate(&key, &workload);
    let bundle = sigstore.rekor_v2.logged(bundle(&key), &certificate);
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str();
    let signature = STANDARD.decode(signature.unwrap()).unwrap();
    let responses = [INTEGRATED, workload.leaf.until + 1]
        .map(|at| sigstore.tsa.response(&Stamp::over(&signature, at)));
    (sigstore, bundle, responses)
});

struct Identity {
    authority: Authority,
    bundle: Value,
    layer: Layer,
    certificate: Vec<u8>,
}

/// What is wanted of attestations, and what conditions are about.
const ATTESTED: &str = "https://slsa.dev/provenance/v1";

fn attesting(mut document: Value) -> Authority {
    let conditions = json!([{"path": "builder.id"}, {"path": "list[*].a"}]);
    document["attestation"] = json!({"predicateType": ATTESTED, "conditions": conditions});
    authority(document)
}

/// The statement of an attestation.
fn attestation(digest: &str) -> String {
    let mut statement = statement(digest);
    statement["predicateType"] = json!(ATTESTED);
    statement["subject"][0]["name"] = json!(REFERENCE);
    statement["predicate"] = json!({"builder": {"id": "ci"}, "list": [{"a": 1}, {"b": 2}]});
    statement.to_string()
}

/// An envelope as cosign 2 keeps it.
fn envelope(statement: &str) -> String {
    bundle_over(&AUTHORITIES.0, statement)["dsseEnvelope"].to_string()
}

fn refused(evidence: &Evidence<'_>) -> bool {
    let (_, authorities) = &*AUTHORITIES;
    authorities
        .iter()
        .all(|authority| match judge(authority, evidence, NOW) {
            Ok(_) => false,
            Err(rejection) => !rejection.to_string().chars().any(char::is_control),
        })
}

/// A right text with some bytes changed, cut or doubled.
fn mangled(text: String) -> impl Strategy<Value = Vec<u8>> {
    mangled_bytes(text.as_bytes())
}

fn mangled_bytes(bytes: &[u8]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let bytes = bytes.to_vec();
    let length = bytes.len();
    (0..length, 0..length, any::<u8>(), 0..3_u8).prop_map(move |(a, b, byte, how)| {
        let mut changed = bytes.clone();
        let (from, to) = (a.min(b), a.max(b));
        match how {
            0 => changed[a] = byte,
            1 => drop(changed.drain(from..=to)),
            _ => drop(changed.splice(from..from, bytes[from..=to].to_vec())),
        }
        changed
    })
}

fn stamped(bundle: &Value, response: &[u8]) -> Value {
    let mut bundle = bundle.clone();
    bundle["verificationMaterial"]["timestampVerificationData"] =
        json!({"rfc3161Timestamps": [{"signedTimestamp": base64(response)}]});
    bundle
}

fn annotation_name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("dev.cosignproject.cosign/signature".to_owned()),
        Just("dev.sigstore.cosign/certificate".to_owned()),
        Just("dev.sigstore.cosign/chain".to_owned()),
        Just("dev.sigstore.cosign/bundle".to_owned()),
        Just("dev.sigstore.cosign/rfc3161timestamp".to_owned()),
    ]
}

fn annotation() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,80}",
        "[A-Za-z0-9+/]{4,80}={0,2}",
        "-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/]{4,80}\n-----END CERTIFICATE-----\n",
        r#"\{"SignedEntryTimestamp":"AA==","Payload":\{"body":"[A-Za-z0-9]{4}","integratedTime":-?[0-9]{1,18},"logIndex":-?[0-9]{1,18},"logID":"[0-9a-fé]{0,64}"\}\}"#,
        r#"\{"SignedRFC3161Timestamp":"[A-Za-z0-9+/]{4,40}"\}"#,
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(refused(&Evidence::Bundle(&bytes)));
        let annotations = BTreeMap::new();
        let payload = &bytes;
        let evidence = Evidence::SimpleSigning { payload, annotations: &annotations };
        prop_assert!(refused(&evidence));
        let evidence = Evidence::Envelope { envelope: &bytes, annotations: &annotations };
        prop_assert!(refused(&evidence));
        let _ = Candidates::of(&bytes, Wanted::ALL);
    }

    #[test]
    fn any_annotations_are_refused(annotations in prop::collection::btree_map(annotation_name(), annotation(), 0..6)) {
        let payload = payload(DIGEST, REFERENCE).to_string();
        let evidence = Evidence::SimpleSigning { payload: payload.as_bytes(), annotations: &annotations };
        prop_assert!(refused(&evidence));
    }

    #[test]
    fn a_mangled_payload_is_refused(payload in mangled(payload(DIGEST, REFERENCE).to_string())) {
        let signed = Layer::of(&AUTHORITIES.0);
        prop_assume!(payload != signed.payload);
        let evidence = Evidence::SimpleSigning { payload: &payload, annotations: &signed.annotations };
        prop_assert!(refused(&evidence));
    }

    #[test]
    fn a_mangled_bundle_does_not_panic_nor_sign_another_image(bytes in mangled(bundle(&AUTHORITIES.0).to_string())) {
        // most of a bundle is not signed: hint, key order, unknown members; what verifies is still right
        for authority in &AUTHORITIES.1 {
            if let Ok(signer) = judge(authority, &Evidence::Bundle(&bytes), NOW) {
                prop_assert_eq!(&signer.id, &AUTHORITIES.0.fingerprint());
                prop_assert!(!authority.requires_tlog());
            }
        }
    }

    #[test]
    fn a_mangled_statement_of_another_image_is_refused(statement in mangled(statement(OTHER_DIGEST).to_string())) {
        let statement = String::from_utf8_lossy(&statement);
        prop_assume!(!statement.contains(&DIGEST[7..]));
        let signed = bundle_over(&AUTHORITIES.0, &statement).to_string();
        prop_assert!(refused(&Evidence::Bundle(signed.as_bytes())));
    }

    #[test]
    fn a_mangled_envelope_does_not_panic_nor_say_anything_else(bytes in mangled(envelope(&attestation(DIGEST)))) {
        let annotations = BTreeMap::new();
        let evidence = Evidence::Envelope { envelope: &bytes, annotations: &annotations };
        let said = json!({"builder": {"id": "ci"}, "list": [{"a": 1}, {}]});
        for authority in &AUTHORITIES.1 {
            if let Ok(verified) = examine(authority, &evidence, NOW) {
                prop_assert_eq!(&verified.signer.id, &AUTHORITIES.0.fingerprint());
                let told = verified.predicate.unwrap().to_value();
                prop_assert_eq!(&told, &said);
            }
        }
    }

    #[test]
    fn a_mangled_attestation_of_another_image_is_refused(statement in mangled(attestation(OTHER_DIGEST))) {
        let statement = String::from_utf8_lossy(&statement);
        prop_assume!(!statement.contains(&DIGEST[7..]));
        let envelope = envelope(&statement);
        let annotations = BTreeMap::new();
        let evidence = Evidence::Envelope { envelope: envelope.as_bytes(), annotations: &annotations };
        prop_assert!(refused(&evidence));
    }

    #[test]
    fn no_annotations_of_an_envelope_are_a_log_entry(annotations in prop::collection::btree_map(annotation_name(), annotation(), 0..6)) {
        let envelope = envelope(&attestation(DIGEST));
        let evidence = Evidence::Envelope { envelope: envelope.as_bytes(), annotations: &annotations };
        for authority in &AUTHORITIES.1 {
            let verdict = judge(authority, &evidence, NOW);
            prop_assert!(verdict.is_err() || !authority.requires_tlog(), "{:?}", verdict);
        }
    }

    #[test]
    fn a_mangled_certificate_does_not_panic_nor_name_another_signer(der in mangled_bytes(&CERTIFIED.2)) {
        let (authority, key, right) = &*CERTIFIED;
        prop_assume!(der != *right);
        let pem = pem::Pem::new("CERTIFICATE", der).to_string();
        let verdict = Layer::of(key).annotate("certificate", pem).verify(authority);
        prop_assert!(verdict.is_err(), "{:?}", verdict);
    }

    #[test]
    fn a_mangled_keyless_bundle_does_not_panic_nor_sign_another_image(bytes in mangled(KEYLESS.bundle.to_string())) {
        // see above: what still verifies is by the identity, for the image
        if let Ok(signer) = judge(&KEYLESS.authority, &Evidence::Bundle(&bytes), NOW) {
            prop_assert_eq!(signer.identity.as_deref(), Some(Workload::SUBJECT));
            prop_assert_eq!(signer.issuer.as_deref(), Some(Workload::ISSUER));
        }
    }

    #[test]
    fn a_mangled_certificate_of_an_identity_is_refused(der in mangled_bytes(&KEYLESS.certificate)) {
        prop_assume!(der != KEYLESS.certificate);
        let pem = pem::Pem::new("CERTIFICATE", der).to_string();
        let verdict = KEYLESS.layer.clone().annotate("certificate", pem).verify(&KEYLESS.authority);
        prop_assert!(verdict.is_err(), "{:?}", verdict);
    }

    #[test]
    fn a_mangled_timestamp_does_not_panic_nor_name_another_signer(response in mangled_bytes(&STAMPED.2[0])) {
        // its status and the certificate that it brings are not signed
        let (sigstore, bundle, _) = &*STAMPED;
        if let Ok(signer) = verify_bundle(&sigstore.usual(), &stamped(bundle, &response)) {
            prop_assert_eq!(signer.identity.as_deref(), Some(Workload::SUBJECT));
        }
    }

    #[test]
    fn a_mangled_timestamp_proves_no_other_time(response in mangled_bytes(&STAMPED.2[1])) {
        let (sigstore, bundle, _) = &*STAMPED;
        let verdict = verify_bundle(&sigstore.usual(), &stamped(bundle, &response));
        prop_assert!(verdict.is_err(), "{:?}", verdict);
    }

    #[test]
    fn a_mangled_bundle_file_is_no_other(bytes in mangled(STAMPED.0.tsa.stamped(&STAMPED.1, INTEGRATED).to_string())) {
        let root = STAMPED.0.trust_root().to_string();
        let of = |digest| {
            let digest = Digest::parse(digest).unwrap();
            gatehouse_trust::verify_bundle(&bytes, digest, root.as_bytes(), BundleSigner::Anyone)
        };
        if let Ok(verified) = of(DIGEST) {
            prop_assert_eq!(verified.subject.as_deref(), Some(Workload::SUBJECT));
            prop_assert_eq!(verified.issuer.as_deref(), Some(Workload::ISSUER));
        }
        prop_assert!(of(OTHER_DIGEST).is_err());
    }

    #[test]
    fn a_mangled_trusted_root_trusts_nobody_else(bytes in mangled(STAMPED.0.trust_root().to_string())) {
        let other = Sigstore::new().bundle(&Workload::default()).to_string();
        let digest = Digest::parse(DIGEST).unwrap();
        let verdict = gatehouse_trust::verify_bundle(other.as_bytes(), digest, &bytes, BundleSigner::Anyone);
        prop_assert!(verdict.is_err());
    }

    #[test]
    fn no_keyless_document_panics(text in ".{0,60}", kind in "text|glob|regex") {
        let pattern = match kind.as_str() {
            "text" => json!(text),
            _ => json!({kind: text}),
        };
        let claims = json!({"ref": text});
        let _ = parse(json!({"keyless": {"issuer": pattern, "subject": pattern, "claims": claims}}));
    }

    #[test]
    fn no_document_panics(key in ".{0,60}", flag in any::<bool>()) {
        let document = json!({"key": format!("-----BEGIN {key}-----\nAAAA\n-----END {key}-----"), "requireTlog": flag});
        prop_assert!(parse(document).is_err());
        let certificate = parse(json!({"certificate": key}));
        prop_assert!(certificate.is_err());
    }
}
