//! Custom resources with a pod template, as a Rollout of Argo is one.

use gatehouse_tests::{
    CustomResource, Scene, eventually,
    objects::{IMAGE, bad_spec, bare_spec, good_spec, template},
    pod_security, pod_security_that_fixes,
};
use serde_json::{Value, json};

#[test]
fn are_judged_by_the_pods_they_would_create() {
    let scene = Scene::new("rollout");
    let rollouts = CustomResource::new(scene.cluster, &scene.id, "Rollout");
    let rollout = |name: &str, spec: Value| rollouts.object(name, with_template(name, spec));
    scene
        .kubectl()
        .create(&rollout("before", bad_spec()))
        .succeeded();
    let scene = scene
        .with(pod_security("deny"))
        .with(rollouts.workload("spec.template"))
        .asked_about(rollouts.rule())
        .judged();

    let bad = rollout("bad", bad_spec());
    let ran = scene.kubectl().create(&bad).refused();
    let text = ran.denial();
    assert_eq!(text, scene.check(&bad.to_string()).text());
    assert!(text.contains("spec.template.spec.hostNetwork"), "{text}");
    scene
        .kubectl()
        .create(&rollout("good", good_spec(IMAGE)))
        .succeeded();

    // one that is bad since before can be scaled and ended, not changed
    let what = format!("{}/before", rollouts.name());
    let kubectl = scene.kubectl();
    let scaled = kubectl.line(&format!("scale {what} --replicas=0"));
    scaled.succeeded();
    let patch = |spec: Value| kubectl.patch(&what, "merge", &json!({"spec": spec}));
    patch(json!({"replicas": 1})).succeeded();
    let changed = json!({"template": {"spec": {"hostPID": true}}});
    let text = patch(changed).refused().denial();
    assert!(text.contains("spec.template.spec.hostPID"), "{text}");
    kubectl.line(&format!("delete {what}")).succeeded();
}

#[test]
fn without_a_template_pass_and_are_told_of() {
    let scene = Scene::new("no-template");
    let rollouts = CustomResource::new(scene.cluster, &scene.id, "Rollout");
    let scene = scene
        .with(pod_security("deny"))
        .with(rollouts.workload("spec.template"))
        .asked_about(rollouts.rule())
        .judged();
    let object = rollouts.object("refers", json!({"workloadRef": {"name": "web"}}));
    scene.kubectl().create(&object).succeeded();
    eventually("the decision log tells of it", || {
        let log = scene.gatehouse().log();
        let mut lines = log.lines().filter(|line| line.contains("refers"));
        let told = |line: &str| line.contains(r#""missing_template":"spec.template""#);
        if lines.any(told) {
            Ok(())
        } else {
            Err(log.clone())
        }
    });
    let checked = scene.check(&object.to_string());
    assert_eq!(checked.code(), 0);
    assert_eq!(checked.object()["missingTemplate"], "spec.template");
}

#[test]
fn are_fixed_where_their_author_wrote_them_if_the_operator_wants_that() {
    let scene = Scene::new("fix-rollout");
    let rollouts = CustomResource::new(scene.cluster, &scene.id, "Rollout");
    let mut policy = pod_security_that_fixes();
    policy["spec"]["fixAt"] = "author".into();
    let scene = scene
        .with(policy)
        .with(rollouts.workload("spec.template"))
        .asked_about(rollouts.rule())
        .judged();
    scene.wait_for_fixes();
    let mut spec = with_template("web", bare_spec(IMAGE));
    spec["strategy"] = json!({"canary": {"steps": [{"setWeight": 20}]}});
    let rollout = rollouts.object("web", spec.clone());
    scene.kubectl().create(&rollout).succeeded();
    let stored = scene.kubectl().get(&format!("{} web", rollouts.name()));
    let fixed = &stored["spec"]["template"]["spec"]["containers"][0]["securityContext"];
    assert_eq!(fixed["readOnlyRootFilesystem"], true, "{stored}");
    assert_eq!(stored["spec"]["strategy"], spec["strategy"]);
}

fn with_template(app: &str, spec: Value) -> Value {
    json!({"replicas": 1, "template": template(app, spec)})
}
