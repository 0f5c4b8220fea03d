//! What commands say where a trust root cannot be used: "could not check", exit code 3, whatever else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use gatehouse_test_sigstore::{Sigstore, TufRepository, Workload};
use serde_json::{Value, json};
use support::{Folder, Run};

/// No registry is there, and none is asked: the address is not allowed.
const IMAGE: &str =
    "127.0.0.1:1/acme/app@sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c";

fn folder(trust_root: &Value, root: Option<&str>) -> Folder {
    let keyless = json!({"issuer": Workload::ISSUER, "subject": Workload::SUBJECT});
    let policy = json!({
        "apiVersion": "gatehouse.dev/v1alpha1",
        "kind": "Policy",
        "metadata": {"name": "images"},
        "spec": {"module": "builtin:image-trust", "mode": "deny", "facts": ["image"], "settings": {
            "authorities": {"ci": {"keyless": keyless, "trustRoot": trust_root}},
            "signatures": [{"images": ["127.0.0.1:1/**"], "anyOf": ["ci"]}],
        }},
    });
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "app", "image": IMAGE}]},
    });
    let (policy, pod) = (policy.to_string(), pod.to_string());
    let mut files = vec![("policy.yaml", policy.as_str()), ("pod.yaml", pod.as_str())];
    files.extend(root.map(|root| ("root.json", root)));
    Folder::with(&files)
}

fn check(folder: &Folder) -> Run {
    folder.run(&["check", "--config", "policy.yaml", "pod.yaml"])
}

fn verify(folder: &Folder) -> Run {
    folder.run(&["trust", "verify", "--config", "policy.yaml", IMAGE])
}

fn could_not_check(run: &Run, why: &str) {
    let said = run.out();
    assert!(said.contains(why), "{said}{}", run.err());
    assert_eq!(run.code(), 3, "{said}");
}

#[test]
fn a_file_that_cannot_be_used_is_no_mistake_of_the_configuration() {
    let root = json!("file:root.json");
    for (content, why) in [
        (
            None,
            "the trust root cannot be used: cannot read `root.json`: there is no such file",
        ),
        (
            Some("{}"),
            "the trust root cannot be used: `root.json` is not a Sigstore `trusted_root.json`",
        ),
    ] {
        let folder = folder(&root, content);
        could_not_check(&check(&folder), why);
        let explained = verify(&folder);
        could_not_check(&explained, &format!("`ci` cannot verify anything: {why}"));
    }
}

#[test]
fn a_trust_root_that_is_over_is_said_to_be() {
    let mut root = Sigstore::new().trust_root();
    root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2024-01-01T00:00:00Z");
    let folder = folder(&json!("file:root.json"), Some(&root.to_string()));
    let why = "the trust root has expired: the last log of certificates (certificate transparency) in it ended on 2024-01-01 00:00 UTC";
    could_not_check(&check(&folder), why);
    could_not_check(&verify(&folder), why);
}

#[test]
fn a_mirror_is_asked_once() {
    let root = TufRepository::of(&Sigstore::new().trust_root()).root();
    let root = String::from_utf8(root).unwrap();
    let tuf = json!({"tuf": {"mirror": "http://127.0.0.1:1", "root": "file:root.json"}});
    let folder = folder(&tuf, Some(&root));
    let why = "the trust root of `http://127.0.0.1:1` has not been fetched yet: 127.0.0.1:1: plain http not allowed";
    could_not_check(&check(&folder), why);
    could_not_check(&verify(&folder), why);
    let offline = folder.run(&["check", "--offline", "--config", "policy.yaml", "pod.yaml"]);
    assert_eq!(offline.code(), 3);
}

#[test]
fn a_mistake_in_the_document_is_one_of_the_configuration() {
    for (root, said) in [
        (json!({"fulcio": "file:x"}), "trustRoot.fulcio: "),
        (json!({"fulcio": ["x"]}), "trustRoot.fulcio[0]: is not PEM"),
        (
            json!({"tuf": {"mirror": "tuf.example", "root": "file:x"}}),
            "trustRoot.tuf.mirror: ",
        ),
        (
            json!({"trusted": "file:x"}),
            "trustRoot: unknown field `trusted`",
        ),
    ] {
        let run = check(&folder(&root, None));
        assert_eq!(run.code(), 2, "{root}: {}", run.out());
        let said = format!("spec.settings.authorities.ci.{said}");
        assert!(run.err().contains(&said), "{said} in {}", run.err());
    }
}
