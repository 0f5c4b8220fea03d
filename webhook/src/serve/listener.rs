use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::{connection::Endpoint, life::stopping, seldom::Seldom};

/// Accepts connections, each served by a task of its own: a slow handshake keeps nobody else waiting.
pub(crate) struct Listener {
    socket: TcpListener,
    endpoint: Arc<Endpoint>,
    open: OpenConnections,
}

/// The connections of a listener, counted by permits.
#[derive(Clone, Debug)]
pub(crate) struct OpenConnections {
    free: Arc<Semaphore>,
    limit: u32,
}

/// What keeps accepting from failing over and over at full speed, when files run out.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

static LINES: Seldom = Seldom::new(Duration::from_secs(10));

impl Listener {
    /// A listener for at most `limit` connections at the same time.
    ///
    /// # Errors
    /// When the runtime cannot take the socket.
    pub(crate) fn new(
        socket: std::net::TcpListener,
        endpoint: Endpoint,
        limit: u32,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: TcpListener::from_std(socket)?,
            endpoint: Arc::new(endpoint),
            open: OpenConnections {
                free: Arc::new(Semaphore::new(limit as usize)),
                limit,
            },
        })
    }

    /// Its connections.
    pub(crate) fn open_connections(&self) -> OpenConnections {
        self.open.clone()
    }

    /// Accepts until the server stops.
    pub(crate) async fn run(self) {
        let mut phase = self.endpoint.phase.clone();
        tokio::select! {
            () = self.accept_all() => {}
            () = stopping(&mut phase) => {}
        }
    }

    async fn accept_all(&self) {
        while let Some(permit) = self.open.permit().await {
            let (stream, peer) = self.accept().await;
            let endpoint = self.endpoint.clone();
            tokio::spawn(async move {
                endpoint.serve(stream, peer).await;
                drop(permit);
            });
        }
    }

    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => {
                    if LINES.now().is_some() {
                        tracing::warn!(%error, "a connection could not be accepted");
                    }
                    sleep(PAUSE_AFTER_ERROR).await;
                }
            }
        }
    }
}

impl OpenConnections {
    /// Waits until all are closed, `patience` at most.
    ///
    /// # Errors
    /// How many are open still.
    pub(crate) async fn closed(&self, patience: Duration) -> Result<(), usize> {
        let all_closed = timeout(patience, self.free.acquire_many(self.limit)).await;
        if all_closed.is_ok() {
            return Ok(());
        }
        let open = self.limit as usize - self.free.available_permits();
        Err(open)
    }

    /// Waits for the right to open one more; never `None`, as nobody closes the semaphore.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if self.free.available_permits() == 0 && LINES.now().is_some() {
            let limit = self.limit;
            tracing::warn!(limit, "the limit of connections is reached, new ones wait");
        }
        self.free.clone().acquire_owned().await.ok()
    }
}
