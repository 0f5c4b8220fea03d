//! `gatehouse check`, run as a person runs it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::Value;
use support::Folder;

const GOOD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: good
spec:
  securityContext: {runAsNonRoot: yes, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: app
    image: ghcr.io/acme/app@sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
";

const CRON_JOB: &str = "\
# nightly report
apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        spec:
          hostNetwork: true   # for the printer
          restartPolicy: Never
          containers:
          - name: print
            image: reports:latest
";

const POLICY: &str = "\
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pod-security}
spec:
  module: builtin:pod-security
  facts: [namespace]
  settings: {level: LEVEL}
";

#[test]
fn a_refused_cron_job_is_shown_with_its_source() {
    let folder = Folder::with(&[("report.yaml", CRON_JOB)]);
    let run = folder.run(&["check", "report.yaml"]);
    assert_eq!(run.code(), 1, "{}", run.err());
    insta::assert_snapshot!(run.out());
}

#[test]
fn a_good_pod_passes() {
    let folder = Folder::with(&[("good.yaml", GOOD)]);
    let run = folder.run(&["check", "good.yaml"]);
    assert_eq!(
        (run.code(), run.out(), run.err()),
        (0, "1 object: 1 allowed\n", "")
    );
}

#[test]
fn standard_input_and_folders_are_read() {
    let folder = Folder::with(&[("a.yaml", GOOD), ("b.json", "{}"), ("c.txt", "no")]);
    let run = folder.run_with_input(&["check", "-"], GOOD.as_bytes());
    assert_eq!((run.code(), run.out()), (0, "1 object: 1 allowed\n"));
    let run = folder.run(&["check", "."]);
    assert_eq!(run.code(), 0);
    insta::assert_snapshot!(run.out(), @"
    not Kubernetes YAML, not judged: b.json, line 1

    1 object: 1 allowed; 1 not Kubernetes YAML
    ");
}

#[test]
fn json_is_the_documented_contract() {
    let folder = Folder::with(&[("report.yaml", CRON_JOB)]);
    let run = folder.run(&["check", "--output", "json", "report.yaml"]);
    assert_eq!(run.code(), 1);
    let json = run.json();
    assert_eq!(json["version"], 1);
    let object = &json["objects"][0];
    for (member, expected) in [
        ("file", Value::from("report.yaml")),
        ("document", 1.into()),
        ("line", 2.into()),
        ("apiVersion", "batch/v1".into()),
        ("kind", "CronJob".into()),
        ("namespace", "default".into()),
        ("name", "report".into()),
        ("verdict", "deny".into()),
    ] {
        assert_eq!(object[member], expected, "{member}");
    }
    let findings = object["findings"].as_array().unwrap();
    let host_network = findings
        .iter()
        .find(|f| f["code"] == "host-network")
        .unwrap();
    assert_eq!(
        host_network["path"],
        "spec.jobTemplate.spec.template.spec.hostNetwork"
    );
    assert_eq!(
        (&host_network["line"], &host_network["column"]),
        (&12.into(), &11.into())
    );
    for member in [
        "policy",
        "code",
        "mode",
        "path",
        "line",
        "column",
        "container",
        "message",
        "found",
        "required",
        "help",
        "fix",
        "risk",
        "docs",
    ] {
        assert!(host_network.get(member).is_some(), "{member}");
    }
    let docs = host_network["docs"].as_str().unwrap_or_default();
    assert!(docs.starts_with("https://kubernetes.io/"), "{docs}");
    assert_eq!(json["summary"]["denied"], 1);
}

#[test]
fn broken_input_ends_with_2_and_hides_nothing() {
    let folder = Folder::with(&[
        ("a.yaml", "a: [\n"),
        (
            "b.yaml",
            "kind: Pod\nkind: Pod\n---\nnot: kubernetes\n---\njust text\n",
        ),
        ("c.yaml", CRON_JOB),
        ("d.yaml", ""),
    ]);
    let run = folder.run(&["check", ".", "missing.yaml"]);
    assert_eq!(run.code(), 2);
    assert!(run.out().contains("CronJob report is refused"));
    let errors: Vec<_> = run
        .out()
        .lines()
        .filter(|l| l.contains("rror: ") || l.starts_with("not "))
        .collect();
    insta::assert_snapshot!(errors.join("\n"), @"
    error: a.yaml: line 1, column 4: not valid YAML: this `[` is not closed
    error: b.yaml: line 2, column 1: duplicate key `kind`, already on line 1
    error: b.yaml: line 6, column 1: a manifest is a mapping, this is text
    error: d.yaml: the file has no document: it is empty or has only comments
    error: missing.yaml: there is no such file or folder
    not Kubernetes YAML, not judged: b.yaml, line 4
    ");
}

#[test]
fn malformed_objects_are_refused() {
    let pods = [
        (
            "no spec",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
        ),
        ("spec is text", "apiVersion: v1\nkind: Pod\nspec: text\n"),
        (
            "containers is an object",
            "apiVersion: v1\nkind: Pod\nspec: {containers: {a: b}}\n",
        ),
        (
            "a container is text",
            "apiVersion: v1\nkind: Pod\nspec: {initContainers: [a]}\n",
        ),
        (
            "no template",
            "apiVersion: apps/v1\nkind: Deployment\nspec: {}\n",
        ),
    ];
    let said = pods.map(|(what, pod)| {
        let run = Folder::with(&[("p.yaml", pod)]).run(&["check", "p.yaml"]);
        assert_eq!(run.code(), 1, "{what}");
        format!("{what}: {}", run.out().lines().next().unwrap())
    });
    insta::assert_snapshot!(said.join("\n"), @"
    no spec: Pod a is malformed: `spec` is not set, so there is no pod to judge
    spec is text: Pod is malformed: `spec` is not an object
    containers is an object: Pod is malformed: `spec.containers` is not a list
    a container is text: Pod is malformed: `spec.initContainers[0]` is not a container
    no template: Deployment is malformed: `spec.template` is not set, so there is no pod to judge
    ");
}

#[test]
fn namespace_labels_decide_and_unknown_ones_could_not_be_checked() {
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: privileged}}\n";
    let policy = POLICY.replace("LEVEL", "namespace");
    let folder = Folder::with(&[
        ("policy.yaml", &policy),
        ("pod.yaml", CRON_JOB),
        ("ns.yaml", namespace),
    ]);
    let check = |args: &[&str]| {
        let run = folder.run(&[&["check", "--config", "policy.yaml"], args].concat());
        (run.code(), run.out().to_owned())
    };
    let (code, out) = check(&["pod.yaml"]);
    assert_eq!(code, 3);
    insta::assert_snapshot!(out, @"
    CronJob report could not be checked by pod-security

    could not check: policy pod-security needs the fact namespace `default`, which could not be had: its labels are not known: add its document or --namespace-labels

      --> pod.yaml:2

    1 object: 1 could not be checked
    ");
    assert_eq!(check(&["--namespace", "shop", "pod.yaml", "ns.yaml"]).0, 0);
    let label = "pod-security.kubernetes.io/enforce=";
    assert_eq!(
        check(&[
            "--namespace-labels",
            &format!("{label}privileged"),
            "pod.yaml"
        ])
        .0,
        0
    );
    assert_eq!(
        check(&[
            "--namespace-labels",
            &format!("{label}baseline"),
            "pod.yaml"
        ])
        .0,
        1
    );
}

#[test]
fn modes_other_than_deny_are_said_and_pass() {
    for (mode, code) in [("warn", 0), ("audit", 0), ("fix", 1)] {
        let policy = POLICY.replace("LEVEL", "baseline") + &format!("  mode: {mode}\n");
        let folder = Folder::with(&[("policy.yaml", &policy), ("pod.yaml", CRON_JOB)]);
        let run = folder.run(&[
            "check",
            "--config",
            "policy.yaml",
            "--show",
            "audit",
            "pod.yaml",
        ]);
        assert_eq!(run.code(), code, "{mode}: {}", run.out());
        assert!(run.out().contains("host-network"), "{mode}: {}", run.out());
    }
    let policy =
        POLICY.replace("LEVEL", "baseline") + "  mode: fix\n  riskyFixes: [host-network]\n";
    let folder = Folder::with(&[("policy.yaml", &policy), ("pod.yaml", CRON_JOB)]);
    let run = folder.run(&["check", "--config", "policy.yaml", "pod.yaml"]);
    assert_eq!(run.code(), 0);
    insta::assert_snapshot!(run.out(), @"
    CronJob report would be fixed

      host-network: the pod uses its node's network, with all that listens there for the node only
        at        spec.jobTemplate.spec.template.spec.hostNetwork
        found     true
        required  false or not set
        fix       remove spec.jobTemplate.spec.template.spec.hostNetwork
        risk      the pod gets an address of its own: nothing reaches it by its node's address
        more      gatehouse explain host-network

      --> pod.yaml:12:11
      12 |           hostNetwork: true   # for the printer
         |           ^^^^^^^^^^^ host-network

    1 object: 1 to be fixed
    ");
}

#[test]
fn mistakes_in_the_configuration_are_located() {
    let config = |text: &str| {
        let folder = Folder::with(&[("policy.yaml", text), ("pod.yaml", GOOD)]);
        let run = folder.run(&["check", "--config", "policy.yaml", "pod.yaml"]);
        assert_eq!((run.code(), run.out()), (2, ""));
        run.err().to_owned()
    };
    insta::assert_snapshot!(config(&POLICY.replace("LEVEL", "strict")), @r#"error: policy.yaml:7:14: spec.settings.level: "strict" is not one of ["privileged","baseline","restricted","hardened","namespace"]"#);
    insta::assert_snapshot!(config(&POLICY.replace("{level: LEVEL}", "{version: v2.0, controls: {host-net: off}}")), @"error: policy.yaml:7:29: spec.settings.controls: unknown field `host-net`");
    insta::assert_snapshot!(config(&POLICY.replace("pod-security\n  facts", "pod-secure\n  facts")), @"error: policy.yaml:5:3: spec.module: `builtin:pod-secure`: there is no such built-in policy: image-trust, pod-security");
    insta::assert_snapshot!(config(&POLICY.replace("  facts: [namespace]\n", "").replace("LEVEL", "baseline")), @"error: policy.yaml:4:1: spec.facts: the module may ask for the fact `namespace`: grant it with `facts: [namespace]`, or use another module");
    insta::assert_snapshot!(config(&POLICY.replace("builtin:pod-security", "file:policy.yaml")), @"error: policy.yaml:5:3: spec.module: `file:policy.yaml`: is not a WebAssembly module: it does not begin as one");
    insta::assert_snapshot!(config(&format!("{0}---\n{0}", POLICY.replace("LEVEL", "baseline"))), @"error: policy.yaml:11:12: metadata.name: two policies are named `pod-security`");
    insta::assert_snapshot!(config("a: 1\n"), @"error: policy.yaml:1:1: not a configuration document: it has no apiVersion and kind");
    insta::assert_snapshot!(config("a: [\n"), @"error: policy.yaml:1:4: not valid YAML: this `[` is not closed");
}

#[test]
fn a_wrong_command_line_says_what_is_right() {
    let folder = Folder::with(&[]);
    for args in [
        &["check"][..],
        &["check", "--output", "xml", "-"],
        &["chekc"],
    ] {
        assert_eq!(folder.run(args).code(), 2, "{args:?}");
    }
    let run = folder.run(&["check", "--namespace-labels", "a", "-"]);
    assert!(
        run.err().contains("`a` is no label: write KEY=VALUE"),
        "{}",
        run.err()
    );
}

#[test]
fn patterns_are_matched_and_what_matches_nothing_is_said() {
    let folder = Folder::with(&[("a.yaml", GOOD), ("b.yml", GOOD), ("c.txt", "x")]);
    let run = folder.run(&["check", "*.y*ml"]);
    assert_eq!(run.out(), "2 objects: 2 allowed\n");
    let run = folder.run(&["check", "k8s/**/*.yaml"]);
    assert_eq!(run.code(), 2);
    assert_eq!(
        run.out(),
        "error: k8s/**/*.yaml: no file matches it\n\n0 objects\n"
    );
}

#[test]
fn a_run_that_judges_nothing_is_an_error() {
    let folder = Folder::with(&[("values.yaml", "replicas: 1\n")]);
    let run = folder.run_with_input(&["check", "-"], b"");
    assert_eq!(run.code(), 2);
    assert!(
        run.out()
            .starts_with("error: <stdin>: the file has no document"),
        "{}",
        run.out()
    );
    let run = folder.run(&["check", "."]);
    assert_eq!(run.code(), 2);
    insta::assert_snapshot!(run.out(), @"
    error: .: there is no Kubernetes object in it

    not Kubernetes YAML, not judged: values.yaml, line 1

    0 objects; 1 not Kubernetes YAML
    ");
}

#[test]
fn what_was_rendered_names_its_template() {
    let pod = CRON_JOB.replace(
        "# nightly report\n",
        "---\n# Source: shop/templates/report.yaml\n",
    );
    let run = Folder::with(&[]).run_with_input(&["check", "-"], pod.as_bytes());
    assert!(
        run.out().contains(":11 (shop/templates/report.yaml)\n"),
        "{}",
        run.out()
    );

    let origin = "\
metadata:
  annotations:
    config.kubernetes.io/origin: |
      path: base/report.yaml
";
    let pod = CRON_JOB.replace("metadata:\n", origin);
    let run = Folder::with(&[]).run_with_input(&["check", "--output", "json", "-"], pod.as_bytes());
    assert_eq!(run.json()["objects"][0]["origin"], "base/report.yaml");
}

#[test]
fn colours_come_when_they_are_wanted() {
    let folder = Folder::with(&[("report.yaml", CRON_JOB)]);
    let plain = folder.run(&["check", "report.yaml"]);
    let painted = folder.run(&["check", "--color", "always", "report.yaml"]);
    assert!(!plain.out().contains('\u{1b}'));
    assert!(
        painted
            .out()
            .contains("\u{1b}[1;31mhost-network\u{1b}[0m: ")
    );
}

#[test]
fn another_configuration_is_compared() {
    let level = |level: &str| POLICY.replace("LEVEL", level);
    let (old, new) = (level("baseline"), level("restricted"));
    let files = [("old", &*old), ("new", &*new), ("report.yaml", CRON_JOB)];
    let folder = Folder::with(&files);
    let run = folder.run(&[
        "check",
        "--config",
        "new",
        "--against",
        "old",
        "report.yaml",
    ]);
    insta::assert_snapshot!(run.out());
    assert_eq!(run.code(), 0, "it was refused before");

    let loose = level("privileged");
    let folder = Folder::with(&[("old", &*loose), ("new", &*new), ("report.yaml", CRON_JOB)]);
    let stricter = folder.run(&[
        "check",
        "--config",
        "new",
        "--against",
        "old",
        "report.yaml",
    ]);
    assert_eq!(stricter.code(), 1);
    assert!(stricter.out().ends_with("1 object: 1 newly refused\n"));
    let same = folder.run(&[
        "check",
        "--config",
        "new",
        "--against",
        "new",
        "report.yaml",
    ]);
    assert_eq!(
        (same.code(), same.out()),
        (0, "1 object: nothing changes\n")
    );
    let args = [
        "check",
        "--config",
        "new",
        "--against",
        "old",
        "--output",
        "json",
        "report.yaml",
    ];
    let json = folder.run(&args).json();
    assert_eq!(json["summary"]["newlyRefused"], 1);
    assert_eq!(json["changes"][0]["from"], "no problem");
}
