//! What was created before Gatehouse was registered must stay manageable, and must not get worse.

use gatehouse_tests::{
    Scene, eventually, mark_pods,
    objects::{IMAGE, OTHER_IMAGE, bad_pod, bad_spec, good_spec, job, workload},
};
use serde_json::{Value, json};

#[test]
fn a_fixed_rollout_completes() {
    let scene = with_bad_deployment("rollout", 2);
    let patch =
        json!([{"op": "replace", "path": "/spec/template/spec", "value": good_spec(IMAGE)}]);
    scene
        .kubectl()
        .patch("deployment/old", "json", &patch)
        .succeeded();
    eventually("the rollout completes", || {
        mark_pods(scene.kubectl(), "Running");
        rolled_out(&scene.kubectl().get("deployment old"), 2)
    });
    let ran = scene
        .kubectl()
        .line("rollout status deployment/old --timeout=60s")
        .succeeded();
    assert_eq!(ran.stdout, "deployment \"old\" successfully rolled out\n");
    assert_eq!(replicas_of_sets(&scene), [0, 2]);
}

#[test]
fn it_scales_down() {
    let scene = with_bad_deployment("scale", 3);
    scene
        .kubectl()
        .line("scale deployment old --replicas=1")
        .succeeded();
    wait_for_pods(&scene, 1);
    scene
        .kubectl()
        .line("scale deployment old --replicas=0")
        .succeeded();
    wait_for_pods(&scene, 0);
    assert_eq!(replicas_of_sets(&scene), [0]);
}

#[test]
fn a_finalizer_can_be_removed() {
    let scene = Scene::new("finalizer");
    let mut pod = bad_pod("old");
    pod["metadata"]["finalizers"] = json!(["example.com/held"]);
    scene.kubectl().create(&pod).succeeded();
    let scene = scene.judged();
    scene
        .kubectl()
        .line("delete pod old --wait=false")
        .succeeded();
    let stored = scene.kubectl().get("pod old");
    assert_ne!(stored["metadata"]["deletionTimestamp"], Value::Null);
    let patch = json!({"metadata": {"finalizers": null}});
    scene
        .kubectl()
        .patch("pod/old", "merge", &patch)
        .succeeded();
    wait_for_pods(&scene, 0);
}

#[test]
fn it_is_deleted_in_the_foreground() {
    let scene = with_bad_deployment("foreground", 1);
    let ran = scene
        .kubectl()
        .line("delete deployment old --cascade=foreground --timeout=60s");
    let said = ran.succeeded().stdout;
    assert!(
        said.starts_with("deployment.apps \"old\" deleted"),
        "{said}"
    );
    assert_eq!(scene.kubectl().list("replicasets"), [Value::Null; 0]);
    assert_eq!(scene.kubectl().list("pods"), [Value::Null; 0]);
}

#[test]
fn it_can_be_labelled_and_annotated() {
    let scene = Scene::new("label");
    scene.kubectl().create(&bad_pod("old")).succeeded();
    scene
        .kubectl()
        .create(&workload("Deployment", "old", bad_spec()))
        .succeeded();
    let scene = scene.judged();
    for what in ["pod", "deployment"] {
        scene
            .kubectl()
            .line(&format!("label {what} old team=shop"))
            .succeeded();
        scene
            .kubectl()
            .line(&format!("annotate {what} old example.com/seen=yes"))
            .succeeded();
        let metadata = scene.kubectl().get(&format!("{what} old"))["metadata"].clone();
        assert_eq!(metadata["labels"]["team"], "shop", "{metadata}");
        assert_eq!(
            metadata["annotations"]["example.com/seen"], "yes",
            "{metadata}"
        );
    }
}

#[test]
fn a_swapped_image_is_refused() {
    let scene = Scene::new("swap");
    scene.kubectl().create(&bad_pod("old")).succeeded();
    scene
        .kubectl()
        .create(&workload("Deployment", "old", bad_spec()))
        .succeeded();
    let scene = scene.judged();
    for what in ["pod", "deployment"] {
        // The image is good; the pod is judged in full, because what runs in it changes.
        let ran = scene
            .kubectl()
            .line(&format!("set image {what}/old app={OTHER_IMAGE}"))
            .refused();
        assert!(ran.denial().contains("hostNetwork"), "{ran}");
        assert!(!ran.denial().contains(OTHER_IMAGE), "{ran}");
    }
}

#[test]
fn a_job_completes() {
    let scene = Scene::new("job");
    scene.kubectl().create(&job("old", bad_spec())).succeeded();
    wait_for_pods(&scene, 1);
    let scene = scene.judged();
    eventually("the Job completes", || {
        mark_pods(scene.kubectl(), "Succeeded");
        let status = scene.kubectl().get("job old")["status"].clone();
        if status["succeeded"] == 1 {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    scene
        .kubectl()
        .line("wait job/old --for=condition=complete --timeout=60s")
        .succeeded();
    scene
        .kubectl()
        .line("delete job old --timeout=60s")
        .succeeded();
    wait_for_pods(&scene, 0);
}

/// A bad Deployment with running pods, and everything judged from now on.
fn with_bad_deployment(subject: &str, replicas: u64) -> Scene {
    let scene = Scene::new(subject);
    let mut deployment = workload("Deployment", "old", bad_spec());
    deployment["spec"]["replicas"] = replicas.into();
    scene.kubectl().create(&deployment).succeeded();
    eventually("the bad Deployment runs", || {
        mark_pods(scene.kubectl(), "Running");
        rolled_out(&scene.kubectl().get("deployment old"), replicas)
    });
    scene.judged()
}

fn rolled_out(deployment: &Value, replicas: u64) -> Result<(), String> {
    let status = &deployment["status"];
    let seen = status["observedGeneration"] == deployment["metadata"]["generation"];
    let counts = ["replicas", "updatedReplicas", "availableReplicas"];
    match seen && counts.iter().all(|count| status[count] == replicas) {
        true => Ok(()),
        false => Err(status.to_string()),
    }
}

fn wait_for_pods(scene: &Scene, count: usize) {
    eventually(&format!("{count} pods are left"), || {
        let pods = scene.kubectl().list("pods");
        if pods.len() == count {
            Ok(())
        } else {
            Err(format!("{pods:#?}"))
        }
    });
}

/// Of each ReplicaSet, smallest first.
fn replicas_of_sets(scene: &Scene) -> Vec<u64> {
    let sets = scene.kubectl().list("replicasets");
    let replicas = |set: &Value| set["status"]["replicas"].as_u64().unwrap_or_default();
    let mut replicas: Vec<_> = sets.iter().map(replicas).collect();
    replicas.sort_unstable();
    replicas
}
