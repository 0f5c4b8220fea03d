//! Attestations in both formats, for every kind of authority.

use std::collections::BTreeMap;

use ::base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_trust::{
    Authority, LogFault, PROJECTION_BYTES,
    signature::{ATTESTATION_BYTES, ATTESTED_SUBJECTS, Evidence, NamedSigner, Rejection, Verified},
};
use serde_json::{Value, json};

use crate::kit::*;

const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";

/// A layer of an `.att` manifest.
struct Attached {
    envelope: String,
    annotations: BTreeMap<String, String>,
}

impl Attached {
    /// The envelope of a bundle as cosign 2 keeps it.
    fn of(bundle: &Value) -> Self {
        Self {
            envelope: bundle["dsseEnvelope"].to_string(),
            annotations: BTreeMap::new(),
        }
    }

    /// The same layer with one more annotation, named without cosign's prefix.
    fn annotate(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = format!("dev.sigstore.cosign/{name}");
        self.annotations.insert(name, value.into());
        self
    }

    fn examine(&self, authority: &Authority) -> Result<Verified, Rejection> {
        let evidence = Evidence::Envelope {
            envelope: self.envelope.as_bytes(),
            annotations: &self.annotations,
        };
        examine(authority, &evidence, NOW)
    }

    /// Why it is refused, if it is.
    fn verdict(&self, authority: &Authority) -> Result<(), Rejection> {
        self.examine(authority).map(drop)
    }
}

fn examine_bundle(authority: &Authority, bundle: &Value) -> Result<Verified, Rejection> {
    let bundle = bundle.to_string();
    examine(authority, &Evidence::Bundle(bundle.as_bytes()), NOW)
}

fn verdict(authority: &Authority, bundle: &Value) -> Result<(), Rejection> {
    examine_bundle(authority, bundle).map(drop)
}

/// What both formats of an attestation by a key come to, which must be the same.
fn both(authority: &Authority, bundle: &Value) -> Result<Verified, Rejection> {
    let verified = examine_bundle(authority, bundle);
    assert_eq!(Attached::of(bundle).examine(authority), verified);
    verified
}

/// The statement of a scan.
fn scan() -> Value {
    let mut scan = statement(DIGEST);
    scan["predicateType"] = json!(VULN);
    scan["predicate"] = json!({
        "scanner": {"result": {"Results": [{"Vulnerabilities": [{"Severity": "LOW", "ID": "1"}]}, {}]}},
        "metadata": {"scanFinishedOn": "2025-06-15T15:00:00Z"},
    });
    scan
}

fn attested(key: &Key, statement: &Value) -> Value {
    bundle_over(key, &statement.to_string())
}

/// The document with the attestations that are wanted.
fn wanting(mut document: Value) -> Value {
    document["attestation"] = json!({"predicateType": VULN, "conditions": [
        {"path": "scanner.result.Results[*].Vulnerabilities[*].Severity", "noneOf": ["CRITICAL"]},
    ]});
    document
}

fn scanned(key: &Key) -> Authority {
    authority(wanting(json!({"key": key.pem()})))
}

/// The annotation that says the same as the entry of a bundle.
fn log_annotation(entry: &Value) -> String {
    let id = STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap());
    let id: String = id.unwrap().iter().map(|b| format!("{b:02x}")).collect();
    json!({
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": INTEGRATED,
            "logIndex": 0,
            "logID": id,
        },
    })
    .to_string()
}

fn is_malformed<T>(verdict: &Result<T, Rejection>) -> bool {
    matches!(verdict, Err(Rejection::Malformed(_)))
}

#[test]
fn every_kind_of_key_attests() {
    for (kind, key) in Key::all() {
        let verified = both(&scanned(&key), &attested(&key, &scan())).unwrap();
        assert_eq!(verified.signer.id, key.fingerprint(), "{kind}");
        let severities = json!([{"Vulnerabilities": [{"Severity": "LOW"}]}, {}]);
        let expected = json!({"scanner": {"result": {"Results": severities}}});
        assert_eq!(verified.predicate.unwrap().to_value(), expected);
    }
}

#[test]
fn certificates_attest() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let certificate = ca.issue(&key, Leaf::default());
    let document = |identity| wanting(json!({"certificate": ca.pem, "identities": [identity]}));
    let (right, other) = (
        authority(document("builds@acme.example")),
        authority(document("other@acme.example")),
    );
    let mut bundle = attested(&key, &scan());
    let attached = Attached::of(&bundle).annotate("certificate", &certificate);
    let der = pem::parse(&certificate).unwrap();
    let material = json!({"certificate": {"rawBytes": base64(der.contents())}});
    bundle["verificationMaterial"] = material;
    let verified = examine_bundle(&right, &bundle);
    assert_eq!(attached.examine(&right), verified);
    let identity = verified.unwrap().signer.identity;
    assert_eq!(identity.as_deref(), Some("builds@acme.example"));
    let refused = verdict(&other, &bundle);
    assert!(matches!(refused, Err(Rejection::OtherIdentity(_))));
    assert_eq!(attached.verdict(&other), refused);
}

#[test]
fn a_certificate_that_did_not_sign_does_not_attest() {
    let (ca, key, other) = (Ca::new("Acme"), Key::p256(), Key::p256());
    let authority = authority(wanting(json!({"certificate": ca.pem})));
    let mut bundle = ca.bundle(&key, Leaf::default());
    bundle["dsseEnvelope"] = attested(&other, &scan())["dsseEnvelope"].clone();
    let expected = Err(Rejection::BadSignature { ed25519: false });
    assert_eq!(verdict(&authority, &bundle), expected);
    let certificate = ca.issue(&key, Leaf::default());
    let attached = Attached::of(&bundle).annotate("certificate", certificate);
    assert_eq!(attached.verdict(&authority), expected);
    let unnamed = Attached::of(&bundle).verdict(&authority);
    assert_eq!(unnamed, Err(Rejection::NoCertificate));
}

/// A Sigstore, and what one of its identities attested in both formats.
struct Keyless {
    sigstore: Sigstore,
    certificate: String,
    bundle: Value,
    attached: Attached,
}

impl Keyless {
    fn new(workload: &Workload) -> Self {
        let (sigstore, key) = (Sigstore::new(), Key::p256());
        let certificate = sigstore.certificate(&key, workload);
        let bundle = sigstore.logged(attested(&key, &scan()), &certificate);
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
        let attached = Attached::of(&bundle)
            .annotate("certificate", &certificate)
            .annotate("bundle", log_annotation(entry));
        Self {
            sigstore,
            certificate,
            bundle,
            attached,
        }
    }

    fn authority(&self) -> Authority {
        authority(wanting(json!({
            "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
            "trustRoot": self.sigstore.trust_root().to_string(),
            "requireTlog": true,
        })))
    }

    /// What both formats come to.
    fn verdict(&self) -> Result<Verified, Rejection> {
        let authority = self.authority();
        let verified = examine_bundle(&authority, &self.bundle);
        assert_eq!(self.attached.examine(&authority), verified);
        verified
    }
}

#[test]
fn identities_attest_and_no_others() {
    let verified = Keyless::new(&Workload::default()).verdict().unwrap();
    assert_eq!(verified.signer.identity.as_deref(), Some(Workload::SUBJECT));
    assert!(verified.predicate.is_some());
    let evil = format!("{}.evil", Workload::SUBJECT);
    let other = Keyless::new(&Workload::uri(&evil)).verdict();
    assert_eq!(other, Err(Rejection::OtherIdentity(Some(evil))));
    let issued = Keyless::new(&Workload {
        issuer: Some("https://evil.example".to_owned()),
        ..Workload::default()
    });
    assert!(matches!(issued.verdict(), Err(Rejection::OtherIssuer(_))));
    let unlisted = Keyless::new(&Workload {
        sct: Sct::Absent,
        ..Workload::default()
    });
    let verdict = unlisted.verdict();
    assert!(matches!(verdict, Err(Rejection::UnusableCertificate(_))));
}

#[test]
fn what_identities_attest_has_to_be_in_the_log() {
    let mut keyless = Keyless::new(&Workload::default());
    let authority = keyless.authority();
    let material = &mut keyless.bundle["verificationMaterial"];
    material.as_object_mut().unwrap().remove("tlogEntries");
    keyless.attached = Attached::of(&keyless.bundle).annotate("certificate", &keyless.certificate);
    let absent = Err(Rejection::NotLogged(LogFault::Absent));
    assert_eq!(keyless.verdict().map(drop), absent);
    let timestamped = keyless
        .attached
        .annotate("rfc3161timestamp", r#"{"SignedRFC3161Timestamp":"AA=="}"#);
    let expected = Err(Rejection::NotLogged(LogFault::EnvelopeTimestamp));
    assert_eq!(timestamped.verdict(&authority), expected);
    let other_root = Keyless::new(&Workload::default()).authority();
    let strange = Keyless::new(&Workload::default());
    let verdict = strange.attached.verdict(&other_root);
    assert!(matches!(verdict, Err(Rejection::OtherAuthority(_))));
}

#[test]
fn the_log_entry_of_another_attestation_proves_nothing() {
    let (log, key) = (Log::new(), Key::p256());
    let document = json!({
        "key": key.pem(), "requireTlog": true, "trustRoot": log.trust_root(),
    });
    let authority = authority(wanting(document));
    let (mut one, two) = (attested(&key, &scan()), attested(&key, &scan()));
    let own = one.clone();
    let mut of_entry = |entry: Value| {
        let attached = Attached::of(&one).annotate("bundle", log_annotation(&entry));
        one["verificationMaterial"]["tlogEntries"] = json!([entry]);
        (verdict(&authority, &one), attached.verdict(&authority))
    };
    let other = || Err(Rejection::NotLogged(LogFault::OtherEntry));
    // the same statement, signed another time
    assert_eq!(of_entry(log.entry(&two, &key.pem())), (other(), other()));
    let stranger = Key::p256().pem();
    assert_eq!(of_entry(log.entry(&own, &stranger)), (other(), other()));
}

#[test]
fn an_entry_of_its_own_proves_it_and_a_forged_one_does_not() {
    let (log, key) = (Log::new(), Key::p256());
    let document = json!({
        "key": key.pem(), "requireTlog": true, "trustRoot": log.trust_root(),
    });
    let authority = authority(wanting(document));
    let mut bundle = attested(&key, &scan());
    let entry = log.entry(&bundle, &key.pem());
    let annotation = log_annotation(&entry);
    let later = annotation.replace(&INTEGRATED.to_string(), &(INTEGRATED + 1).to_string());
    assert_ne!(annotation, later);
    let attached = |annotation: &str| Attached::of(&bundle).annotate("bundle", annotation);
    assert_eq!(attached(&annotation).verdict(&authority), Ok(()));
    let forged = Err(Rejection::NotLogged(LogFault::Forged));
    assert_eq!(attached(&later).verdict(&authority), forged);
    let unread = Err(Rejection::NotLogged(LogFault::Unsupported));
    assert_eq!(attached("{}").verdict(&authority), unread);
    let absent = Err(Rejection::NotLogged(LogFault::Absent));
    assert_eq!(Attached::of(&bundle).verdict(&authority), absent);
    bundle["verificationMaterial"]["tlogEntries"] = json!([entry]);
    assert_eq!(verdict(&authority, &bundle), Ok(()));
    // what is enough for an annotation is not for a bundle
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    entry.as_object_mut().unwrap().remove("inclusionProof");
    assert_eq!(verdict(&authority, &bundle), forged);
}

#[test]
fn the_predicate_type_is_compared_exactly() {
    let key = Key::p256();
    for other in [
        "https://cosign.sigstore.dev/attestation/vuln/v1/",
        "https://cosign.sigstore.dev/attestation/vuln/v11",
        "https://cosign.sigstore.dev/attestation/vuln",
        "https://COSIGN.sigstore.dev/attestation/vuln/v1",
        "https://cosign.sigstore.dev/attestation/vuln%2Fv1",
        " https://cosign.sigstore.dev/attestation/vuln/v1",
        "https://slsa.dev/provenance/v1",
        "",
    ] {
        let mut statement = scan();
        statement["predicateType"] = json!(other);
        let refused = both(&scanned(&key), &attested(&key, &statement));
        assert_eq!(refused, Err(Rejection::OtherPredicate(other.to_owned())));
    }
}

#[test]
fn nothing_unsigned_says_of_which_type_it_is() {
    let key = Key::p256();
    let lie = |statement: &Value, annotation: &str| {
        let mut lying = Attached::of(&attested(&key, statement));
        let annotation = annotation.to_owned();
        lying
            .annotations
            .insert("predicateType".to_owned(), annotation);
        lying.verdict(&scanned(&key))
    };
    let slsa = "https://slsa.dev/provenance/v1";
    let mut provenance = scan();
    provenance["predicateType"] = json!(slsa);
    let expected = Err(Rejection::OtherPredicate(slsa.to_owned()));
    assert_eq!(lie(&provenance, VULN), expected);
    assert_eq!(lie(&scan(), slsa), Ok(()));
    let mut bundle = attested(&key, &provenance);
    bundle["predicateType"] = json!(VULN);
    bundle["dsseEnvelope"]["predicateType"] = json!(VULN);
    assert_eq!(verdict(&scanned(&key), &bundle), expected);
}

#[test]
fn the_subject_has_to_be_the_image() {
    let key = Key::p256();
    let about = |subject: Value| {
        let mut statement = scan();
        statement["subject"] = subject;
        both(&scanned(&key), &attested(&key, &statement)).map(drop)
    };
    let (hex, other) = (&DIGEST[7..], &OTHER_DIGEST[7..]);
    let among = json!([{"digest": {"sha256": other}}, {"digest": {"sha256": hex}}]);
    assert_eq!(about(among), Ok(()));
    for (subject, named) in [
        (
            json!([{"digest": {"sha256": other}}]),
            OTHER_DIGEST.to_owned(),
        ),
        (
            json!([{"digest": {"sha512": hex}}]),
            format!("sha512:{hex}"),
        ),
        (json!([{"name": DIGEST, "digest": {}}]), String::new()),
        (json!([]), String::new()),
    ] {
        assert_eq!(about(subject), Err(Rejection::OtherDigest(named)));
    }
    assert!(is_malformed(&about(json!({"digest": {"sha256": hex}}))));
    assert!(is_malformed(&about(json!([{"digest": {"sha256": [hex]}}]))));
}

#[test]
fn the_repository_can_be_bound() {
    let key = Key::p256();
    let document = wanting(json!({"key": key.pem(), "bindReference": true}));
    let bound = authority(document);
    let named = |name: &str| {
        let mut statement = scan();
        statement["subject"][0]["name"] = json!(name);
        both(&bound, &attested(&key, &statement)).map(drop)
    };
    assert_eq!(named(REFERENCE), Ok(()));
    assert_eq!(named(""), Err(Rejection::NoRepository));
    let elsewhere = "evil.example/acme/app";
    let expected = Err(Rejection::OtherRepository(elsewhere.to_owned()));
    assert_eq!(named(elsewhere), expected);
}

#[test]
fn both_versions_of_statements_are_read_and_no_others() {
    let key = Key::p256();
    let typed = |kind: &str| {
        let mut statement = scan();
        statement["_type"] = json!(kind);
        both(&scanned(&key), &attested(&key, &statement)).map(drop)
    };
    assert_eq!(typed("https://in-toto.io/Statement/v1"), Ok(()));
    assert_eq!(typed("https://in-toto.io/Statement/v0.1"), Ok(()));
    for other in ["https://in-toto.io/Statement/v2", "Statement", ""] {
        let expected = Rejection::NotAnImageSignature(other.to_owned());
        assert_eq!(typed(other), Err(expected));
    }
}

#[test]
fn another_payload_type_is_no_attestation_though_it_is_signed() {
    let key = Key::p256();
    for kind in ["application/json", "application/vnd.in-toto+xml", ""] {
        let text = scan().to_string();
        let mut bundle = bundle_over(&key, &text);
        let envelope = &mut bundle["dsseEnvelope"];
        envelope["payloadType"] = json!(kind);
        envelope["signatures"][0]["sig"] = json!(base64(&key.sign(&pae(kind, &text))));
        let expected = Rejection::NotAnImageSignature(kind.to_owned());
        assert_eq!(both(&scanned(&key), &bundle), Err(expected));
    }
}

#[test]
fn the_payload_type_is_signed_too() {
    let key = Key::p256();
    let text = scan().to_string();
    let mut bundle = bundle_over(&key, &text);
    let other = key.sign(&pae("application/json", &text));
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(base64(&other));
    let attached = Attached::of(&bundle).verdict(&scanned(&key));
    let expected = Rejection::OtherSigner(NamedSigner::Unnamed);
    assert_eq!(attached, Err(expected));
    let expected = Err(Rejection::BadSignature { ed25519: false });
    assert_eq!(verdict(&scanned(&key), &bundle), expected);
}

#[test]
fn the_attestation_of_another_key_does_not_count() {
    let (key, other) = (Key::p256(), Key::p256());
    let bundle = attested(&other, &scan());
    let named = NamedSigner::Key(other.fingerprint());
    let expected = Err(Rejection::OtherSigner(named));
    assert_eq!(verdict(&scanned(&key), &bundle), expected);
    let expected = Err(Rejection::OtherSigner(NamedSigner::Unnamed));
    assert_eq!(Attached::of(&bundle).verdict(&scanned(&key)), expected);
}

#[test]
fn a_changed_predicate_is_not_signed() {
    let key = Key::p256();
    let mut bundle = attested(&key, &scan());
    let clean = scan().to_string().replace("LOW", "NIL");
    bundle["dsseEnvelope"]["payload"] = json!(base64(clean.as_bytes()));
    let expected = Err(Rejection::BadSignature { ed25519: false });
    assert_eq!(verdict(&scanned(&key), &bundle), expected);
    assert!(Attached::of(&bundle).verdict(&scanned(&key)).is_err());
}

#[test]
fn the_envelope_has_one_signature() {
    let key = Key::p256();
    let bundle = attested(&key, &scan());
    let right = bundle["dsseEnvelope"]["signatures"][0].clone();
    let stranger = attested(&Key::p256(), &scan())["dsseEnvelope"]["signatures"][0].clone();
    for signatures in [
        json!([right, stranger]),
        json!([stranger, right]),
        json!([right, right]),
        json!([]),
        json!({"0": right}),
        json!("none"),
        json!(null),
    ] {
        let mut changed = bundle.clone();
        changed["dsseEnvelope"]["signatures"] = signatures;
        let of_bundle = verdict(&scanned(&key), &changed);
        let attached = Attached::of(&changed).verdict(&scanned(&key));
        assert!(is_malformed(&of_bundle), "{of_bundle:?}");
        assert!(is_malformed(&attached), "{attached:?}");
    }
}

#[test]
fn a_signature_attests_nothing_and_an_attestation_does_not_sign() {
    let key = Key::p256();
    let attestation = attested(&key, &scan());
    let expected = Err(Rejection::OtherPredicate(VULN.to_owned()));
    assert_eq!(both(&key.authority(), &attestation).map(drop), expected);
    let not = Err(Rejection::NotAnAttestation);
    assert_eq!(verdict(&scanned(&key), &bundle(&key)), not);
    let layer = Layer::of(&key).verify(&scanned(&key));
    assert_eq!(layer, Err(Rejection::NotAnAttestation));
}

#[test]
fn a_signature_in_the_place_of_an_attestation_counts_for_nobody() {
    // its bundle has to be of version 0.3, whose log entries prove more than an annotation
    let key = Key::p256();
    let attached = Attached::of(&bundle(&key));
    for authority in [key.authority(), scanned(&key)] {
        let verdict = attached.verdict(&authority);
        assert!(is_malformed(&verdict), "{verdict:?}");
    }
}

#[test]
fn older_bundles_do_not_attest() {
    let key = Key::p256();
    let mut bundle = attested(&key, &scan());
    let older = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    bundle["mediaType"] = json!(older);
    let expected = Err(Rejection::UnsupportedVersion(older.to_owned()));
    assert_eq!(verdict(&scanned(&key), &bundle), expected);
}

#[test]
fn json_has_one_meaning_at_every_layer() {
    let key = Key::p256();
    let bundle = attested(&key, &scan());
    for member in ["payload", "payloadType", "signatures"] {
        let quoted = format!("\"{member}\":");
        let text = bundle["dsseEnvelope"].to_string();
        let twice = text.replacen('{', &format!("{{{quoted}\"AA==\","), 1);
        let attached = Attached {
            envelope: twice,
            annotations: BTreeMap::new(),
        };
        let verdict = attached.verdict(&scanned(&key));
        assert!(is_malformed(&verdict), "{verdict:?}");
    }
    let text = scan().to_string();
    for (once, twice) in [
        ("\"predicate\":", "\"predicate\":{},\"predicate\":"),
        (
            "\"predicateType\":",
            "\"predicateType\":\"\",\"predicateType\":",
        ),
        ("\"subject\":", "\"subject\":[],\"subject\":"),
        ("\"Severity\":", "\"Severity\":\"LOW\",\"Severity\":"),
    ] {
        let twice = text.replacen(once, twice, 1);
        assert_ne!(text, twice);
        let verdict = both(&scanned(&key), &bundle_over(&key, &twice));
        assert!(is_malformed(&verdict), "{verdict:?}");
    }
}

#[test]
fn garbage_in_envelopes_is_malformed() {
    let key = Key::p256();
    for envelope in [
        "",
        "{}",
        "[]",
        "null",
        "\u{0}",
        r#"{"payload":"","payloadType":"","signatures":[{"sig":7}]}"#,
        r#"{"payload":"%","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":""}]}"#,
        r#"{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"%"}]}"#,
        r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":""}]}"#,
    ] {
        let attached = Attached {
            envelope: envelope.to_owned(),
            annotations: BTreeMap::new(),
        };
        let verdict = attached.verdict(&scanned(&key));
        assert!(is_malformed(&verdict), "{envelope}: {verdict:?}");
    }
    let broken = Attached::of(&attested(&key, &scan())).annotate("certificate", "PEM?");
    assert!(is_malformed(&broken.verdict(&scanned(&key))));
}

#[test]
fn what_a_statement_lacks_meets_no_condition() {
    let key = Key::p256();
    let predicate = |predicate: Option<Value>| {
        let mut statement = scan();
        match predicate {
            Some(predicate) => statement["predicate"] = predicate,
            None => drop(statement.as_object_mut().unwrap().remove("predicate")),
        }
        let verified = both(&scanned(&key), &attested(&key, &statement)).unwrap();
        verified.predicate.unwrap().to_value()
    };
    assert_eq!(predicate(None), json!(null));
    assert_eq!(predicate(Some(json!(null))), json!(null));
    assert_eq!(predicate(Some(json!("text"))), json!("text"));
    assert_eq!(predicate(Some(json!([1]))), json!([]));
    assert_eq!(predicate(Some(json!({"a": 1}))), json!({}));
}

/// Limits, from both sides.
#[test]
fn envelopes_and_bundles_may_be_so_long_and_no_longer() {
    let key = Key::p256();
    let bundle = attested(&key, &scan());
    for (length, is_too_long) in [(ATTESTATION_BYTES, false), (ATTESTATION_BYTES + 1, true)] {
        let too_large = |what| match is_too_long {
            false => Ok(()),
            true => Err(Rejection::TooLarge {
                what,
                limit: ATTESTATION_BYTES,
            }),
        };
        let attached = Attached {
            envelope: padded(&bundle["dsseEnvelope"].to_string(), length),
            annotations: BTreeMap::new(),
        };
        assert_eq!(attached.verdict(&scanned(&key)), too_large("envelope"));
        let text = padded(&bundle.to_string(), length);
        let evidence = Evidence::Bundle(text.as_bytes());
        let verdict = examine(&scanned(&key), &evidence, NOW).map(drop);
        assert_eq!(verdict, too_large("bundle"));
    }
}

#[test]
fn a_scan_of_megabytes_is_read_and_little_of_it_is_told() {
    let key = Key::p256();
    let mut statement = scan();
    statement["predicate"]["log"] = json!("x".repeat(4 * 1024 * 1024));
    let verified = both(&scanned(&key), &attested(&key, &statement)).unwrap();
    let told = verified.predicate.unwrap().to_value().to_string();
    assert!(told.len() < 100, "{told}");
}

#[test]
fn a_build_may_make_so_many_and_no_more() {
    let key = Key::p256();
    let of = |count| {
        let mut statement = scan();
        let subject = statement["subject"][0].clone();
        statement["subject"] = json!(vec![subject; count]);
        both(&scanned(&key), &attested(&key, &statement)).map(drop)
    };
    assert_eq!(of(ATTESTED_SUBJECTS), Ok(()));
    let expected = Err(Rejection::TooLarge {
        what: "number of subjects",
        limit: ATTESTED_SUBJECTS,
    });
    assert_eq!(of(ATTESTED_SUBJECTS + 1), expected);
}

#[test]
fn conditions_may_be_about_so_much_and_no_more() {
    let key = Key::p256();
    let predicate = |severity: &str| json!({"scanner": {"result": {"Results": [{"Vulnerabilities": [{"Severity": severity}]}]}}});
    let room = PROJECTION_BYTES - predicate("").to_string().len();
    let verdict = |length: usize| {
        let mut statement = scan();
        statement["predicate"] = predicate(&"x".repeat(length));
        both(&scanned(&key), &attested(&key, &statement)).map(drop)
    };
    assert_eq!(verdict(room), Ok(()));
    let expected = Err(Rejection::TooLarge {
        what: "part of the predicate that conditions are about",
        limit: PROJECTION_BYTES,
    });
    assert_eq!(verdict(room + 1), expected);
}

/// The mistakes in a document with this member, as places and words.
fn mistakes(attestation: Value) -> Vec<String> {
    let document = json!({"key": Key::p256().pem(), "attestation": attestation});
    let mistakes = parse(document).err().unwrap_or_default();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn mistakes_in_documents_are_said_where_they_are() {
    let at = "authorities.release.attestation";
    assert_eq!(mistakes(json!({"predicateType": VULN})), [""; 0]);
    assert_eq!(
        mistakes(json!(VULN)),
        [format!("{at}: expected an object with `predicateType`")]
    );
    assert_eq!(
        mistakes(json!({"type": VULN})),
        [
            format!("{at}.type: unknown field `type`: `conditions`, `predicateType` are known"),
            format!("{at}: `predicateType` is missing: the type of the attestations that count"),
        ]
    );
    for wrong in [json!(""), json!(7), json!([VULN])] {
        let expected =
            format!("{at}.predicateType: expected text, exactly as attestations have it");
        assert_eq!(mistakes(json!({"predicateType": wrong})), [expected]);
    }
    assert_eq!(
        mistakes(json!({"predicateType": SIGN})),
        [format!(
            "{at}.predicateType: with this type cosign 3 signs images: leave `attestation` out, and \
             signatures count"
        )]
    );
    let conditions = json!([{"path": "a.b"}, {"path": "a..\u{1b}"}, {"path": "a".repeat(513)}]);
    assert_eq!(
        mistakes(json!({"predicateType": VULN, "conditions": conditions})),
        [
            format!(
                "{at}.conditions[1].path: `a..\\u{{1b}}` is not a path: expected a member at byte 1"
            ),
            format!("{at}.conditions[2].path: a path can have 512 bytes at most"),
        ]
    );
}

#[test]
fn what_else_is_wrong_with_conditions_the_policy_says() {
    for conditions in [
        json!(null),
        json!(7),
        json!([7, {}, {"path": 7}, {"path": "a", "oneOf": 7}]),
    ] {
        let attestation = json!({"predicateType": VULN, "conditions": conditions});
        assert_eq!(mistakes(attestation), [""; 0]);
    }
}

#[test]
fn the_id_covers_what_is_wanted_and_what_is_told() {
    let key = Key::p256();
    let id = |attestation: Value| {
        let document = json!({"key": key.pem(), "attestation": attestation});
        authority(document).id().to_owned()
    };
    let paths = |paths: &[&str]| {
        let conditions: Vec<_> = paths.iter().map(|path| json!({"path": path})).collect();
        id(json!({"predicateType": VULN, "conditions": conditions}))
    };
    let ids = [
        key.authority().id().to_owned(),
        id(json!({"predicateType": "https://slsa.dev/provenance/v1"})),
        paths(&[]),
        paths(&["a"]),
        paths(&["b"]),
        paths(&["a", "b"]),
    ];
    let different: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
    // what the policy judges is none of it
    let judged = id(json!({"predicateType": VULN, "conditions": [{"path": "a", "maxAge": "1h"}]}));
    assert_eq!(judged, ids[3]);
    let authority = scanned(&key);
    assert_eq!(authority.predicate_type(), Some(VULN));
    assert_eq!(key.authority().predicate_type(), None);
}
