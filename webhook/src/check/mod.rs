//! `gatehouse check`: the cluster's verdicts on files, in the cluster's words.

mod against;
mod color;
mod excerpt;
mod fix;
mod github;
mod hints;
mod input;
mod json;
mod junit;
mod namespaces;
mod origin;
mod pattern;
mod progress;
mod report;
mod sarif;
mod selection;
mod text;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use gatehouse_core::{Decision, Limits, Policy, Purpose, Request};
use gatehouse_manifest::Object;
use gatehouse_sandbox::Sandbox;
use gatehouse_trust::{ImageTrust, Lifetimes};

use crate::{
    config::{Snapshot, Source, Surroundings},
    exit,
    facts::{FactRecord, FactSource, ImageSource, NamespaceSource},
    judge::judge,
    runtime::{block_on, on_all_processors, processors},
};
use against::Changes;
use color::{Color, painted};
use fix::{Fixes, ROUNDS};
use input::{Input, Item};
use progress::Progress;
use report::{Checked, Report};
use selection::Selection;

/// Judges manifests as the webhook would.
///
/// Says what the cluster would say, and where it is in the file; `gatehouse explain CODE` says more.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CheckArgs {
    /// Files, folders (their .yaml, .yml and .json files, recursively), patterns such as 'k8s/**/*.yaml', or -
    /// for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Policies to judge by, a file or a folder; may be repeated; without it, the default policies.
    #[arg(long, value_name = "PATH")]
    config: Vec<PathBuf>,

    /// The namespace of objects that name none.
    #[arg(long, default_value = "default", value_name = "NAME")]
    namespace: String,

    /// Labels of that namespace, where no Namespace document among the files says them.
    #[arg(long, value_name = "KEY=VALUE,…", value_delimiter = ',', value_parser = namespaces::label)]
    namespace_labels: Option<Vec<(String, String)>>,

    /// Make the findings' fixes in the files themselves, safe and risky ones, and report what is left.
    #[arg(long, conflicts_with = "against")]
    fix: bool,

    /// Show as a unified diff what --fix would write, and write nothing.
    #[arg(long, conflicts_with_all = ["against", "fix"])]
    diff: bool,

    /// Show what would be judged otherwise than by these policies, a file or a folder; may be repeated.
    #[arg(long, value_name = "OLD-CONFIG", conflicts_with = "record")]
    against: Vec<PathBuf>,

    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    output: Output,

    /// Whether the text has colours.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,

    #[command(flatten)]
    selection: Selection,

    /// Also show findings of this mode, which refuse nothing: the same as --min-mode audit.
    #[arg(long, value_enum, value_name = "MODE", help_heading = selection::HEADING)]
    show: Option<Show>,

    #[command(flatten)]
    facts: FactArgs,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse check deploy/
  helm template charts/shop | gatehouse check --namespace shop -
  gatehouse check --fix deploy/
  gatehouse check --config policies/ --output sarif deploy/ > gatehouse.sarif
  gatehouse check --config policies/ --against policies-of-today/ deploy/

Exit codes, after --fix and --diff of what is left:
  0  nothing is refused; with --against, nothing is newly refused
  1  something is refused
  2  usage, configuration or input that cannot be read, a file that cannot be written, or nothing was judged
  3  something could not be checked
Of several, 2 wins over 3 over 1.";

/// What registries say of images.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
struct FactArgs {
    /// Write what registries say of images to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    record: Option<PathBuf>,

    /// Use what --record wrote, and ask registries only for the rest.
    #[arg(long = "facts", value_name = "FILE")]
    known: Option<PathBuf>,

    /// Ask no registry: what --facts does not say could not be checked.
    #[arg(long)]
    offline: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For CI servers: JUnit's XML, a test for each object.
    Junit,
    /// For GitHub Actions: annotations at the lines.
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Show {
    /// What is recorded only.
    Audit,
}

/// How long one object may take: as long as the API server waits for a webhook.
const DEADLINE: Duration = Duration::from_secs(10);

/// Objects that wait for facts at the same time, for each processor.
const OBJECTS_AT_ONCE: usize = 16;

/// Instances of policies for each processor. It runs one at a time, but a policy is quicker in a place that was
/// its own before.
const INSTANCES_EACH: usize = 4;

/// Runs the command.
pub fn run(args: CheckArgs) -> ExitCode {
    if let Err(message) = args.expect_sense() {
        return exit::usage(message);
    }
    let inputs: Vec<Input> = args.paths.iter().flat_map(|p| input::read(p)).collect();
    // one runtime for all of it: connections to registries do not outlive theirs
    let ended = block_on(async {
        match args.against.as_slice() {
            [] if args.fix || args.diff => repair(&args, inputs).await,
            [] => report(&args, &inputs).await,
            old => compare(&args, &inputs, old).await,
        }
    });
    ended
        .and_then(|ended| ended)
        .unwrap_or_else(|message| exit::usage(&message))
}

impl CheckArgs {
    /// What cannot go together, said before anything is read and judged.
    fn expect_sense(&self) -> Result<(), &'static str> {
        if self.fix && self.paths.iter().any(|path| path == Path::new("-")) {
            return Err(
                "standard input is no file that --fix can write: --diff shows what would change",
            );
        }
        if !self.against.is_empty() && !matches!(self.output, Output::Text | Output::Json) {
            return Err("--against writes text or json");
        }
        Ok(())
    }
}

/// Makes the findings' fixes, and reports what is left; what was done goes to standard error, beside whatever
/// form the report has.
async fn repair(args: &CheckArgs, mut inputs: Vec<Input>) -> Result<ExitCode, String> {
    let mut fixes = Fixes::default();
    let checker = Checker::load(args, &sandbox()?, &args.config).await?;
    let mut report = checker.check(&inputs).await?;
    for _ in 0..ROUNDS {
        if !fixes.make(&report, &mut inputs) {
            break;
        }
        report = checker.check(&inputs).await?;
    }
    let all_written = !args.fix || fixes.write_files(&mut inputs);
    if !all_written {
        report = checker.check(&inputs).await?;
    }
    let done = if args.fix { "fixed" } else { "would fix" };
    // a terminal that is gone is no reason to stop
    let _ = fixes.write_summary(&mut io::stderr().lock(), done);
    let shown = match args.diff {
        true => fixes.write_diff(&mut io::stdout().lock()),
        false => write(args, &report, checker.policies()),
    };
    let code = match all_written {
        true => report.exit_code(),
        false => ExitCode::from(exit::USAGE),
    };
    Ok(checker.ended(shown, code))
}

async fn report(args: &CheckArgs, inputs: &[Input]) -> Result<ExitCode, String> {
    let checker = Checker::load(args, &sandbox()?, &args.config).await?;
    let report = checker.check(inputs).await?;
    let written = write(args, &report, checker.policies());
    Ok(checker.ended(written, report.exit_code()))
}

async fn compare(args: &CheckArgs, inputs: &[Input], old: &[PathBuf]) -> Result<ExitCode, String> {
    let sandbox = sandbox()?;
    let old = Checker::load(args, &sandbox, old).await?;
    let old = old.check(inputs).await?;
    let new = Checker::load(args, &sandbox, &args.config).await?;
    let new = new.check(inputs).await?;
    let changes = Changes::between(&old, &new);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = match args.output {
        Output::Json => changes.write_json(&mut out),
        _ => changes.write_text(&mut out),
    };
    let written = written.and_then(|()| out.flush());
    let mut code = changes.exit_code();
    for unreadable in &new.unreadable {
        let file = input::shown(&unreadable.file);
        code = exit::usage(&format!("{file}: {}", unreadable.why));
    }
    Ok(exit::written(written, code))
}

fn sandbox() -> Result<Sandbox, String> {
    let instances = processors().saturating_mul(INSTANCES_EACH);
    let limits = gatehouse_sandbox::Limits {
        instances: u32::try_from(instances).unwrap_or(u32::MAX),
        ..gatehouse_sandbox::Limits::default()
    };
    Sandbox::new(limits).map_err(|error| error.to_string())
}

/// A configuration, loaded once for however often something is judged by it.
struct Checker<'a> {
    args: &'a CheckArgs,
    snapshot: Snapshot,
    images: ImageSource,
}

impl<'a> Checker<'a> {
    /// Loads the policies of these paths, or the default policies.
    async fn load(
        args: &'a CheckArgs,
        sandbox: &Sandbox,
        config: &[PathBuf],
    ) -> Result<Self, String> {
        let source = match config {
            [] => Source::DefaultPolicies,
            paths => Source::Paths(paths.to_vec()),
        };
        let surroundings = Surroundings::of_process();
        let snapshot = Snapshot::load(&source, &surroundings, sandbox);
        let snapshot = snapshot.map_err(|error| error.to_string())?;
        args.selection.check(snapshot.set.policies())?;
        let images = args.facts.source()?;
        if !args.facts.offline {
            snapshot.fetch_trust_roots(DEADLINE).await;
        }
        Ok(Self {
            args,
            snapshot,
            images,
        })
    }

    fn policies(&self) -> &[Policy] {
        self.snapshot.set.policies()
    }

    /// Judges what was read.
    async fn check(&self, inputs: &[Input]) -> Result<Report, String> {
        let args = self.args;
        let labels = args.namespace_labels.as_deref();
        let judge = Judge {
            snapshot: &self.snapshot,
            facts: FactSource {
                namespaces: NamespaceSource::Known(namespaces::known(
                    inputs,
                    &args.namespace,
                    labels,
                )),
                images: self.images.clone(),
            },
            namespace: &args.namespace,
            selection: &args.selection,
        };
        let mut report = judge.inputs(inputs)?;
        report.expect_objects(&input::names(&args.paths));
        Ok(report)
    }

    /// Ends as [`exit::written`] does, and records what registries said. A record that cannot be written comes
    /// last: what they were asked for is told all the same.
    fn ended(&self, written: io::Result<()>, code: ExitCode) -> ExitCode {
        let code = exit::written(written, code);
        match self.args.facts.write(&self.images) {
            Ok(()) => code,
            Err(message) => exit::usage(&message),
        }
    }
}

impl FactArgs {
    fn source(&self) -> Result<ImageSource, String> {
        let known = self.known.as_deref().map(FactRecord::read).transpose();
        let trust = || ImageTrust::new(Lifetimes::default());
        Ok(ImageSource {
            known: known.map_err(|error| error.to_string())?,
            trust: (!self.offline).then(trust),
            record: self.record.is_some().then(FactRecord::default),
            pull_secrets: None,
        })
    }

    fn write(&self, images: &ImageSource) -> Result<(), String> {
        match (&self.record, &images.record) {
            (Some(path), Some(record)) => record.write(path).map_err(|error| error.to_string()),
            _ => Ok(()),
        }
    }
}

struct Judge<'a> {
    snapshot: &'a Snapshot,
    facts: FactSource,
    namespace: &'a str,
    selection: &'a Selection,
}

impl Judge<'_> {
    /// Judges every object, several at a time where facts have to be waited for; in their order.
    fn inputs(&self, inputs: &[Input]) -> Result<Report, String> {
        let mut report = Report::default();
        let mut objects = Vec::new();
        for input in inputs {
            if let Some(error) = &input.error {
                report.unreadable(&input.name, None, error);
            }
            for item in input.items() {
                match item {
                    Item::Object { document, object } => objects.push((input, document, object)),
                    Item::NotKubernetes { line } => report.not_kubernetes(&input.name, line),
                    Item::Broken(error) => {
                        report.unreadable(&input.name, Some(error.line), &error.to_string());
                    }
                }
            }
        }
        let progress = &Progress::new(objects.len());
        let check = async |&(input, document, object): &(&Input, usize, &Object)| {
            let (namespace, mut decision) = self.object(object).await;
            self.selection.apply(&mut decision);
            progress.step();
            let manifest = input.manifest.as_ref();
            Checked::new(&input.name, document, manifest, object, namespace, decision)
        };
        report.objects = on_all_processors(&objects, OBJECTS_AT_ONCE, check)?;
        Ok(report)
    }

    async fn object(&self, object: &Object) -> (String, Decision) {
        let own = object
            .root()
            .at("metadata.namespace")
            .and_then(|n| n.as_str());
        let namespace = own.unwrap_or(self.namespace).to_owned();
        let request = Request::to_create(
            object.root().to_value(),
            &namespace,
            &self.snapshot.workloads,
            &Limits::default(),
        );
        let decision = match request {
            Ok(request) => {
                let deadline = Instant::now() + DEADLINE;
                judge(
                    self.snapshot,
                    request,
                    Purpose::Check,
                    &self.facts,
                    deadline,
                )
                .await
            }
            Err(malformed) => Decision::malformed(*malformed),
        };
        (namespace, decision)
    }
}

fn write(args: &CheckArgs, report: &Report, policies: &[Policy]) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Text => {
            let show_audit = args.show == Some(Show::Audit) || args.selection.shows_audited();
            let mut text = Vec::new();
            text::write(&mut text, report, show_audit)?;
            match args.color.is_wanted() {
                true => out.write_all(painted(&String::from_utf8_lossy(&text)).as_bytes())?,
                false => out.write_all(&text)?,
            }
        }
        Output::Json => json::write(&mut out, report, policies)?,
        Output::Sarif => sarif::write(&mut out, report, policies)?,
        Output::Junit => junit::write(&mut out, report)?,
        Output::Github => github::write(&mut out, report)?,
    }
    out.flush()
}
