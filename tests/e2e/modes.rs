use gatehouse_tests::{
    Scene, eventually,
    objects::{bad_pod, good_pod},
    pod_security, skipped,
};
use serde_json::json;

#[test]
fn warn_stores_the_pod_and_says_what_is_wrong() {
    let scene = Scene::new("warn").with(pod_security("warn")).judged();
    let ran = scene.kubectl().create(&bad_pod("bad")).succeeded();
    assert_eq!(ran.stdout, "pod/bad created\n");
    let warned = |code: &str| {
        ran.stderr
            .lines()
            .any(|l| l.starts_with(&format!("Warning: {code}: ")))
    };
    assert!(
        warned("host-network") && warned("privileged-container"),
        "{ran}"
    );
    let ran = scene.kubectl().create(&good_pod("good")).succeeded();
    assert_eq!(ran.stderr, "");
    let checked = scene.check(&bad_pod("bad").to_string());
    assert_eq!(
        (checked.code(), &checked.object()["verdict"]),
        (0, &json!("warn"))
    );
}

#[test]
fn audit_is_written_to_the_audit_log() {
    let scene = Scene::new("audit");
    if scene.cluster.audit_log().is_none() {
        return skipped("an audit log beside its kubeconfig");
    }
    let mut policy = pod_security("audit");
    // the one that tells when everything is registered
    policy["spec"]["overrides"] = json!([{"codes": ["host-network"], "mode": "warn"}]);
    let scene = scene.with(policy).judged();
    scene.kubectl().create(&bad_pod("bad")).succeeded();
    eventually("the finding is in the audit log", || {
        let log = scene.cluster.audit_log().unwrap_or_default();
        let mut lines = log.lines().filter(|line| line.contains(scene.namespace()));
        let found = lines.any(|l| {
            l.contains("validate.gatehouse.dev/findings") && l.contains("privileged-container")
        });
        if found {
            Ok(())
        } else {
            Err("it is not".to_owned())
        }
    });
}

#[test]
fn an_operators_own_line_ends_the_denial() {
    let mut policy = pod_security("deny");
    policy["spec"]["message"] = "help: #platform".into();
    let scene = Scene::new("message").with(policy).judged();
    let denial = scene.kubectl().create(&bad_pod("bad")).refused().denial();
    assert!(denial.ends_with("\n\nhelp: #platform"), "{denial}");
}

#[test]
fn an_exempted_finding_is_not_refused() {
    let exemption = json!({
        "apiVersion": "gatehouse.dev/v1alpha1",
        "kind": "Exemption",
        "metadata": {"name": "bad-is-known"},
        "spec": {
            "policy": "pod-security",
            "codes": ["host-network"],
            "workloads": [{"namespace": "*", "kind": "Pod", "name": "known"}],
            "reason": "a test", "owner": "tests", "expires": "2999-01-01",
        },
    });
    let scene = Scene::new("exempted")
        .with(pod_security("deny"))
        .with(exemption)
        .judged();
    let host_network = |name: &str| {
        let mut pod = good_pod(name);
        pod["spec"]["hostNetwork"] = true.into();
        pod
    };
    scene.kubectl().create(&host_network("known")).succeeded();
    scene.kubectl().create(&host_network("other")).refused();
}
