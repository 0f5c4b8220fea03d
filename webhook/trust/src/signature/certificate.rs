use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::Rejection;
use crate::{
    authority::CertificateAuthority,
    sigstore::{CERTIFICATE_ALGORITHMS, PublicKey},
    text::excerpt,
};

/// id-kp-codeSigning, 1.3.6.1.5.5.7.3.3 (RFC 5280, section 4.2.1.12), without tag and length.
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

const NOT_FOR_CODE: Rejection =
    Rejection::UnusableCertificate("may not sign code (extended key usage codeSigning)");

/// The certificate that a signature was made with, and what else it brings to build a chain.
pub(crate) struct Certificate<'a> {
    der: CertificateDer<'a>,
    chain: Vec<CertificateDer<'a>>,
    key: PublicKey,
    /// Email addresses, URIs and host names, in the certificate's order.
    names: Vec<String>,
    not_before: i64,
    not_after: i64,
    signs_code: bool,
}

impl<'a> Certificate<'a> {
    pub(crate) fn parse(der: &'a [u8], chain: Vec<CertificateDer<'a>>) -> Result<Self, Rejection> {
        const DAMAGED: Rejection = Rejection::Malformed("its certificate is damaged");
        let Ok(([], parsed)) = X509Certificate::from_der(der) else {
            return Err(DAMAGED);
        };
        let validity = parsed.validity();
        let (not_before, not_after) = (
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        );
        let names = names(&parsed).ok_or(DAMAGED)?;
        let usage = parsed.extended_key_usage().map_err(|_| DAMAGED)?;
        let signs_code = usage.is_some_and(|usage| usage.value.code_signing);
        let der = CertificateDer::from(der);
        let key = key(&der)?;
        Ok(Self {
            der,
            chain,
            key,
            names,
            not_before,
            not_after,
            signs_code,
        })
    }

    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The first name, fit to be shown.
    pub(super) fn shown_name(&self) -> Option<String> {
        self.names.first().map(|name| excerpt(name))
    }

    /// Whose certificate it is, fit to be shown, if the authority accepts that.
    pub(super) fn identity(
        &self,
        authority: &CertificateAuthority,
    ) -> Result<Option<String>, Rejection> {
        let Some(accepted) = authority.identities() else {
            return Ok(self.shown_name());
        };
        match self.names.iter().find(|name| accepted.contains(*name)) {
            Some(name) => Ok(Some(excerpt(name))),
            None => Err(Rejection::OtherIdentity(self.shown_name())),
        }
    }

    /// The moment of its validity that is nearest to `at`.
    pub(super) fn moment_within(&self, at: i64) -> i64 {
        at.min(self.not_after).max(self.not_before)
    }

    /// Checks that it was valid at this second since 1970, which a log or timestamp has proven or not.
    pub(super) fn check_time(&self, at: i64, proven: bool) -> Result<(), Rejection> {
        if at < self.not_before {
            return Err(Rejection::NotYetValid(self.not_before));
        }
        if at > self.not_after {
            let not_after = self.not_after;
            return Err(Rejection::Expired { not_after, proven });
        }
        Ok(())
    }

    /// Checks that a chain leads to an anchor of the authority, and that it may sign code. Whatever the
    /// signature brings is never an anchor.
    pub(super) fn check_chain(
        &self,
        authority: &CertificateAuthority,
        at: i64,
    ) -> Result<(), Rejection> {
        let anchors = authority.anchors_at(at);
        if anchors.is_empty() {
            return Err(Rejection::UnusableCertificate(
                "cannot be checked: the authority's own certificate was not valid then",
            ));
        }
        let between = [authority.intermediates(), &self.chain].concat();
        let seconds = u64::try_from(at).unwrap_or_default();
        let leaf = EndEntityCert::try_from(&self.der).map_err(|error| self.rejection(&error))?;
        leaf.verify_for_usage(
            CERTIFICATE_ALGORITHMS,
            &anchors,
            &between,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::required_if_present(CODE_SIGNING),
            None,
            None,
        )
        .map_err(|error| self.rejection(&error))?;
        // webpki would demand it of intermediates too, which most lack
        if self.signs_code {
            Ok(())
        } else {
            Err(NOT_FOR_CODE)
        }
    }

    /// Checks the same for any of these authorities.
    pub(crate) fn check_any_chain<'b>(
        &self,
        authorities: impl Iterator<Item = &'b CertificateAuthority>,
        at: i64,
    ) -> Result<(), Rejection> {
        let verdicts = authorities.map(|authority| self.check_chain(authority, at));
        verdicts
            .reduce(|one, other| one.or_else(|a| other.map_err(|b| a.max(b))))
            .unwrap_or_else(|| Err(Rejection::OtherAuthority(self.shown_name())))
    }

    fn rejection(&self, error: &Error) -> Rejection {
        match error {
            Error::RequiredEkuNotFoundContext(_) => NOT_FOR_CODE,
            Error::CaUsedAsEndEntity => {
                Rejection::UnusableCertificate("is that of an authority, not of a signer")
            }
            Error::UnsupportedCriticalExtension => {
                Rejection::UnusableCertificate("has a critical extension that is not understood")
            }
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
                Rejection::UnusableCertificate("has an intermediate certificate that is not valid")
            }
            Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumSignatureChecksExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => {
                Rejection::UnusableCertificate("has a chain that takes too long to check")
            }
            Error::NameConstraintViolation | Error::PathLenConstraintViolated => {
                Rejection::UnusableCertificate("is none that its issuer may issue")
            }
            _ => Rejection::OtherAuthority(self.shown_name()),
        }
    }
}

/// The key as webpki reads it, which also follows the chain: two readers could disagree.
fn key(der: &CertificateDer<'_>) -> Result<PublicKey, Rejection> {
    let leaf = EndEntityCert::try_from(der)
        .map_err(|_| Rejection::Malformed("its certificate is damaged"))?;
    PublicKey::from_spki(leaf.subject_public_key_info().as_ref())
        .map_err(|_| Rejection::Malformed("its certificate has a key that cannot be used"))
}

/// The subject alternative names that can be an identity; `None` where they cannot be read.
fn names(certificate: &X509Certificate<'_>) -> Option<Vec<String>> {
    let Some(extension) = certificate.subject_alternative_name().ok()? else {
        return Some(Vec::new());
    };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::RFC822Name(text) | GeneralName::DNSName(text) | GeneralName::URI(text) => {
            Some((*text).to_owned())
        }
        _ => None,
    };
    let names = extension.value.general_names.iter();
    Some(names.filter_map(text).collect())
}
