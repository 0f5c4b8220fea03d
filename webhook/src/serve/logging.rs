//! The two logs: events on standard error, decisions on standard output, both JSON, one a line.

use std::{io, panic, time::Duration};

use tracing::{level_filters::LevelFilter, subscriber::set_global_default};

use super::{ServeLimits, queue::Queue};

/// Where events and decisions go.
#[derive(Clone, Debug)]
pub(crate) struct Logs {
    /// What happens to the server.
    pub(crate) events: Queue,
    /// What it decides.
    pub(crate) decisions: Queue,
}

/// How long what waits to be written is waited for at the end.
const FLUSH_TIME: Duration = Duration::from_secs(2);

impl Logs {
    /// Logs to the process's own outputs; from now on, all events of `tracing` and all panics go there.
    ///
    /// # Errors
    /// When the machine has no thread left.
    pub(crate) fn start(level: LevelFilter, limits: &ServeLimits) -> io::Result<Self> {
        let (lines, bytes) = (limits.log_lines, limits.log_bytes);
        let logs = Self {
            events: Queue::start("log-events", io::stderr(), lines, bytes)?,
            decisions: Queue::start("log-decisions", io::stdout(), lines, bytes)?,
        };
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_max_level(level)
            .with_writer(logs.events.clone());
        // a second server of one process, as tests start them, logs where the first does
        let _ = set_global_default(subscriber.finish());
        panic::set_hook(Box::new(|panic| {
            let message = panic.payload_as_str().unwrap_or("");
            let place = panic.location().map(ToString::to_string);
            tracing::error!(message, place, "a bug of Gatehouse");
        }));
        Ok(logs)
    }

    /// Writes what waits, for a while.
    pub(crate) fn flush(&self) {
        self.events.flush(FLUSH_TIME);
        self.decisions.flush(FLUSH_TIME);
    }
}
