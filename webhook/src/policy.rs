//! `gatehouse policy`: what concerns modules.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use gatehouse_builtin::Builtin;
use gatehouse_sandbox::{Limits, Sandbox};

use crate::exit;

/// Works on policy modules.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compiles the built-in policies for this machine, so that the next build of Gatehouse embeds them
    /// and starts without compiling
    Precompile,
}

/// Runs the command.
#[allow(
    clippy::print_stdout,
    reason = "this is where commands speak to people"
)]
pub fn run(args: &PolicyArgs) -> ExitCode {
    let Command::Precompile = args.command;
    match precompile() {
        Ok(files) => {
            for file in files {
                println!("{}", file.display());
            }
            ExitCode::SUCCESS
        }
        Err(message) => exit::usage(&message),
    }
}

fn precompile() -> Result<Vec<PathBuf>, String> {
    let sandbox = Sandbox::new(Limits::default()).map_err(|error| error.to_string())?;
    let keep = |builtin: &Builtin| {
        let code = sandbox.precompile(builtin.wasm);
        let code = code.map_err(|error| format!("`{}`: {error}", builtin.name))?;
        builtin
            .keep_precompiled(&code)
            .map_err(|error| format!("`{}` cannot be kept: {error}", builtin.name))
    };
    gatehouse_builtin::all().iter().map(keep).collect()
}
