use gatehouse_tests::{
    Ran, Scene,
    objects::{OTHER_IMAGE, TAGGED_IMAGE, bad_pod, good_pod},
};
use serde_json::{Value, json};

#[test]
fn a_good_pod_is_stored_as_it_was_written() {
    let scene = Scene::new("good").judged();
    let ran = scene.kubectl().create(&good_pod("good")).succeeded();
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("pod/good created\n", "")
    );
    let stored = scene.kubectl().get("pod good");
    let written = good_pod("good");
    for path in [
        "/spec/securityContext",
        "/spec/containers/0/securityContext",
        "/spec/containers/0/image",
    ] {
        assert_eq!(stored.pointer(path), written.pointer(path), "{path}");
    }
}

#[test]
fn the_image_of_a_good_pod_cannot_become_bad() {
    let scene = Scene::new("image").judged();
    let kubectl = scene.kubectl();
    kubectl.create(&good_pod("app")).succeeded();
    let ran = kubectl
        .line(&format!("set image pod/app app={TAGGED_IMAGE}"))
        .refused();
    let mut updated = good_pod("app");
    updated["spec"]["containers"][0]["image"] = TAGGED_IMAGE.into();
    assert_eq!(ran.denial(), scene.check(&updated.to_string()).text());
    assert_eq!(
        image(&scene),
        good_pod("app")["spec"]["containers"][0]["image"]
    );

    kubectl
        .line(&format!("set image pod/app app={OTHER_IMAGE}"))
        .succeeded();
    assert_eq!(image(&scene), OTHER_IMAGE);
}

#[test]
fn patches_are_judged_like_any_update() {
    let scene = Scene::new("patch").judged();
    scene.kubectl().create(&good_pod("app")).succeeded();
    for (kind, patch) in image_patches(&scene, TAGGED_IMAGE) {
        let ran = scene.kubectl().patch("pod/app", kind, &patch).refused();
        assert!(ran.denial().contains(TAGGED_IMAGE), "{kind}: {ran}");
    }
    for (kind, patch) in image_patches(&scene, OTHER_IMAGE) {
        scene.kubectl().patch("pod/app", kind, &patch).succeeded();
    }
    assert_eq!(image(&scene), OTHER_IMAGE);
}

#[test]
fn applies_are_judged_on_either_side() {
    let scene = Scene::new("apply").judged();
    for (name, apply) in [
        ("client", "apply -f -"),
        ("server", "apply --server-side -f -"),
    ] {
        let give = |pod: &Value| scene.kubectl().give(apply, pod);
        give(&bad_pod(name)).refused();
        assert_not_stored(&scene, name);
        give(&good_pod(name)).succeeded();
        let mut updated = good_pod(name);
        updated["spec"]["containers"][0]["image"] = TAGGED_IMAGE.into();
        let ran = give(&updated).refused();
        assert_eq!(
            ran.denial(),
            scene.check(&updated.to_string()).text(),
            "{apply}"
        );
    }
}

#[test]
fn a_dry_run_says_the_same_and_stores_nothing() {
    let scene = Scene::new("dry").judged();
    let dry_run = |pod: &Value| scene.kubectl().give("create --dry-run=server -f -", pod);
    let ran = dry_run(&bad_pod("app")).refused();
    assert_eq!(
        ran.denial(),
        scene.check(&bad_pod("app").to_string()).text()
    );
    let ran = dry_run(&good_pod("app")).succeeded();
    assert_eq!(ran.stdout, "pod/app created (server dry run)\n");
    assert_not_stored(&scene, "app");
}

#[test]
fn a_good_pod_can_be_labelled_and_deleted() {
    let scene = Scene::new("delete").judged();
    let kubectl = scene.kubectl();
    kubectl.create(&good_pod("app")).succeeded();
    kubectl.line("label pod app team=shop").succeeded();
    assert_eq!(
        kubectl.get("pod app")["metadata"]["labels"],
        json!({"team": "shop"})
    );
    kubectl.line("delete pod app --timeout=60s").succeeded();
    assert_not_stored(&scene, "app");
}

fn image(scene: &Scene) -> Value {
    scene.kubectl().get("pod app")["spec"]["containers"][0]["image"].clone()
}

/// A patch of each kind that sets the image of the only container.
fn image_patches(scene: &Scene, image: &str) -> [(&'static str, Value); 3] {
    let mut containers = scene.kubectl().get("pod app")["spec"]["containers"].clone();
    containers[0]["image"] = image.into();
    [
        (
            "strategic",
            json!({"spec": {"containers": [{"name": "app", "image": image}]}}),
        ),
        ("merge", json!({"spec": {"containers": containers}})),
        (
            "json",
            json!([{"op": "replace", "path": "/spec/containers/0/image", "value": image}]),
        ),
    ]
}

#[track_caller]
fn assert_not_stored(scene: &Scene, name: &str) {
    let ran: Ran = scene.kubectl().line(&format!("get pod {name}"));
    assert!(ran.stderr.contains("NotFound"), "{ran}");
}
