//! Serves a Sigstore of one's own on loopback for the scenes of pages, until standard input ends.
//!
//! It writes into a folder what one needs to sign with it and to trust it: `trusted_root.json` and its parts,
//! `signing-config.json`, and an identity token for each of its workloads, `NAME.token`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it only runs in tests"
)]

use std::{
    env, fs,
    io::{self, Read},
    path::PathBuf,
};

use gatehouse_test_sigstore::{Proof, Server, Sigstore, Workload};

/// Whose tokens there are, and the URIs that stand in their certificates.
const WORKLOADS: [(&str, &str); 3] = [
    (
        "release",
        "https://github.com/acme/web/.github/workflows/release.yaml@refs/tags/v1.0",
    ),
    (
        "scan",
        "https://github.com/acme/scans/.github/workflows/scan.yaml@refs/heads/main",
    ),
    (
        "fork",
        "https://github.com/mallory/web/.github/workflows/release.yaml@refs/tags/v1.0",
    ),
];

fn main() {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("usage: gatehouse-test-sigstore FOLDER");
    let server = Server::start(Sigstore::new());
    let sigstore = server.sigstore();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let json = |value| serde_json::to_string_pretty(&value).unwrap() + "\n";
    write("trusted_root.json", &json(sigstore.trust_root()));
    write(
        "signing-config.json",
        &json(server.signing_config(Proof::Rekor1)),
    );
    write(
        "fulcio.pem",
        &[&*sigstore.fulcio.pem, &sigstore.root.pem].concat(),
    );
    write("ctlog.pub", &sigstore.ct.pem());
    write("rekor.pub", &sigstore.log.pem());
    for (name, uri) in WORKLOADS {
        let token = server.identity_token(&Workload::uri(uri));
        write(&format!("{name}.token"), &token);
    }
    println!("{}", server.url());
    // whoever started it ends it by closing this, or by ending
    let _ = io::stdin().read_to_end(&mut Vec::new());
}
