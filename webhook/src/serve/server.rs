//! Starting and stopping, each in its order.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use gatehouse_sandbox::{Limits as SandboxLimits, Sandbox, SandboxError};
use gatehouse_trust::ImageTrust;
use serde_json::json;
use tokio::{runtime, runtime::Runtime, sync::watch, time::sleep};
use tokio_rustls::TlsAcceptor;

use super::{
    ServeLimits,
    admin::{Admin, Status},
    admission::{Gate, router},
    body::Room,
    connection::Endpoint,
    decision_log::DecisionLog,
    files::write_atomically,
    life::{Health, Phase},
    listener::{Listener, OpenConnections},
    logging::Logs,
    metrics::{Loaded, Metrics, SharedMetrics},
    pulse::Pulse,
    reload::{CertificateReloads, ConfigKeeper, Reloader, tell_configuration},
    tls::{CertificateError, CertificateKeeper, CertificateSource, Certificates},
};
use crate::{
    config::{LoadError, Snapshot, Source, Surroundings},
    facts::FactSource,
};

/// What is served, where, and how.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The policies.
    pub(crate) config: Source,
    /// Where facts come from.
    pub(crate) facts: FactSource,
    /// What there is beside the policies.
    pub(crate) surroundings: Surroundings,
    /// Where admission requests are answered.
    pub(crate) listen: SocketAddr,
    /// Where health and metrics are.
    pub(crate) admin_listen: SocketAddr,
    /// The certificate.
    pub(crate) certificate: CertificateSource,
    /// Threads that answer requests.
    pub(crate) workers: usize,
    /// How long the server goes on serving after it said that it will stop, so that those who route
    /// requests hear of it.
    pub(crate) drain_delay: Duration,
    /// Where the addresses are written once the server is ready.
    pub(crate) ready_file: Option<PathBuf>,
    /// Bounds.
    pub(crate) limits: ServeLimits,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// An address is taken, or not of this machine.
    #[error("cannot listen on `{address}`: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// No certificate.
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// Policies cannot run here.
    #[error("{0}")]
    Sandbox(#[from] SandboxError),
    /// The configuration has mistakes: one a line.
    #[error("{0}")]
    Config(#[from] LoadError),
    /// The ready file cannot be written.
    #[error("`{path}` cannot be written: {error}")]
    ReadyFile {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The machine has no thread or file left.
    #[error("the server cannot start: {0}")]
    System(#[from] io::Error),
}

/// A server that runs. Dropping it cuts everything; [`Server::drain`] ends it properly.
#[derive(Debug)]
pub(crate) struct Server {
    listen: SocketAddr,
    admin_listen: SocketAddr,
    ready_file: Option<PathBuf>,
    drain_delay: Duration,
    drain_time: Duration,
    phase: watch::Sender<Phase>,
    connections: OpenConnections,
    // in this order they end: health and metrics last
    _reloader: Reloader,
    runtime: Runtime,
    _admin: Admin,
}

/// What the parts of a server share.
struct Common {
    limits: Arc<ServeLimits>,
    phase: watch::Sender<Phase>,
    pulse: Arc<Pulse>,
    metrics: SharedMetrics,
    certificates: Arc<Certificates>,
}

/// How long tasks that were cut may take to notice.
const SHUTDOWN_TIME: Duration = Duration::from_secs(1);

impl Server {
    /// Starts a server, which serves once this returns.
    ///
    /// # Errors
    /// Why it does not start.
    pub(crate) fn start(options: Options, logs: &Logs) -> Result<Self, StartError> {
        let (socket, listen) = bind(options.listen)?;
        let (admin_socket, admin_listen) = bind(options.admin_listen)?;
        let keeper = CertificateKeeper::new(options.certificate)?;
        let images = options.facts.images.trust.clone();
        let common = Common::new(options.limits, logs, keeper.certificates(), images);
        let admin = common.start_admin(admin_socket)?;
        let config = common.load_config(options.config, options.surroundings)?;
        let runtime = runtime(options.workers)?;
        keep_trust_roots(&runtime, config.snapshot());
        let gate = common.gate(config.snapshot(), options.facts, logs);
        let connections = common.start_admission(&runtime, socket, gate)?;
        let reloader = common.start_reloader(config, keeper)?;
        common.phase.send_replace(Phase::Serving);
        Ok(Self {
            listen,
            admin_listen,
            ready_file: options.ready_file,
            drain_delay: options.drain_delay,
            drain_time: common.limits.drain_time,
            phase: common.phase,
            connections,
            _reloader: reloader,
            runtime,
            _admin: admin,
        })
    }

    /// Where admission requests are answered.
    #[cfg(test)]
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Where health and metrics are.
    #[cfg(test)]
    pub(crate) fn admin_listen(&self) -> SocketAddr {
        self.admin_listen
    }

    /// Tells log and ready file that the server is ready, and where.
    ///
    /// # Errors
    /// When the ready file cannot be written.
    pub(crate) fn announce(&self) -> Result<(), StartError> {
        let (listen, admin) = (self.listen.to_string(), self.admin_listen.to_string());
        tracing::info!(addr = listen, admin_addr = admin, "listening");
        let Some(path) = &self.ready_file else {
            return Ok(());
        };
        let ready = json!({"listen": listen, "admin": admin}).to_string();
        write_atomically(path, ready.as_bytes()).map_err(|error| StartError::ReadyFile {
            path: path.display().to_string(),
            error,
        })
    }

    /// Runs `future` among the server's own.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Stops: first what routes requests here is told, then requests in flight are finished. When `hurry`
    /// ends, what is still open is cut.
    pub(crate) fn drain(self, hurry: impl Future<Output = ()>) {
        self.runtime.block_on(async {
            tokio::select! {
                () = self.drained() => {}
                () = hurry => tracing::warn!("told to stop again, connections are cut"),
            }
        });
        self.runtime.shutdown_timeout(SHUTDOWN_TIME);
    }

    async fn drained(&self) {
        self.phase.send_replace(Phase::Draining);
        tracing::info!(delay_s = self.drain_delay.as_secs_f64(), "draining");
        sleep(self.drain_delay).await;
        self.phase.send_replace(Phase::Stopping);
        match self.connections.closed(self.drain_time).await {
            Ok(()) => tracing::info!("all connections are closed"),
            Err(open) => tracing::warn!(open, "the time to drain is over, connections are cut"),
        }
    }
}

impl Common {
    fn new(
        limits: ServeLimits,
        logs: &Logs,
        certificates: Arc<Certificates>,
        images: Option<ImageTrust>,
    ) -> Self {
        let queues = vec![
            ("events", logs.events.clone()),
            ("decisions", logs.decisions.clone()),
        ];
        let metrics = Metrics::new(queues, images);
        metrics.in_use(Loaded::Certificate);
        metrics.set_certificate_not_after(certificates.not_after());
        let (phase, _) = watch::channel(Phase::Starting);
        Self {
            limits: Arc::new(limits),
            phase,
            pulse: Arc::new(Pulse::new()),
            metrics: Arc::new(metrics),
            certificates,
        }
    }

    fn start_admin(&self, socket: TcpListener) -> io::Result<Admin> {
        let health = Health::new(
            self.phase.subscribe(),
            self.pulse.clone(),
            self.limits.standstill,
            self.certificates.clone(),
        );
        let status = Status {
            health: Arc::new(health),
            metrics: self.metrics.clone(),
        };
        Admin::start(socket, status, self.limits.clone())
    }

    fn load_config(
        &self,
        source: Source,
        surroundings: Surroundings,
    ) -> Result<ConfigKeeper, StartError> {
        let sandbox = Sandbox::new(SandboxLimits::default())?;
        let config = ConfigKeeper::new(source, surroundings, sandbox)?;
        self.metrics.in_use(Loaded::Configuration);
        self.metrics.judged_by(config.snapshot());
        tell_configuration(&config.snapshot().load(), &self.metrics);
        Ok(config)
    }

    fn gate(&self, snapshot: Arc<ArcSwap<Snapshot>>, facts: FactSource, logs: &Logs) -> Gate {
        let limits = self.limits.clone();
        Gate {
            snapshot,
            facts,
            metrics: self.metrics.clone(),
            decisions: DecisionLog::new(logs.decisions.clone(), limits.logged_findings),
            room: Room::new(&limits),
            pulse: self.pulse.clone(),
            limits,
            judging: gatehouse_core::Limits::default(),
        }
    }

    fn start_admission(
        &self,
        runtime: &Runtime,
        socket: TcpListener,
        gate: Gate,
    ) -> Result<OpenConnections, StartError> {
        let tls = self.certificates.clone().server_config()?;
        let endpoint = Endpoint {
            router: router(Arc::new(gate)),
            tls: Some(TlsAcceptor::from(tls)),
            limits: self.limits.clone(),
            phase: self.phase.subscribe(),
            metrics: self.metrics.of_listener("admission"),
        };
        let _inside = runtime.enter();
        let listener = Listener::new(socket, endpoint, self.limits.connections)?;
        let connections = listener.open_connections();
        self.pulse.start(runtime.handle().clone())?;
        runtime.spawn(listener.run());
        Ok(connections)
    }

    fn start_reloader(
        &self,
        config: ConfigKeeper,
        keeper: CertificateKeeper,
    ) -> io::Result<Reloader> {
        let certificate = CertificateReloads::new(keeper);
        let interval = self.limits.poll_interval;
        Reloader::start(config, certificate, self.metrics.clone(), interval)
    }
}

/// Fetches trust roots from their mirrors, now and again. Nobody waits for it.
fn keep_trust_roots(runtime: &Runtime, snapshot: Arc<ArcSwap<Snapshot>>) {
    let trust_roots = snapshot.load().trust_roots.clone();
    let client = move || snapshot.load().registries.client().ok().cloned();
    runtime.spawn(async move { trust_roots.keep_fresh(client).await });
}

/// A socket, and its address where the port was left open.
fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).and_then(|socket| {
        let address = socket.local_addr()?;
        Ok((socket, address))
    });
    bound.map_err(|error| StartError::Listen { address, error })
}

fn runtime(workers: usize) -> io::Result<Runtime> {
    runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("worker")
        .enable_all()
        .build()
}
