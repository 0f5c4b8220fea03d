use sigstore_verify::{
    trust_root::{CertificateAuthority, TimestampAuthority},
    types::{DerCertificate, TimeRange},
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TrustRoot;

/// What a trust root is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Who issues certificates.
    Fulcio,
    /// Where certificates are seen.
    CtLog,
    /// Where signatures are seen.
    Log,
    /// Who proves when it was signed: a log or a timestamp authority.
    Time,
}

impl Need {
    /// What meets it, as a noun.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Fulcio => "certificate authority (Fulcio)",
            Self::CtLog => "log of certificates (certificate transparency)",
            Self::Log => "transparency log (Rekor)",
            Self::Time => "transparency log (Rekor) or timestamp authority",
        }
    }
}

impl TrustRoot {
    /// The last second since 1970 at which the trust root has something for this; `i64::MAX` where no end is
    /// known. `None` where it never had.
    pub(crate) fn end(&self, need: Need) -> Option<i64> {
        let root = self.trusted_root();
        let logs = || root.tlogs.iter().map(|log| until(log.public_key.valid_for));
        match need {
            Need::Fulcio => root.certificate_authorities.iter().map(fulcio_end).max(),
            Need::CtLog => {
                let logs = root.ctlogs.iter();
                logs.map(|log| until(log.public_key.valid_for)).max()
            }
            Need::Log => logs().max(),
            Need::Time => {
                let authorities = root.timestamp_authorities.iter().map(timestamps_end);
                logs().chain(authorities).max()
            }
        }
    }
}

fn fulcio_end(authority: &CertificateAuthority) -> i64 {
    let chain = authority.cert_chain.certificates.iter();
    chain_end(authority.valid_for, chain.map(|entry| &entry.raw_bytes))
}

fn timestamps_end(authority: &TimestampAuthority) -> i64 {
    let chain = authority.cert_chain.certificates.iter();
    chain_end(authority.valid_for, chain.map(|entry| &entry.raw_bytes))
}

/// A chain ends with the first of its certificates.
fn chain_end<'a>(
    valid_for: Option<TimeRange>,
    chain: impl Iterator<Item = &'a DerCertificate>,
) -> i64 {
    let ends = chain.map(|der| not_after(der.as_bytes()));
    ends.fold(until(valid_for), i64::min)
}

fn until(valid_for: Option<TimeRange>) -> i64 {
    let end = valid_for.and_then(|window| window.end);
    end.map_or(i64::MAX, |end| end.as_second())
}

/// A certificate that cannot be read verifies nothing at any time.
fn not_after(der: &[u8]) -> i64 {
    let parsed = X509Certificate::from_der(der);
    parsed.map_or(i64::MIN, |(_, certificate)| {
        certificate.validity().not_after.timestamp()
    })
}
