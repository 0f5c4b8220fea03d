//! Custom resources with a pod template, in `gatehouse check`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::Folder;

const POLICY: &str = "\
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pod-security}
spec:
  module: builtin:pod-security
  facts: [namespace]
  settings: {level: LEVEL}
";

const ROLLOUT: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  strategy: {canary: {}}
  template:
    spec:
      hostNetwork: true
      containers:
      - {name: app, image: app}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: refers}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
";

const ROLLOUTS: &str = "\
---
apiVersion: gatehouse.dev/v1alpha1
kind: CustomWorkload
metadata: {name: rollouts}
spec:
  group: argoproj.io
  kind: Rollout
  podTemplate: spec.template
";

#[test]
fn custom_resources_are_judged_once_the_configuration_names_them() {
    let policy = POLICY.replace("LEVEL", "baseline");
    let folder = Folder::with(&[
        ("without.yaml", &policy),
        ("with.yaml", &format!("{policy}{ROLLOUTS}")),
        ("web.yaml", ROLLOUT),
    ]);
    let run = folder.run(&["check", "--config", "without.yaml", "web.yaml"]);
    assert_eq!((run.code(), run.out()), (0, "2 objects: 2 allowed\n"));
    let run = folder.run(&["check", "--config", "with.yaml", "web.yaml"]);
    assert_eq!(run.code(), 1);
    let page = include_str!("../../docs/custom-workloads.md");
    for shown in [ROLLOUTS.trim_start_matches("---\n"), ROLLOUT, run.out()] {
        assert!(
            page.contains(shown),
            "docs/custom-workloads.md lacks:\n{shown}"
        );
    }
    insta::assert_snapshot!(run.out(), @"
    Rollout web is refused, 1 problem: host-network

      host-network: the pod uses its node's network, with all that listens there for the node only
        at        spec.template.spec.hostNetwork
        found     true
        required  false or not set
        fix       remove spec.template.spec.hostNetwork
        risk      the pod gets an address of its own: nothing reaches it by its node's address
        more      gatehouse explain host-network

      --> web.yaml:8:7
      8 |       hostNetwork: true
        |       ^^^^^^^^^^^ host-network

    not judged: Rollout refers has no pod template at `spec.template`: web.yaml, line 12

    2 objects: 1 allowed, 1 refused
    ");
    let json = folder
        .run(&[
            "check",
            "--config",
            "with.yaml",
            "--output",
            "json",
            "web.yaml",
        ])
        .json();
    let missing = |at: usize| json["objects"][at]["missingTemplate"].as_str();
    assert_eq!((missing(0), missing(1)), (None, Some("spec.template")));
}

#[test]
fn mistakes_in_custom_workloads_are_located() {
    let wrong = ROLLOUTS.replace("spec.template", "spec.template.spec");
    let folder = Folder::with(&[
        ("twice.yaml", &format!("{ROLLOUTS}{ROLLOUTS}")),
        ("wrong.yaml", &wrong),
        ("web.yaml", ROLLOUT),
    ]);
    let said = ["twice.yaml", "wrong.yaml"].map(|config| {
        let run = folder.run(&["check", "--config", config, "web.yaml"]);
        assert_eq!(run.code(), 2);
        run.err().to_owned()
    });
    insta::assert_snapshot!(said.concat(), @"
    error: twice.yaml:15:3: spec.kind: another document already says where a `Rollout` of `argoproj.io` has its template
    error: wrong.yaml:8:3: spec.podTemplate: `spec.template.spec` is the pod's spec: name what holds it and the pod's metadata, as in `spec.template`
    ");
}
