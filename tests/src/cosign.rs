use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    Ran,
    files::{read, temporary_folder},
    registry_tools::registry_tool,
};

/// The real cosign, of one of its two generations. It works on loopback alone: no log, no signing service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cosign {
    /// 2.5: a signature is a simple signing payload, by default at the tag `sha256-HEX.sig`.
    V2,
    /// 3.1: a signature is a bundle that refers to the image.
    V3,
}

/// The kinds of keys that images are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256, which cosign generates.
    Ecdsa,
    /// Only cosign 2 can sign with it so that anyone can verify it
    /// (<https://github.com/sigstore/cosign/issues/5074>).
    Ed25519,
    /// RSA of 2048 bits.
    Rsa,
}

/// A key pair, whose private half only this value has.
#[derive(Debug)]
pub struct SigningKey {
    folder: TempDir,
}

impl Cosign {
    /// Signs what a reference names. The signature goes where this generation puts it by default.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn sign(self, key: &SigningKey, reference: &str) {
        self.sign_with(key, &[], reference);
    }

    /// Signs so that the signature refers to the image: by the referrers API where the registry has it, by
    /// the fallback tag otherwise. cosign 3 does so in any case.
    ///
    /// # Panics
    /// When cosign refuses.
    pub fn sign_as_referrer(self, key: &SigningKey, reference: &str) {
        let mode: &[&str] = match self {
            Cosign::V2 => &["--registry-referrers-mode=oci-1-1"],
            Cosign::V3 => &[],
        };
        self.sign_with(key, mode, reference);
    }

    fn sign_with(self, key: &SigningKey, more: &[&str], reference: &str) {
        let mut command = self.command(key.folder.path());
        command.args(["sign", "--yes", "--allow-insecure-registry"]);
        command.args(["--tlog-upload=false", "--key"]);
        command.arg(key.private());
        if self == Cosign::V3 {
            command.arg("--use-signing-config=false");
        }
        Ran::of(command.args(more).arg(reference), None).succeeded();
    }

    fn command(self, home: &Path) -> Command {
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

impl SigningKey {
    /// A new key: what cosign generates where it can, what openssl does otherwise.
    ///
    /// # Panics
    /// When there is no openssl.
    pub fn generate(algorithm: Algorithm) -> Self {
        let key = Self {
            folder: temporary_folder(),
        };
        match algorithm {
            Algorithm::Ecdsa => key.generate_by_cosign(),
            Algorithm::Ed25519 => key.import(&["-algorithm", "ed25519"]),
            Algorithm::Rsa => {
                key.import(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
            }
        }
        key
    }

    /// The public half, as PEM.
    pub fn public(&self) -> String {
        read(&self.prefix().with_extension("pub"))
    }

    fn generate_by_cosign(&self) {
        let mut command = Cosign::V2.command(self.folder.path());
        command.args(["generate-key-pair", "--output-key-prefix"]);
        Ran::of(command.arg(self.prefix()), None).succeeded();
    }

    /// cosign 2 cannot import all of these, but it signs with what cosign 3 imported.
    fn import(&self, algorithm: &[&str]) {
        let plain = self.folder.path().join("plain.pem");
        let mut command = Command::new("openssl");
        command.args(["genpkey", "-quiet"]).args(algorithm);
        Ran::of(command.arg("-out").arg(&plain), None).succeeded();
        let mut command = Cosign::V3.command(self.folder.path());
        command
            .args(["import-key-pair", "--yes", "--key"])
            .arg(&plain);
        Ran::of(command.arg("--output-key-prefix").arg(self.prefix()), None).succeeded();
    }

    fn private(&self) -> PathBuf {
        self.prefix().with_extension("key")
    }

    fn prefix(&self) -> PathBuf {
        self.folder.path().join("signer")
    }
}
