use gatehouse_tests::{
    Scene,
    objects::{IMAGE, bad_spec, cron_job, good_spec, job, old_cron_jobs, template, workload},
};
use serde_json::{Value, json};

#[test]
fn what_creates_pods_is_judged_by_the_pods_it_would_create() {
    let scene = Scene::new("workloads").judged();
    for object in workloads("bad", &bad_spec()) {
        assert_refused(&scene, &object);
    }
    for object in workloads("good", &good_spec(IMAGE)) {
        scene.kubectl().create(&object).succeeded();
    }
}

#[test]
fn a_cron_job_is_judged_by_the_pods_it_would_create() {
    let scene = Scene::new("cronjob").asked_about(old_cron_jobs()).judged();
    let object = |name, spec| cron_job(scene.cluster.cron_jobs(), name, spec);
    assert_refused(&scene, &object("bad", bad_spec()));
    let good = object("good", good_spec(IMAGE));
    scene.kubectl().create(&good).succeeded();
}

#[test]
fn a_good_workload_cannot_become_bad() {
    let scene = Scene::new("become-bad").judged();
    let kubectl = scene.kubectl();
    kubectl
        .create(&workload("Deployment", "app", good_spec(IMAGE)))
        .succeeded();
    let patch = json!({"spec": {"template": {"spec": {"hostPID": true}}}});
    let ran = kubectl
        .patch("deployment/app", "strategic", &patch)
        .refused();
    assert!(ran.denial().contains("spec.template.spec.hostPID"), "{ran}");
    assert_eq!(
        kubectl.get("deployment app")["spec"]["template"]["spec"]["hostPID"],
        Value::Null
    );
}

#[track_caller]
fn assert_refused(scene: &Scene, object: &Value) {
    let ran = scene.kubectl().create(object).refused();
    assert_eq!(ran.denial(), scene.check(&object.to_string()).text());
    let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
    let (kind, name) = (
        kind.as_str().unwrap_or_default(),
        name.as_str().unwrap_or_default(),
    );
    let ran = scene.kubectl().line(&format!("get {kind} {name}"));
    assert!(ran.stderr.contains("NotFound"), "{ran}");
}

fn workloads(name: &str, spec: &Value) -> Vec<Value> {
    let apps = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"];
    let mut objects: Vec<_> = apps
        .iter()
        .map(|kind| workload(kind, name, spec.clone()))
        .collect();
    objects.push(job(name, spec.clone()));
    objects.push(json!({
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"app": name}, "template": template(name, spec.clone())},
    }));
    objects.push(json!({
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": name},
        "template": template(name, spec.clone()),
    }));
    objects
}
