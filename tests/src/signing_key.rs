use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    Cosign, Ran,
    files::{read, temporary_folder},
};

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
        let mut command = Cosign::V2.command(self.folder());
        command.args(["generate-key-pair", "--output-key-prefix"]);
        Ran::of(command.arg(self.prefix()), None).succeeded();
    }

    /// cosign 2 cannot import all of these, but it signs with what cosign 3 imported.
    fn import(&self, algorithm: &[&str]) {
        let plain = self.folder.path().join("plain.pem");
        let mut command = Command::new("openssl");
        command.args(["genpkey", "-quiet"]).args(algorithm);
        Ran::of(command.arg("-out").arg(&plain), None).succeeded();
        let mut command = Cosign::V3.command(self.folder());
        command
            .args(["import-key-pair", "--yes", "--key"])
            .arg(&plain);
        Ran::of(command.arg("--output-key-prefix").arg(self.prefix()), None).succeeded();
    }

    /// A folder of its own, in which cosign may leave what it likes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn private(&self) -> PathBuf {
        self.prefix().with_extension("key")
    }

    fn prefix(&self) -> PathBuf {
        self.folder.path().join("signer")
    }
}
