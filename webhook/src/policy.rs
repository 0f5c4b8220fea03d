//! `gatehouse policy`: what concerns modules.

use std::{fs, io, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
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
    /// and starts without compiling.
    Precompile {
        /// Where the files are written.
        #[arg(long, value_name = "DIR", default_value_os_t = gatehouse_builtin::precompiled_dir().to_owned())]
        out: PathBuf,
    },
}

/// Runs the command.
pub fn run(args: &PolicyArgs) -> ExitCode {
    let Command::Precompile { out } = &args.command;
    match precompile(out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => exit::usage(&message),
    }
}

fn precompile(out: &PathBuf) -> Result<(), String> {
    let sandbox = Sandbox::new(Limits::default()).map_err(|error| error.to_string())?;
    let unwritable = |error: io::Error| format!("`{}`: {error}", out.display());
    fs::create_dir_all(out).map_err(unwritable)?;
    for builtin in gatehouse_builtin::all() {
        let native = sandbox
            .precompile(builtin.wasm)
            .map_err(|error| format!("{}: {error}", builtin.name))?;
        let path = out.join(format!("{}.cwasm", builtin.name));
        // an unchanged file keeps its time, so that cargo need not build again
        if fs::read(&path).is_ok_and(|old| old == native) {
            continue;
        }
        fs::write(&path, native).map_err(unwritable)?;
    }
    Ok(())
}
