//! What `gatehouse check` says of fields that have no effect.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::Folder;

const MISPLACED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext:
        runAsNonroot: true
        readOnlyRootFilesystem: true
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: ghcr.io/acme/app@sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      - name: mesh
        image: ghcr.io/acme/mesh@sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

#[test]
fn what_was_plainly_meant_is_pointed_out_beside_the_finding() {
    let folder = Folder::with(&[("web.yaml", MISPLACED)]);
    let run = folder.run(&["check", "web.yaml"]);
    let excerpt = run.out().find("  -->").unwrap();
    insta::assert_snapshot!(run.out()[excerpt..].trim_end(), @"
      --> web.yaml:10:7
      10 |       securityContext:
         |       ^^^^^^^^^^^^^^^ run-as-non-root (missing below)
         = note: line 11, column 9: `runAsNonroot` at spec.template.spec.securityContext has no effect: is `runAsNonRoot` meant?
      --> web.yaml:17:9
      17 |         securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
         |         ^^^^^^^^^^^^^^^ read-only-root-filesystem (missing below)
         = note: line 12, column 9: `readOnlyRootFilesystem` at spec.template.spec.securityContext has no effect: it is a field of each container's securityContext
      --> web.yaml:20:9
      20 |         securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
         |         ^^^^^^^^^^^^^^^ read-only-root-filesystem (missing below)

    1 object: 1 refused
    ");
    let json = folder
        .run(&["check", "--output", "json", "web.yaml"])
        .json();
    let findings = json["objects"][0]["findings"].as_array().unwrap();
    let hints: Vec<_> = findings.iter().map(|f| f["hints"].clone()).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&hints).unwrap(), @r#"
    [
      [
        {
          "column": 9,
          "line": 11,
          "message": "`runAsNonroot` at spec.template.spec.securityContext has no effect: is `runAsNonRoot` meant?",
          "path": "spec.template.spec.securityContext.runAsNonroot"
        }
      ],
      [
        {
          "column": 9,
          "line": 12,
          "message": "`readOnlyRootFilesystem` at spec.template.spec.securityContext has no effect: it is a field of each container's securityContext",
          "path": "spec.template.spec.securityContext.readOnlyRootFilesystem"
        }
      ],
      [
        {
          "column": 9,
          "line": 12,
          "message": "`readOnlyRootFilesystem` at spec.template.spec.securityContext has no effect: it is a field of each container's securityContext",
          "path": "spec.template.spec.securityContext.readOnlyRootFilesystem"
        }
      ]
    ]
    "#);
    // the shared text is the cluster's, where such fields are gone
    let text = json["objects"][0]["text"].as_str().unwrap();
    assert!(
        !text.contains("runAsNonroot") && !text.contains("no effect"),
        "{text}"
    );
}
