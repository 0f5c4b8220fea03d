//! `gatehouse explain`: what a code means, why the rule exists, and what to do.

mod exemption;
mod page;
mod text;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use gatehouse_core::{Policy, clean};
use gatehouse_sandbox::Sandbox;

use crate::{
    config::{Snapshot, Source, Surroundings},
    exit,
    suggestion::nearest,
};

/// Explains a code of a denial: what is wrong, why that matters, how to fix it and how to exempt it.
///
/// Everything comes from the policies' modules; nobody is asked.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ExplainArgs {
    /// The code, as a denial names it; without one, all codes are listed.
    #[arg(value_name = "CODE")]
    code: Option<String>,

    /// Policies whose codes are meant, a file or a folder; may be repeated; without it, the default policies.
    #[arg(long, value_name = "PATH")]
    config: Vec<PathBuf>,

    /// How the explanation is written.
    #[arg(long, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a terminal.
    Text,
    /// For a page.
    Markdown,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse explain run-as-non-root
  gatehouse explain
  gatehouse explain --config policies/ --output markdown > codes.md

Exit codes:
  0  it is explained
  2  there is no such code, or a configuration that cannot be read";

/// Runs the command.
pub fn run(args: &ExplainArgs) -> ExitCode {
    match explain(args) {
        Ok(text) => exit::written(io::stdout().write_all(text.as_bytes()), ExitCode::SUCCESS),
        Err(message) => exit::usage(&message),
    }
}

fn explain(args: &ExplainArgs) -> Result<String, String> {
    let source = match args.config.as_slice() {
        [] => Source::DefaultPolicies,
        paths => Source::Paths(paths.to_vec()),
    };
    let sandbox = Sandbox::new(gatehouse_sandbox::Limits::default()).map_err(|e| e.to_string())?;
    let snapshot = Snapshot::load(&source, &Surroundings::of_process(), &sandbox);
    let snapshot = snapshot.map_err(|error| error.to_string())?;
    let policies = snapshot.set.policies();
    let explained = match &args.code {
        Some(code) => with_code(policies, code)?,
        None => policies.iter().collect(),
    };
    Ok(match (args.output, &args.code) {
        (Output::Text, Some(code)) => text::of_code(&explained, code),
        (Output::Text, None) => text::list(&explained),
        (Output::Markdown, code) => page::of(&explained, code.as_deref()),
    })
}

/// The policies that have a code; two may share one.
fn with_code<'p>(policies: &'p [Policy], code: &str) -> Result<Vec<&'p Policy>, String> {
    let having = policies.iter();
    let having = having.filter(|policy| policy.metadata.codes.contains_key(code));
    let having: Vec<_> = having.collect();
    if having.is_empty() {
        return Err(unknown(policies, code));
    }
    Ok(having)
}

fn unknown(policies: &[Policy], code: &str) -> String {
    let codes = policies.iter().flat_map(|p| p.metadata.codes.keys());
    let near = nearest(code, codes);
    let code = clean(code, 100);
    match near {
        Some(known) => format!("there is no code `{code}`: is `{known}` meant?"),
        None => format!(
            "there is no code `{code}`: `gatehouse explain` lists those of the default policies, \
             `gatehouse explain --config PATH` those of other policies"
        ),
    }
}

#[cfg(test)]
mod tests;
