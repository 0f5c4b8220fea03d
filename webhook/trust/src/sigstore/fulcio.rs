use sigstore_verify::{
    CertificateError, Error, crypto::CertificateInfo, trust_root::CertificateAuthority,
};

use super::LogFault;

/// A certificate of Fulcio that is verified: its chain, its certificate transparency, its signature, and
/// the proof of when that was made.
pub(crate) struct FulcioCertificate(CertificateInfo);

/// What a certificate says of the CI's build that it was issued to ([extensions]).
///
/// [extensions]: https://github.com/sigstore/fulcio/blob/v1.8.0/docs/oid-info.md
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CiClaim {
    /// `acme/app` at GitHub, or a URI.
    Repository,
    /// `refs/heads/main`
    Ref,
    /// The name of a workflow at GitHub.
    Workflow,
}

/// Why a certificate is not one of the trust root's Fulcio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FulcioFault {
    /// No chain leads to a certificate authority of the trust root.
    Chain,
    /// No log of certificates that is trusted shows it.
    Sct,
    /// The log of signatures or a timestamp does not verify.
    Log(LogFault),
}

/// The certificates of an authority in DER, from the issuing one to the root, and the seconds since 1970
/// between which it is trusted.
pub(crate) struct FulcioChain {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) valid_for: (i64, i64),
}

impl FulcioCertificate {
    pub(super) fn new(verified: CertificateInfo) -> Self {
        Self(verified)
    }

    /// Whom it is for: an email address or a URI.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.0.identity.as_ref().map(|name| name.as_str())
    }

    /// The OIDC issuer that vouched for the subject.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// All values that it has for this claim: one in the form of today's extensions, and one in that of
    /// GitHub's own, which Fulcio still writes.
    pub(crate) fn claim(&self, claim: CiClaim) -> impl Iterator<Item = &str> {
        let (claims, github) = (&self.0.ci_claims, &self.0.ci_claims.deprecated_github);
        let values = match claim {
            CiClaim::Repository => [&github.workflow_repository, &claims.source_repository_uri],
            CiClaim::Ref => [&github.workflow_ref, &claims.source_repository_ref],
            CiClaim::Workflow => [&github.workflow_name, &None],
        };
        values.into_iter().flatten().map(String::as_str)
    }
}

impl CiClaim {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Ref, Self::Repository, Self::Workflow];

    /// Its name in documents and messages.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Ref => "ref",
            Self::Workflow => "workflow",
        }
    }
}

impl From<&Error> for FulcioFault {
    fn from(error: &Error) -> Self {
        match error {
            // with no key of the right kind the crate blames the root
            Error::Certificate(CertificateError::Sct(_)) | Error::InvalidTrustRoot(_) => Self::Sct,
            Error::Certificate(_) => Self::Chain,
            other => Self::Log(LogFault::from(other)),
        }
    }
}

impl From<&CertificateAuthority> for FulcioChain {
    fn from(authority: &CertificateAuthority) -> Self {
        let certificates = authority.cert_chain.certificates.iter();
        let valid_for = authority.valid_for.map_or((i64::MIN, i64::MAX), |window| {
            let until = window.end.map_or(i64::MAX, |end| end.as_second());
            (window.start.as_second(), until)
        });
        Self {
            certificates: certificates
                .map(|certificate| certificate.raw_bytes.as_bytes().to_vec())
                .collect(),
            valid_for,
        }
    }
}
