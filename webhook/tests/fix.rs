//! `gatehouse check --fix`, run as a person runs it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use support::Folder;

const DEPLOYMENT: &str = "\
# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # as in the Service
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: true
      containers:
        # serves
        - name: app
          image: 'ghcr.io/acme/web@sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c'
          securityContext: {readOnlyRootFilesystem: no}   # writes /tmp
        - name: logs
          image: ghcr.io/acme/logs@sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c
---
apiVersion: v1
kind: Pod
metadata: {name: tagged}
spec:
  containers: [{name: app, image: nginx}]
";

#[test]
fn what_can_be_fixed_is_and_the_rest_is_said() {
    let folder = Folder::with(&[("shop.yaml", DEPLOYMENT)]);
    let run = folder.run(&["check", "--fix", "shop.yaml"]);
    assert_eq!(run.code(), 1, "{}", run.err());
    insta::assert_snapshot!(
        "the_file",
        fs::read_to_string(folder.path("shop.yaml")).unwrap()
    );
    insta::assert_snapshot!("what_was_done", run.err());
    insta::assert_snapshot!("what_is_left", run.out());
}

#[test]
fn what_is_fixed_stays_as_it_is() {
    let folder = Folder::with(&[("shop.yaml", DEPLOYMENT)]);
    folder.run(&["check", "--fix", "shop.yaml"]);
    let once = fs::read_to_string(folder.path("shop.yaml")).unwrap();
    let again = folder.run(&["check", "--fix", "shop.yaml"]);
    assert_eq!(again.err(), "");
    assert_eq!(fs::read_to_string(folder.path("shop.yaml")).unwrap(), once);
}

#[test]
fn a_diff_writes_nothing() {
    let folder = Folder::with(&[("shop.yaml", DEPLOYMENT)]);
    let run = folder.run(&["check", "--diff", "--code", "host-network", "shop.yaml"]);
    assert_eq!(run.code(), 0);
    insta::assert_snapshot!(run.out());
    assert!(
        run.err()
            .starts_with("would fix shop.yaml\n  Deployment web: host-network\n    risk ")
    );
    assert_eq!(
        fs::read_to_string(folder.path("shop.yaml")).unwrap(),
        DEPLOYMENT
    );
}

#[test]
fn standard_input_has_no_file_but_a_diff() {
    let folder = Folder::with(&[]);
    let run = folder.run_with_input(&["check", "--fix", "-"], DEPLOYMENT.as_bytes());
    assert_eq!(run.code(), 2);
    assert!(
        run.err()
            .ends_with("error: <stdin>: it is no file: --diff shows what would change\n")
    );
    let run = folder.run_with_input(&["check", "--diff", "-"], DEPLOYMENT.as_bytes());
    assert!(
        run.out().contains("-      hostNetwork: true\n"),
        "{}",
        run.out()
    );
}
