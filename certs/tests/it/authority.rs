//! What a certificate authority issues, and what is refused as one.

use std::time::{Duration, SystemTime};

use gatehouse_certs::{
    CLOCK_SKEW, CertificateAuthority, MAX_COMMON_NAME_CHARS, MAX_VALID_FOR, ServingNames,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::support::{DAY, SECOND, YEAR, authority, localhost, noon, self_signed};

fn refusal(certificate: &str, key: &str) -> String {
    CertificateAuthority::from_pem(certificate, key)
        .unwrap_err()
        .to_string()
}

/// A self-signed authority that was made by something else.
fn foreign(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    self_signed(|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(params);
    })
}

fn with_x509<T>(pem: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let (_, x509) = X509Certificate::from_der(&der).unwrap();
    look(&x509)
}

#[test]
fn an_authority_issues_for_servers_and_makes_no_further_authorities() {
    let pem = authority().certificate_pem();
    with_x509(&pem, |x509| {
        let constraints = x509.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
        let usage = x509.key_usage().unwrap().unwrap();
        assert!(usage.value.key_cert_sign() && usage.value.crl_sign());
        assert!(!usage.value.digital_signature());
        assert_eq!(x509.subject().to_string(), "CN=test authority");
    });
}

#[test]
fn what_it_issues_is_for_servers_only() {
    let certificate = authority().issue(&localhost(), DAY).unwrap();
    with_x509(&certificate.chain_pem(), |x509| {
        assert!(!x509.is_ca());
        assert_eq!(x509.issuer().to_string(), "CN=test authority");
        assert_eq!(
            x509.subject().to_string(),
            "CN=gatehouse serving certificate"
        );
        let usage = x509.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && !usage.client_auth && !usage.any);
        let names = x509.subject_alternative_name().unwrap().unwrap().value;
        assert_eq!(names.general_names.len(), 3);
        let key = x509.public_key().parsed().unwrap();
        assert_eq!(key.key_size(), 256, "P-256");
    });
}

#[test]
fn every_certificate_has_a_key_and_a_serial_number_of_its_own() {
    let authority = authority();
    let issue = || authority.issue(&localhost(), DAY).unwrap();
    let (one, two) = (issue(), issue());
    assert_ne!(one.key_pem(), two.key_pem());
    let serial = |pem: &str| with_x509(pem, |x509| x509.raw_serial_as_string());
    assert_ne!(serial(&one.chain_pem()), serial(&two.chain_pem()));
}

#[test]
fn validity_starts_a_little_in_the_past() {
    let authority = CertificateAuthority::generate_at("a", YEAR, noon()).unwrap();
    let certificate = authority.issue_at(&localhost(), DAY, noon()).unwrap();
    assert_eq!(certificate.not_before(), noon() - CLOCK_SKEW);
    assert_eq!(certificate.not_after(), noon() + DAY);
    assert_eq!(authority.not_after(), noon() + YEAR);
}

#[test]
fn nothing_outlives_its_authority() {
    let authority = CertificateAuthority::generate_at("a", 30 * DAY, noon()).unwrap();
    let certificate = authority.issue_at(&localhost(), YEAR, noon()).unwrap();
    assert_eq!(certificate.not_after(), authority.not_after());
}

#[test]
fn an_authority_is_due_after_two_thirds_of_its_life() {
    let authority = CertificateAuthority::generate_at("a", 30 * DAY, noon()).unwrap();
    let due = noon() - CLOCK_SKEW + (30 * DAY + CLOCK_SKEW) * 2 / 3;
    assert_eq!(authority.rotation_due(), due);
    assert!(!authority.needs_rotation(due - SECOND));
    assert!(authority.needs_rotation(due));
}

#[test]
fn an_expired_authority_issues_nothing() {
    let authority = CertificateAuthority::generate_at("a", 30 * DAY, noon()).unwrap();
    let refused = authority
        .issue_at(&localhost(), DAY, noon() + YEAR)
        .unwrap_err();
    let expected = "the certificate authority's certificate expired at 2026-12-21T12:00:00Z, \
                    and it is 2027-11-21T12:00:00Z now: replace it";
    assert_eq!(refused.to_string(), expected);
    let (certificate, key) = (authority.certificate_pem(), authority.key_pem());
    let read = CertificateAuthority::from_pem_at(&certificate, &key, noon() + YEAR);
    assert_eq!(read.unwrap_err().to_string(), expected);
}

#[test]
fn lifetimes_have_limits() {
    let refused = |valid_for| {
        let made = CertificateAuthority::generate("a", valid_for);
        made.unwrap_err().to_string()
    };
    let start = "a certificate cannot be valid for";
    let end = "seconds: choose between 1 second and 100 years";
    assert_eq!(refused(Duration::ZERO), format!("{start} 0 {end}"));
    assert_eq!(refused(SECOND / 2), format!("{start} 0.5 {end}"));
    assert_eq!(
        refused(MAX_VALID_FOR + SECOND),
        format!("{start} 3153600001 {end}")
    );
    assert!(CertificateAuthority::generate("a", MAX_VALID_FOR).is_ok());
}

#[test]
fn a_clock_outside_the_calendar_is_said() {
    let expected = "this machine's clock is outside the years 1970 to 9999: set it";
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let made = CertificateAuthority::generate_at("a", DAY, far);
    assert_eq!(made.unwrap_err().to_string(), expected);
    let before = SystemTime::UNIX_EPOCH - YEAR;
    let made = CertificateAuthority::generate_at("a", DAY, before);
    assert_eq!(made.unwrap_err().to_string(), expected);
}

#[test]
fn common_names_have_limits() {
    let longest = "ä".repeat(MAX_COMMON_NAME_CHARS);
    assert!(CertificateAuthority::generate(&longest, DAY).is_ok());
    let too_long = longest + "x";
    let cases = [
        ("", "`` ", "it is empty"),
        ("a\nb", "`a\u{fffd}b` ", "it has a control character"),
        (
            &too_long,
            &format!("`{too_long}` "),
            "it has more than 64 characters",
        ),
    ];
    for (name, shown, reason) in cases {
        let refused = CertificateAuthority::generate(name, DAY).unwrap_err();
        let middle = "cannot be the common name of a certificate authority";
        assert_eq!(refused.to_string(), format!("{shown}{middle}: {reason}"));
    }
}

#[test]
fn the_certificate_holds_no_key_even_if_its_file_did() {
    let made = authority();
    let both = made.key_pem() + &made.certificate_pem();
    let read = CertificateAuthority::from_pem(&both, &both).unwrap();
    assert_eq!(read.certificate_pem(), made.certificate_pem());
    assert_eq!(read.key_pem(), made.key_pem());
    assert!(!format!("{read:?}").contains("key"));
}

#[test]
fn a_key_of_another_authority_is_refused() {
    assert_eq!(
        refusal(&authority().certificate_pem(), &authority().key_pem()),
        "the private key does not belong to the certificate: \
         give the key that the first certificate in the file was made for"
    );
}

#[test]
fn several_certificates_are_refused() {
    let (one, two) = (authority(), authority());
    assert_eq!(
        refusal(
            &(one.certificate_pem() + &two.certificate_pem()),
            &one.key_pem()
        ),
        "expected the certificate authority's own certificate, found 2 certificates: \
         leave out the others"
    );
}

#[test]
fn a_certificate_that_is_no_authority_is_refused() {
    let serving = authority().issue(&localhost(), DAY).unwrap();
    assert_eq!(
        refusal(&serving.chain_pem(), &serving.key_pem()),
        "the certificate is not one of a certificate authority: \
         make it with the basic constraint `CA:TRUE`"
    );
}

#[test]
fn an_authority_that_may_not_sign_is_refused() {
    let (certificate, key) = foreign(|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    assert_eq!(
        refusal(&certificate, &key),
        "the certificate authority may not sign certificates: add `keyCertSign` to its key usage"
    );
}

#[test]
fn an_authority_that_may_not_vouch_for_servers_is_refused() {
    let (certificate, key) = foreign(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(
        refusal(&certificate, &key),
        "the certificate authority's certificate is not for servers: \
         add `serverAuth` to its extended key usage"
    );
}

#[test]
fn an_authority_is_asked_only_for_names_that_it_may_vouch_for() {
    let (certificate, key) = foreign(|params| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("svc".to_owned())];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees,
            excluded_subtrees: vec![],
        });
    });
    let authority = CertificateAuthority::from_pem(&certificate, &key).unwrap();
    let inside = ServingNames::parse(["gate.keep.svc"]).unwrap();
    assert!(authority.issue(&inside, DAY).is_ok());
    let outside = ServingNames::parse(["gate.keep.svc", "example.com"]).unwrap();
    assert_eq!(
        authority.issue(&outside, DAY).unwrap_err().to_string(),
        "clients would refuse a certificate of this certificate authority for \
         `gate.keep.svc`, `example.com`: look for name constraints in the authority's certificate"
    );
}

#[test]
fn subjects_of_several_parts_are_repeated() {
    let (certificate, key) = foreign(|params| {
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Größe & Co");
        params.distinguished_name.push(DnType::CountryName, "DE");
    });
    let authority = CertificateAuthority::from_pem(&certificate, &key).unwrap();
    let issued = authority.issue(&localhost(), DAY).unwrap();
    let repeated = with_x509(&issued.chain_pem(), |x509| x509.issuer().as_raw().to_vec());
    let subject = with_x509(&certificate, |x509| x509.subject().as_raw().to_vec());
    assert_eq!(repeated, subject);
}

#[test]
fn subjects_with_an_attribute_twice_are_refused() {
    let (certificate, key) = foreign(|params| {
        for number in [4, 5] {
            let attribute = DnType::CustomDnType(vec![1, 2, 3, number]);
            params.distinguished_name.push(attribute, "x");
        }
    });
    // The builder does not write such a subject either, so one attribute is made like the other.
    let mut block = pem::parse(certificate).unwrap().into_contents();
    let fifth = [6, 3, 42, 3, 5];
    while let Some(at) = block.windows(5).position(|window| window == fifth) {
        block[at + 4] = 4;
    }
    let certificate = pem::encode(&pem::Pem::new("CERTIFICATE", block));
    assert_eq!(
        refusal(&certificate, &key),
        "the certificate authority's subject cannot be repeated in what it issues: \
         make it with every attribute once and in a part of its own"
    );
}

#[test]
fn an_authority_that_no_tls_library_takes_is_refused() {
    let (certificate, key) = foreign(|params| {
        let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions = vec![unknown];
    });
    assert_eq!(
        refusal(&certificate, &key),
        "the certificate authority's certificate is of a kind that TLS libraries refuse: \
         make it as X.509 version 3, without unknown critical extensions"
    );
}
