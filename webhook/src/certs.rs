//! `gatehouse certs`: a certificate authority and a serving certificate for the webhook in a cluster.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use gatehouse_certs::{CaBundle, CertificateAuthority, ServingCertificate, ServingNames};
use serde_json::{Value, json};

use crate::{exit, files::in_words};

/// Makes the webhook's certificates: the files, the Secret, and the patch that makes the API server trust
/// them.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CertsArgs {
    /// The folder for ca.crt, ca.key, tls.crt, tls.key, secret.yaml and ca-bundle.yaml
    ///
    /// An authority that is there already is used again, so that the API server goes on trusting it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The Service's name.
    #[arg(long, value_name = "NAME", default_value = "gatehouse")]
    service: String,

    /// The Service's namespace.
    #[arg(long, value_name = "NAME", default_value = "gatehouse")]
    namespace: String,

    /// A further name or address that the certificate is for; may be repeated.
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,

    /// How many days the serving certificate is valid; the authority is valid ten times as long.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

const AFTER_HELP: &str = "\
Examples:
  gatehouse certs --out manifests/overlays/example/certs
  gatehouse certs --service admission --namespace policy --days 90 --out certs/
  gatehouse certs --name webhook.acme.example --out certs/ && kubectl apply -f certs/secret.yaml

Exit codes:
  0  the files are written
  2  usage, or a folder that cannot be written";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The name of the Secret, as the Deployment mounts it.
const SECRET: &str = "gatehouse-tls";

/// The webhook configurations, as `manifests/base` names them.
const CONFIGURATIONS: [(&str, &str); 2] = [
    ("MutatingWebhookConfiguration", "mutate.gatehouse.dev"),
    ("ValidatingWebhookConfiguration", "validate.gatehouse.dev"),
];

/// Runs the command.
#[allow(
    clippy::print_stdout,
    reason = "this is where commands speak to people"
)]
pub fn run(args: &CertsArgs) -> ExitCode {
    match make(args) {
        Ok(files) => {
            for file in files {
                println!("{}", file.display());
            }
            ExitCode::SUCCESS
        }
        Err(message) => exit::usage(&message),
    }
}

fn make(args: &CertsArgs) -> Result<Vec<PathBuf>, String> {
    fs::create_dir_all(&args.out).map_err(|error| unwritable(&args.out, &error))?;
    let authority = authority(args)?;
    let names = ServingNames::for_service(&args.service, &args.namespace)
        .and_then(|names| names.with(&args.name))
        .map_err(|error| error.to_string())?;
    let serving = authority
        .issue(&names, DAY * args.days)
        .map_err(|error| error.to_string())?;
    let bundle = CaBundle::of(&authority).pem();
    let files = [
        ("ca.crt", authority.certificate_pem(), false),
        ("ca.key", authority.key_pem(), true),
        ("tls.crt", serving.chain_pem(), false),
        ("tls.key", serving.key_pem(), true),
        ("secret.yaml", yaml(&secret(args, &serving)), true),
        ("ca-bundle.yaml", ca_bundle(&bundle), false),
    ];
    files
        .into_iter()
        .map(|(name, content, private)| write(&args.out.join(name), &content, private))
        .collect()
}

/// The authority of the folder, or a new one. Using it again lets a renewed certificate be rolled out
/// without touching the webhook configurations.
fn authority(args: &CertsArgs) -> Result<CertificateAuthority, String> {
    let (certificate, key) = (args.out.join("ca.crt"), args.out.join("ca.key"));
    if certificate.exists() || key.exists() {
        return gatehouse_certs::load_authority(&certificate, &key).map_err(|e| e.to_string());
    }
    CertificateAuthority::generate("Gatehouse webhook CA", DAY * args.days * 10)
        .map_err(|error| error.to_string())
}

fn secret(args: &CertsArgs, serving: &ServingCertificate) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": SECRET, "namespace": args.namespace},
        "stringData": {"tls.crt": serving.chain_pem(), "tls.key": serving.key_pem()},
    })
}

/// Strategic merge patches for kustomize: webhooks merge by their names.
fn ca_bundle(bundle: &str) -> String {
    let documents = CONFIGURATIONS.map(|(kind, name)| {
        yaml(&json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "gatehouse"},
            "webhooks": [{"name": name, "clientConfig": {"caBundle": base64(bundle)}}],
        }))
    });
    documents.join("---\n")
}

/// JSON is YAML, and needs no writer of its own.
fn yaml(value: &Value) -> String {
    format!("{value:#}\n")
}

fn base64(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

fn write(path: &Path, content: &str, private: bool) -> Result<PathBuf, String> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if private { 0o600 } else { 0o644 });
    options
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|error| unwritable(path, &error))?;
    Ok(path.to_owned())
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!(
        "`{}` cannot be written: {}",
        path.display(),
        in_words(error)
    )
}
