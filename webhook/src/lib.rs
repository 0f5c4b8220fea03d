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
mod files;
mod folder;
pub mod judge;
pub mod policy;
mod runtime;
pub mod serve;
mod suggestion;
pub mod test;
pub mod trust;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Refuses pods that break policies, in the cluster and in CI, and repairs what can be repaired.
#[derive(Debug, Parser)]
#[command(version, name = "gatehouse", arg_required_else_help = true, after_help = AFTER_HELP)]
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

const AFTER_HELP: &str = "\
Examples:
  gatehouse check deploy/
  gatehouse explain run-as-non-root
  gatehouse serve --default-policies --tls-self-signed

Exit codes:
  0  nothing is refused
  1  something is refused
  2  usage, configuration or input that cannot be read
  3  something could not be checked";

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What judges nothing and therefore cannot refuse.
    const NEVER_REFUSES: [&str; 5] = [
        "gatehouse serve",
        "gatehouse explain",
        "gatehouse certs",
        "gatehouse policy precompile",
        "gatehouse completions",
    ];

    #[test]
    fn every_example_in_the_help_parses() {
        for (name, command) in commands() {
            let examples = examples(&after_help(&command));
            for words in &examples {
                let line = words.join(" ");
                assert!(line.starts_with(&name), "{name}: {line}");
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{name}: `{line}`: {error}");
                }
            }
            let needs_examples = command.get_arguments().any(|argument| {
                let id = argument.get_id();
                id != "help" && id != "version"
            });
            assert!(examples.len() >= 2 || !needs_examples, "{name}");
        }
    }

    #[test]
    fn every_command_that_judges_says_its_exit_codes() {
        for (name, command) in commands() {
            let help = after_help(&command);
            let codes = help.split("\nExit codes").nth(1).unwrap_or_default();
            let says = |code: u8| codes.contains(&format!("\n  {code}  "));
            let refuses = !NEVER_REFUSES.contains(&name.as_str());
            if refuses && !command.has_subcommands() {
                assert!((0..=3).all(says), "{name}: {help}");
            }
        }
    }

    /// All commands, with what is typed to run them.
    fn commands() -> Vec<(String, clap::Command)> {
        let mut found = Vec::new();
        let mut cli = Cli::command();
        cli.build();
        let mut open = vec![("gatehouse".to_owned(), cli)];
        while let Some((name, command)) = open.pop() {
            let below = command.get_subcommands().cloned();
            let below = below.filter(|below| below.get_name() != "help");
            open.extend(below.map(|below| (format!("{name} {}", below.get_name()), below)));
            found.push((name, command));
        }
        found
    }

    fn after_help(command: &clap::Command) -> String {
        let text = command.get_after_help();
        text.map(ToString::to_string).unwrap_or_default()
    }

    /// The calls of `gatehouse` among the examples, as words; what a shell does around them is left out.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let (_, help) = help.split_once("Examples:\n").unwrap_or_default();
        let examples = before(help, "\n\n").replace("\\\n", " ");
        let calls = examples.lines().flat_map(|line| line.split(['|', '&']));
        calls
            .map(|call| before(before(call, " > "), " #"))
            .map(|call| {
                call.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter(|words| words.first().is_some_and(|word| word == "gatehouse"))
            .collect()
    }

    fn before<'a>(text: &'a str, mark: &str) -> &'a str {
        text.split_once(mark).map_or(text, |(before, _)| before)
    }
}
