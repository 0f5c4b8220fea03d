//! `gatehouse test`: cases of policies as data, judged by the code that judges everything else.

mod case;
mod comparison;
mod coverage;
mod document;
mod files;
mod kept;
mod policies;
mod run;
mod subject;
mod suite;
mod text;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use gatehouse_sandbox::{Limits, Sandbox};

use crate::exit;
use comparison::Difference;
use coverage::Coverage;
use policies::Policies;
use run::Outcome;
use suite::Suite;

/// Runs the test cases of policies: what is judged, what is known, and what is expected, as YAML.
///
/// A case says the object, the policy with its settings, and all that has to come of it: the verdict and
/// every finding. Nobody is asked: a fact that the case does not tell could not be checked.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct TestArgs {
    /// Files with documents of kind PolicyTest, and folders with such files, recursively.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Run only the cases whose name, DOCUMENT/CASE, contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Write the snapshot files, `expect.message` and `expect.fixed`, of cases that are right otherwise
    ///
    /// Nothing else is written: what a case expects is for its author to say.
    #[arg(long)]
    update: bool,

    /// List the codes that no case raises, or that every case raises; a code that is listed fails the run.
    // the codes that some cases exercise say nothing of the others
    #[arg(long, conflicts_with = "filter")]
    coverage: bool,

    /// Name the cases that pass, too.
    #[arg(long, short)]
    verbose: bool,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse test
  gatehouse test policies/ --filter sidecar --verbose
  gatehouse test cases/ --update
  gatehouse test cases/ --coverage

Exit codes:
  0  all cases pass
  1  a case fails, or --coverage lists a code
  2  usage, a case that cannot be read, or no cases found
  3  something could not be checked, and its case does not expect that
Of several, 2 wins over 3 over 1.

A case:
  apiVersion: gatehouse.dev/v1alpha1
  kind: PolicyTest
  metadata: {name: pod-security}
  spec:
    policy: {module: 'builtin:pod-security', settings: {level: baseline}}
    cases:
    - name: host network
      object:
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec: {hostNetwork: true, containers: [{name: app}]}
      expect:
        verdict: deny
        findings: [{code: host-network}]";

/// What a run came to.
#[derive(Debug)]
struct Report {
    results: Vec<Tested>,
    /// What is wrong with cases that could not be read, and with files that could not be written.
    mistakes: Vec<String>,
    coverage: Option<Coverage>,
}

/// One case, judged.
#[derive(Debug)]
struct Tested {
    name: String,
    place: String,
    differences: Vec<Difference>,
    /// Its snapshot files were written anew.
    updated: bool,
}

/// A case's result in one word; the later outweigh the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Passed,
    Updated,
    Failed,
    CouldNotCheck,
}

/// Runs the command.
pub fn run(args: &TestArgs) -> ExitCode {
    match test(args) {
        Ok(report) => write(args, &report),
        Err(message) => exit::usage(&message),
    }
}

fn test(args: &TestArgs) -> Result<Report, String> {
    let sandbox = Sandbox::new(Limits::default()).map_err(|error| error.to_string())?;
    let mut suite = Suite::read(&args.paths, &mut Policies::new(&sandbox));
    if suite.cases.is_empty() && suite.mistakes.is_empty() {
        return Err(nothing_found(&args.paths));
    }
    if let Some(text) = &args.filter {
        suite.filter(text);
        if suite.cases.is_empty() && suite.mistakes.is_empty() {
            return Err(format!("no case has `{text}` in its name"));
        }
    }
    let outcomes = run::all(&suite.cases)?;
    Ok(Report::new(args, suite, outcomes))
}

fn nothing_found(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|p| format!("`{}`", p.display())).collect();
    let kind = document::KIND;
    let paths = paths.join(", ");
    format!("no cases found: {paths} has no YAML or JSON file with a document of kind {kind}")
}

impl Report {
    fn new(args: &TestArgs, suite: Suite, outcomes: Vec<Outcome>) -> Self {
        let mut mistakes = suite.mistakes;
        // what could not be read might exercise what seems to be missing
        let mut coverage = (args.coverage && mistakes.is_empty()).then(Coverage::default);
        let mut results = Vec::new();
        for (case, outcome) in suite.cases.iter().zip(outcomes) {
            if let Some(coverage) = &mut coverage {
                coverage.add(case, &outcome.judged_by, &outcome.decision);
            }
            let mut tested = Tested::new(case, outcome);
            if args.update {
                mistakes.extend(tested.update());
            }
            results.push(tested);
        }
        Self {
            results,
            mistakes,
            coverage,
        }
    }

    fn count(&self, status: Status) -> usize {
        let is = |tested: &&Tested| tested.status() == status;
        self.results.iter().filter(is).count()
    }

    fn exit_code(&self) -> ExitCode {
        let covered = self.coverage.as_ref().is_none_or(Coverage::is_complete);
        if !self.mistakes.is_empty() {
            ExitCode::from(exit::USAGE)
        } else if self.count(Status::CouldNotCheck) > 0 {
            ExitCode::from(exit::COULD_NOT_CHECK)
        } else if self.count(Status::Failed) > 0 || !covered {
            ExitCode::from(exit::REFUSED)
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl Tested {
    fn new(case: &case::Case, outcome: Outcome) -> Self {
        Self {
            name: case.name.clone(),
            place: case.place.clone(),
            differences: outcome.differences,
            updated: false,
        }
    }

    fn status(&self) -> Status {
        let failed = |difference: &Difference| matches!(difference, Difference::Failed { .. });
        if self.updated {
            Status::Updated
        } else if self.differences.is_empty() {
            Status::Passed
        } else if self.differences.iter().any(failed) {
            Status::CouldNotCheck
        } else {
            Status::Failed
        }
    }

    /// Writes the snapshot files that differ, if nothing else does: a text is not to be kept of a verdict that
    /// is wrong. The answer says what could not be written.
    fn update(&mut self) -> Vec<String> {
        let kept = |difference: &Difference| match difference {
            Difference::Kept { kept, got, .. } => Some((kept.clone(), got.clone())),
            _ => None,
        };
        let kept: Option<Vec<_>> = self.differences.iter().map(kept).collect();
        let kept = kept.unwrap_or_default();
        let written = kept.iter().map(|(kept, got)| kept.write(got));
        let problems: Vec<_> = written.filter_map(Result::err).collect();
        self.updated = !kept.is_empty() && problems.is_empty();
        problems
    }
}

fn write(args: &TestArgs, report: &Report) -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = text::write(&mut out, report, args.verbose).and_then(|()| out.flush());
    if !report.mistakes.is_empty() {
        exit::usage(&report.mistakes.join("\n"));
    }
    exit::written(written, report.exit_code())
}
