use std::collections::BTreeSet;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{sigstore::fingerprint, text::excerpt};

/// How many certificates an authority may have, anchors and intermediates together.
pub const AUTHORITY_CERTIFICATES: usize = 32;

/// How many certificates a signature may bring beside its own. webpki follows six.
pub const CHAIN_CERTIFICATES: usize = 8;

/// An own certificate authority.
///
/// Of its certificates the self-signed ones are the anchors; if there are none, it is the last one, and
/// the authority is that intermediate. All others only help to build chains to them.
#[derive(Clone, Debug)]
pub(crate) struct CertificateAuthority {
    anchors: Vec<Anchor>,
    intermediates: Vec<CertificateDer<'static>>,
    identities: Option<BTreeSet<String>>,
}

/// A certificate that is trusted as it is.
#[derive(Clone, Debug)]
struct Anchor {
    der: Vec<u8>,
    trust: TrustAnchor<'static>,
    fingerprint: String,
    validity: (i64, i64),
}

impl CertificateAuthority {
    /// The authority of these certificates, in DER.
    ///
    /// # Errors
    /// Which of them cannot be used, and why.
    pub(crate) fn new(
        certificates: Vec<Vec<u8>>,
        identities: Option<BTreeSet<String>>,
    ) -> Result<Self, String> {
        let count = certificates.len();
        if count > AUTHORITY_CERTIFICATES {
            return Err(format!(
                "has {count} certificates, more than the limit of {AUTHORITY_CERTIFICATES}"
            ));
        }
        let mut anchors = Vec::new();
        let mut others = Vec::new();
        for (i, der) in certificates.into_iter().enumerate() {
            let (anchor, self_signed) = Anchor::parse(der)
                .map_err(|mistake| format!("certificate {} of {count} {mistake}", i + 1))?;
            if self_signed {
                anchors.push(anchor);
            } else {
                others.push(anchor);
            }
        }
        if anchors.is_empty() {
            anchors.extend(others.pop());
        }
        Ok(Self {
            anchors,
            intermediates: others.into_iter().map(|other| other.der.into()).collect(),
            identities,
        })
    }

    /// The anchors that are valid at this second since 1970. webpki does not look at that.
    pub(crate) fn anchors_at(&self, at: i64) -> Vec<TrustAnchor<'static>> {
        self.anchors
            .iter()
            .filter(|anchor| (anchor.validity.0..=anchor.validity.1).contains(&at))
            .map(|anchor| anchor.trust.clone())
            .collect()
    }

    pub(crate) fn intermediates(&self) -> &[CertificateDer<'static>] {
        &self.intermediates
    }

    /// Which identities are accepted; `None` for any.
    pub(crate) fn identities(&self) -> Option<&BTreeSet<String>> {
        self.identities.as_ref()
    }

    pub(super) fn anchor_fingerprints(&self) -> Vec<String> {
        let fingerprints = self.anchors.iter().map(|a| a.fingerprint.clone());
        fingerprints.collect()
    }

    pub(super) fn anchors_der(&self) -> impl Iterator<Item = &[u8]> {
        self.anchors.iter().map(|anchor| anchor.der.as_slice())
    }

    pub(super) fn intermediates_der(&self) -> impl Iterator<Item = &[u8]> {
        self.intermediates.iter().map(|der| der.as_ref())
    }
}

impl Anchor {
    /// A certificate of an authority, and whether it signed itself.
    fn parse(der: Vec<u8>) -> Result<(Self, bool), String> {
        let Ok(([], certificate)) = X509Certificate::from_der(&der) else {
            return Err("is damaged".to_owned());
        };
        if !is_authority(&certificate) {
            return Err(format!(
                "(`{}`) is not that of an authority (`CA:TRUE`): give the certificates that sign those of the signers",
                excerpt(&certificate.subject().to_string())
            ));
        }
        let self_signed = certificate.subject() == certificate.issuer();
        let validity = certificate.validity();
        let validity = (
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        );
        let fingerprint = fingerprint(certificate.public_key().raw);
        let borrowed = CertificateDer::from(der.as_slice());
        let trust = webpki::anchor_from_trusted_cert(&borrowed)
            .map_err(|_| "cannot be used as an anchor of trust".to_owned())?
            .to_owned();
        let anchor = Self {
            der: der.clone(),
            trust,
            fingerprint,
            validity,
        };
        Ok((anchor, self_signed))
    }
}

fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    match certificate.basic_constraints() {
        Ok(Some(constraints)) => constraints.value.ca,
        _ => false,
    }
}
