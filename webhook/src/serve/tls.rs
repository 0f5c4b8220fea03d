//! The serving certificate: from files or self-made, replaced while connections are served.

use std::{
    fmt, io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use gatehouse_certs::{
    CertificateAuthority, LoadError, ServingCertificate, ServingNames, load_pair,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::default_provider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::files::write_atomically;

/// How long a self-made certificate is valid; a new one is made when two thirds of it are over.
const SELF_MADE_VALID_FOR: Duration = Duration::from_hours(30 * 24);

/// How long the authority of self-made certificates is valid: longer than any process lives.
const SELF_MADE_AUTHORITY_VALID_FOR: Duration = Duration::from_hours(10 * 365 * 24);

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateSource {
    /// A chain and its key in PEM files.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Made here, by an authority that lives as long as the process.
    SelfMade {
        /// What clients call the server.
        names: ServingNames,
        /// Where the authority's certificate is written, for clients to trust.
        authority_out: Option<PathBuf>,
    },
}

/// Why there is no certificate, or no newer one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateError {
    /// The files cannot be used.
    #[error("{0}")]
    Files(#[from] LoadError),
    /// None could be made.
    #[error("no certificate could be made: {0}")]
    SelfMade(#[from] gatehouse_certs::Error),
    /// The authority's certificate could not be written.
    #[error("`{path}` cannot be written: {reason}")]
    AuthorityOut {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
}

/// The certificate that is shown to new connections.
pub(crate) struct Certificates(ArcSwap<Shown>);

struct Shown {
    key: Arc<CertifiedKey>,
    not_after: SystemTime,
}

/// Keeps [`Certificates`] up to date.
#[derive(Debug)]
pub(crate) struct CertificateKeeper {
    origin: Origin,
    certificates: Arc<Certificates>,
}

#[derive(Debug)]
enum Origin {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    SelfMade {
        authority: Box<CertificateAuthority>,
        names: ServingNames,
        valid_for: Duration,
        rotation_due: SystemTime,
    },
}

impl Certificates {
    fn new(certificate: &ServingCertificate) -> Self {
        Self(ArcSwap::from_pointee(Shown::new(certificate)))
    }

    /// The last moment at which clients accept the certificate.
    pub(crate) fn not_after(&self) -> SystemTime {
        self.0.load().not_after
    }

    /// Whether no client accepts the certificate any more.
    pub(crate) fn have_expired(&self, now: SystemTime) -> bool {
        now > self.not_after()
    }

    /// TLS 1.2 and 1.3 with these certificates, and HTTP/1.1 alone: API servers pin it.
    ///
    /// # Errors
    /// Never with the provider that is built in.
    pub(crate) fn server_config(self: Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn show(&self, certificate: &ServingCertificate) {
        self.0.store(Arc::new(Shown::new(certificate)));
    }

    fn shows(&self, certificate: &ServingCertificate) -> bool {
        self.0.load().key.cert == certificate.certified_key().cert
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load().key.clone())
    }
}

/// Without the key.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not_after = self.not_after();
        f.debug_struct("Certificates")
            .field("not_after", &not_after)
            .finish_non_exhaustive()
    }
}

impl Shown {
    fn new(certificate: &ServingCertificate) -> Self {
        Self {
            key: Arc::new(certificate.certified_key()),
            not_after: certificate.not_after(),
        }
    }
}

impl CertificateKeeper {
    /// Loads or makes the first certificate.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn new(source: CertificateSource) -> Result<Self, CertificateError> {
        match source {
            CertificateSource::Files { certificate, key } => Self::from_files(certificate, key),
            CertificateSource::SelfMade {
                names,
                authority_out,
            } => Self::self_made(names, authority_out, SELF_MADE_VALID_FOR),
        }
    }

    /// The certificates that are kept.
    pub(crate) fn certificates(&self) -> Arc<Certificates> {
        self.certificates.clone()
    }

    /// Shows a newer certificate if there is one; whether there was.
    ///
    /// # Errors
    /// Why the newer one cannot be used. The old one stays.
    pub(crate) fn renew(&mut self, now: SystemTime) -> Result<bool, CertificateError> {
        match &mut self.origin {
            Origin::Files { certificate, key } => {
                let found = load_pair(certificate, key)?;
                let is_new = !self.certificates.shows(&found);
                if is_new {
                    self.certificates.show(&found);
                }
                Ok(is_new)
            }
            Origin::SelfMade { rotation_due, .. } if now < *rotation_due => Ok(false),
            Origin::SelfMade {
                authority,
                names,
                valid_for,
                rotation_due,
            } => {
                let made = authority.issue_at(names, *valid_for, now)?;
                *rotation_due = made.rotation_due();
                self.certificates.show(&made);
                Ok(true)
            }
        }
    }

    fn from_files(certificate: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let first = load_pair(&certificate, &key)?;
        Ok(Self {
            origin: Origin::Files { certificate, key },
            certificates: Arc::new(Certificates::new(&first)),
        })
    }

    fn self_made(
        names: ServingNames,
        authority_out: Option<PathBuf>,
        valid_for: Duration,
    ) -> Result<Self, CertificateError> {
        let common_name = format!("gatehouse self-made {}", std::process::id());
        let authority =
            CertificateAuthority::generate(&common_name, SELF_MADE_AUTHORITY_VALID_FOR)?;
        let first = authority.issue(&names, valid_for)?;
        if let Some(path) = authority_out {
            let written = write_atomically(&path, authority.certificate_pem().as_bytes());
            written.map_err(|error| CertificateError::authority_out(&path, &error))?;
        }
        Ok(Self {
            certificates: Arc::new(Certificates::new(&first)),
            origin: Origin::SelfMade {
                authority: Box::new(authority),
                names,
                valid_for,
                rotation_due: first.rotation_due(),
            },
        })
    }
}

impl CertificateError {
    fn authority_out(path: &std::path::Path, error: &io::Error) -> Self {
        Self::AuthorityOut {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
