//! `gatehouse trust`: why an image is trusted or not, and whether a bundle is right.

mod bundle;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use gatehouse_core::{
    Decision, FailedPolicy, Judgement, Limits, Purpose, Request, clean, config::OnError,
    finding_text,
};
use gatehouse_sandbox::Sandbox;
use gatehouse_trust::{Explanation, ImageTrust, Lifetimes, Question, SeenSignature};
use serde_json::json;

use crate::{
    config::{Runner, Snapshot, Source, Surroundings, asks_about_images},
    exit,
    facts::FactSource,
    judge::judge,
    runtime::block_on,
};

/// Looks into signatures of images.
#[derive(Debug, Args)]
pub struct TrustArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(VerifyArgs),
    VerifyBundle(bundle::BundleArgs),
}

/// Explains one image: what the reference means, who signed it, and what becomes of a Pod with it.
///
/// It lists every signature that the registry has, with what each authority makes of it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
struct VerifyArgs {
    /// The image, as it would stand in a manifest.
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Policies to judge by, a file or a folder; may be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    config: Vec<PathBuf>,

    /// The namespace of the Pod.
    #[arg(long, default_value = "default", value_name = "NAME")]
    namespace: String,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse trust verify --config policies/ ghcr.io/acme/web:1.4
  gatehouse trust verify --config trust.yaml --namespace shop ghcr.io/acme/web:1.4

Exit codes:
  0  a Pod with this image is not refused for its image
  1  it is refused
  2  usage, or a configuration that cannot be read
  3  something could not be checked";

/// How long one image may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Runs the command.
pub fn run(args: &TrustArgs) -> ExitCode {
    let mut text = String::new();
    let verified = match &args.command {
        Command::Verify(args) => verify(args, &mut text),
        Command::VerifyBundle(args) => bundle::run(args, &mut text),
    };
    let written = io::stdout().write_all(text.as_bytes());
    let code = verified.unwrap_or_else(|message| exit::usage(&message));
    exit::written(written, code)
}

fn verify(args: &VerifyArgs, text: &mut String) -> Result<ExitCode, String> {
    let sandbox = Sandbox::new(gatehouse_sandbox::Limits::default()).map_err(|e| e.to_string())?;
    let source = Source::Paths(args.config.clone());
    let surroundings = Surroundings::of_process();
    let snapshot = Snapshot::load(&source, &surroundings, &sandbox).map_err(|e| e.to_string())?;
    block_on(explain(args, &snapshot, text))?
}

async fn explain(
    args: &VerifyArgs,
    snapshot: &Snapshot,
    text: &mut String,
) -> Result<ExitCode, String> {
    let client = snapshot.registries.client().map_err(|e| e.to_string())?;
    let access = snapshot.registries.access();
    snapshot.fetch_trust_roots(DEADLINE).await;
    line(text, format_args!("image {}", clean(&args.image, 300)));
    let mut policies = 0;
    for (policy, runner) in snapshot.set.policies().iter().zip(&snapshot.policies) {
        if !asks_about_images(&policy.metadata) {
            continue;
        }
        policies += 1;
        let authorities = runner.authorities.current();
        let question = Question {
            reference: &args.image,
            wanted: &[],
            authorities: &authorities,
            client,
            access: &access,
        };
        line(text, format_args!("\npolicy {}", policy.name));
        write_signatures(text, runner, question).await;
    }
    if policies == 0 {
        return Err("no policy of this configuration judges who signed images".to_owned());
    }
    let decision = decide(args, snapshot).await;
    Ok(write_decision(text, &decision, snapshot))
}

async fn write_signatures(text: &mut String, runner: &Runner, question: Question<'_>) {
    if runner.authorities.is_empty() {
        return line(
            text,
            "  it names no authorities, so no signature is looked at",
        );
    }
    match Explanation::of(question).await {
        Ok(explanation) => write_explanation(text, &explanation),
        Err(why) => line(text, format_args!("  could not be looked at: {why}")),
    }
}

fn write_explanation(text: &mut String, explanation: &Explanation) {
    let (registry, repository) = (&explanation.registry, &explanation.repository);
    line(
        text,
        format_args!("  registry {registry}, repository {repository}"),
    );
    match (&explanation.tag, &explanation.digest) {
        (_, None) => return line(text, "  the registry has no such image"),
        (Some(tag), Some(digest)) => {
            line(text, format_args!("  the tag `{tag}` names {digest} now"));
        }
        (None, Some(digest)) => line(text, format_args!("  the digest {digest} decides")),
    }
    for (authority, why) in &explanation.cannot_verify {
        line(
            text,
            format_args!("  `{authority}` cannot verify anything: {why}"),
        );
    }
    if explanation.signatures.is_empty() {
        line(text, "  there is no signature of this digest");
    }
    for (i, signature) in explanation.signatures.iter().enumerate() {
        write_signature(text, i + 1, signature);
    }
    if let Some(why) = &explanation.unavailable {
        line(text, format_args!("  there may be more signatures: {why}"));
    }
}

fn write_signature(text: &mut String, number: usize, signature: &SeenSignature) {
    let SeenSignature { form, manifest, .. } = signature;
    line(
        text,
        format_args!("  {number}. {form}, in the manifest {manifest}"),
    );
    if let Some(kind) = &signature.predicate_type {
        let is_verified = signature
            .verdicts
            .iter()
            .any(|(_, verdict)| verdict.is_ok());
        let says = match is_verified {
            true => "is",
            false => "says of itself, unverified, that it is",
        };
        line(
            text,
            format_args!("     it {says} an attestation of the type `{kind}`"),
        );
    }
    for (authority, verdict) in &signature.verdicts {
        match verdict {
            Ok(signer) => {
                let by = match (&signer.identity, &signer.issuer) {
                    (Some(identity), Some(issuer)) => {
                        format!("`{identity}`, for whom `{issuer}` vouched")
                    }
                    (Some(identity), None) => format!("`{identity}` with the key {}", signer.id),
                    (None, _) => format!("the key {}", signer.id),
                };
                line(
                    text,
                    format_args!("     `{authority}`: verified, signed by {by}"),
                );
            }
            Err(why) => line(text, format_args!("     `{authority}`: {why}")),
        }
    }
}

/// What becomes of a Pod with this image.
async fn decide(args: &VerifyArgs, snapshot: &Snapshot) -> Decision {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "image"},
        "spec": {"containers": [{"name": "image", "image": args.image}]},
    });
    let facts = FactSource::live(ImageTrust::new(Lifetimes::default()));
    match Request::to_create(
        pod,
        &args.namespace,
        &snapshot.workloads,
        &Limits::default(),
    ) {
        Ok(request) => {
            let deadline = Instant::now() + DEADLINE;
            judge(snapshot, request, Purpose::Check, &facts, deadline).await
        }
        Err(malformed) => Decision::malformed(*malformed),
    }
}

/// Only of the policies that judge images: what others say of the made-up Pod concerns nobody.
fn write_decision(text: &mut String, decision: &Decision, snapshot: &Snapshot) -> ExitCode {
    let policies = snapshot.set.policies();
    let judges_images = |name: &str| {
        let policy = policies.iter().find(|policy| policy.name == name);
        policy.is_some_and(|policy| asks_about_images(&policy.metadata))
    };
    let refusals: Vec<&Judgement> = decision
        .refusals()
        .filter(|judgement| judges_images(&judgement.policy))
        .collect();
    let failed = decision.failed.iter();
    let failed: Vec<&FailedPolicy> = failed.filter(|f| judges_images(&f.policy)).collect();
    for failed in &failed {
        let why = clean(&failed.failure.message, 400);
        line(
            text,
            format_args!("\ncould not check: policy {} {why}", failed.policy),
        );
    }
    for judgement in &refusals {
        line(text, format_args!("\n{}", finding_text(judgement)));
    }
    if failed.iter().any(|failed| failed.on_error == OnError::Deny) {
        line(
            text,
            "\na Pod with this image is refused, since it could not be checked",
        );
        ExitCode::from(exit::COULD_NOT_CHECK)
    } else if !refusals.is_empty() {
        line(text, "\na Pod with this image is refused");
        ExitCode::from(exit::REFUSED)
    } else {
        line(text, "\na Pod with this image is not refused for its image");
        ExitCode::SUCCESS
    }
}

fn line(text: &mut String, line: impl std::fmt::Display) {
    use std::fmt::Write;
    let _ = writeln!(text, "{line}");
}
