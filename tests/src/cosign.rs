use std::{path::Path, process::Command};

use crate::{Ran, SigningKey, registry_tools::registry_tool};

/// The real cosign, of one of its two generations. It works on loopback alone: no log, no signing service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cosign {
    /// 2.5: a signature is a simple signing payload, by default at the tag `sha256-HEX.sig`.
    V2,
    /// 3.1: a signature is a bundle that refers to the image.
    V3,
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
        let mut command = self.command(key.folder());
        command.args(["sign", "--yes", "--allow-insecure-registry"]);
        command.args(["--tlog-upload=false", "--key"]);
        command.arg(key.private());
        if self == Cosign::V3 {
            command.arg("--use-signing-config=false");
        }
        Ran::of(command.args(more).arg(reference), None).succeeded();
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
