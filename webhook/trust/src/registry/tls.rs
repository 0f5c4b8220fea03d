use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::settings::SetupError;

/// The certificate authorities of the system. Where there are none, as in an image without any, only hosts
/// with authorities of their own can be asked over TLS.
pub(super) fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "some certificate authorities of the system cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

/// The same and those in `pem`, which are for `host`.
pub(super) fn with_private(
    mut roots: RootCertStore,
    pem: &[u8],
    host: &str,
) -> Result<RootCertStore, SetupError> {
    let wrong = || SetupError::Authorities(host.to_owned());
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| wrong())?;
        roots.add(certificate).map_err(|_| wrong())?;
    }
    if roots.len() == before {
        return Err(wrong());
    }
    Ok(roots)
}

pub(super) fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, SetupError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| SetupError::Tls(error.to_string()))?;
    let config = builder.with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}
