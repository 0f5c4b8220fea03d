//! Signatures by certificate, of both formats.

use gatehouse_trust::{
    Authority,
    signature::{NamedSigner, Rejection, Signer},
};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, SanType};
use serde_json::{Value, json};

use crate::kit::*;

fn of(ca: &Ca) -> Authority {
    authority(json!({"certificate": ca.pem}))
}

/// The verdict on both formats, which must agree.
fn both(ca: &Ca, key: &Key, leaf: Leaf, authority: &Authority) -> Result<Signer, Rejection> {
    let layer = ca.layer(key, leaf.clone()).verify(authority);
    assert_eq!(layer, verify_bundle(authority, &ca.bundle(key, leaf)));
    layer
}

#[test]
fn every_kind_of_key_may_have_a_certificate() {
    let ca = Ca::new("Acme");
    for (kind, key) in Key::all() {
        let signer = both(&ca, &key, Leaf::default(), &of(&ca)).unwrap();
        assert_eq!(signer.id, key.fingerprint(), "{kind}");
        assert_eq!(signer.identity.as_deref(), Some("builds@acme.example"));
    }
}

#[test]
fn certificates_of_another_authority_are_refused() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    // the same name does not make it the same
    for other in [Ca::new("Acme"), Ca::new("Evil")] {
        let verdict = both(&other, &key, Leaf::default(), &of(&ca));
        let named = Some("builds@acme.example".to_owned());
        assert_eq!(verdict, Err(Rejection::OtherAuthority(named)));
    }
}

#[test]
fn what_the_evidence_brings_is_never_an_anchor() {
    let (ca, evil, key) = (Ca::new("Acme"), Ca::new("Evil"), Key::p256());
    let below = evil.intermediate("Acme");
    let layer = below
        .layer(&key, Leaf::default())
        .annotate("chain", format!("{}{}", below.pem, evil.pem));
    let verdict = layer.verify(&of(&ca));
    assert!(
        matches!(verdict, Err(Rejection::OtherAuthority(_))),
        "{verdict:?}"
    );
}

#[test]
fn intermediates_come_from_the_evidence_or_the_authority() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let below = ca.intermediate("Builds");
    let bare = below.layer(&key, Leaf::default());
    assert!(matches!(
        bare.verify(&of(&ca)),
        Err(Rejection::OtherAuthority(_))
    ));
    let chained = bare
        .clone()
        .annotate("chain", format!("{}{}", below.pem, ca.pem));
    assert!(chained.verify(&of(&ca)).is_ok());
    for pem in [
        format!("{}{}", ca.pem, below.pem),
        format!("{}{}", below.pem, ca.pem),
    ] {
        let authority = authority(json!({"certificate": pem}));
        assert!(bare.verify(&authority).is_ok(), "both given");
        assert!(verify_bundle(&authority, &below.bundle(&key, Leaf::default())).is_ok());
    }
}

#[test]
fn an_intermediate_alone_is_the_anchor() {
    let (root, key) = (Ca::new("Acme"), Key::p256());
    let (ours, sibling) = (root.intermediate("Builds"), root.intermediate("Tests"));
    let authority = of(&ours);
    assert!(both(&ours, &key, Leaf::default(), &authority).is_ok());
    let verdict = both(&sibling, &key, Leaf::default(), &authority);
    assert!(
        matches!(verdict, Err(Rejection::OtherAuthority(_))),
        "{verdict:?}"
    );
}

#[test]
fn validity_is_judged_from_both_sides() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let leaf = Leaf {
        from: NOW - 10,
        until: NOW + 10,
        ..Default::default()
    };
    let layer = ca.layer(&key, leaf);
    let at = |now| layer.verify_at(&of(&ca), now);
    let expired = Rejection::Expired {
        not_after: NOW + 10,
        proven: false,
    };
    assert!(at(NOW - 10).is_ok());
    assert!(at(NOW + 10).is_ok());
    assert_eq!(at(NOW - 11), Err(Rejection::NotYetValid(NOW - 10)));
    assert_eq!(at(NOW + 11), Err(expired));
}

#[test]
fn an_expired_certificate_of_another_authority_is_that_first() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let leaf = Leaf {
        from: NOW - 20,
        until: NOW - 10,
        ..Default::default()
    };
    let verdict = both(&Ca::new("Evil"), &key, leaf, &of(&ca));
    assert!(
        matches!(verdict, Err(Rejection::OtherAuthority(_))),
        "{verdict:?}"
    );
}

#[test]
fn the_authority_itself_must_be_valid() {
    let key = Key::p256();
    for ca in [
        Ca::valid("Acme", 0, NOW - 1),
        Ca::valid("Acme", NOW + 1, NOW + 2),
    ] {
        let verdict = both(&ca, &key, Leaf::default(), &of(&ca));
        assert!(
            matches!(verdict, Err(Rejection::UnusableCertificate(_))),
            "{verdict:?}"
        );
    }
    let just = Ca::valid("Acme", NOW, NOW);
    assert!(both(&just, &key, Leaf::default(), &of(&just)).is_ok());
}

#[test]
fn a_certificate_must_be_for_signing_code() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    for usages in [
        vec![],
        vec![ExtendedKeyUsagePurpose::ServerAuth],
        vec![ExtendedKeyUsagePurpose::Any],
    ] {
        let leaf = Leaf {
            usages,
            ..Default::default()
        };
        let verdict = both(&ca, &key, leaf, &of(&ca));
        assert!(
            matches!(verdict, Err(Rejection::UnusableCertificate(_))),
            "{verdict:?}"
        );
    }
    let leaf = Leaf {
        is_ca: IsCa::Ca(BasicConstraints::Unconstrained),
        ..Default::default()
    };
    let verdict = both(&ca, &key, leaf, &of(&ca));
    assert!(
        matches!(verdict, Err(Rejection::UnusableCertificate(_))),
        "{verdict:?}"
    );
}

#[test]
fn identities_are_compared_exactly() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let email = |text: &str| SanType::Rfc822Name(text.try_into().unwrap());
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
    let verdict = |names: Vec<SanType>, accepted: Value| {
        let authority = authority(json!({"certificate": ca.pem, "identities": accepted}));
        let leaf = Leaf {
            names,
            ..Default::default()
        };
        both(&ca, &key, leaf, &authority).map(|signer| signer.identity)
    };
    let found = |text: &str| Ok(Some(text.to_owned()));
    assert_eq!(
        verdict(vec![email("a@b.c")], json!(["x@y.z", "a@b.c"])),
        found("a@b.c")
    );
    assert_eq!(
        verdict(vec![uri("https://a/b")], json!(["https://a/b"])),
        found("https://a/b")
    );
    assert_eq!(
        verdict(vec![dns("a.b"), dns("c.d")], json!(["c.d"])),
        found("c.d")
    );
    for (name, accepted) in [
        ("a@b.c", "A@b.c"),
        ("a@b.c", "a@b.cc"),
        ("a@b.c", "@b.c"),
        ("a@b.c", "*"),
    ] {
        let expected = Rejection::OtherIdentity(Some(name.to_owned()));
        assert_eq!(verdict(vec![email(name)], json!([accepted])), Err(expected));
    }
    assert_eq!(
        verdict(vec![], json!(["a@b.c"])),
        Err(Rejection::OtherIdentity(None))
    );
    let any = authority(json!({"certificate": ca.pem}));
    let unnamed = Leaf {
        names: vec![],
        ..Default::default()
    };
    assert_eq!(both(&ca, &key, unnamed, &any).unwrap().identity, None);
}

#[test]
fn the_signature_must_be_by_the_key_of_the_certificate() {
    let (ca, key, other) = (Ca::new("Acme"), Key::p256(), Key::p256());
    let certificate = ca.issue(&key, Leaf::default());
    let layer = Layer::of(&other).annotate("certificate", certificate);
    let expected = Rejection::BadSignature { ed25519: false };
    assert_eq!(layer.verify(&of(&ca)), Err(expected));
}

#[test]
fn a_signature_by_key_is_none_by_certificate_and_the_other_way_around() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    assert_eq!(
        Layer::of(&key).verify(&of(&ca)),
        Err(Rejection::NoCertificate)
    );
    assert_eq!(
        verify_bundle(&of(&ca), &bundle(&key)),
        Err(Rejection::NoCertificate)
    );
    // the key itself is trusted, whoever certifies it besides
    assert!(both(&ca, &key, Leaf::default(), &key.authority()).is_ok());
    let named = NamedSigner::Certificate(Some("builds@acme.example".to_owned()));
    let verdict = both(&ca, &key, Leaf::default(), &Key::p256().authority());
    assert_eq!(verdict, Err(Rejection::OtherSigner(named)));
}

#[test]
fn digest_and_repository_count_here_too() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let certificate = ca.issue(&key, Leaf::default());
    let layer = |digest, reference| {
        Layer::over(&key, payload(digest, reference).to_string())
            .annotate("certificate", certificate.clone())
    };
    let expected = Rejection::OtherDigest(OTHER_DIGEST.to_owned());
    assert_eq!(
        layer(OTHER_DIGEST, REFERENCE).verify(&of(&ca)),
        Err(expected)
    );
    let bound = authority(json!({"certificate": ca.pem, "bindReference": true}));
    assert!(layer(DIGEST, REFERENCE).verify(&bound).is_ok());
    let expected = Rejection::OtherRepository("evil.example/app".to_owned());
    assert_eq!(
        layer(DIGEST, "evil.example/app").verify(&bound),
        Err(expected)
    );
}

#[test]
fn damaged_certificates_are_malformed() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let pem = ca.issue(&key, Leaf::default());
    let body = pem::parse(&pem).unwrap();
    let cut = pem::Pem::new("CERTIFICATE", &body.contents()[..100]).to_string();
    let longer = pem::Pem::new("CERTIFICATE", [body.contents(), &[0]].concat()).to_string();
    for given in [
        cut,
        longer,
        format!("{pem}{pem}"),
        "no PEM".to_owned(),
        key.pem(),
    ] {
        let verdict = Layer::of(&key)
            .annotate("certificate", given)
            .verify(&of(&ca));
        assert!(
            matches!(verdict, Err(Rejection::Malformed(_))),
            "{verdict:?}"
        );
    }
}
