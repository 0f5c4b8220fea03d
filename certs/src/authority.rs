//! A certificate authority: a key that others trust, and what it issues.

use std::fmt;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};

use crate::certificate::Certificate;
use crate::key::Key;
use crate::serving::Chain;
use crate::validity::{Validity, to_datetime};
use crate::{
    CaBundle, Error, Item, NameFault, ServingCertificate, ServingName, ServingNames, pem_text,
};

/// The most characters in a certificate authority's common name: 64 (RFC 5280, appendix A.1).
pub const MAX_COMMON_NAME_CHARS: usize = 64;

/// The subject of issued certificates, for people who look at one; clients look at the names.
///
/// Unlike any name that an authority is likely to have: where issuer and subject are equal, tools
/// take a certificate for self-signed.
const SERVING_COMMON_NAME: &str = "gatehouse serving certificate";

/// A certificate authority with its private key.
///
/// It may sign, its key belongs to its certificate, and it was valid when this was made.
pub struct CertificateAuthority {
    certificate: Certificate,
    key: Key,
    issuer: Issuer<'static, KeyPair>,
}

impl CertificateAuthority {
    /// Makes a new, self-signed certificate authority with a key for ECDSA on P-256.
    ///
    /// It issues serving certificates only, no further authorities (path length 0). Its validity
    /// starts [`CLOCK_SKEW`](crate::CLOCK_SKEW) ago.
    ///
    /// # Errors
    ///
    /// [`Error::CommonName`] if the name is empty, has control characters or more than
    /// [`MAX_COMMON_NAME_CHARS`]; [`Error::Lifetime`], [`Error::Clock`], [`Error::Generation`].
    pub fn generate(common_name: &str, valid_for: Duration) -> Result<Self, Error> {
        Self::generate_at(common_name, valid_for, SystemTime::now())
    }

    /// As [`CertificateAuthority::generate`], with the time told.
    ///
    /// # Errors
    ///
    /// As [`CertificateAuthority::generate`].
    pub fn generate_at(
        common_name: &str,
        valid_for: Duration,
        now: SystemTime,
    ) -> Result<Self, Error> {
        check_common_name(common_name)?;
        let params = authority_params(common_name, Validity::starting(now, valid_for)?)?;
        let key = Key::generate()?;
        let signed = params
            .self_signed(&key.pair()?)
            .map_err(|_| Error::Generation)?;
        OwnCertificate(Certificate::parse(signed.into(), 1)?).with_key(key)
    }

    /// Reads a certificate authority's own certificate and its key.
    ///
    /// # Errors
    ///
    /// As [`ServingCertificate::from_pem`], and [`Error::NotOneAuthority`],
    /// [`Error::NotAnAuthority`], [`Error::MayNotSign`], [`Error::UnsupportedSubject`].
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, Error> {
        Self::from_pem_at(certificate, key, SystemTime::now())
    }

    /// As [`CertificateAuthority::from_pem`], with the time told.
    ///
    /// # Errors
    ///
    /// As [`CertificateAuthority::from_pem`].
    pub fn from_pem_at(certificate: &str, key: &str, now: SystemTime) -> Result<Self, Error> {
        OwnCertificate::parse(certificate, now)?.with_key(Key::parse(key)?)
    }

    /// Issues a certificate for a server that is reached by these names.
    ///
    /// It has a new key for ECDSA on P-256 and is for TLS servers only. Its validity starts
    /// [`CLOCK_SKEW`](crate::CLOCK_SKEW) ago and ends after `valid_for`, or with the authority's own
    /// if that is sooner: nobody would accept it any longer.
    ///
    /// # Errors
    ///
    /// [`Error::Expired`] if the authority is; [`Error::Lifetime`]; [`Error::CannotVouch`] if the
    /// authority is constrained to other names; [`Error::Clock`], [`Error::Generation`].
    pub fn issue(
        &self,
        names: &ServingNames,
        valid_for: Duration,
    ) -> Result<ServingCertificate, Error> {
        self.issue_at(names, valid_for, SystemTime::now())
    }

    /// As [`CertificateAuthority::issue`], with the time told.
    ///
    /// # Errors
    ///
    /// As [`CertificateAuthority::issue`].
    pub fn issue_at(
        &self,
        names: &ServingNames,
        valid_for: Duration,
        now: SystemTime,
    ) -> Result<ServingCertificate, Error> {
        self.certificate.check_authority(now)?;
        let validity = Validity::starting(now, valid_for)?.until(self.not_after());
        let params = serving_params(names, validity)?;
        let issued = self.sign(&params, now)?;
        // What clients would refuse is better found here than by the API server.
        if !CaBundle::of(self).trusts(&issued, now) {
            let names = names.to_string();
            return Err(Error::CannotVouch { names });
        }
        Ok(issued)
    }

    /// The certificate as PEM; nothing else, whatever was read.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        pem_text::encode_certificates(std::iter::once(self.certificate.der()))
    }

    /// The private key as PEM: a secret that can speak for every name to all who trust this.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.pem()
    }

    /// The last moment at which anything this authority issued is accepted.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.certificate.validity().not_after
    }

    /// When two thirds of the authority's life are over.
    #[must_use]
    pub fn rotation_due(&self) -> SystemTime {
        self.certificate.validity().rotation_due()
    }

    /// Whether the authority should be replaced: [`rotation_due`](Self::rotation_due) is reached.
    #[must_use]
    pub fn needs_rotation(&self, now: SystemTime) -> bool {
        now >= self.rotation_due()
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn sign(
        &self,
        params: &CertificateParams,
        now: SystemTime,
    ) -> Result<ServingCertificate, Error> {
        let key = Key::generate()?;
        let signed = params
            .signed_by(&key.pair()?, &self.issuer)
            .map_err(|_| Error::Generation)?;
        Chain::of(&Certificate::parse(signed.into(), 1)?, now)?.with_key(key)
    }
}

/// Without the key: this may end up in a log.
impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority")
            .field("not_after", &self.not_after())
            .finish_non_exhaustive()
    }
}

/// A certificate authority's certificate, before its key is known.
pub(crate) struct OwnCertificate(Certificate);

impl OwnCertificate {
    pub(crate) fn parse(pem: &str, now: SystemTime) -> Result<Self, Error> {
        let mut found = Certificate::parse_all(pem, Item::Authority, usize::MAX)?.into_iter();
        match (found.next(), found.len()) {
            (Some(own), 0) => {
                own.check_authority(now)?;
                Ok(Self(own))
            }
            (_, others) => Err(Error::NotOneAuthority { found: others + 1 }),
        }
    }

    pub(crate) fn with_key(self, key: Key) -> Result<CertificateAuthority, Error> {
        let Self(certificate) = self;
        key.certify(vec![certificate.der().clone()])?;
        let issuer = Issuer::from_ca_cert_der(certificate.der(), key.pair()?)
            .map_err(|_| Error::UnsupportedSubject)?;
        Ok(CertificateAuthority {
            certificate,
            key,
            issuer,
        })
    }
}

fn check_common_name(name: &str) -> Result<(), Error> {
    let fault = if name.is_empty() {
        NameFault::Empty
    } else if name.chars().any(char::is_control) {
        NameFault::ControlCharacter
    } else if name.chars().nth(MAX_COMMON_NAME_CHARS).is_some() {
        NameFault::LongCommonName
    } else {
        return Ok(());
    };
    let name = name.to_owned();
    Err(Error::CommonName { name, fault })
}

fn authority_params(common_name: &str, validity: Validity) -> Result<CertificateParams, Error> {
    let mut params = params(common_name, validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn serving_params(names: &ServingNames, validity: Validity) -> Result<CertificateParams, Error> {
    let mut params = params(SERVING_COMMON_NAME, validity)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // In a bundle of two authorities with one name, this tells verifiers which of them to try.
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = names
        .iter()
        .map(alternative_name)
        .collect::<Result<_, _>>()?;
    Ok(params)
}

fn params(common_name: &str, validity: Validity) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = to_datetime(validity.not_before)?;
    params.not_after = to_datetime(validity.not_after)?;
    Ok(params)
}

fn alternative_name(name: &ServingName) -> Result<SanType, Error> {
    Ok(match name {
        ServingName::Dns(name) => {
            let text = name.as_str().try_into().map_err(|_| Error::Generation)?;
            SanType::DnsName(text)
        }
        ServingName::Ip(address) => SanType::IpAddress(*address),
    })
}
