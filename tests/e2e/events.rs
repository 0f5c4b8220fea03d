use gatehouse_tests::{
    Scene, eventually,
    objects::{bad_spec, workload},
};
use serde_json::{Value, json};

/// Longest line that `kubectl get events` is expected to show whole.
const FIRST_LINE: usize = 150;

#[test]
fn a_replica_set_says_once_why_its_pods_are_refused() {
    let scene = Scene::new("event");
    let mut set = workload("ReplicaSet", "old", bad_spec());
    set["spec"]["replicas"] = 0.into();
    scene.kubectl().create(&set).succeeded();
    let scene = scene.judged();
    scene
        .kubectl()
        .line("scale replicaset old --replicas=1")
        .succeeded();

    let event = eventually("the ReplicaSet tried again", || tried_again(&scene));
    let checked = scene.check(&generated_pod(&set).to_string());
    let expected = format!(
        "Error creating: admission webhook \"validate.gatehouse.dev\" denied the request: {}",
        checked.text()
    );
    assert_eq!(event["message"], expected);
    let first = checked.text().lines().next().unwrap_or_default();
    assert!(first.chars().count() <= FIRST_LINE, "{first}");
    assert_eq!(
        scene.kubectl().get("replicaset old")["status"]["replicas"],
        0
    );
}

/// The only event of failed creation, once it stands for several: a text that differed from pod to pod
/// would make an event for each.
fn tried_again(scene: &Scene) -> Result<Value, String> {
    let events = scene
        .kubectl()
        .list("events --field-selector=reason=FailedCreate");
    match events.as_slice() {
        [event] if event["count"].as_u64() > Some(1) => Ok(event.clone()),
        _ => Err(format!("{events:#?}")),
    }
}

/// The pod that the ReplicaSet asks for.
fn generated_pod(set: &Value) -> Value {
    let template = &set["spec"]["template"];
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "old-", "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    })
}
