use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use gatehouse_certs::{CertificateAuthority, ServingNames};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
    sign::SingleCertAndKey,
};

use crate::http::{self, Response};

/// Longest wait for a peer's next bytes.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const CERTIFICATE_LIFE: Duration = Duration::from_hours(48);

/// A client that trusts one authority.
#[derive(Clone, Debug)]
pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    pub(crate) fn trusting(authority: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(authority.as_bytes()).expect("PEM");
        roots.add(certificate).expect("a certificate authority");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }

    pub(crate) fn post(&self, address: SocketAddr, path: &str, body: &[u8]) -> Response {
        let mut stream = self.connect(address);
        stream
            .write_all(&http::post(path, body))
            .expect("the request is taken");
        http::read_response(&mut stream)
    }

    fn connect(&self, address: SocketAddr) -> impl Read + Write + use<> {
        let connection = ClientConnection::new(Arc::clone(&self.0), address.ip().into());
        let socket = TcpStream::connect(address).expect("the address answers");
        socket
            .set_read_timeout(Some(READ_TIMEOUT))
            .expect("a time-out");
        StreamOwned::new(connection.expect("a client"), socket)
    }
}

/// A listener on a free port of loopback with a certificate of its own.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    config: Arc<ServerConfig>,
    /// The authority of its certificate, as PEM.
    pub(crate) authority: String,
}

impl Listener {
    pub(crate) fn new() -> Self {
        let authority = CertificateAuthority::generate("gatehouse-test", CERTIFICATE_LIFE);
        let authority = authority.expect("a certificate authority");
        let names = ServingNames::parse(["127.0.0.1"]).expect("a name");
        let certificate = authority
            .issue(&names, CERTIFICATE_LIFE)
            .expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has TLS 1.3")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(
                certificate.certified_key(),
            )));
        Self {
            socket: TcpListener::bind("127.0.0.1:0").expect("a free port"),
            config: Arc::new(config),
            authority: authority.certificate_pem(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("it listens")
    }

    /// The next connection; its handshake happens with its first bytes.
    pub(crate) fn accept(&self) -> std::io::Result<impl Read + Write + Send + use<>> {
        let (socket, _) = self.socket.accept()?;
        socket.set_read_timeout(Some(READ_TIMEOUT))?;
        let connection = ServerConnection::new(Arc::clone(&self.config));
        let connection = connection.map_err(std::io::Error::other)?;
        Ok(StreamOwned::new(connection, socket))
    }
}
