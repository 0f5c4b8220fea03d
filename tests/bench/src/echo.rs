//! The bare server that the webhook is measured beside: hyper and rustls, and nothing done with the body.

use std::{convert::Infallible, fs, io, path::Path, sync::Arc, time::Duration};

use gatehouse_certs::{CertificateAuthority, ServingNames};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::{ServerConfig, crypto::aws_lc_rs, sign::SingleCertAndKey};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const CERTIFICATE_LIFE: Duration = Duration::from_hours(48);

/// Serves until it is killed. Writes `ca.crt` and `ready.json` into the folder, as `gatehouse serve` does.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    let (config, authority) = tls_config()?;
    let write = |name: &str, text: String| {
        fs::write(folder.join(name), text)
            .map_err(|error| format!("`{name}` cannot be written: {error}"))
    };
    write("ca.crt", authority)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        write("ready.json", json!({"listen": address}).to_string())?;
        accept(listener, TlsAcceptor::from(Arc::new(config)))
            .await
            .map_err(|error| error.to_string())
    })
}

fn tls_config() -> Result<(ServerConfig, String), String> {
    let authority = CertificateAuthority::generate("gatehouse-bench", CERTIFICATE_LIFE);
    let authority = authority.map_err(|error| error.to_string())?;
    let names = ServingNames::parse(["127.0.0.1"]).map_err(|error| error.to_string())?;
    let certificate = authority
        .issue(&names, CERTIFICATE_LIFE)
        .map_err(|error| error.to_string())?;
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let resolver = SingleCertAndKey::from(certificate.certified_key());
    let config = builder
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    Ok((config, authority.certificate_pem()))
}

async fn accept(listener: TcpListener, tls: TlsAcceptor) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, tls.clone()));
    }
}

/// What ends the connection is the client's business.
async fn serve(stream: TcpStream, tls: TlsAcceptor) {
    if let Ok(stream) = tls.accept(stream).await {
        let connection = http1::Builder::new();
        let _ = connection
            .serve_connection(TokioIo::new(stream), service_fn(echo))
            .await;
    }
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await;
    Ok(Response::new(Full::new(
        body.map(|body| body.to_bytes()).unwrap_or_default(),
    )))
}
