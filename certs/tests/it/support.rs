//! What several tests share: moments, lifetimes, and certificates that the crate would not make.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatehouse_certs::{CertificateAuthority, ServingCertificate, ServingNames};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const YEAR: Duration = Duration::from_hours(365 * 24);

/// 2026-11-21T12:00:00Z
pub(crate) fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(498_684)
}

pub(crate) fn authority() -> CertificateAuthority {
    CertificateAuthority::generate("test authority", YEAR).unwrap()
}

pub(crate) fn localhost() -> ServingNames {
    ServingNames::parse(["localhost", "127.0.0.1", "::1"]).unwrap()
}

/// A certificate for `localhost` of an authority of its own.
pub(crate) fn serving() -> ServingCertificate {
    authority().issue(&localhost(), DAY).unwrap()
}

/// A self-signed certificate and its key as PEM, from parameters that name `localhost`.
pub(crate) fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    self_signed_by(&key, change)
}

/// As [`self_signed`], with a key of the test's choice.
pub(crate) fn self_signed_by(
    key: &KeyPair,
    change: impl FnOnce(&mut CertificateParams),
) -> (String, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "a test");
    params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    change(&mut params);
    let certificate = params.self_signed(key).unwrap();
    (certificate.pem(), key.serialize_pem())
}
