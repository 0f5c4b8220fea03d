use gatehouse_manifest::{Entry, Limits, Manifest};

use super::*;

/// The sentences for these findings, each with its place; a finding is `CODE PATH`.
fn said(yaml: &str, findings: &[&str]) -> String {
    let manifest = Manifest::read(yaml.as_bytes(), &Limits::default()).unwrap();
    let Ok(document) = &manifest.documents()[0] else {
        panic!("a document expected")
    };
    let [Entry::Object(object)] = document.entries() else {
        panic!("one object expected")
    };
    let findings: Vec<_> = findings.iter().map(|text| finding(text)).collect();
    let hints = hints(object, &findings.iter().collect::<Vec<_>>());
    let line = |h: &Hint| format!("{}: {}:{} {}", h.finding, h.line, h.column, h.sentence);
    hints.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn finding(text: &str) -> Finding {
    let (code, path) = text.split_once(' ').unwrap();
    let path: Path = path.parse().unwrap();
    let container = path.segments().iter().find_map(|segment| match segment {
        Segment::Item { value, .. } => Some(value.clone()),
        _ => None,
    });
    Finding {
        code: code.into(),
        path,
        container,
        message: "it is broken".into(),
        found: None,
        required: None,
        help: None,
        fix: None,
    }
}

fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n{spec}")
}

const READ_ONLY: &str =
    "read-only-root-filesystem spec.containers[name=app].securityContext.readOnlyRootFilesystem";
const NON_ROOT: &str = "run-as-non-root spec.securityContext.runAsNonRoot";
const SECCOMP: &str = "seccomp-profile spec.securityContext.seccompProfile";
const ESCALATION: &str =
    "privilege-escalation spec.containers[name=app].securityContext.allowPrivilegeEscalation";
const DROP: &str =
    "drop-all-capabilities spec.containers[name=app].securityContext.capabilities.drop";

#[test]
fn containers_fields_at_the_pods_security_context() {
    let pod = pod("
  securityContext:
    readOnlyRootFilesystem: true
    allowPrivilegeEscalation: false
    capabilities: {drop: [ALL]}
  containers:
  - name: app
");
    insta::assert_snapshot!(said(&pod, &[READ_ONLY, ESCALATION, DROP]), @"
    0: 7:5 `readOnlyRootFilesystem` at spec.securityContext has no effect: it is a field of each container's securityContext
    1: 8:5 `allowPrivilegeEscalation` at spec.securityContext has no effect: it is a field of each container's securityContext
    2: 9:5 `capabilities` at spec.securityContext has no effect: it is a field of each container's securityContext
    ");
}

#[test]
fn fields_beside_the_security_context_they_belong_into() {
    let pod = pod("
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    privileged: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
    securityContext: {privileged: true, drop: [ALL]}
");
    let privileged = "privileged-container spec.containers[name=app].securityContext.privileged";
    let findings = [NON_ROOT, SECCOMP, privileged, READ_ONLY, DROP];
    insta::assert_snapshot!(said(&pod, &findings), @"
    0: 6:3 `runAsNonRoot` at spec has no effect: it is a field of the pod's securityContext
    1: 7:3 `seccompProfile` at spec has no effect: it is a field of the pod's securityContext
    2: 10:5 `privileged` at spec.containers[app] has no effect: it is a field of the container's securityContext
    3: 11:5 `readOnlyRootFilesystem` at spec.containers[app] has no effect: it is a field of the container's securityContext
    4: 12:5 `capabilities` at spec.containers[app] has no effect: it is a field of the container's securityContext
    4: 13:41 `drop` at spec.containers[app].securityContext has no effect: it is a field of the `capabilities` of the container's securityContext
    ");
}

#[test]
fn security_contexts_that_nothing_has() {
    let deployment = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  securityContext: {runAsNonRoot: true}
securityContext: {runAsNonRoot: true}
spec:
  securityContext: {readOnlyRootFilesystem: true}
  template:
    securityContext: {runAsNonRoot: true}
    metadata:
      securityContext: {runAsNonRoot: true, fsGroup: 1}
    spec:
      securitycontext: {runAsNonRoot: true, readOnlyRootFilesystem: true}
      containers:
      - name: app
        SecurityContext: {readOnlyRootFilesystem: true}
";
    let findings = [
        "run-as-non-root spec.template.spec.securityContext.runAsNonRoot",
        "read-only-root-filesystem spec.template.spec.containers[name=app].securityContext.readOnlyRootFilesystem",
    ];
    insta::assert_snapshot!(said(deployment, &findings), @"
    0: 6:1 `securityContext` at the top of the object has no effect: it is a field of the pod's spec
    0: 5:3 `securityContext` at metadata has no effect: it is a field of the pod's spec
    0: 10:5 `securityContext` at spec.template has no effect: it is a field of the pod's spec
    0: 12:7 `securityContext` at spec.template.metadata has no effect: it is a field of the pod's spec
    0: 14:7 `securitycontext` at spec.template.spec has no effect: is `securityContext` meant?
    1: 8:3 `securityContext` at spec has no effect: it is a field of each container
    1: 14:7 `securitycontext` at spec.template.spec has no effect: is `securityContext` meant? That is a field of each container
    1: 17:9 `SecurityContext` at spec.template.spec.containers[app] has no effect: is `securityContext` meant?
    ");
}

#[test]
fn slips_of_the_pen() {
    let pod = pod("
  hostnetwork: false
  hostNetwork: true
  runAsNonroot: true
  securityContext:
    runAsNonroot: true
    runAsNotRoot: true
    run_as_non_root: true
    seccomprofile: {type: RuntimeDefault}
  containers:
  - name: app
    securityContext:
      readOnlyFilesystem: true
      ReadOnlyRootFilesystem: true
      allowPriviledgeEscalation: false
      capabilities: {Drop: [ALL]}
");
    let network = "host-network spec.hostNetwork";
    let findings = [network, NON_ROOT, SECCOMP, READ_ONLY, ESCALATION, DROP];
    insta::assert_snapshot!(said(&pod, &findings), @"
    0: 6:3 `hostnetwork` at spec has no effect: is `hostNetwork` meant?
    1: 8:3 `runAsNonroot` at spec has no effect: is `runAsNonRoot` meant? That is a field of the pod's securityContext
    1: 10:5 `runAsNonroot` at spec.securityContext has no effect: is `runAsNonRoot` meant?
    1: 11:5 `runAsNotRoot` at spec.securityContext has no effect: is `runAsNonRoot` meant?
    1: 12:5 `run_as_non_root` at spec.securityContext has no effect: is `runAsNonRoot` meant?
    2: 13:5 `seccomprofile` at spec.securityContext has no effect: is `seccompProfile` meant?
    3: 17:7 `readOnlyFilesystem` at spec.containers[app].securityContext has no effect: is `readOnlyRootFilesystem` meant?
    3: 18:7 `ReadOnlyRootFilesystem` at spec.containers[app].securityContext has no effect: is `readOnlyRootFilesystem` meant?
    4: 19:7 `allowPriviledgeEscalation` at spec.containers[app].securityContext has no effect: is `allowPrivilegeEscalation` meant?
    5: 20:22 `Drop` at spec.containers[app].securityContext.capabilities has no effect: is `drop` meant?
    ");
}

#[test]
fn what_explains_nothing_is_not_said() {
    let quiet = [
        // right, in another container
        "  containers:\n  - name: other\n    securityContext: {readOnlyRootFilesystem: true}\n  - name: app\n",
        // misplaced in another container
        "  containers:\n  - name: other\n    readOnlyRootFilesystem: true\n  - name: app\n",
        // not the value that would help
        "  securityContext: {readOnlyRootFilesystem: false, allowPrivilegeEscalation: true}\n  containers:\n  - name: app\n",
        "  securityContext: {readOnlyRootFilesystem: null, capabilities: null}\n  containers:\n  - name: app\n",
        // other fields
        "  securityContext: {runAsRoot: true, runAsGroup: 1, runAsUser: 1}\n  hostUsers: false\n  containers:\n  - name: app\n",
        // a misplaced security context without the field
        "  containers:\n  - name: app\n    securitycontext: {privileged: false}\n",
    ];
    for spec in quiet {
        assert_eq!(
            said(&pod(spec), &[READ_ONLY, NON_ROOT, ESCALATION, DROP]),
            "",
            "{spec}"
        );
    }
    let other_code = "image-not-pinned spec.containers[name=app].image";
    let misplaced = pod("  securityContext: {readOnlyRootFilesystem: true}\n  containers: []\n");
    assert_eq!(said(&misplaced, &[other_code]), "");
    let annotation = r#"seccomp-profile metadata.annotations["a"]"#;
    assert_eq!(said(&misplaced, &[annotation]), "");
}

/// A custom resource may have a `securityContext` of its own; its template is as Kubernetes says.
#[test]
fn around_the_template_of_a_custom_resource_anything_may_have_a_meaning() {
    let rollout = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  securityContext: {runAsNonRoot: true}
  runAsNonRoot: true
  template:
    securityContext: {runAsNonRoot: true}
    spec:
      runAsNonRoot: true
";
    let finding = "run-as-non-root spec.template.spec.securityContext.runAsNonRoot";
    insta::assert_snapshot!(said(rollout, &[finding]), @"
    0: 8:5 `securityContext` at spec.template has no effect: it is a field of the pod's spec
    0: 10:7 `runAsNonRoot` at spec.template.spec has no effect: it is a field of the pod's securityContext
    ");
}

#[test]
fn hostile_names_are_shown_not_obeyed() {
    let pod = pod("  containers:\n  - name: \"a\\e[31m\"\n    readOnlyRootFilesystem: true\n");
    let finding = "read-only-root-filesystem spec.containers[name=\"a\\u001b[31m\"].securityContext.readOnlyRootFilesystem";
    let said = said(&pod, &[finding]);
    assert!(said.contains("has no effect"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn an_object_without_end_is_not_read_to_its_end() {
    let members = |count: usize| {
        let members = (0..count).map(|i| format!("    a{i}: 1\n"));
        let members: String = members.collect();
        pod(&format!(
            "\n  securityContext:\n{members}    runAsNonroot: true\n"
        ))
    };
    assert_ne!(said(&members(MEMBERS - 1), &[NON_ROOT]), "");
    assert_eq!(said(&members(MEMBERS), &[NON_ROOT]), "");
    let slips = |count: usize| {
        let slips = (0..count).map(|i| format!("    runAsNonRoot{i}: true\n"));
        let slips: String = slips.collect();
        let pod = pod(&format!("\n  securityContext:\n{slips}"));
        said(&pod, &[NON_ROOT]).lines().count()
    };
    assert_eq!((slips(HINTS), slips(HINTS + 1)), (HINTS, HINTS));
}
