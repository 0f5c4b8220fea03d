//! What a serving certificate is, and what is refused as one.

use gatehouse_certs::{
    CLOCK_SKEW, CertificateAuthority, MAX_CHAIN_CERTIFICATES, ServingCertificate,
};
use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, SanType};

use crate::support::{DAY, SECOND, YEAR, localhost, noon, self_signed, serving};

fn refusal(chain: &str, key: &str) -> String {
    ServingCertificate::from_pem(chain, key)
        .unwrap_err()
        .to_string()
}

#[test]
fn an_issued_certificate_reads_back() {
    let made = serving();
    let read = ServingCertificate::from_pem(&made.chain_pem(), &made.key_pem()).unwrap();
    assert_eq!(read.chain_pem(), made.chain_pem());
    assert_eq!(read.key_pem(), made.key_pem());
    assert_eq!(read.not_before(), made.not_before());
    assert_eq!(read.not_after(), made.not_after());
}

#[test]
fn the_chain_holds_no_key_even_if_its_file_did() {
    let made = serving();
    let both = made.key_pem() + &made.chain_pem();
    let read = ServingCertificate::from_pem(&both, &both).unwrap();
    assert_eq!(read.chain_pem(), made.chain_pem());
    assert_eq!(read.key_pem(), made.key_pem());
}

#[test]
fn the_key_is_not_in_the_debug_output() {
    let shown = format!("{:?}", serving());
    assert!(
        shown.starts_with("ServingCertificate { not_before: "),
        "{shown}"
    );
    assert!(!shown.contains("key"), "{shown}");
}

#[test]
fn it_is_due_after_two_thirds_of_its_life() {
    let certificate = serving();
    let life = DAY + CLOCK_SKEW;
    let due = certificate.not_before() + life * 2 / 3;
    assert_eq!(certificate.rotation_due(), due);
    assert!(!certificate.needs_rotation(due - SECOND));
    assert!(certificate.needs_rotation(due));
    assert!(certificate.needs_rotation(certificate.not_after() + YEAR));
}

#[test]
fn a_missing_certificate_or_key_is_said() {
    let made = serving();
    assert_eq!(
        refusal(&made.key_pem(), &made.key_pem()),
        "no certificate found: expected a block that starts with `-----BEGIN CERTIFICATE-----`"
    );
    assert_eq!(
        refusal(&made.chain_pem(), &made.chain_pem()),
        "no private key found: expected a block that starts with `-----BEGIN PRIVATE KEY-----`"
    );
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let expected = "the private key does not belong to the certificate: \
                    give the key that the first certificate in the file was made for";
    let (made, other) = (serving(), serving());
    assert_eq!(refusal(&made.chain_pem(), &other.key_pem()), expected);
    let wrong_order = other.chain_pem() + &made.chain_pem();
    assert_eq!(refusal(&wrong_order, &made.key_pem()), expected);
}

#[test]
fn a_certificate_outside_its_validity_is_refused() {
    let authority = CertificateAuthority::generate_at("a", YEAR, noon()).unwrap();
    let made = authority.issue_at(&localhost(), DAY, noon()).unwrap();
    let refusal_at = |now| {
        let read = ServingCertificate::from_pem_at(&made.chain_pem(), &made.key_pem(), now);
        read.unwrap_err().to_string()
    };
    assert_eq!(
        refusal_at(noon() + DAY + SECOND),
        "the certificate expired at 2026-11-22T12:00:00Z, \
         and it is 2026-11-22T12:00:01Z now: replace it"
    );
    assert_eq!(
        refusal_at(noon() - CLOCK_SKEW - SECOND),
        "the certificate is not valid before 2026-11-21T11:55:00Z, \
         and it is 2026-11-21T11:54:59Z now: wait until then, or set this machine's clock"
    );
    for now in [noon() - CLOCK_SKEW, noon(), noon() + DAY] {
        assert!(ServingCertificate::from_pem_at(&made.chain_pem(), &made.key_pem(), now).is_ok());
    }
}

#[test]
fn bytes_that_are_no_certificate_are_refused_with_their_position() {
    let made = serving();
    let junk = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    assert_eq!(
        refusal(&(made.chain_pem() + junk), &made.key_pem()),
        "certificate 2 cannot be read: its block does not hold an X.509 certificate"
    );
}

#[test]
fn a_chain_has_a_limit() {
    let made = serving();
    let longest = made.chain_pem().repeat(MAX_CHAIN_CERTIFICATES);
    assert!(ServingCertificate::from_pem(&longest, &made.key_pem()).is_ok());
    assert_eq!(
        refusal(&(longest + &made.chain_pem()), &made.key_pem()),
        "the certificate comes as 11 certificates, over the limit of 10: \
         leave out those that are not needed"
    );
}

#[test]
fn a_certificate_without_a_host_is_refused() {
    let expected = "the certificate names no host: give it subject alternative names, \
                    Kubernetes does not look at the common name";
    let mail = SanType::Rfc822Name("a@example.com".try_into().unwrap());
    for names in [vec![], vec![mail]] {
        let (chain, key) = self_signed(|params| params.subject_alt_names = names);
        assert_eq!(refusal(&chain, &key), expected);
    }
}

#[test]
fn a_certificate_for_clients_is_refused() {
    let (chain, key) = self_signed(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(
        refusal(&chain, &key),
        "the certificate is not for servers: add `serverAuth` to its extended key usage"
    );
    let (chain, key) = self_signed(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    });
    assert!(ServingCertificate::from_pem(&chain, &key).is_ok());
}

#[test]
fn a_certificate_that_no_tls_library_takes_is_refused() {
    let (chain, key) = self_signed(|params| {
        let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions = vec![unknown];
    });
    assert_eq!(
        refusal(&chain, &key),
        "the certificate is of a kind that TLS libraries refuse: \
         make it as X.509 version 3, without unknown critical extensions"
    );
}
