//! What a connection is doing and how long it may, told from its bytes.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, sleep_until},
};

use super::ServeLimits;

/// What a connection is doing. hyper's own time limit for a head also runs while no request is under
/// way, and would close the connections that API servers keep open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It waits for a request: [`ServeLimits::idle_time`].
    Waiting,
    /// The head of a request arrives: [`ServeLimits::head_time`].
    Head,
    /// A request is read, judged and answered: [`ServeLimits::exchange_time`].
    Exchange,
}

/// The pace of one connection.
#[derive(Debug)]
pub(crate) struct Pace {
    idle: Duration,
    head: Duration,
    exchange: Duration,
    opened: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    since: Instant,
}

impl Pace {
    /// The pace of a connection that opens now. Go opens some before it has a request for them, so the
    /// first may be awaited as any other.
    pub(crate) fn new(limits: &ServeLimits) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            idle: limits.idle_time,
            head: limits.head_time,
            exchange: limits.exchange_time(),
            opened: now,
            state: Mutex::new(State {
                doing: Doing::Waiting,
                since: now,
            }),
        })
    }

    /// How long the connection is open.
    pub(crate) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// A request's head is complete.
    pub(crate) fn exchange_begins(&self) {
        self.set(Doing::Exchange);
    }

    /// A request's answer is made.
    pub(crate) fn exchange_ends(&self) {
        self.set(Doing::Waiting);
    }

    /// Waits until the connection took too long for what it does. Must be polled by the task that serves
    /// the connection, whenever that runs.
    pub(crate) async fn overdue(&self) -> Doing {
        let mut alarm = pin!(sleep_until(self.deadline()));
        poll_fn(|cx| {
            loop {
                if self.deadline() < alarm.deadline() {
                    alarm.as_mut().reset(self.deadline());
                }
                ready!(alarm.as_mut().poll(cx));
                if Instant::now() >= self.deadline() {
                    return Poll::Ready(self.lock().doing);
                }
                alarm.as_mut().reset(self.deadline());
            }
        })
        .await
    }

    fn received(&self) {
        let mut state = self.lock();
        if state.doing == Doing::Waiting {
            *state = State {
                doing: Doing::Head,
                since: Instant::now(),
            };
        }
    }

    fn set(&self, doing: Doing) {
        let since = Instant::now();
        *self.lock() = State { doing, since };
    }

    fn deadline(&self) -> Instant {
        let state = self.lock();
        let limit = match state.doing {
            Doing::Waiting => self.idle,
            Doing::Head => self.head,
            Doing::Exchange => self.exchange,
        };
        state.since + limit
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doing {
    /// The word for metrics: what there was not enough time for.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Doing::Waiting => "idle",
            Doing::Head => "head",
            Doing::Exchange => "exchange",
        }
    }
}

/// A stream that tells a [`Pace`] when bytes arrive.
pub(crate) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
}

impl<S> Paced<S> {
    pub(crate) fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self { stream, pace }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        if buffer.filled().len() > before {
            self.pace.received();
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
