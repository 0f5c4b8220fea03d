//! What a bundle trusts while one authority takes over from another.

use gatehouse_certs::{CaBundle, CertificateAuthority, Error, Item, MAX_BUNDLE_CERTIFICATES};

use crate::support::{DAY, SECOND, YEAR, authority, localhost, noon, serving};

fn authority_for(days: u32) -> CertificateAuthority {
    CertificateAuthority::generate_at("test authority", days * DAY, noon()).unwrap()
}

#[test]
fn a_bundle_is_the_certificates_one_after_the_other() {
    let (old, new) = (authority(), authority());
    let both = CaBundle::of(&old).joined_with(&CaBundle::of(&new)).unwrap();
    assert_eq!(both.pem(), old.certificate_pem() + &new.certificate_pem());
    assert_eq!(CaBundle::from_pem(&both.pem()), Ok(both));
}

#[test]
fn a_certificate_is_kept_once() {
    let (old, new) = (authority(), authority());
    let both = CaBundle::of(&old).joined_with(&CaBundle::of(&new)).unwrap();
    assert_eq!(both.joined_with(&CaBundle::of(&new)), Ok(both.clone()));
    assert_eq!(both.joined_with(&both), Ok(both.clone()));
    let twice = old.certificate_pem().repeat(2);
    assert_eq!(CaBundle::from_pem(&twice), Ok(CaBundle::of(&old)));
}

#[test]
fn what_has_expired_is_dropped() {
    let (old, new) = (
        CaBundle::of(&authority_for(10)),
        CaBundle::of(&authority_for(20)),
    );
    let end = noon() + 10 * DAY;
    assert_eq!(old.joined_with_at(&new, end).unwrap().len(), 2);
    assert_eq!(old.joined_with_at(&new, end + SECOND), Ok(new.clone()));
    let text = old.pem() + &new.pem();
    assert_eq!(CaBundle::from_pem_at(&text, end + SECOND), Ok(new));
}

#[test]
fn what_is_not_yet_valid_is_kept() {
    let (old, new) = (
        CaBundle::of(&authority_for(10)),
        CaBundle::of(&authority_for(20)),
    );
    let both = old.joined_with_at(&new, noon() - YEAR).unwrap();
    assert_eq!(both.len(), 2);
}

#[test]
fn a_bundle_is_never_empty() {
    let expected = "every certificate in the bundle has expired, the last at \
                    2026-12-11T12:00:00Z: make a new certificate authority";
    let (old, new) = (
        CaBundle::of(&authority_for(10)),
        CaBundle::of(&authority_for(20)),
    );
    let joined = old.joined_with_at(&new, noon() + YEAR);
    assert_eq!(joined.unwrap_err().to_string(), expected);
    assert_eq!(CaBundle::from_pem("\n"), Err(Error::NoCertificate));
}

#[test]
fn a_bundle_has_a_limit() {
    let other = CaBundle::of(&authority());
    let many: Vec<_> = (0..MAX_BUNDLE_CERTIFICATES).map(|_| authority()).collect();
    let text: String = many
        .iter()
        .map(CertificateAuthority::certificate_pem)
        .collect();
    let full = CaBundle::from_pem(&text).unwrap();
    assert_eq!(full.len(), MAX_BUNDLE_CERTIFICATES);
    let expected = Error::TooManyCertificates {
        item: Item::Bundle,
        found: 33,
        limit: 32,
    };
    assert_eq!(full.joined_with(&other), Err(expected.clone()));
    assert_eq!(
        CaBundle::from_pem(&(text + &other.pem())),
        Err(expected.clone())
    );
    assert_eq!(
        expected.to_string(),
        "the bundle of certificate authorities comes as 33 certificates, over the limit of 32: \
         leave out those that are not needed"
    );
}

#[test]
fn a_bundle_knows_what_it_trusts() {
    let (old, new) = (authority_for(10), authority_for(20));
    let (trusts_old, trusts_new) = (CaBundle::of(&old), CaBundle::of(&new));
    let both = trusts_old.joined_with_at(&trusts_new, noon()).unwrap();
    let certificate = new.issue_at(&localhost(), DAY, noon()).unwrap();
    assert!(both.trusts(&certificate, noon()));
    assert!(trusts_new.trusts(&certificate, noon()));
    assert!(!trusts_old.trusts(&certificate, noon()));
    assert!(!both.trusts(&certificate, noon() + 2 * DAY), "expired");
    assert!(!both.trusts(&serving(), noon()), "another authority's");
}
