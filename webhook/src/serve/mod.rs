//! `gatehouse serve`: the admission webhook.
//!
//! [`listener`] accepts connections and [`connection`] serves each under the limits of [`ServeLimits`];
//! [`admission`] makes a decision of a request; [`admin`] answers for health and metrics on a thread of
//! its own; [`reload`] keeps configuration and certificate up to date; [`server`] starts and stops all.

mod admin;
mod admission;
mod args;
mod body;
mod caught;
mod connection;
mod decision_log;
mod duration;
mod files;
mod image_metrics;
mod life;
mod limits;
mod listener;
mod logging;
mod metrics;
mod pace;
mod pulse;
mod queue;
mod reload;
mod seldom;
mod server;
#[cfg(test)]
mod tests;
mod tls;
mod trust_metrics;
mod trust_watch;

use std::{io, process::ExitCode};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit;
pub use args::ServeArgs;
pub(crate) use limits::ServeLimits;
use logging::Logs;
use server::Server;

/// Serves until SIGTERM or SIGINT, then finishes what is in flight. Exits with 2 where it cannot start.
pub fn run(args: ServeArgs) -> ExitCode {
    let level = args.log_level();
    let served = args.options().and_then(|options| {
        let logs = Logs::start(level, &options.limits).map_err(|error| error.to_string())?;
        let served = Server::start(options, &logs).and_then(serve);
        logs.flush();
        served.map_err(|error| error.to_string())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => exit::usage(&message),
    }
}

fn serve(server: Server) -> Result<(), server::StartError> {
    // before anybody is told that the server is ready, and may end it
    let mut signals = server.block_on(async { Signals::new() })?;
    server.announce()?;
    server.block_on(signals.next());
    server.drain(signals.next());
    Ok(())
}

/// The signals that end the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
