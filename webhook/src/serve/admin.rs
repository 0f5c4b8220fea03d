//! `/healthz`, `/readyz` and `/metrics`: a port, a thread and a runtime of their own, so that nothing that
//! policies do can stall them.

use std::{io, sync::Arc, thread};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{runtime, sync::watch};

use super::{
    ServeLimits,
    connection::Endpoint,
    life::{Health, Phase},
    listener::Listener,
    metrics::{self, SharedMetrics},
};

/// What the routes answer from.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// Whether the server is well.
    pub(crate) health: Arc<Health>,
    /// What was counted.
    pub(crate) metrics: SharedMetrics,
}

/// The thread that answers; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Admin {
    phase: watch::Sender<Phase>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Admin {
    /// Answers on `socket` until it is dropped.
    ///
    /// # Errors
    /// When the machine has no thread or file left.
    pub(crate) fn start(
        socket: std::net::TcpListener,
        status: Status,
        limits: Arc<ServeLimits>,
    ) -> io::Result<Self> {
        let (sender, phase) = watch::channel(Phase::Serving);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let connections = limits.admin_connections;
        let endpoint = Endpoint {
            metrics: status.metrics.of_listener("admin"),
            router: router(status),
            tls: None,
            limits,
            phase,
        };
        let listener = runtime.block_on(async { Listener::new(socket, endpoint, connections) })?;
        let thread = thread::Builder::new().name("admin".to_owned());
        Ok(Self {
            phase: sender,
            thread: Some(thread.spawn(move || runtime.block_on(listener.run()))?),
        })
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Stopping);
        if let Some(thread) = self.thread.take() {
            // it cannot have panicked; if it did, it is ended all the same
            let _ = thread.join();
        }
    }
}

fn router(status: Status) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(async |State(status): State<Status>| report(status.health.live())),
        )
        .route(
            "/readyz",
            get(async |State(status): State<Status>| report(status.health.ready())),
        )
        .route("/metrics", get(all_metrics))
        .fallback(async || {
            (
                StatusCode::NOT_FOUND,
                "only /healthz, /readyz and /metrics are here\n",
            )
        })
        .with_state(status)
}

fn report(well: Result<(), String>) -> Response {
    match well {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn all_metrics(State(status): State<Status>) -> Response {
    match status.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
