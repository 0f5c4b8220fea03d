//! Gatehouse: a Kubernetes admission webhook whose policies are WebAssembly.
//!
//! The crate wires the others: each command is a module, thin over `gatehouse-core`.

pub mod certs;
pub mod check;
pub mod completions;
pub mod config;
pub mod exit;
pub mod explain;
pub mod facts;
mod folder;
pub mod judge;
pub mod policy;
pub mod serve;
mod suggestion;
pub mod test;
pub mod trust;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Refuses pods that break policies, in the cluster and in CI, and repairs what can be repaired.
#[derive(Debug, Parser)]
#[command(version, name = "gatehouse", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::ServeArgs>),
    Check(check::CheckArgs),
    Test(test::TestArgs),
    Explain(explain::ExplainArgs),
    Certs(certs::CertsArgs),
    Policy(policy::PolicyArgs),
    Trust(trust::TrustArgs),
    Completions(completions::CompletionsArgs),
}

/// Runs the command line.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(*args),
        Command::Check(args) => check::run(args),
        Command::Test(args) => test::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Certs(args) => certs::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Trust(args) => trust::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
