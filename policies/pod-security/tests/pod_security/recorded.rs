//! Reviews as a kube-apiserver 1.36.2 sent them.

use gatehouse_sdk::{Facts, Request, tree::TreeBuf};
use serde_json::{Value, json};

use crate::support::settings;

/// The request of a review as the host would hand it over, and the findings at hardened.
fn found(review: &str, template: &str) -> Vec<String> {
    let review: Value = serde_json::from_str(review).unwrap();
    let mut request = review["request"].clone();
    let pointer = template.replace('.', "/");
    let pod = request["object"].pointer(format!("/{pointer}").trim_end_matches('/'));
    request["pod"] = pod.unwrap().clone();
    request["podPath"] = json!(template);
    let tree = TreeBuf::from_value(&request).unwrap();
    let request = Request::new(tree.root());
    let findings = pod_security::evaluate(&request, &settings(&json!({})), &Facts::none()).unwrap();
    let line = |finding: &gatehouse_sdk::Finding| format!("{} {:#}", finding.code, finding.path);
    let mut found: Vec<_> = findings.iter().map(line).collect();
    found.sort();
    found
}

#[test]
fn a_pod_with_a_native_sidecar() {
    let found = found(include_str!("reviews/create-pods-web.json"), "");
    assert_eq!(found, [""; 0]);
}

#[test]
fn image_volumes_and_own_users_are_no_findings() {
    let found = found(include_str!("reviews/create-pods-volumes.json"), "");
    assert_eq!(
        found,
        [
            "drop-all-capabilities spec.containers[c].securityContext.capabilities.drop",
            "privilege-escalation spec.containers[c].securityContext.allowPrivilegeEscalation",
            "read-only-root-filesystem spec.containers[c].securityContext.readOnlyRootFilesystem",
            "seccomp-profile spec.securityContext.seccompProfile",
        ]
    );
}

#[test]
fn a_windows_pod_is_asked_only_for_what_windows_has() {
    let found = found(include_str!("reviews/create-pods-win.json"), "");
    assert_eq!(found, ["run-as-non-root spec.securityContext.runAsNonRoot"]);
}

#[test]
fn a_daemon_set_on_the_nodes_network() {
    let review = include_str!("reviews/create-daemonsets-traefik.json");
    const CONTAINER: &str = "spec.template.spec.containers[traefik]";
    assert_eq!(
        found(review, "spec.template"),
        [
            "host-network spec.template.spec.hostNetwork".to_owned(),
            format!("host-port {CONTAINER}.ports[0].hostPort"),
            format!("privilege-escalation {CONTAINER}.securityContext.allowPrivilegeEscalation"),
            format!("read-only-root-filesystem {CONTAINER}.securityContext.readOnlyRootFilesystem"),
            "run-as-non-root spec.template.spec.securityContext.runAsNonRoot".to_owned(),
            "seccomp-profile spec.template.spec.securityContext.seccompProfile".to_owned(),
        ]
    );
}

#[test]
fn an_ephemeral_container_by_kubectl_debug() {
    let review = include_str!("reviews/update-pods-ephemeralcontainers-web.json");
    assert_eq!(found(review, ""), [""; 0]);
}

#[test]
fn workloads_are_judged_by_the_pods_that_they_would_create() {
    let deployment = include_str!("reviews/create-deployments-api.json");
    assert_eq!(
        found(deployment, "spec.template"),
        bare("spec.template", "api")
    );
    let cron_job = include_str!("reviews/create-cronjobs-nightly.json");
    let template = "spec.jobTemplate.spec.template";
    assert_eq!(found(cron_job, template), bare(template, "report"));
}

/// The findings of a pod with one container and no securityContext.
fn bare(template: &str, container: &str) -> Vec<String> {
    let container = format!("{template}.spec.containers[{container}].securityContext");
    let pod = format!("{template}.spec.securityContext");
    vec![
        format!("drop-all-capabilities {container}.capabilities.drop"),
        format!("privilege-escalation {container}.allowPrivilegeEscalation"),
        format!("read-only-root-filesystem {container}.readOnlyRootFilesystem"),
        format!("run-as-non-root {pod}.runAsNonRoot"),
        format!("seccomp-profile {pod}.seccompProfile"),
    ]
}
