//! The shared text is the same, byte for byte, in the cluster and in `check`.

use gatehouse_tests::{
    Injector, Scene, check_as,
    objects::{IMAGE, bad_pod, bare_spec, good_container, good_pod, pod, workload},
    pod_security_that_fixes,
};
use serde_json::{Value, json};

/// Members in no order, block style, no namespace, and three ways to say that nothing is set.
const SCRAMBLED: &str = r#"
spec:
  containers:
  - securityContext: {}
    name: second
    image: registry.example/second:1
  - image: registry.example/app:1.2
    securityContext:
      runAsUser: 0
      capabilities: {drop: [NET_RAW], add: [SYS_ADMIN, NET_ADMIN]}
      privileged: true
    name: app
  volumes:
  - hostPath: {path: /var/run}
    name: run
  hostNetwork: true
  schedulerName: gatehouse-test
  securityContext: null
metadata:
  annotations: {}
  name: scrambled
apiVersion: v1
kind: Pod
"#;

/// Breaks most rules at once, in ways that API defaulting adds to: ports become host ports, probes get
/// schemes, volumes without a source become emptyDirs.
const MANY_RULES: &str = r#"
apiVersion: v1
kind: Pod
metadata:
  name: many
  annotations:
    container.apparmor.security.beta.kubernetes.io/app: unconfined
spec:
  schedulerName: gatehouse-test
  hostNetwork: true
  hostPID: true
  hostIPC: true
  securityContext:
    runAsUser: 0
    runAsNonRoot: false
    seLinuxOptions: {type: own_t, user: own_u}
    seccompProfile: {type: Unconfined}
    sysctls:
    - {name: kernel.msgmax, value: "1"}
    - {name: net.ipv4.tcp_syncookies, value: "1"}
  volumes:
  - name: nothing
  - {name: host, hostPath: {path: /}}
  - {name: shared, nfs: {server: nfs.example, path: /}}
  initContainers:
  - name: init
    image: busybox
    securityContext: {allowPrivilegeEscalation: true}
  containers:
  - name: app
    image: registry.example:5000/app
    ports:
    - containerPort: 80
    - {containerPort: 53, protocol: UDP, name: dns}
    - {containerPort: 90, hostPort: 90}
    livenessProbe:
      httpGet: {path: /, port: 80, host: 10.0.0.1}
    lifecycle:
      preStop:
        tcpSocket: {port: 80, host: 10.0.0.1}
    securityContext:
      capabilities: {add: [SYS_ADMIN, NET_BIND_SERVICE]}
      runAsUser: 0
      seLinuxOptions: {role: own_r}
      seccompProfile: {type: Unconfined}
  - name: windows
    image: localhost/windows@sha256:1234
    securityContext:
      windowsOptions: {runAsUserName: x}
"#;

#[test]
fn for_a_pod_that_breaks_most_rules() {
    let scene = Scene::new("many").judged();
    let ran = scene
        .kubectl()
        .give_text("create -f -", MANY_RULES)
        .refused();
    assert_eq!(ran.denial(), scene.check(MANY_RULES).text());
}

#[test]
fn for_what_mode_fix_leaves() {
    let scene = Scene::new("fix-leaves")
        .with(pod_security_that_fixes())
        .judged();
    scene.wait_for_fixes();
    let mut spec = bare_spec(IMAGE);
    spec["hostPID"] = true.into();
    let text = assert_same_text(&scene, &pod("app", spec.clone()));
    assert!(
        text.starts_with("Pod app is refused, 1 problem: host-pid\n"),
        "{text}"
    );
    assert_same_text(&scene, &workload("Deployment", "app", spec));
}

#[test]
fn for_a_file_in_any_order() {
    let scene = Scene::new("scrambled").judged();
    let ran = scene
        .kubectl()
        .give_text("create -f -", SCRAMBLED)
        .refused();
    assert_eq!(ran.denial(), scene.check(SCRAMBLED).text());

    let sorted = scene
        .kubectl()
        .give_text("create --dry-run=client -o json -f -", SCRAMBLED);
    let sorted = sorted.succeeded().json().to_string();
    assert_eq!(scene.check(&sorted).text(), scene.check(SCRAMBLED).text());
}

#[test]
fn for_a_pod_that_another_webhook_changes_first() {
    let scene = Scene::new("injected");
    let additions = json!({
        "containers": [good_container("mesh", IMAGE)],
        "initContainers": [good_container("mesh-init", IMAGE)],
        "volumes": [{"name": "mesh", "emptyDir": {}}],
    });
    // before Gatehouse's own, by name
    let _injector = Injector::register(scene.cluster, "a-mesh", &scene.id, &additions);
    let scene = scene.judged();
    assert_same_text(&scene, &bad_pod("injected"));
    let stored = scene.try_out(&good_pod("good")).succeeded().json();
    assert_eq!(
        stored["spec"]["containers"][0]["name"], "mesh",
        "nothing was injected: {stored}"
    );
}

#[test]
fn for_a_generated_name() {
    let scene = Scene::new("generated").judged();
    let mut pod = bad_pod("x");
    pod["metadata"] = json!({"generateName": "batch-"});
    let text = assert_same_text(&scene, &pod);
    assert!(text.contains("batch-*"), "{text}");
}

#[test]
fn for_a_file_that_names_its_namespace() {
    let scene = Scene::new("namespaced").judged();
    let mut pod = bad_pod("app");
    pod["metadata"]["namespace"] = scene.namespace().into();
    assert_same_text(&scene, &pod);
}

#[test]
fn for_names_that_are_long() {
    let scene = Scene::new("long-names").judged();
    let mut pod = bad_pod(&"b".repeat(200));
    pod["spec"]["containers"][0]["name"] = "a".repeat(63).into();
    assert_same_text(&scene, &pod);
}

#[test]
fn in_the_text_that_check_prints_for_people() {
    let file = bad_pod("bad").to_string();
    let json = gatehouse_tests::check(&[], "shop", &file);
    let text = check_as("text", &[], "shop", &file);
    assert!(
        text.stdout.contains(json.text()),
        "{}\n--- is not in\n{text}",
        json.text()
    );
}

#[track_caller]
fn assert_same_text(scene: &Scene, pod: &Value) -> String {
    let ran = scene.kubectl().create(pod).refused();
    assert_eq!(ran.denial(), scene.check(&pod.to_string()).text());
    ran.denial()
}
