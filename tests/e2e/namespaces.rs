//! `level: namespace`: the labels of a namespace decide, as they are when a pod is created.

use gatehouse_tests::{Scene, objects::bare_pod, pod_security};

#[test]
fn the_labels_of_the_namespace_decide() {
    let mut policy = pod_security("deny");
    policy["spec"]["settings"] = serde_json::json!({"level": "namespace"});
    let scene = Scene::new("namespace-level").with(policy);
    label(&scene, "restricted");
    let scene = scene.judged();
    let ran = scene.kubectl().create(&bare_pod("bare"));
    assert!(ran.stderr.contains("run-as-non-root"), "{ran}");

    label(&scene, "baseline");
    scene.kubectl().create(&bare_pod("bare")).succeeded();
    label(&scene, "restricted");
    let ran = scene.kubectl().create(&bare_pod("again"));
    assert!(ran.stderr.contains("run-as-non-root"), "{ran}");
}

fn label(scene: &Scene, level: &str) {
    let label = format!("pod-security.kubernetes.io/enforce={level}");
    let namespace = scene.namespace();
    let line = format!("label namespace {namespace} --overwrite {label}");
    scene.kubectl().line(&line).succeeded();
}
