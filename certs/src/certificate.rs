//! One X.509 certificate: its validity and what it can be used for.

use std::collections::HashSet;
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use crate::validity::Validity;
use crate::{Error, Item, pem_text};

/// A certificate that has been read once, with what was found out about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    der: CertificateDer<'static>,
    validity: Validity,
    for_server: Result<(), Error>,
    for_authority: Result<(), Error>,
}

impl Certificate {
    /// Reads one certificate, the one at `position` (from 1) of its text.
    pub(crate) fn parse(der: CertificateDer<'static>, position: usize) -> Result<Self, Error> {
        let broken = Error::BrokenCertificate { position };
        let Ok((b"", x509)) = X509Certificate::from_der(&der) else {
            return Err(broken);
        };
        let (Some(validity), Ok(for_server), Ok(for_authority)) = (
            Validity::read(x509.validity()),
            server_fault(&der, &x509),
            authority_fault(&der, &x509),
        ) else {
            return Err(broken);
        };
        Ok(Self {
            validity,
            for_server: for_server.map_or(Ok(()), Err),
            for_authority: for_authority.map_or(Ok(()), Err),
            der,
        })
    }

    /// Reads all certificates of a text: at least one, at most `limit`.
    pub(crate) fn parse_all(pem: &str, item: Item, limit: usize) -> Result<Vec<Self>, Error> {
        let found = pem_text::certificates(pem, item)?;
        check_count(item, found.len(), limit)?;
        found
            .into_iter()
            .zip(1..)
            .map(|(der, position)| Self::parse(der, position))
            .collect()
    }

    /// Refuses a certificate that a server cannot show to the API server `now`.
    pub(crate) fn check_server(&self, now: SystemTime) -> Result<(), Error> {
        self.validity.check(Item::Certificate, now)?;
        self.for_server.clone()
    }

    /// Refuses a certificate that no certificate authority can sign with `now`.
    pub(crate) fn check_authority(&self, now: SystemTime) -> Result<(), Error> {
        self.validity.check(Item::Authority, now)?;
        self.for_authority.clone()
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(crate) fn validity(&self) -> Validity {
        self.validity
    }
}

/// Refuses more certificates than a limit.
pub(crate) fn check_count(item: Item, found: usize, limit: usize) -> Result<(), Error> {
    if found > limit {
        return Err(Error::TooManyCertificates { item, found, limit });
    }
    Ok(())
}

fn server_fault(der: &CertificateDer<'_>, x509: &X509Certificate<'_>) -> Found {
    let item = Item::Certificate;
    Ok(if ParsedCertificate::try_from(der).is_err() {
        Some(Error::UnsupportedCertificate { item })
    } else if !names_a_host(x509)? {
        Some(Error::NamesNoHost)
    } else if !may_serve(x509)? {
        Some(Error::NotForServers { item })
    } else {
        None
    })
}

fn authority_fault(der: &CertificateDer<'_>, x509: &X509Certificate<'_>) -> Found {
    let item = Item::Authority;
    Ok(if ParsedCertificate::try_from(der).is_err() {
        Some(Error::UnsupportedCertificate { item })
    } else if !x509
        .basic_constraints()?
        .is_some_and(|found| found.value.ca)
    {
        Some(Error::NotAnAuthority)
    } else if x509
        .key_usage()?
        .is_some_and(|found| !found.value.key_cert_sign())
    {
        Some(Error::MayNotSign)
    } else if !may_serve(x509)? {
        Some(Error::NotForServers { item })
    } else if !is_repeatable(x509.subject()) {
        Some(Error::UnsupportedSubject)
    } else {
        None
    })
}

/// What speaks against a use, or that the certificate's extensions cannot be read.
type Found = Result<Option<Error>, X509Error>;

fn names_a_host(x509: &X509Certificate<'_>) -> Result<bool, X509Error> {
    let is_host = |name: &GeneralName<'_>| {
        matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_))
    };
    let found = x509.subject_alternative_name()?;
    Ok(found.is_some_and(|names| names.value.general_names.iter().any(is_host)))
}

/// Whether the extended key usages allow serving; Go asks this of authorities' certificates too.
fn may_serve(x509: &X509Certificate<'_>) -> Result<bool, X509Error> {
    let found = x509.extended_key_usage()?;
    Ok(found.is_none_or(|usages| usages.value.any || usages.value.server_auth))
}

/// Whether rcgen can write the name as it is: it keeps one value for each attribute.
fn is_repeatable(name: &X509Name<'_>) -> bool {
    let mut seen = HashSet::new();
    name.iter_rdn().all(|part| {
        let mut attributes = part.iter();
        let first_is_new = attributes
            .next()
            .is_some_and(|attribute| seen.insert(attribute.attr_type().as_bytes()));
        first_is_new && attributes.next().is_none()
    })
}
