//! What Gatehouse costs. `make gates` and `make bench` run it; see README.md beside it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers"
)]

mod borrowed;
mod check;
mod client;
mod compare;
mod echo;
mod gate;
mod gates;
mod manifests;
mod samples;
mod server;
mod signed;
mod workloads;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;

use workloads::{Bench, Workload};

/// Measures Gatehouse.
#[derive(Debug, Parser)]
enum Cli {
    /// Times the parts of a request's way, and fails where one takes longer than it may
    Gates,
    /// Times `gatehouse check` as a process, and fails where it takes longer than it may
    Check {
        /// The program `gatehouse`
        gatehouse: PathBuf,
    },
    /// Writes manifests like those that `check` is timed with
    Manifests {
        /// The folder
        folder: PathBuf,
        /// How many
        count: usize,
    },
    /// Does one part again and again, for tools that count instructions
    Work {
        /// Which part
        workload: Workload,
        /// How often
        count: u32,
    },
    /// Puts the webhook and a bare echo server under the same load
    Compare {
        /// The program `gatehouse`
        gatehouse: PathBuf,
        /// Seconds of load for each server and number of connections
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// The bare echo server
    Echo {
        /// Where its certificate and address are written
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("gatehouse-bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all that has a limit keeps it.
fn run(cli: Cli) -> Result<bool, String> {
    match cli {
        Cli::Gates => return gates::run(&Bench::new()),
        Cli::Check { gatehouse } => return check::run(&gatehouse),
        Cli::Manifests { folder, count } => manifests::write(&folder, count)?,
        Cli::Work { workload, count } => Bench::new().work(workload, count)?,
        Cli::Compare { gatehouse, seconds } => {
            compare::run(&gatehouse, Duration::from_secs(seconds))?
        }
        Cli::Echo { folder } => echo::run(&folder)?,
    }
    Ok(true)
}
