//! What controllers say of the pods that they may not create.

use gatehouse_tests::{
    Checked, Scene, eventually,
    objects::{IMAGE, bad_spec, bare_spec, workload},
};
use serde_json::{Value, json};

/// Longest line that `kubectl get events` is expected to show whole.
const FIRST_LINE: usize = 150;

/// What the ReplicaSet controller and the API server put before the words.
const PREFIX: &str =
    "Error creating: admission webhook \"validate.gatehouse.dev\" denied the request: ";

#[test]
fn a_replica_set_says_once_why_its_pods_are_refused() {
    let scene = Scene::new("event");
    let text = assert_told_once(scene, "old", bad_spec());
    assert!(text.lines().count() > 1, "{text}");
}

/// An event has no limit but that of any object; the first line is cut between codes.
#[test]
fn a_long_denial_is_told_whole_and_its_first_line_stands_alone() {
    let mut spec = bare_spec(IMAGE);
    for member in ["hostNetwork", "hostPID", "hostIPC"] {
        spec[member] = true.into();
    }
    let container = |i| json!({"name": format!("c{i}"), "image": IMAGE, "securityContext": {"privileged": true}});
    spec["containers"] = (0..30).map(container).collect();
    let scene = Scene::new("long-event");
    let text = assert_told_once(scene, &"n".repeat(63), spec);
    assert!(text.contains("\n\nand "), "it is not cut: {text}");
}

/// Has a ReplicaSet try to create such pods several times. Returns the words of its only event.
#[track_caller]
fn assert_told_once(scene: Scene, name: &str, spec: Value) -> String {
    let mut set = workload("ReplicaSet", name, spec);
    set["spec"]["selector"]["matchLabels"] = json!({"app": "old"});
    set["spec"]["template"]["metadata"]["labels"] = json!({"app": "old"});
    set["spec"]["replicas"] = 0.into();
    scene.kubectl().create(&set).succeeded();
    let scene = scene.judged();
    let scale = format!("scale replicaset {name} --replicas=1");
    scene.kubectl().line(&scale).succeeded();

    let event = eventually("the ReplicaSet tried again", || tried_again(&scene));
    let checked = scene.check(&generated_pod(&set).to_string());
    assert_eq!(event["message"], format!("{PREFIX}{}", checked.text()));
    assert_first_line_stands_alone(&scene, name, &checked);
    let status = &scene.kubectl().get(&format!("replicaset {name}"))["status"];
    assert_eq!(status["replicas"], 0);
    checked.text().to_owned()
}

/// The only event of failed creation, once it stands for several: a text that differed from pod to pod
/// would make an event for each.
fn tried_again(scene: &Scene) -> Result<Value, String> {
    let events = scene
        .kubectl()
        .list("events --field-selector=reason=FailedCreate");
    match events.as_slice() {
        [event] if event["count"].as_u64() > Some(2) => Ok(event.clone()),
        _ => Err(format!("{events:#?}")),
    }
}

/// `kubectl get events` shows no more of a text than its first line, with a mark that there is more. So that
/// says what is refused, that it is refused, and a rule at least that is broken.
#[track_caller]
fn assert_first_line_stands_alone(scene: &Scene, name: &str, checked: &Checked) {
    let shown = scene
        .kubectl()
        .line("get events --no-headers --field-selector=reason=FailedCreate")
        .succeeded();
    let first = checked.text().lines().next().unwrap_or_default();
    let expected = format!("{PREFIX}{first}...\n");
    assert!(shown.stdout.ends_with(&expected), "{shown}");
    assert_eq!(shown.stdout.lines().count(), 1, "{shown}");
    assert!(first.chars().count() <= FIRST_LINE, "{first}");
    assert!(
        first.starts_with(&format!("Pod {name}-* is refused")),
        "{first}"
    );
    let mut codes = checked.findings().iter().filter_map(|f| f["code"].as_str());
    assert!(codes.any(|code| first.contains(code)), "{first}");
}

/// The pod that the ReplicaSet asks for.
fn generated_pod(set: &Value) -> Value {
    let template = &set["spec"]["template"];
    let prefix = format!("{}-", set["metadata"]["name"].as_str().unwrap_or_default());
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": prefix, "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    })
}
