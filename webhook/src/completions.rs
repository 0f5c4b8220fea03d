//! `gatehouse completions`: what a shell has to know to complete a command line.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use crate::{Cli, exit};

/// Writes a script that completes the commands and options of `gatehouse`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    shell: SupportedShell,
}

/// The shells that it is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SupportedShell {
    Bash,
    Zsh,
    Fish,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse completions bash > ~/.local/share/bash-completion/completions/gatehouse
  gatehouse completions zsh > ~/.zfunc/_gatehouse    # with `fpath+=~/.zfunc` before `compinit`
  gatehouse completions fish > ~/.config/fish/completions/gatehouse.fish";

/// Runs the command.
pub fn run(args: &CompletionsArgs) -> ExitCode {
    let written = io::stdout().write_all(&script(args.shell));
    exit::written(written, ExitCode::SUCCESS)
}

fn script(shell: SupportedShell) -> Vec<u8> {
    let shell = match shell {
        SupportedShell::Bash => Shell::Bash,
        SupportedShell::Zsh => Shell::Zsh,
        SupportedShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "gatehouse", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_is_told_every_command() {
        for shell in SupportedShell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for command in Cli::command().get_subcommands() {
                let name = command.get_name();
                assert!(script.contains(name), "{shell:?}: {name}");
            }
        }
    }
}
