//! The cases of [sigstore-conformance], made here: what `gatehouse trust verify-bundle` has to judge as all
//! clients of Sigstore do. `files.rs` has the plain ones.
//!
//! [sigstore-conformance]: https://github.com/sigstore/sigstore-conformance/tree/main/test/assets/bundle-verify

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_reference::Digest;
use gatehouse_trust::{BundleError, VerifiedBundle, verify_bundle};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::{
    files::{FUTURE, IDENTITY, VERSIONS, begins, file_by, verdict, wrong},
    kit::{self, *},
};

type Change<'a> = &'a dyn Fn(&mut Value);

fn of_text(bundle: &str, root: &str) -> Result<VerifiedBundle, BundleError> {
    let digest = Digest::parse(DIGEST).unwrap();
    verify_bundle(bundle.as_bytes(), digest, root.as_bytes(), IDENTITY)
}

/// The verdict on the usual bundle when it is changed like this.
fn changed(sigstore: &Sigstore, change: impl FnOnce(&mut Value)) -> Result<(), BundleError> {
    let mut bundle = sigstore.bundle(&Workload::default());
    change(&mut bundle);
    verdict(sigstore, &bundle, IDENTITY, DIGEST).map(drop)
}

/// The same when only its log entry is changed.
fn with_entry(sigstore: &Sigstore, change: impl FnOnce(&mut Value)) -> Result<(), BundleError> {
    changed(sigstore, |bundle| {
        change(&mut bundle["verificationMaterial"]["tlogEntries"][0]);
    })
}

#[test]
fn intermediates_may_stand_beside_the_certificate_and_roots_may_not() {
    let root = Ca::new("Acme Sigstore");
    let usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    let fulcio = root.intermediate_for("Acme Fulcio", usages);
    let der = |ca: &Ca| json!({"rawBytes": base64(pem::parse(&ca.pem).unwrap().contents())});
    let (root_der, fulcio_der) = (der(&root), der(&fulcio));
    let sigstore = Sigstore::of(root, fulcio);
    let mut trusted = sigstore.trust_root();
    trusted["certificateAuthorities"][0]["certChain"]["certificates"] = json!([root_der]);
    let of = |version: &str, beside: &[&Value]| {
        let mut bundle = sigstore.bundle(&Workload::default());
        bundle["mediaType"] = json!(version);
        let material = bundle["verificationMaterial"].as_object_mut().unwrap();
        let leaf = material.remove("certificate").unwrap();
        let chain: Vec<_> = std::iter::once(&leaf)
            .chain(beside.iter().copied())
            .collect();
        material.insert(
            "x509CertificateChain".to_owned(),
            json!({"certificates": chain}),
        );
        of_text(&bundle.to_string(), &trusted.to_string()).map(drop)
    };
    for version in &VERSIONS[..2] {
        assert_eq!(of(version, &[&fulcio_der]), Ok(()));
        assert!(of(version, &[]).is_err());
        assert_eq!(
            wrong(of(version, &[&fulcio_der, &root_der])),
            "it brings a root certificate, which only the trusted root may"
        );
        let impostor = der(&Ca::new("Acme Sigstore").intermediate("Acme Fulcio"));
        assert!(of(version, &[&impostor]).is_err());
    }
    for version in &VERSIONS[2..] {
        begins(&wrong(of(version, &[&fulcio_der])), "it is malformed");
    }
}

#[test]
fn the_trusted_roots_own_certificates_expire_too() {
    let of = |from, until| {
        let root = Ca::new("Acme Sigstore");
        let fulcio = root.intermediate_valid("Acme Fulcio", from, until);
        let sigstore = Sigstore::of(root, fulcio);
        changed(&sigstore, |_| {})
    };
    let from = Workload::default().leaf.from;
    assert_eq!(of(from, INTEGRATED), Ok(()));
    let expected = "its certificate has an intermediate certificate that is not valid";
    assert_eq!(wrong(of(from, INTEGRATED - 1)), expected);
    assert_eq!(wrong(of(INTEGRATED + 1, INTEGRATED + 60)), expected);
    let root = Ca::valid("Acme Sigstore", 0, INTEGRATED - 1);
    let fulcio = root.intermediate("Acme Fulcio");
    let expired = changed(&Sigstore::of(root, fulcio), |_| {});
    assert!(expired.is_err());
}

#[test]
fn what_is_malformed_is_refused() {
    let sigstore = Sigstore::new();
    let root = sigstore.trust_root().to_string();
    let right = sigstore.bundle(&Workload::default()).to_string();
    assert!(of_text(&right, &root).is_ok());
    let twice = right.replacen('{', r#"{"mediaType":"x","#, 1);
    for text in [
        &right[1..],
        &format!("{right}x"),
        &format!("{right}{right}"),
        &twice,
    ] {
        begins(&wrong(of_text(text, &root)), "it is not a Sigstore bundle");
    }
    let material = "verificationMaterial";
    let cases: [(&str, Change<'_>); 6] = [
        ("no media type", &|bundle| {
            bundle.as_object_mut().unwrap().remove("mediaType");
        }),
        ("an unknown version", &|bundle| {
            bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=99.9");
        }),
        ("a negative index", &|bundle| {
            bundle[material]["tlogEntries"][0]["logIndex"] = json!("-1");
        }),
        ("a signature that is not base64", &|bundle| {
            bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!("!");
        }),
        ("an empty chain", &|bundle| {
            bundle["mediaType"] = json!(VERSIONS[0]);
            let material = bundle[material].as_object_mut().unwrap();
            material.remove("certificate");
            material.insert(
                "x509CertificateChain".to_owned(),
                json!({"certificates": []}),
            );
        }),
        ("two signatures", &|bundle| {
            let one = bundle["dsseEnvelope"]["signatures"][0].clone();
            bundle["dsseEnvelope"]["signatures"] = json!([one, one]);
        }),
    ];
    for (case, change) in cases {
        assert!(changed(&sigstore, change).is_err(), "{case}");
    }
    let members = "it has two members of which it may have one";
    let both = changed(&sigstore, |bundle| {
        bundle["messageSignature"] = json!({"signature": ""})
    });
    assert_eq!(wrong(both), members);
    let both = changed(&sigstore, |bundle| {
        bundle[material]["publicKey"] = json!({"hint": ""})
    });
    assert_eq!(wrong(both), members);
}

#[test]
fn version_0_1_needs_a_promise_and_later_ones_a_proof() {
    let sigstore = Sigstore::new();
    let without = |member: &str, version: &str| {
        changed(&sigstore, |bundle| {
            bundle["mediaType"] = json!(version);
            let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
            entry.as_object_mut().unwrap().remove(member);
        })
    };
    let (proof, promise) = ("inclusionProof", "inclusionPromise");
    assert_eq!(without(proof, VERSIONS[0]), Ok(()));
    assert!(without(promise, VERSIONS[0]).is_err());
    for version in &VERSIONS[1..] {
        assert!(without(proof, version).is_err());
        // the time would have to be proven by a timestamp
        assert!(without(promise, version).is_err());
    }
}

#[test]
fn an_entry_cannot_be_of_the_future() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let mut workload = Workload::default();
    workload.leaf.until = FUTURE + 1;
    let certificate = sigstore.certificate(&key, &workload);
    let at = |at| {
        let mut bundle = sigstore.logged(bundle(&key), &certificate);
        let entry = sigstore.log.entry_at(&bundle, &certificate, at);
        bundle["verificationMaterial"]["tlogEntries"] = json!([entry]);
        verdict(&sigstore, &bundle, IDENTITY, DIGEST).map(drop)
    };
    assert_eq!(at(INTEGRATED + 1), Ok(()));
    begins(&wrong(at(FUTURE)), "the time of its log entry");
}

#[test]
fn a_log_of_version_2_needs_a_timestamp_that_is_not_of_the_future() {
    let sigstore = Sigstore::new();
    let mut workload = Workload::default();
    let at = |workload: &Workload, at| {
        let bundle = sigstore.bundle_v2(workload, at);
        verdict(&sigstore, &bundle, IDENTITY, DIGEST).map(drop)
    };
    assert_eq!(at(&workload, INTEGRATED), Ok(()));
    let until = workload.leaf.until;
    assert_eq!(at(&workload, until), Ok(()));
    begins(
        &wrong(at(&workload, until + 1)),
        "its certificate leads to no certificate authority that the trusted root trusted when it signed (certificate chain is invalid: certificate chain validation failed: CertExpired",
    );
    workload.leaf.until = FUTURE + 1;
    begins(
        &wrong(at(&workload, FUTURE)),
        "the time of its log entry or timestamp",
    );
    let mut bundle = sigstore.bundle_v2(&workload, INTEGRATED);
    bundle["verificationMaterial"]["timestampVerificationData"] = json!({});
    let untimed = wrong(verdict(&sigstore, &bundle, IDENTITY, DIGEST).map(drop));
    begins(&untimed, "neither its log entry nor a timestamp proves");
}

#[test]
fn a_file_can_be_in_a_log_of_version_2() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let certificate = sigstore.certificate(&key, &Workload::default());
    let (file, digest) = file_by(&key, b"hello");
    let logged = sigstore.rekor_v2.logged(file, &certificate);
    let stamped = sigstore.tsa.stamped(&logged, INTEGRATED);
    assert!(verdict(&sigstore, &stamped, IDENTITY, &digest).is_ok());
    begins(
        &wrong(verdict(&sigstore, &stamped, IDENTITY, OTHER_DIGEST)),
        "it is for another artifact",
    );
}

#[test]
fn a_timestamp_is_judged_by_the_authority_that_made_it() {
    let sigstore = Sigstore::new();
    let bundle = sigstore
        .bundle_v2(&Workload::default(), INTEGRATED)
        .to_string();
    let of = |authorities: Value| {
        let mut root = sigstore.trust_root();
        root["timestampAuthorities"] = authorities;
        of_text(&bundle, &root.to_string()).map(drop)
    };
    // INTEGRATED is 2024-07-03T09:46:40Z
    let until = |end: &str| {
        let mut trusted = sigstore.tsa.trusted();
        trusted["validFor"]["end"] = json!(end);
        trusted
    };
    assert_eq!(of(json!([until("2024-07-03T09:46:40Z")])), Ok(()));
    let ended = until("2024-07-03T09:46:39Z");
    let expected = "its timestamp is not over this signature, or of no authority";
    begins(&wrong(of(json!([ended]))), expected);
    begins(&wrong(of(json!([ended, Tsa::new().trusted()]))), expected);
    begins(&wrong(of(json!([Tsa::new().trusted()]))), expected);
    // another one whose window would fit, without a certificate: no trusted root at all
    let lender =
        json!({"certChain": {"certificates": []}, "validFor": {"start": "2020-01-01T00:00:00Z"}});
    assert!(of(json!([ended, lender])).is_err());
}

#[test]
fn the_trusted_root_says_when_a_log_was_trusted() {
    let sigstore = Sigstore::new();
    let one = sigstore.bundle(&Workload::default()).to_string();
    let two = sigstore
        .bundle_v2(&Workload::default(), INTEGRATED)
        .to_string();
    for (number, bundle) in [one, two].into_iter().enumerate() {
        let during = |window: Value| {
            let mut root = sigstore.trust_root();
            root["tlogs"][number]["publicKey"]["validFor"] = window;
            of_text(&bundle, &root.to_string()).map(drop)
        };
        let start = "2020-01-01T00:00:00Z";
        let ends = |end: &str| during(json!({"start": start, "end": end}));
        assert_eq!(ends("2024-07-03T09:46:40Z"), Ok(()));
        let expected = "its log is not in the trust root, or was not trusted";
        begins(&wrong(ends("2024-07-03T09:46:39Z")), expected);
        let late = during(json!({"start": "2024-07-03T09:46:41Z"}));
        begins(&wrong(late), expected);
        let unbounded = during(json!({"end": "2030-01-01T00:00:00Z"}));
        assert!(
            matches!(unbounded, Err(BundleError::CouldNotCheck(_))),
            "{unbounded:?}"
        );
    }
}

#[test]
fn the_checkpoint_is_the_logs_and_of_the_entrys_tree() {
    let sigstore = Sigstore::new();
    let envelope = |change: &dyn Fn(&str) -> String| {
        with_entry(&sigstore, |entry| {
            let envelope = &mut entry["inclusionProof"]["checkpoint"]["envelope"];
            *envelope = json!(change(envelope.as_str().unwrap()));
        })
    };
    assert_eq!(envelope(&str::to_owned), Ok(()));
    // right in itself, of another tree
    let elsewhere = envelope(&|_| sigstore.log.checkpoint(1, &[0; 32]));
    assert!(elsewhere.is_err());
    // the first four bytes of a signature name its key
    let signature = |from: usize| {
        envelope(&|note| {
            let (signed, hinted) = note.trim_end().rsplit_once(' ').unwrap();
            let mut hinted = STANDARD.decode(hinted).unwrap();
            hinted[from] ^= 1;
            format!("{signed} {}\n", base64(&hinted))
        })
    };
    begins(&wrong(signature(0)), "its log is not in the trust root");
    begins(&wrong(signature(20)), "the log's signature or its proof");
    let promise = with_entry(&sigstore, |entry| {
        let promise = &mut entry["inclusionPromise"]["signedEntryTimestamp"];
        let mut bytes = STANDARD.decode(promise.as_str().unwrap()).unwrap();
        bytes[20] ^= 1;
        *promise = json!(base64(&bytes));
    });
    begins(&wrong(promise), "the log's signature or its proof");
}

#[test]
fn a_second_entry_has_to_be_right_too() {
    let sigstore = Sigstore::new();
    let with = |entries: &dyn Fn(Value) -> Value| {
        changed(&sigstore, |bundle| {
            let list = &mut bundle["verificationMaterial"]["tlogEntries"];
            *list = entries(list[0].clone());
        })
    };
    assert_eq!(with(&|entry| json!([entry, entry])), Ok(()));
    let other = sigstore.bundle(&Workload::default());
    let other = &other["verificationMaterial"]["tlogEntries"][0];
    assert!(with(&|entry| json!([entry, other])).is_err());
    assert!(with(&|entry| json!([other, entry])).is_err());
    assert!(with(&|_| json!([])).is_err());
}

#[test]
fn an_entry_of_the_old_kind_intoto_is_understood() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let certificate = sigstore.certificate(&key, &Workload::default());
    let right = sigstore.logged(bundle(&key), &certificate);
    let signature = right["dsseEnvelope"]["signatures"][0]["sig"].as_str();
    let of = |signature: &str, payload: &str| {
        let hash = |text: &str| {
            let value = format!("{:x}", sha2::Sha256::digest(text));
            json!({"algorithm": "sha256", "value": value})
        };
        let body = json!({"apiVersion": "0.0.2", "kind": "intoto", "spec": {"content": {
            "envelope": {
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{
                    "publicKey": base64(certificate.as_bytes()),
                    "sig": base64(signature.as_bytes()),
                }],
            },
            "hash": hash(""),
            "payloadHash": hash(payload),
        }}});
        let mut bundle = right.clone();
        let entry = sigstore
            .log
            .shown(("intoto", "0.0.2"), &body.to_string(), INTEGRATED);
        bundle["verificationMaterial"]["tlogEntries"] = json!([entry]);
        verdict(&sigstore, &bundle, IDENTITY, DIGEST).map(drop)
    };
    let (signature, payload) = (signature.unwrap(), statement(DIGEST).to_string());
    assert_eq!(of(signature, &payload), Ok(()));
    let expected = "its log entry is for another signature";
    begins(&wrong(of(signature, "{}")), expected);
    let other = base64(&key.sign(b"another"));
    begins(&wrong(of(&other, &payload)), expected);
}

#[test]
fn a_promise_is_of_this_certificate_and_of_a_log_that_was_trusted() {
    let sigstore = Sigstore::new();
    let expected = "its certificate is in no log of certificates";
    for sct in [Sct::Absent, Sct::Strange, Sct::Borrowed] {
        let workload = Workload {
            sct,
            ..Workload::default()
        };
        let bundle = sigstore.bundle(&workload);
        begins(
            &wrong(verdict(&sigstore, &bundle, IDENTITY, DIGEST)),
            expected,
        );
    }
    let bundle = sigstore.bundle(&Workload::default());
    let mut root = sigstore.trust_root();
    root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2024-07-03T09:46:39Z");
    begins(
        &wrong(of_text(&bundle.to_string(), &root.to_string())),
        expected,
    );
    let authority = authority(json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
        "trustRoot": root.to_string(),
    }));
    assert!(kit::verify_bundle(&authority, &bundle).is_err());
}
