use std::path::{Path, PathBuf};

use gatehouse_test_sigstore::{Proof, Server, Sigstore, Workload};
use tempfile::{NamedTempFile, TempDir};

use crate::{
    Signer, SigningKey,
    files::{temporary_folder, write},
};

const ROOT: &str = "trusted_root.json";
/// What cosign 2 is told a Sigstore by, and the files for it.
const OF_COSIGN_2: [(&str, &str); 3] = [
    ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ct.pem"),
    ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pem"),
    ("SIGSTORE_ROOT_FILE", "fulcio.pem"),
];

/// A Sigstore of the tests' own on loopback, with the files by which cosign uses and trusts it.
pub struct PrivateSigstore {
    server: Server,
    folder: TempDir,
}

/// Somebody for whom this Sigstore issues certificates.
#[derive(Clone, Copy)]
pub struct Keyless<'a> {
    pub(crate) sigstore: &'a PrivateSigstore,
    workload: &'a Workload,
    pub(crate) proof: Proof,
    pub(crate) as_intoto: bool,
}

impl PrivateSigstore {
    /// A new one, which trusts no other.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn start() -> Self {
        let server = Server::start(Sigstore::new());
        let folder = temporary_folder();
        let sigstore = server.sigstore();
        let fulcio = [&sigstore.fulcio, &sigstore.root].map(|ca| ca.pem.as_str());
        let [ct, rekor, roots] = OF_COSIGN_2.map(|(_, file)| file);
        let files = [
            (ROOT, sigstore.trust_root().to_string()),
            (ct, sigstore.ct.pem()),
            (rekor, sigstore.log.pem()),
            (roots, fulcio.concat()),
        ];
        for (file, text) in files {
            write(&folder.path().join(file), &text);
        }
        Self { server, folder }
    }

    /// What makes the same without cosign.
    pub fn sigstore(&self) -> &Sigstore {
        self.server.sigstore()
    }

    /// Somebody who signs with it. Version 1 of its log proves when.
    pub fn keyless<'a>(&'a self, workload: &'a Workload) -> Keyless<'a> {
        Keyless {
            sigstore: self,
            workload,
            proof: Proof::Rekor1,
            as_intoto: false,
        }
    }

    /// Somebody who signs with a key, and with version 1 of its log.
    pub fn logged<'a>(&'a self, key: &'a SigningKey) -> Signer<'a> {
        Signer::LoggedKey(key, self)
    }

    /// The file by which it is trusted.
    pub fn trusted_root(&self) -> PathBuf {
        self.file(ROOT)
    }

    /// cosign 2 reads that file for bundles alone, and wants these even then.
    pub(crate) fn trusted_by_cosign_2(&self) -> [(&'static str, PathBuf); 3] {
        OF_COSIGN_2.map(|(variable, file)| (variable, self.file(file)))
    }

    pub(crate) fn signing_config(&self, proof: Proof) -> PathBuf {
        let file = self.file(&format!("signing_config-{proof:?}.json"));
        write(&file, &self.server.signing_config(proof).to_string());
        file
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }
}

impl Keyless<'_> {
    /// The same, but that this proves when. cosign 2 knows no version 2 of Rekor.
    pub fn proved_by(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// The same, but that the log has entries of the old type `intoto` for attestations. cosign 3 makes none.
    pub fn logged_as_intoto(self) -> Self {
        Self {
            as_intoto: true,
            ..self
        }
    }

    /// A file: cosign 3 takes a token itself for the name of one, which is too long.
    pub(crate) fn identity_token(&self) -> PathBuf {
        let file = NamedTempFile::new_in(self.sigstore.folder()).expect("a file for a token");
        write(
            file.path(),
            &self.sigstore.server.identity_token(self.workload),
        );
        let kept = file.into_temp_path().keep();
        kept.expect("a file until its folder goes")
    }
}
