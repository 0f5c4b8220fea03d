use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use gatehouse_reference::Digest;
use gatehouse_trust::{BundleError, BundleSigner, VerifiedBundle, verify_bundle};

use super::line;
use crate::exit;

/// Verifies a Sigstore bundle file for an artifact, without a network: who signed it, and that a
/// transparency log of the trusted root shows it.
///
/// Bundles of version 0.1 to 0.3 are read. Without --identity and --key anyone may have signed. With --key a
/// bundle without log entry and timestamp counts by its signature alone; what it brings has to be right.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BundleArgs {
    /// The digest of the artifact: `sha256:` and hexadecimal digits.
    #[arg(value_name = "ARTIFACT-DIGEST")]
    digest: String,

    /// The bundle.
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,

    /// The `trusted_root.json` of the Sigstore instance.
    #[arg(long, value_name = "FILE")]
    trusted_root: PathBuf,

    /// The email address or URI that the certificate has to be for, exactly.
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    identity: Option<String>,

    /// The OIDC issuer that has to have vouched for the identity, exactly.
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,

    /// The public key that has to have signed, as PEM.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["identity", "issuer"])]
    key: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  DIGEST=sha256:$(sha256sum app.tar.gz | cut -c -64)
  gatehouse trust verify-bundle --bundle app.sigstore.json --trusted-root trusted_root.json \\
    --identity releases@acme.example --issuer https://accounts.acme.example $DIGEST
  gatehouse trust verify-bundle --bundle app.sigstore.json --trusted-root trusted_root.json \\
    --key cosign.pub $DIGEST

Exit codes:
  0  it is verified
  1  it is not verified
  2  usage, or input that cannot be read
  3  it could not be checked";

/// Verifies, and says who signed or why not.
pub(super) fn run(args: &BundleArgs, text: &mut String) -> Result<ExitCode, String> {
    let digest = Digest::parse(&args.digest).map_err(|error| error.to_string())?;
    let bundle = read(&args.bundle)?;
    let key = args.key.as_deref().map(read).transpose()?;
    let key = key.map(String::from_utf8).transpose();
    let key = key.map_err(|_| "the key is not PEM".to_owned())?;
    let signer = match (&key, &args.identity, &args.issuer) {
        (Some(key), _, _) => BundleSigner::Key(key),
        (_, Some(subject), Some(issuer)) => BundleSigner::Identity { subject, issuer },
        _ => BundleSigner::Anyone,
    };
    let root = match read(&args.trusted_root) {
        Ok(root) => root,
        Err(why) => return Ok(could_not_check(text, &why)),
    };
    match verify_bundle(&bundle, digest, &root, signer) {
        Ok(verified) => {
            line(text, in_words(&verified));
            Ok(ExitCode::SUCCESS)
        }
        Err(BundleError::NotVerified(why)) => {
            line(text, format_args!("not verified: {why}"));
            Ok(ExitCode::from(exit::REFUSED))
        }
        Err(BundleError::CouldNotCheck(why)) => Ok(could_not_check(text, &why)),
        Err(BundleError::Usage(why)) => Err(why),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

fn could_not_check(text: &mut String, why: &str) -> ExitCode {
    line(text, format_args!("could not check: {why}"));
    ExitCode::from(exit::COULD_NOT_CHECK)
}

fn in_words(verified: &VerifiedBundle) -> String {
    match (&verified.subject, &verified.issuer) {
        (Some(subject), Some(issuer)) => {
            format!("verified: signed by `{subject}`, for whom `{issuer}` vouched")
        }
        (Some(subject), None) => format!("verified: signed by `{subject}`"),
        (None, _) => "verified: signed by the key".to_owned(),
    }
}
