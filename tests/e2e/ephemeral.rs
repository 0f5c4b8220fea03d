use gatehouse_tests::{
    Ran, Scene,
    objects::{IMAGE, bad_pod, bare_spec, good_container, good_pod},
    skipped,
};
use serde_json::{Value, json};

#[test]
fn an_added_ephemeral_container_is_judged_and_the_pod_is_not_judged_again() {
    let scene = Scene::new("ephemeral");
    if !scene.cluster.serves("api/v1", "pods/ephemeralcontainers") {
        return skipped("ephemeral containers");
    }
    scene.kubectl().create(&bad_pod("old")).succeeded();
    let scene = scene.judged();
    scene.kubectl().create(&good_pod("good")).succeeded();
    let bad = &bare_spec(IMAGE)["containers"][0];
    for pod in ["old", "good"] {
        let ran = add(&scene, pod, "bad", bad.clone()).refused();
        assert!(
            ran.denial().contains("spec.ephemeralContainers[bad]"),
            "{ran}"
        );
        assert!(!ran.denial().contains("hostNetwork"), "{ran}");
        add(&scene, pod, "good", good_container("good", IMAGE)).succeeded();
        let stored = scene.kubectl().get(&format!("pod {pod}"));
        assert_eq!(
            stored["spec"]["ephemeralContainers"][0]["name"], "good",
            "{stored}"
        );
    }
}

#[test]
fn a_pod_can_be_resized() {
    let scene = Scene::new("resize");
    if !scene.cluster.serves("api/v1", "pods/resize") {
        return skipped("the subresource pods/resize");
    }
    let mut pod = bad_pod("old");
    pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1m"}});
    scene.kubectl().create(&pod).succeeded();
    let scene = scene.judged();
    let patch = json!({"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "2m"}}}]}});
    let patch = patch.to_string();
    let resize = [
        "patch",
        "pod",
        "old",
        "--subresource=resize",
        "--patch",
        &patch,
    ];
    scene.kubectl().run(resize).succeeded();
    let resources = &scene.kubectl().get("pod old")["spec"]["containers"][0]["resources"];
    assert_eq!(resources["requests"]["cpu"], "2m", "{resources}");
}

/// Adds an ephemeral container as `kubectl debug` does.
fn add(scene: &Scene, pod: &str, name: &str, mut container: Value) -> Ran {
    let mut object = scene.kubectl().get(&format!("pod {pod}"));
    container["name"] = name.into();
    object["spec"]["ephemeralContainers"] = json!([container]);
    let path = format!(
        "/api/v1/namespaces/{}/pods/{pod}/ephemeralcontainers",
        scene.namespace()
    );
    scene
        .kubectl()
        .give(&format!("replace --raw {path} -f -"), &object)
}
