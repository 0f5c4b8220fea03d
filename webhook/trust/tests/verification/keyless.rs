//! Keyless signatures, with a Sigstore made in the test: every way around it is tried.

use gatehouse_trust::{
    Authority, LogFault,
    signature::{Rejection, Signer},
};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::{Value, json};

use crate::kit::*;

/// The verdict on both formats, which must agree.
fn both(
    sigstore: &Sigstore,
    workload: &Workload,
    authority: &Authority,
) -> Result<Signer, Rejection> {
    let layer = sigstore.layer(workload).verify(authority);
    let bundle = verify_bundle(authority, &sigstore.bundle(workload));
    assert_eq!(layer, bundle);
    layer
}

/// Whether an authority of this subject takes a certificate for that one.
fn takes(sigstore: &Sigstore, wanted: Value, workload: &Workload) -> bool {
    let authority = sigstore.authority(json!(Workload::ISSUER), wanted);
    match both(sigstore, workload, &authority) {
        Ok(_) => true,
        Err(Rejection::OtherIdentity(Some(_))) => false,
        Err(other) => panic!("{other}"),
    }
}

fn not_logged(fault: LogFault) -> Result<Signer, Rejection> {
    Err(Rejection::NotLogged(fault))
}

fn is_other_authority(verdict: &Result<Signer, Rejection>) -> bool {
    matches!(verdict, Err(Rejection::OtherAuthority(_)))
}

fn is_unusable(verdict: &Result<Signer, Rejection>) -> bool {
    matches!(verdict, Err(Rejection::UnusableCertificate(_)))
}

#[test]
fn a_keyless_signature_verifies_in_both_formats() {
    let sigstore = Sigstore::new();
    let signer = both(&sigstore, &Workload::default(), &sigstore.usual()).unwrap();
    assert_eq!(signer.identity.as_deref(), Some(Workload::SUBJECT));
    assert_eq!(signer.issuer.as_deref(), Some(Workload::ISSUER));
}

#[test]
fn one_identity_is_one_signer_whatever_its_keys() {
    let sigstore = Sigstore::new();
    let id = |workload: &Workload| {
        let any = json!({"regex": "^https?://(github|ci|token)[^ ]*$"});
        let authority = sigstore.authority(any.clone(), any);
        both(&sigstore, workload, &authority).unwrap().id
    };
    let usual = id(&Workload::default());
    assert_eq!(usual, id(&Workload::default()));
    assert_ne!(usual, id(&Workload::uri("https://github.com/acme/other")));
    let issuer = Some("https://ci.example".to_owned());
    assert_ne!(
        usual,
        id(&Workload {
            issuer,
            ..Workload::default()
        })
    );
}

#[test]
fn an_exact_subject_is_compared_as_a_whole() {
    let sigstore = Sigstore::new();
    let wanted = "you@example.com";
    assert!(takes(&sigstore, json!(wanted), &Workload::email(wanted)));
    for other in [
        "you@example.com.evil",
        "evil-you@example.com",
        "you@example.co",
        "You@example.com",
        "you%40example.com",
    ] {
        let taken = takes(&sigstore, json!(wanted), &Workload::email(other));
        assert!(!taken, "{other}");
    }
}

#[test]
fn a_glob_matches_the_whole_and_stops_at_slashes() {
    let sigstore = Sigstore::new();
    let wanted =
        json!({"glob": "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/*"});
    assert!(takes(&sigstore, wanted.clone(), &Workload::default()));
    for other in [
        "https://github.com/acme/a/b/.github/workflows/release.yaml@refs/tags/v1",
        "https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main",
        "https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1/x",
        "https://github.com/acme%2Fapp/.github/workflows/release.yaml@refs/tags/v1",
        "https://github.com/Acme/app/.github/workflows/release.yaml@refs/tags/v1",
        "https://github.com.evil/acme/app/.github/workflows/release.yaml@refs/tags/v1",
        "https://evil.example/?https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1",
    ] {
        let taken = takes(&sigstore, wanted.clone(), &Workload::uri(other));
        assert!(!taken, "{other}");
    }
}

#[test]
fn a_regex_matches_the_whole() {
    let sigstore = Sigstore::new();
    let wanted = json!({"regex": r"^you@example\.com|us@example\.com$"});
    for address in ["you@example.com", "us@example.com"] {
        assert!(takes(&sigstore, wanted.clone(), &Workload::email(address)));
    }
    for other in [
        "you@example.com.evil",
        "evil-us@example.com",
        "you@exampleXcom",
    ] {
        let taken = takes(&sigstore, wanted.clone(), &Workload::email(other));
        assert!(!taken, "{other}");
    }
}

#[test]
fn the_right_subject_of_another_issuer_is_refused() {
    let sigstore = Sigstore::new();
    for issuer in [
        Some("https://evil.example".to_owned()),
        Some(format!("{}.evil", Workload::ISSUER)),
        Some(format!("{}/", Workload::ISSUER)),
        None,
    ] {
        let workload = Workload {
            issuer: issuer.clone(),
            ..Workload::default()
        };
        let verdict = both(&sigstore, &workload, &sigstore.usual());
        assert_eq!(verdict, Err(Rejection::OtherIssuer(issuer)));
    }
}

#[test]
fn claims_are_compared_exactly_in_either_form() {
    let sigstore = Sigstore::new();
    let verdict = |claims: Value, workload: &Workload| {
        let authority = sigstore.authority_of(
            json!({"issuer": Workload::ISSUER, "subject": Workload::SUBJECT, "claims": claims}),
        );
        both(&sigstore, workload, &authority).map(drop)
    };
    let usual = Workload::default();
    for claims in [
        json!({}),
        json!({"repository": "acme/app", "ref": "refs/tags/v1", "workflow": "release"}),
        json!({"repository": "https://github.com/acme/app"}),
    ] {
        assert_eq!(verdict(claims, &usual), Ok(()));
    }
    let other = |claim, found: Option<&str>| {
        let found = found.map(str::to_owned);
        Err(Rejection::OtherClaim { claim, found })
    };
    assert_eq!(
        verdict(json!({"repository": "acme/ap"}), &usual),
        other("repository", Some("acme/app"))
    );
    assert_eq!(
        verdict(json!({"ref": "refs/heads/main"}), &usual),
        other("ref", Some("refs/tags/v1"))
    );
    assert_eq!(
        verdict(
            json!({"repository": "acme/app", "workflow": "Release"}),
            &usual
        ),
        other("workflow", Some("release"))
    );
    let silent = Workload {
        github: vec![],
        claims: vec![],
        ..Workload::default()
    };
    assert_eq!(
        verdict(json!({"repository": "acme/app"}), &silent),
        other("repository", None)
    );
    let today = Workload {
        github: vec![],
        ..Workload::default()
    };
    assert_eq!(
        verdict(json!({"repository": "acme/app"}), &today),
        other("repository", Some("https://github.com/acme/app"))
    );
    assert_eq!(verdict(json!({"ref": "refs/tags/v1"}), &today), Ok(()));
}

#[test]
fn a_signature_that_the_certificate_did_not_make_is_refused() {
    let sigstore = Sigstore::new();
    let (certified, other) = (Key::p256(), Key::p256());
    let certificate = sigstore.certificate(&certified, &Workload::default());
    let expected = Err(Rejection::BadSignature { ed25519: false });
    let layer = Layer::of(&other).annotate("certificate", &certificate);
    let entry = sigstore.log.annotation(&layer, &certificate);
    let layer = layer.annotate("bundle", entry);
    assert_eq!(layer.verify(&sigstore.usual()), expected);
    let bundle = sigstore.logged(bundle(&other), &certificate);
    assert_eq!(verify_bundle(&sigstore.usual(), &bundle), expected);
}

#[test]
fn the_entry_of_another_signature_proves_nothing() {
    let sigstore = Sigstore::new();
    let key = Key::p256();
    let certificate = sigstore.certificate(&key, &Workload::default());
    let (one, two) = (bundle(&key), bundle(&key));
    let mut swapped = sigstore.logged(one, &certificate);
    swapped["verificationMaterial"]["tlogEntries"] =
        json!([sigstore.log.entry(&two, &certificate)]);
    let verdict = verify_bundle(&sigstore.usual(), &swapped);
    assert_eq!(verdict, not_logged(LogFault::OtherEntry));
    let other = Layer::of(&key).annotate("certificate", &certificate);
    let entry = sigstore.log.annotation(&other, &certificate);
    let swapped = sigstore
        .layer_by(&key, &Workload::default())
        .annotate("certificate", &certificate)
        .annotate("bundle", entry);
    let verdict = swapped.verify(&sigstore.usual());
    assert_eq!(verdict, not_logged(LogFault::OtherEntry));
}

#[test]
fn the_entry_of_another_certificate_proves_nothing() {
    let sigstore = Sigstore::new();
    let key = Key::p256();
    let certificate = sigstore.certificate(&key, &Workload::default());
    let other = sigstore.certificate(&key, &Workload::email("evil@example.com"));
    let mut swapped = sigstore.logged(bundle(&key), &certificate);
    let entry = sigstore.log.entry(&swapped, &other);
    swapped["verificationMaterial"]["tlogEntries"] = json!([entry]);
    let verdict = verify_bundle(&sigstore.usual(), &swapped);
    assert_eq!(verdict, not_logged(LogFault::OtherEntry));
}

#[test]
fn without_log_and_timestamp_it_is_refused_though_its_certificate_is_valid_now() {
    let sigstore = Sigstore::new();
    let mut workload = Workload::default();
    (workload.leaf.from, workload.leaf.until) = (NOW - 60, NOW + 540);
    let key = Key::p256();
    let certificate = sigstore.certificate(&key, &workload);
    let layer = Layer::of(&key).annotate("certificate", &certificate);
    let absent = not_logged(LogFault::Absent);
    assert_eq!(layer.verify(&sigstore.usual()), absent);
    let mut bundle = sigstore.logged(bundle(&key), &certificate);
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    assert_eq!(verify_bundle(&sigstore.usual(), &bundle), absent);
}

#[test]
fn an_entry_without_a_promise_proves_no_time() {
    let sigstore = Sigstore::new();
    let mut bundle = sigstore.bundle(&Workload::default());
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    entry.as_object_mut().unwrap().remove("inclusionPromise");
    let verdict = verify_bundle(&sigstore.usual(), &bundle);
    assert_eq!(verdict, not_logged(LogFault::NoTime));
}

#[test]
fn an_entry_without_a_proof_of_inclusion_is_refused() {
    let sigstore = Sigstore::new();
    let mut bundle = sigstore.bundle(&Workload::default());
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    entry.as_object_mut().unwrap().remove("inclusionProof");
    let verdict = verify_bundle(&sigstore.usual(), &bundle);
    assert_eq!(verdict, not_logged(LogFault::Forged));
}

#[test]
fn a_bundle_of_an_older_version_is_refused() {
    let sigstore = Sigstore::new();
    let mut bundle = sigstore.bundle(&Workload::default());
    for version in ["0.1", "0.2"] {
        let media_type = format!("application/vnd.dev.sigstore.bundle+json;version={version}");
        bundle["mediaType"] = json!(media_type);
        let expected = Err(Rejection::UnsupportedVersion(media_type));
        assert_eq!(verify_bundle(&sigstore.usual(), &bundle), expected);
    }
}

#[test]
fn a_timestamp_of_nobody_proves_nothing() {
    let sigstore = Sigstore::new();
    let timestamps =
        json!({"rfc3161Timestamps": [{"signedTimestamp": base64(b"0\x03\x02\x01\x00")}]});
    let mut bundle = sigstore.bundle(&Workload::default());
    bundle["verificationMaterial"]["timestampVerificationData"] = timestamps;
    // not even beside a log entry that is right
    let verdict = verify_bundle(&sigstore.usual(), &bundle);
    assert_eq!(verdict, not_logged(LogFault::Timestamp));
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    let verdict = verify_bundle(&sigstore.usual(), &bundle);
    assert_eq!(verdict, not_logged(LogFault::Timestamp));
}

#[test]
fn a_certificate_must_be_valid_when_the_log_took_it() {
    let sigstore = Sigstore::new();
    let verdict = |from, until| {
        let mut workload = Workload::default();
        (workload.leaf.from, workload.leaf.until) = (from, until);
        both(&sigstore, &workload, &sigstore.usual())
    };
    assert!(verdict(INTEGRATED, INTEGRATED).is_ok());
    let time = not_logged(LogFault::Time);
    assert_eq!(verdict(INTEGRATED - 60, INTEGRATED - 1), time);
    assert_eq!(verdict(INTEGRATED + 1, INTEGRATED + 60), time);
}

#[test]
fn the_authorities_must_be_valid_when_the_log_took_it() {
    let always = || Ca::new("Acme Sigstore");
    let verdict = |root: Ca, (from, until)| {
        let fulcio = root.intermediate_valid("Acme Fulcio", from, until);
        let sigstore = Sigstore::of(root, fulcio);
        both(&sigstore, &Workload::default(), &sigstore.usual())
    };
    // from when the certificate begins until the log took it
    let just = (INTEGRATED - 60, INTEGRATED);
    assert!(verdict(always(), just).is_ok());
    let early = (INTEGRATED - 60, INTEGRATED - 1);
    let late = (INTEGRATED - 59, INTEGRATED);
    for (from, until) in [early, late] {
        let intermediate = verdict(always(), (from, until));
        assert!(is_unusable(&intermediate), "{intermediate:?}");
        let root = verdict(Ca::valid("Acme Sigstore", from, until), just);
        assert!(is_unusable(&root), "{root:?}");
    }
}

#[test]
fn the_trust_root_says_when_its_authorities_were_trusted() {
    let sigstore = Sigstore::new();
    let verdict = |window: Value| {
        let mut root = sigstore.trust_root();
        root["certificateAuthorities"][0]["validFor"] = window;
        let authority = authority(json!({
            "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
            "trustRoot": root.to_string(),
        }));
        both(&sigstore, &Workload::default(), &authority)
    };
    // INTEGRATED is 2024-07-03T09:46:40Z
    let right = json!({"start": "2024-07-03T09:45:40Z", "end": "2024-07-03T09:46:40Z"});
    assert!(verdict(right).is_ok());
    let ended = verdict(json!({"start": "2020-01-01T00:00:00Z", "end": "2024-07-03T09:46:39Z"}));
    assert!(is_other_authority(&ended), "{ended:?}");
    let begins = verdict(json!({"start": "2024-07-03T09:45:41Z"}));
    assert!(is_other_authority(&begins), "{begins:?}");
}

#[test]
fn a_log_of_certificates_must_have_promised_this_certificate() {
    let sigstore = Sigstore::new();
    for sct in [Sct::Absent, Sct::Strange, Sct::Borrowed] {
        let workload = Workload {
            sct,
            ..Workload::default()
        };
        let verdict = both(&sigstore, &workload, &sigstore.usual());
        assert!(is_unusable(&verdict), "{verdict:?}");
    }
}

#[test]
fn the_root_of_another_instance_is_refused() {
    let (sigstore, other) = (Sigstore::new(), Sigstore::new());
    let verdict = both(&other, &Workload::default(), &sigstore.usual());
    assert!(is_other_authority(&verdict), "{verdict:?}");
    // the public one, which is the default
    let public = authority(json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
    }));
    let verdict = both(&sigstore, &Workload::default(), &public);
    assert!(is_other_authority(&verdict), "{verdict:?}");
}

#[test]
fn an_unknown_log_proves_nothing() {
    let mut sigstore = Sigstore::new();
    let usual = sigstore.usual();
    sigstore.log = Log::new();
    let verdict = both(&sigstore, &Workload::default(), &usual);
    assert_eq!(verdict, not_logged(LogFault::UnknownLog));
}

#[test]
fn a_certificate_must_be_for_signing_code() {
    let sigstore = Sigstore::new();
    for usages in [vec![], vec![ExtendedKeyUsagePurpose::ServerAuth]] {
        let mut workload = Workload::default();
        workload.leaf.usages = usages;
        let verdict = both(&sigstore, &workload, &sigstore.usual());
        assert!(is_unusable(&verdict), "{verdict:?}");
    }
}

#[test]
fn a_signature_by_key_is_none_by_identity() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let expected = Err(Rejection::NoCertificate);
    assert_eq!(Layer::of(&key).verify(&sigstore.usual()), expected);
    assert_eq!(verify_bundle(&sigstore.usual(), &bundle(&key)), expected);
}

#[test]
fn the_statement_must_be_the_signature_of_this_image() {
    let (sigstore, key) = (Sigstore::new(), Key::p256());
    let certificate = sigstore.certificate(&key, &Workload::default());
    let verdict = |statement: Value| {
        let signed = bundle_over(&key, &statement.to_string());
        verify_bundle(&sigstore.usual(), &sigstore.logged(signed, &certificate))
    };
    assert!(verdict(statement(DIGEST)).is_ok());
    let expected = Err(Rejection::OtherDigest(OTHER_DIGEST.to_owned()));
    assert_eq!(verdict(statement(OTHER_DIGEST)), expected);
    let mut attestation = statement(DIGEST);
    attestation["predicateType"] = json!("https://slsa.dev/provenance/v1");
    let verdict = verdict(attestation);
    assert!(
        matches!(verdict, Err(Rejection::OtherPredicate(_))),
        "{verdict:?}"
    );
}

#[test]
fn the_repository_can_be_bound() {
    let sigstore = Sigstore::new();
    let mut document = json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
        "trustRoot": sigstore.trust_root().to_string(),
        "requireTlog": true,
    });
    let workload = Workload::default();
    assert!(both(&sigstore, &workload, &authority(document.clone())).is_ok());
    document["bindReference"] = json!(true);
    let bound = authority(document);
    assert!(sigstore.layer(&workload).verify(&bound).is_ok());
    let expected = Err(Rejection::NoRepository);
    assert_eq!(verify_bundle(&bound, &sigstore.bundle(&workload)), expected);
}
