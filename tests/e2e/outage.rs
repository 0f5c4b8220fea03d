use gatehouse_tests::{
    Scene,
    objects::{bad_pod, good_pod},
};
use serde_json::json;

#[test]
fn without_gatehouse_pods_wait_and_the_rest_of_the_cluster_does_not() {
    let scene = Scene::new("outage");
    scene.kubectl().create(&bad_pod("old")).succeeded();
    let scene = scene.judged().without_gatehouse();
    let ran = scene.kubectl().create(&good_pod("app"));
    let expected = "failed calling webhook \"validate.gatehouse.dev\"";
    assert!(ran.code == 1 && ran.stderr.contains(expected), "{ran}");

    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"}});
    scene.kubectl().create(&config_map).succeeded();
    scene
        .kubectl()
        .line("create serviceaccount app")
        .succeeded();
    scene
        .kubectl()
        .line("delete pod old --timeout=60s")
        .succeeded();
}
