use gatehouse_tests::{
    Guest, Injector, Scene, eventually,
    objects::{IMAGE, bare_pod, bare_spec, good_pod, workload},
    pod_security_that_fixes,
};
use serde_json::{Value, json};

/// What `pod-security` adds to a pod that says nothing.
fn fixed_container() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true,
    })
}

#[test]
fn a_pod_without_any_security_context_is_stored_fixed_by_two_policies() {
    let scene = Scene::new("fix").with(pod_security_that_fixes());
    let group = Guest::wants(
        "group",
        "\"runAsGroup\":10001",
        "spec.securityContext.runAsGroup",
        &json!(10001),
    );
    let scene = scene.with_guest(&group, "fix").judged();
    scene.wait_for_fixes();
    scene.kubectl().create(&bare_pod("app")).succeeded();
    let spec = &scene.kubectl().get("pod app")["spec"];
    let expected = json!({
        "runAsNonRoot": true,
        "runAsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    assert_eq!(spec["securityContext"], expected);
    assert_eq!(spec["containers"][0]["securityContext"], fixed_container());
    let checked = scene.check(&bare_pod("app").to_string());
    assert_eq!(
        (checked.code(), &checked.object()["verdict"]),
        (0, &json!("fix"))
    );
}

#[test]
fn policies_that_want_different_values_both_stand_and_name_each_other() {
    let names = ["group-of-shop", "group-of-platform"];
    let scene = Scene::new("conflict")
        .with_guest(&wants_group(names[0], "\"runAsGroup\":10001", 10001), "fix")
        .with_guest(&wants_group(names[1], "\"runAsGroup\":20002", 20002), "fix")
        .judged();
    let text = scene.kubectl().create(&bare_pod("app")).refused().denial();
    assert_eq!(text, scene.check(&bare_pod("app").to_string()).text());
    for (code, other) in [(names[0], names[1]), (names[1], names[0])] {
        let mut findings = text.split("\n\n");
        let finding = findings.find(|f| f.contains(&format!("{code}: ")));
        let conflict = format!("policy {other} wants otherwise");
        assert!(
            finding.is_some_and(|f| f.contains(&conflict)),
            "{code}: {text}"
        );
    }
}

fn wants_group(name: &'static str, needle: &'static str, group: u32) -> Guest {
    Guest::wants(
        name,
        needle,
        "spec.securityContext.runAsGroup",
        &json!(group),
    )
}

#[test]
fn the_pods_of_a_workload_are_fixed_and_not_the_workload() {
    let scene = Scene::new("fix-workload")
        .with(pod_security_that_fixes())
        .judged();
    scene.wait_for_fixes();
    scene
        .kubectl()
        .create(&workload("Deployment", "app", bare_spec(IMAGE)))
        .succeeded();
    let template = &scene.kubectl().get("deployment app")["spec"]["template"]["spec"];
    assert_eq!(template["securityContext"], json!({}), "{template}");
    assert_eq!(
        template["containers"][0]["securityContext"],
        Value::Null,
        "{template}"
    );
    let pod = eventually("the Deployment's pod", || {
        let pods = scene.kubectl().list("pods");
        pods.first().cloned().ok_or_else(|| "no pod".to_owned())
    });
    assert_eq!(
        pod["spec"]["containers"][0]["securityContext"],
        fixed_container()
    );
}

#[test]
fn a_sidecar_that_is_injected_afterwards_is_fixed_too() {
    let scene = Scene::new("reinvoked").with(pod_security_that_fixes());
    let additions = json!({"containers": [{"name": "mesh", "image": IMAGE}]});
    // after Gatehouse's own, by name
    let _injector = Injector::register(scene.cluster, "z-mesh", &scene.id, &additions);
    let scene = scene.judged();
    scene.wait_for_fixes();
    scene.kubectl().create(&bare_pod("app")).succeeded();
    let containers = &scene.kubectl().get("pod app")["spec"]["containers"];
    for (i, name) in ["mesh", "app"].iter().enumerate() {
        assert_eq!(containers[i]["name"], *name, "{containers}");
        assert_eq!(
            containers[i]["securityContext"],
            fixed_container(),
            "{name}"
        );
    }
}

#[test]
fn a_pod_is_fixed_when_it_is_created_and_never_later() {
    let scene = Scene::new("fix-create");
    scene.kubectl().create(&bare_pod("old")).succeeded();
    let scene = scene.with(pod_security_that_fixes()).judged();
    scene.wait_for_fixes();
    scene.kubectl().line("label pod old team=shop").succeeded();
    let old = scene.kubectl().get("pod old");
    assert_eq!(old["metadata"]["labels"]["team"], "shop");
    assert_eq!(
        old["spec"]["containers"][0]["securityContext"],
        Value::Null,
        "{old}"
    );
}

#[test]
fn what_no_fix_names_stays_as_it_is() {
    let scene = Scene::new("fix-nothing")
        .with(pod_security_that_fixes())
        .judged();
    scene.wait_for_fixes();
    let mut pod = good_pod("app");
    pod["spec"]["securityContext"]["seccompProfile"] = Value::Null;
    pod["spec"]["tolerations"] =
        json!([{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 7}]);
    let stored = scene.try_out(&pod).succeeded().json();
    let written = scene
        .kubectl()
        .give("create --dry-run=client -o json -f -", &pod)
        .succeeded()
        .json();
    let seccomp = json!({"type": "RuntimeDefault"});
    assert_eq!(stored["spec"]["securityContext"]["seccompProfile"], seccomp);
    for path in [
        "/spec/tolerations/0",
        "/spec/containers/0/securityContext",
        "/spec/schedulerName",
    ] {
        assert_eq!(stored.pointer(path), written.pointer(path), "{path}");
    }
    assert_eq!(stored["spec"]["securityContext"]["runAsUser"], 10001);
}
