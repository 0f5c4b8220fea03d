use std::{fs, path::Path, process::Command};

use gatehouse_test_sigstore::Proof;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::{
    PrivateSigstore, Ran, SigningKey, private_sigstore::Keyless, registry_tools::registry_tool,
};

/// The real cosign, of one of its two generations. It works on loopback alone, with a key or with a private
/// Sigstore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cosign {
    /// 2.5: signatures and attestations are layers, by default at the tags `sha256-HEX.sig` and `….att`.
    V2,
    /// 3.1: both are bundles that refer to the image.
    V3,
}

/// With what cosign signs.
#[derive(Clone, Copy)]
pub enum Signer<'a> {
    /// A key, and no log.
    Key(&'a SigningKey),
    /// A key, and the log of a Sigstore.
    LoggedKey(&'a SigningKey, &'a PrivateSigstore),
    /// A certificate that is issued for it, and a log.
    Keyless(Keyless<'a>),
}

/// By what a verifying cosign is to judge.
pub struct Expected<'a> {
    /// Whose root it trusts.
    pub sigstore: &'a PrivateSigstore,
    /// Whom the certificate has to be for, exactly.
    pub subject: &'a str,
    /// Who has to have vouched for that, exactly.
    pub issuer: &'a str,
}

/// In which of its formats cosign 2 looks for what it verifies; cosign 3 looks for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// At the tags `.sig` and `.att`.
    Layer,
    /// Bundles, which refer to the image. cosign 2 finds attestations there, and never signatures.
    Bundle,
}

impl Cosign {
    /// Signs what a reference names. The signature goes where this generation puts it by default.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn sign<'a>(self, signer: impl Into<Signer<'a>>, reference: &str) {
        let mut command = self.signing("sign", signer.into());
        run(command.arg("--allow-insecure-registry").arg(reference));
    }

    /// Signs so that the signature refers to the image: by the referrers API where the registry has it, by
    /// the fallback tag otherwise. cosign 3 does so in any case.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn sign_as_referrer<'a>(self, signer: impl Into<Signer<'a>>, reference: &str) {
        let mut command = self.signing("sign", signer.into());
        if self == Cosign::V2 {
            command.arg("--registry-referrers-mode=oci-1-1");
        }
        run(command.arg("--allow-insecure-registry").arg(reference));
    }

    /// Attests something of what a reference names. The attestation goes where this generation puts it by
    /// default.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn attest<'a>(
        self,
        signer: impl Into<Signer<'a>>,
        predicate: (&str, &Value),
        reference: &str,
    ) {
        self.attest_with(&[], signer.into(), predicate, reference);
    }

    /// Attests so that the attestation refers to the image, as a bundle. cosign 3 does so in any case.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn attest_as_referrer<'a>(
        self,
        signer: impl Into<Signer<'a>>,
        predicate: (&str, &Value),
        reference: &str,
    ) {
        let bundle: &[&str] = match self {
            Cosign::V2 => &["--new-bundle-format"],
            Cosign::V3 => &[],
        };
        self.attest_with(bundle, signer.into(), predicate, reference);
    }

    /// Signs a file. Returns the bundle, which only cosign 3 writes as it does for images.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn sign_file<'a>(self, signer: impl Into<Signer<'a>>, file: &Path) -> Value {
        let signer = signer.into();
        let bundle = temporary_file(signer.folder());
        let mut command = self.signing("sign-blob", signer);
        run(command.arg("--bundle").arg(bundle.path()).arg(file));
        let text = fs::read(bundle.path()).expect("the bundle");
        serde_json::from_slice(&text).expect("the bundle is JSON")
    }

    /// Verifies the signatures of what a reference names.
    pub fn verify(self, expected: &Expected<'_>, format: Format, reference: &str) -> Ran {
        let mut command = self.verifying("verify", expected, format);
        Ran::of(command.arg(reference), None)
    }

    /// Verifies its attestations of this type.
    pub fn verify_attestation(
        self,
        expected: &Expected<'_>,
        format: Format,
        predicate_type: &str,
        reference: &str,
    ) -> Ran {
        let mut command = self.verifying("verify-attestation", expected, format);
        command.args(["--type", predicate_type]);
        Ran::of(command.arg(reference), None)
    }

    fn attest_with(
        self,
        more: &[&str],
        signer: Signer<'_>,
        (predicate_type, predicate): (&str, &Value),
        reference: &str,
    ) {
        let file = temporary_file(signer.folder());
        fs::write(file.path(), predicate.to_string()).expect("a file for the predicate");
        let mut command = self.signing("attest", signer);
        command.args(["--type", predicate_type, "--predicate"]);
        command.arg(file.path()).args(more);
        if matches!(signer, Signer::Keyless(keyless) if keyless.as_intoto) {
            command.args(["--rekor-entry-type", "intoto"]);
        }
        run(command.arg("--allow-insecure-registry").arg(reference));
    }

    fn signing(self, action: &str, signer: Signer<'_>) -> Command {
        let mut command = self.command(signer.folder());
        command.args([action, "--yes"]);
        match signer {
            Signer::Key(key) => self.with_key(&mut command, key),
            Signer::LoggedKey(key, sigstore) => {
                command.arg("--key").arg(key.private());
                self.with_services(&mut command, sigstore, Proof::Rekor1);
            }
            Signer::Keyless(keyless) => {
                self.with_services(&mut command, keyless.sigstore, keyless.proof);
                let token = keyless.identity_token();
                command.arg("--identity-token").arg(token);
            }
        }
        command
    }

    fn with_key(self, command: &mut Command, key: &SigningKey) {
        command.args(["--tlog-upload=false", "--key"]);
        command.arg(key.private());
        if self == Cosign::V3 {
            command.arg("--use-signing-config=false");
        }
    }

    /// cosign 3 verifies what it has made before it hands it over.
    fn with_services(self, command: &mut Command, sigstore: &PrivateSigstore, proof: Proof) {
        if self == Cosign::V3 {
            command.arg("--signing-config");
            command.arg(sigstore.signing_config(proof));
            command.arg("--trusted-root").arg(sigstore.trusted_root());
            return;
        }
        let server = sigstore.server();
        command.envs(sigstore.trusted_by_cosign_2());
        command.args(["--fulcio-url", &server.url()]);
        match proof {
            Proof::Rekor1 => command.args(["--rekor-url", &server.url()]),
            Proof::Rekor2 => panic!("cosign 2 knows no version 2 of Rekor"),
            Proof::Timestamp => {
                let url = server.timestamp_url();
                command.args(["--tlog-upload=false", "--timestamp-server-url", &url])
            }
        };
    }

    fn verifying(self, action: &str, expected: &Expected<'_>, format: Format) -> Command {
        let Expected {
            sigstore,
            subject,
            issuer,
        } = expected;
        let mut command = self.command(sigstore.folder());
        command.args([action, "--allow-insecure-registry"]);
        command.args(["--certificate-identity", subject]);
        command.args(["--certificate-oidc-issuer", issuer]);
        if self == Cosign::V2 {
            command.envs(sigstore.trusted_by_cosign_2());
        }
        if (self, format) == (Cosign::V2, Format::Bundle) {
            command.arg("--new-bundle-format");
        }
        if (self, format) != (Cosign::V2, Format::Layer) {
            command.arg("--trusted-root").arg(sigstore.trusted_root());
        }
        command
    }

    pub(crate) fn command(self, home: &Path) -> Command {
        let mut command = registry_tool(match self {
            Cosign::V2 => "cosign-2",
            Cosign::V3 => "cosign-3",
        });
        // cosign 2 hides the referrers behind the second of these.
        let set = [
            ("COSIGN_PASSWORD", ""),
            ("COSIGN_EXPERIMENTAL", "1"),
            ("SIGSTORE_NO_CACHE", "1"),
        ];
        command.envs(set).env("TUF_ROOT", home.join("tuf"));
        command.env("DOCKER_CONFIG", home);
        command
    }
}

impl Signer<'_> {
    /// Where cosign may leave what it likes.
    fn folder(&self) -> &Path {
        match self {
            Signer::Key(key) | Signer::LoggedKey(key, _) => key.folder(),
            Signer::Keyless(keyless) => keyless.sigstore.folder(),
        }
    }
}

impl<'a> From<&'a SigningKey> for Signer<'a> {
    fn from(key: &'a SigningKey) -> Self {
        Self::Key(key)
    }
}

impl<'a> From<Keyless<'a>> for Signer<'a> {
    fn from(keyless: Keyless<'a>) -> Self {
        Self::Keyless(keyless)
    }
}

#[track_caller]
fn run(command: &mut Command) {
    Ran::of(command, None).succeeded();
}

fn temporary_file(folder: &Path) -> NamedTempFile {
    NamedTempFile::new_in(folder).expect("a temporary file")
}
