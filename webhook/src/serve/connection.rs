//! One connection: handshake, requests one after the other, an end.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, header::CONNECTION},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::{
    ServeLimits,
    life::{Phase, stopping},
    metrics::ConnectionMetrics,
    pace::{Pace, Paced},
    seldom::Seldom,
};

/// What all connections of one listener share.
pub(crate) struct Endpoint {
    /// Answers the requests.
    pub(crate) router: Router,
    /// Without it the connection is plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Bounds.
    pub(crate) limits: Arc<ServeLimits>,
    /// How far the listener is.
    pub(crate) phase: watch::Receiver<Phase>,
    /// What is counted.
    pub(crate) metrics: ConnectionMetrics,
}

/// Why a connection ended before its time: the words of the metric.
type Cut = &'static str;

/// Strangers can cause these lines as often as they like.
static CUT_LINES: Seldom = Seldom::new(Duration::from_secs(10));

impl Endpoint {
    /// Serves a connection to its end.
    pub(crate) async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let _open = self.metrics.opened();
        // an answer is one write; waiting for more would only delay it
        let _ = stream.set_nodelay(true);
        let served = match &self.tls {
            Some(tls) => self.serve_tls(tls, stream).await,
            None => self.serve_http(stream).await,
        };
        if let Err((cut, detail)) = served {
            self.metrics.cut(cut);
            if let Some(not_told) = CUT_LINES.now() {
                tracing::info!(%peer, reason = cut, detail, not_told, "a connection was cut");
            }
        }
    }

    async fn serve_tls(&self, tls: &TlsAcceptor, stream: TcpStream) -> Result<(), (Cut, String)> {
        let limit = self.limits.handshake_time;
        match timeout(limit, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve_http(stream).await,
            Ok(Err(error)) => Err(("handshake", error.to_string())),
            Err(_) => Err((
                "handshake-time",
                format!(
                    "the TLS handshake took longer than {} s",
                    limit.as_secs_f64()
                ),
            )),
        }
    }

    async fn serve_http<S>(&self, stream: S) -> Result<(), (Cut, String)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pace = Pace::new(&self.limits);
        let stream = TokioIo::new(Paced::new(stream, pace.clone()));
        let service = service_fn(|request| self.exchange(request, &pace));
        let mut connection = pin!(self.http().serve_connection(stream, service));
        let mut phase = self.phase.clone();
        let to_the_end = async {
            tokio::select! {
                biased;
                end = connection.as_mut() => return end,
                () = stopping(&mut phase) => connection.as_mut().graceful_shutdown(),
            }
            connection.await
        };
        tokio::select! {
            biased;
            end = to_the_end => end.map_err(|error| ("http", error.to_string())),
            doing = pace.overdue() => Err((doing.as_str(), "its time was over".to_owned())),
        }
    }

    fn http(&self) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.header_read_timeout(None)
            .max_headers(self.limits.head_fields)
            .max_header_size(self.limits.head_bytes)
            .max_buf_size(self.limits.head_bytes.max(64 << 10));
        http
    }

    async fn exchange(
        &self,
        request: Request<Incoming>,
        pace: &Pace,
    ) -> Result<Response, Infallible> {
        pace.exchange_begins();
        let mut response = self.router.clone().call(request.map(Body::new)).await?;
        if pace.age() >= self.limits.connection_age || *self.phase.borrow() >= Phase::Draining {
            // with an answer, so that no request can run into the closing
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        pace.exchange_ends();
        Ok(response)
    }
}
