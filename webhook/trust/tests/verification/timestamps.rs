//! Timestamps (RFC 3161): what proves when a signature was made, and every way in which it does not.

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_trust::{
    Authority, LogFault,
    signature::{Evidence, Rejection, Signer},
};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::{Value, json};

use crate::kit::*;

type Verdict = Result<Signer, Rejection>;

fn refused(fault: LogFault) -> Verdict {
    Err(Rejection::NotLogged(fault))
}

/// The verdict on all that timestamps stand in, which must agree: bundles with a log entry and without, and
/// layers.
fn verdict(
    sigstore: &Sigstore,
    authority: &Authority,
    workload: &Workload,
    stamps: &[(&Tsa, i64)],
    now: i64,
) -> Verdict {
    let key = Key::p256();
    let certificate = sigstore.certificate(&key, workload);
    let logged = sigstore.rekor_v2.logged(bundle(&key), &certificate);
    let mut unlogged = logged.clone();
    unlogged["verificationMaterial"]["tlogEntries"] = json!([]);
    let of = |bundle: Value| {
        let stamped = stamps.iter();
        let stamped = stamped.fold(bundle, |bundle, (tsa, at)| tsa.stamped(&bundle, *at));
        let bytes = stamped.to_string();
        judge(authority, &Evidence::Bundle(bytes.as_bytes()), now)
    };
    let verdict = of(logged);
    assert_eq!(verdict, of(unlogged));
    if let [(tsa, at)] = stamps {
        let layer = Layer::of(&key).annotate("certificate", certificate);
        let annotation = tsa.annotation(&layer, *at);
        let layer = layer.annotate("rfc3161timestamp", annotation);
        assert_eq!(verdict, layer.verify_at(authority, now));
    }
    verdict
}

/// The verdict on the usual signature with one timestamp of [`INTEGRATED`].
fn stamped_by(sigstore: &Sigstore, tsa: &Tsa) -> Verdict {
    let stamps = [(tsa, INTEGRATED)];
    verdict(
        sigstore,
        &sigstore.usual(),
        &Workload::default(),
        &stamps,
        NOW,
    )
}

fn with_tsa(tsa: Tsa) -> Sigstore {
    let mut sigstore = Sigstore::new();
    sigstore.tsa = tsa;
    sigstore
}

/// The usual authority, with other timestamp authorities in its trust root.
fn trusting(sigstore: &Sigstore, timestamp_authorities: Value) -> Authority {
    let mut root = sigstore.trust_root();
    root["timestampAuthorities"] = timestamp_authorities;
    authority(json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
        "trustRoot": root.to_string(),
    }))
}

#[test]
fn a_timestamp_proves_when_it_was_signed() {
    let sigstore = Sigstore::new();
    let signer = stamped_by(&sigstore, &sigstore.tsa).unwrap();
    assert_eq!(signer.identity.as_deref(), Some(Workload::SUBJECT));
}

#[test]
fn the_certificate_must_be_valid_at_the_timestamp() {
    let sigstore = Sigstore::new();
    let at = |at| {
        let stamps = [(&sigstore.tsa, at)];
        let usual = Workload::default();
        verdict(&sigstore, &sigstore.usual(), &usual, &stamps, NOW)
    };
    let Leaf { from, until, .. } = Workload::default().leaf;
    assert!(at(from).is_ok());
    assert!(at(until).is_ok());
    assert_eq!(at(from - 1), Err(Rejection::NotYetValid(from)));
    let expired = Rejection::Expired {
        not_after: until,
        proven: true,
    };
    assert_eq!(at(until + 1), Err(expired));
}

#[test]
fn the_issuing_authority_must_be_valid_at_the_timestamp() {
    let of = |from, until| {
        let root = Ca::new("Acme Sigstore");
        let fulcio = root.intermediate_valid("Acme Fulcio", from, until);
        let sigstore = Sigstore::of(root, fulcio);
        stamped_by(&sigstore, &sigstore.tsa)
    };
    let from = Workload::default().leaf.from;
    assert!(of(from, INTEGRATED).is_ok());
    for (from, until) in [(from, INTEGRATED - 1), (INTEGRATED + 1, INTEGRATED + 60)] {
        let verdict = of(from, until);
        assert!(
            matches!(verdict, Err(Rejection::UnusableCertificate(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn every_timestamp_has_to_be_right() {
    let (sigstore, other) = (Sigstore::new(), Tsa::new());
    let of = |stamps: &[(&Tsa, i64)]| {
        let usual = Workload::default();
        verdict(&sigstore, &sigstore.usual(), &usual, stamps, NOW)
    };
    let right = (&sigstore.tsa, INTEGRATED);
    let until = Workload::default().leaf.until;
    // twice the same is no more than once
    let (once, twice) = (of(&[right]), of(&[right, right]));
    assert!(once.is_ok());
    assert_eq!(once, twice);
    assert!(of(&[right, (&sigstore.tsa, INTEGRATED + 1)]).is_ok());
    for (wrong, expected) in [
        ((&other, INTEGRATED), refused(LogFault::Timestamp)),
        (
            (&sigstore.tsa, until + 1),
            Err(Rejection::Expired {
                not_after: until,
                proven: true,
            }),
        ),
    ] {
        assert_eq!(of(&[right, wrong]), expected);
        assert_eq!(of(&[wrong, right]), expected);
    }
}

#[test]
fn a_timestamp_of_another_instance_proves_nothing() {
    let sigstore = Sigstore::new();
    let expected = refused(LogFault::Timestamp);
    assert_eq!(stamped_by(&sigstore, &Tsa::new()), expected);
    // nor one by another key with a certificate of the same anchor, which the trust root does not name
    let root = Ca::new("Acme Timestamps");
    let pem = root.pem.clone();
    let mut known = with_tsa(Tsa::of(root, Tsa::certified(0, 4_000_000_000)));
    let other = std::mem::replace(&mut known.tsa, Tsa::new());
    let impostor = Tsa::of(other.root, Tsa::certified(0, 4_000_000_000));
    assert_eq!(impostor.root.pem, pem);
    assert_eq!(stamped_by(&known, &impostor), expected);
}

#[test]
fn a_timestamp_is_over_this_signature() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    assert!(verify_bundle(&sigstore.usual(), &bundle).is_ok());
    let other = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let mut borrowed = bundle;
    borrowed["verificationMaterial"]["timestampVerificationData"] =
        other["verificationMaterial"]["timestampVerificationData"].clone();
    let expected = refused(LogFault::Timestamp);
    assert_eq!(verify_bundle(&sigstore.usual(), &borrowed), expected);

    let key = Key::p256();
    let certificate = sigstore.certificate(&key, &Workload::default());
    let (one, two) = (Layer::of(&key), Layer::of(&key));
    let annotation = sigstore.tsa.annotation(&two, INTEGRATED);
    let borrowed = one
        .annotate("certificate", certificate)
        .annotate("rfc3161timestamp", annotation);
    assert_eq!(borrowed.verify(&sigstore.usual()), expected);
}

#[test]
fn the_authoritys_certificate_must_be_valid_at_the_timestamp() {
    let of = |from, until| {
        let root = Ca::new("Acme Timestamps");
        let sigstore = with_tsa(Tsa::of(root, Tsa::certified(from, until)));
        stamped_by(&sigstore, &sigstore.tsa)
    };
    assert!(of(INTEGRATED, INTEGRATED).is_ok());
    let expected = refused(LogFault::Timestamp);
    assert_eq!(of(INTEGRATED - 60, INTEGRATED - 1), expected);
    assert_eq!(of(INTEGRATED + 1, INTEGRATED + 60), expected);
}

#[test]
fn the_authoritys_certificate_must_be_for_timestamps() {
    let of = |usages: Vec<ExtendedKeyUsagePurpose>| {
        let leaf = Leaf {
            usages,
            extensions: Vec::new(),
            ..Tsa::certified(0, 4_000_000_000)
        };
        let sigstore = with_tsa(Tsa::of(Ca::new("Acme Timestamps"), leaf));
        stamped_by(&sigstore, &sigstore.tsa)
    };
    assert!(of(vec![ExtendedKeyUsagePurpose::TimeStamping]).is_ok());
    let expected = refused(LogFault::Timestamp);
    assert_eq!(of(vec![]), expected);
    assert_eq!(of(vec![ExtendedKeyUsagePurpose::CodeSigning]), expected);
    assert_eq!(of(vec![ExtendedKeyUsagePurpose::Any]), expected);
}

#[test]
fn the_trust_root_says_when_an_authority_was_trusted() {
    let sigstore = Sigstore::new();
    let of = |authorities: Value| {
        let trusting = trusting(&sigstore, authorities);
        let stamps = [(&sigstore.tsa, INTEGRATED)];
        verdict(&sigstore, &trusting, &Workload::default(), &stamps, NOW)
    };
    let during = |tsa: &Tsa, window: Value| {
        let mut trusted = tsa.trusted();
        trusted["validFor"] = window;
        trusted
    };
    // INTEGRATED is 2024-07-03T09:46:40Z
    let just = json!({"start": "2024-07-03T09:46:40Z", "end": "2024-07-03T09:46:40Z"});
    assert!(of(json!([during(&sigstore.tsa, just)])).is_ok());
    let ended = json!({"start": "2020-01-01T00:00:00Z", "end": "2024-07-03T09:46:39Z"});
    let early = json!({"start": "2024-07-03T09:46:41Z"});
    let expected = refused(LogFault::Timestamp);
    for window in [&ended, &early] {
        let outside = during(&sigstore.tsa, window.clone());
        assert_eq!(of(json!([outside])), expected);
        // nor does another authority lend its own
        assert_eq!(of(json!([outside, Tsa::new().trusted()])), expected);
    }
    assert_eq!(of(json!([])), expected);
    assert!(of(json!([Tsa::new().trusted(), sigstore.tsa.trusted()])).is_ok());
}

#[test]
fn a_timestamp_cannot_be_of_the_future() {
    let sigstore = Sigstore::new();
    let mut workload = Workload::default();
    (workload.leaf.from, workload.leaf.until) = (NOW - 60, NOW + 540);
    let at = |at| {
        let stamps = [(&sigstore.tsa, at)];
        verdict(&sigstore, &sigstore.usual(), &workload, &stamps, NOW)
    };
    assert!(at(NOW).is_ok());
    assert_eq!(at(NOW + 1), refused(LogFault::Time));
}

#[test]
fn the_token_need_not_bring_the_authoritys_certificate() {
    let sigstore = Sigstore::new();
    let key = Key::p256();
    let certificate = sigstore.certificate(&key, &Workload::default());
    let bundle = sigstore.rekor_v2.logged(bundle(&key), &certificate);
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str();
    let signature = STANDARD.decode(signature.unwrap()).unwrap();
    for has_certificate in [true, false] {
        let mut stamp = Stamp::over(&signature, INTEGRATED);
        stamp.has_certificate = has_certificate;
        let stamped = sigstore.tsa.with(&bundle, &stamp);
        assert!(verify_bundle(&sigstore.usual(), &stamped).is_ok());
        // nor does it help if it brings one that nobody trusts
        let strange = Tsa::new().with(&bundle, &stamp);
        let expected = refused(LogFault::Timestamp);
        assert_eq!(verify_bundle(&sigstore.usual(), &strange), expected);
    }
}

#[test]
fn an_own_authoritys_expired_certificate_signed_in_time() {
    let (sigstore, ca, key) = (Sigstore::new(), Ca::new("Acme"), Key::p256());
    let root = sigstore.trust_root().to_string();
    let authority = authority(json!({"certificate": ca.pem, "trustRoot": root}));
    let until = INTEGRATED + 60;
    let leaf = Leaf {
        from: INTEGRATED - 60,
        until,
        ..Leaf::default()
    };
    let signed = ca.bundle(&key, leaf);
    let of = |tsa: &Tsa, at| verify_bundle(&authority, &tsa.stamped(&signed, at));
    assert!(of(&sigstore.tsa, INTEGRATED).is_ok());
    let expired = |proven| {
        Err(Rejection::Expired {
            not_after: until,
            proven,
        })
    };
    assert_eq!(of(&sigstore.tsa, until + 1), expired(true));
    assert_eq!(of(&Tsa::new(), INTEGRATED), expired(false));
    assert_eq!(of(&sigstore.tsa, NOW + 1), expired(false));
}
