//! `gatehouse trust verify-bundle` on files that the real cosign signed.

use std::{fs, path::PathBuf};

use gatehouse_test_sigstore::{Proof, Workload};
use gatehouse_tests::{
    Algorithm, Cosign, PrivateSigstore, Ran, Signer, SigningKey, run, temporary_folder,
};
use serde_json::Value;

use super::assert_says;

const IDENTITY: [&str; 4] = [
    "--identity",
    Workload::SUBJECT,
    "--issuer",
    Workload::ISSUER,
];
const WORKLOAD: &str = "verified: signed by \
    `https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1`, \
    for whom `https://token.actions.githubusercontent.com` vouched\n";
const CONTENT: &str = "what is released";
/// Of [`CONTENT`].
const DIGEST: &str = "sha256:6646b8f15b090396fd925bd57879dda3d518a70e996ab2a20b06f847b99c957b";
/// Of something else.
const OTHER_DIGEST: &str =
    "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// A Sigstore, and a file to be signed with it.
struct Parts {
    sigstore: PrivateSigstore,
    folder: tempfile::TempDir,
}

impl Parts {
    fn new() -> Self {
        let parts = Self {
            sigstore: PrivateSigstore::start(),
            folder: temporary_folder(),
        };
        parts.write("released", CONTENT);
        parts
    }

    /// What cosign 3 makes of the file.
    fn signed<'a>(&self, signer: impl Into<Signer<'a>>) -> Value {
        let file = self.folder.path().join("released");
        Cosign::V3.sign_file(signer, &file)
    }

    fn signed_by_workload(&self) -> Value {
        self.signed(self.sigstore.keyless(&Workload::default()))
    }

    /// By its own root, for the digest of the file.
    fn verify(&self, bundle: &Value, more: &[&str]) -> Ran {
        let root = self.sigstore.trusted_root();
        self.verify_by(root, bundle, more, DIGEST)
    }

    fn verify_by(&self, root: PathBuf, bundle: &Value, more: &[&str], digest: &str) -> Ran {
        let bundle = self.write("bundle.json", &bundle.to_string());
        let [bundle, root] = [&bundle, &root].map(|path| path.to_str().expect("a plain path"));
        let first = ["trust", "verify-bundle", "--bundle", bundle];
        let then = ["--trusted-root", root];
        run([&first[..], &then, more, &[digest]].concat())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

/// That it ended with this code and said this.
#[track_caller]
fn assert_ends(ran: &Ran, code: i32, words: &str) {
    assert_eq!(ran.code, code, "{ran}");
    let said = if code == 2 { &ran.stderr } else { &ran.stdout };
    assert_says(said, words);
}

#[test]
fn a_workload_is_named() {
    let parts = Parts::new();
    let workload = Workload::default();
    for proof in [Proof::Rekor1, Proof::Rekor2] {
        let signer = parts.sigstore.keyless(&workload).proved_by(proof);
        let bundle = parts.signed(signer);
        for expected in [&IDENTITY[..], &[]] {
            let ran = parts.verify(&bundle, expected);
            assert_eq!((ran.code, ran.stdout.as_str()), (0, WORKLOAD), "{ran}");
        }
    }
}

#[test]
fn what_no_log_shows_is_verified_for_a_key_alone() {
    let parts = Parts::new();
    let workload = Workload::default();
    let stamped = parts
        .sigstore
        .keyless(&workload)
        .proved_by(Proof::Timestamp);
    let ran = parts.verify(&parts.signed(stamped), &IDENTITY);
    assert_ends(
        &ran,
        1,
        "not verified: it is malformed, or lacks what it has to prove",
    );
    let key = SigningKey::generate(Algorithm::Ecdsa);
    let pem = parts.write("key.pem", &key.public());
    let of_key = ["--key", pem.to_str().expect("a plain path")];
    let ran = parts.verify(&parts.signed(&key), &of_key);
    assert_ends(&ran, 0, "verified: signed by the key");
}

#[test]
fn an_identity_is_the_whole_one() {
    let parts = Parts::new();
    let bundle = parts.signed_by_workload();
    let half = Workload::SUBJECT.trim_end_matches("1");
    let longer = format!("{}0", Workload::SUBJECT);
    for subject in [half, &longer] {
        let expected = ["--identity", subject, "--issuer", Workload::ISSUER];
        let ran = parts.verify(&bundle, &expected);
        assert_ends(
            &ran,
            1,
            "not verified: its certificate names another subject",
        );
    }
    let issuer = "https://accounts.acme.example";
    let expected = ["--identity", Workload::SUBJECT, "--issuer", issuer];
    let ran = parts.verify(&bundle, &expected);
    assert_ends(
        &ran,
        1,
        "not verified: its certificate names another issuer",
    );
}

#[test]
fn a_key_counts_where_the_log_shows_it() {
    let parts = Parts::new();
    let [key, other] = [(); 2].map(|()| SigningKey::generate(Algorithm::Ecdsa));
    let [own, others] = [("own.pem", &key), ("other.pem", &other)].map(|(name, key)| {
        let path = parts.write(name, &key.public());
        path.to_str().expect("a plain path").to_owned()
    });
    let logged = parts.signed(parts.sigstore.logged(&key));
    let ran = parts.verify(&logged, &["--key", &own]);
    assert_ends(&ran, 0, "verified: signed by the key\n");
    let ran = parts.verify(&logged, &["--key", &others]);
    assert_ends(&ran, 1, "not verified: its signature does not verify");
    for (bundle, expected) in [
        (&logged, &IDENTITY[..]),
        (&parts.signed_by_workload(), &["--key", &own]),
    ] {
        assert_ends(&parts.verify(bundle, expected), 1, "not verified: ");
    }
}

#[test]
fn another_artifact_or_another_instance_is_refused() {
    let parts = Parts::new();
    let bundle = parts.signed_by_workload();
    let root = parts.sigstore.trusted_root();
    let ran = parts.verify_by(root, &bundle, &IDENTITY, OTHER_DIGEST);
    assert_ends(&ran, 1, "not verified: it is for another artifact");
    let other = PrivateSigstore::start();
    let ran = parts.verify_by(other.trusted_root(), &bundle, &IDENTITY, DIGEST);
    assert_ends(&ran, 1, "not verified: its log is not in the trust root");
}

#[test]
fn what_belongs_to_another_signature_is_refused() {
    let parts = Parts::new();
    let [good, other] = [(); 2].map(|()| parts.signed_by_workload());
    for (pointer, words) in [
        (
            "/messageSignature/signature",
            "its signature does not verify",
        ),
        (
            "/verificationMaterial/certificate",
            "its signature does not verify",
        ),
        (
            "/verificationMaterial/tlogEntries",
            "its log entry is for another signature",
        ),
    ] {
        let mut mixed = good.clone();
        let part = other.pointer(pointer).expect("a part of the bundle");
        *mixed.pointer_mut(pointer).expect("the same part") = part.clone();
        assert_ends(
            &parts.verify(&mixed, &IDENTITY),
            1,
            &format!("not verified: {words}"),
        );
    }
    assert_ends(&parts.verify(&good, &IDENTITY), 0, WORKLOAD);
}

#[test]
fn a_root_that_cannot_be_read_checks_nothing() {
    let parts = Parts::new();
    let bundle = parts.signed_by_workload();
    let by = |root| parts.verify_by(root, &bundle, &IDENTITY, DIGEST);
    let absent = parts.folder.path().join("absent.json");
    assert_ends(&by(absent), 3, "could not check: cannot read");
    let garbage = parts.write("garbage.json", "{}");
    assert_ends(&by(garbage), 3, "could not check: the trusted root");
    let mut root = parts.sigstore.sigstore().trust_root();
    root["ctlogs"] = Value::Array(Vec::new());
    let without = parts.write("without.json", &root.to_string());
    let words = "could not check: the trusted root lacks a certificate transparency log";
    assert_ends(&by(without), 3, words);
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let parts = Parts::new();
    let bundle = parts.signed_by_workload();
    let ran = parts.verify(&bundle, &["--identity", Workload::SUBJECT]);
    assert_ends(&ran, 2, "--issuer");
    let root = parts.sigstore.trusted_root();
    let ran = parts.verify_by(root, &bundle, &IDENTITY, "md5:00");
    assert_ends(&ran, 2, "error: `md5` is not the algorithm");
    let ran = parts.verify(&bundle, &["--key", "absent.pem"]);
    assert_ends(&ran, 2, "error: cannot read `absent.pem`");
}
