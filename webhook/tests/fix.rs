//! `gatehouse check --fix`, run as a person runs it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Output},
};

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

const HOST_NETWORK: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostNetwork: true
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
    let folder = Folder::with(&[("shop.yaml", DEPLOYMENT)]);
    let run = folder.run_with_input(&["check", "--fix", "shop.yaml", "-"], b"");
    assert_eq!((run.code(), run.out()), (2, ""));
    assert_eq!(
        run.err(),
        "error: standard input is no file that --fix can write: --diff shows what would change\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path("shop.yaml")).unwrap(),
        DEPLOYMENT
    );
    let run = folder.run_with_input(&["check", "--diff", "-"], DEPLOYMENT.as_bytes());
    assert!(
        run.out().contains("-      hostNetwork: true\n"),
        "{}",
        run.out()
    );
}

/// What gatehouse says when it runs in the folder by these words of a shell.
fn in_shell(folder: &Folder, script: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(folder.path(""));
    let gatehouse = env!("CARGO_BIN_EXE_gatehouse");
    command.env("GATEHOUSE", gatehouse).output().unwrap()
}

#[test]
fn what_is_no_file_is_not_said_to_be_fixed() {
    let folder = Folder::with(&[("pipe", HOST_NETWORK), ("web.yaml", HOST_NETWORK)]);
    let script = r#"exec "$GATEHOUSE" check --fix --code host-network web.yaml <(cat pipe)"#;
    let output = in_shell(&folder, script);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let (pipe, file) = said.split_once('\n').unwrap();
    assert!(
        pipe.starts_with("not written: /dev/fd/")
            && pipe.ends_with(": it is no file: --diff shows what would change"),
        "{pipe}"
    );
    assert!(file.starts_with("fixed web.yaml\n"), "{file}");
    let report = String::from_utf8(output.stdout).unwrap();
    // of the files as they are now: the pipe's content is what it was
    assert!(
        report.ends_with("\n2 objects: 1 allowed, 1 refused\n"),
        "{report}"
    );
    assert!(!web(&folder).contains("hostNetwork: true"));
}

/// The limit on the length of files stands for a disk that is full: there is room for most of the new file, and
/// for the memory of policies, which has the limit, too.
#[test]
fn a_file_that_cannot_be_written_stays_as_it_was() {
    let long = format!("{HOST_NETWORK}{}", "# as it was\n".repeat(400_000));
    let folder = Folder::with(&[("web.yaml", &long)]);
    let script = r#"trap '' XFSZ; ulimit -f 4096; exec "$GATEHOUSE" check --fix web.yaml"#;
    let output = in_shell(&folder, script);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(
        said,
        "not written: web.yaml: it cannot be written: file too large\n"
    );
    assert!(output.stdout.ends_with(b"\n1 object: 1 refused\n"));
    assert!(web(&folder) == long, "it has changed");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn one_file_by_two_names_is_written_once() {
    let folder = Folder::with(&[("web.yaml", HOST_NETWORK)]);
    symlink("web.yaml", folder.path("zwei.yaml")).unwrap();
    let run = folder.run(&["check", "--fix", "--code", "host-network", "."]);
    assert_eq!(run.code(), 2);
    let last = run.err().lines().last().unwrap();
    assert_eq!(
        last,
        "not written: zwei.yaml: it has changed since it was read, and was left as it is"
    );
    assert!(folder.path("zwei.yaml").is_symlink());
    assert!(!web(&folder).contains("hostNetwork: true"));
}

fn web(folder: &Folder) -> String {
    fs::read_to_string(folder.path("web.yaml")).unwrap()
}
