//! Pods that no API server would take: never a panic, and never a way past a rule.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    pods,
    support::{LEVELS, codes, level, passing_pod, run, set},
};

#[test]
fn what_is_not_built_as_the_api_demands_is_a_finding() {
    let cases = [
        ("metadata", json!("m"), "an object"),
        ("metadata.annotations", json!(["a"]), "an object"),
        ("spec", json!([]), "an object"),
        ("spec.os", json!("windows"), "an object"),
        ("spec.securityContext", json!("none"), "an object"),
        (
            "spec.securityContext.sysctls",
            json!({"name": "a"}),
            "a list",
        ),
        ("spec.volumes", json!({"name": "a"}), "a list"),
        ("spec.containers", json!({"name": "app"}), "a list"),
        ("spec.initContainers", json!("init"), "a list"),
        ("spec.ephemeralContainers", json!(7), "a list"),
        (
            "spec.containers[name=app].securityContext",
            json!("privileged"),
            "an object",
        ),
        (
            "spec.containers[name=app].securityContext.windowsOptions",
            json!(true),
            "an object",
        ),
        (
            "spec.containers[name=app].securityContext.seLinuxOptions",
            json!("spc_t"),
            "an object",
        ),
        (
            "spec.containers[name=app].securityContext.capabilities",
            json!(["ALL"]),
            "an object",
        ),
        (
            "spec.containers[name=app].securityContext.capabilities.add",
            json!("SYS_ADMIN"),
            "a list",
        ),
        ("spec.containers[name=app].ports", json!("80:80"), "a list"),
        (
            "spec.containers[name=app].livenessProbe",
            json!("http://a"),
            "an object",
        ),
        (
            "spec.containers[name=app].lifecycle.preStop.httpGet",
            json!("http://a"),
            "an object",
        ),
    ];
    for (path, value, required) in cases {
        let mut pod = passing_pod();
        set(&mut pod, path, value);
        let found = run(&pod, &level("baseline", 37));
        let malformed: Vec<_> = found
            .iter()
            .filter(|finding| finding.code == "malformed-pod")
            .collect();
        assert_eq!(malformed.len(), 1, "{path}: {found:?}");
        assert_eq!(malformed[0].path.to_string(), path);
        assert_eq!(malformed[0].required.as_deref(), Some(required), "{path}");
        assert_eq!(run(&pod, &level("privileged", 37)), [], "{path}");
    }
}

#[test]
fn items_that_are_no_objects_are_named_by_their_place() {
    for (path, list) in [
        ("spec.containers", "containers"),
        ("spec.volumes", "volumes"),
    ] {
        let mut pod = passing_pod();
        set(
            &mut pod,
            path,
            json!([{"name": "a", "securityContext": {}}, "b"]),
        );
        let found = run(&pod, &level("baseline", 37));
        assert_eq!(found[0].path.to_string(), format!("spec.{list}[1]"));
    }
}

#[test]
fn a_pod_without_anything_is_judged() {
    for pod in [
        json!({}),
        json!({"spec": null}),
        json!({"spec": {"containers": [null]}}),
    ] {
        for level_name in LEVELS {
            assert!(codes(&run(&pod, &level(level_name, 37))).len() <= 5);
        }
    }
}

/// Containers without a name, or with the same, are told apart by their index.
#[test]
fn containers_without_a_name_of_their_own_are_found() {
    let privileged = json!({"name": "a", "securityContext": {"privileged": true}});
    let nameless = json!({"securityContext": {"privileged": true}});
    let pod = json!({"spec": {"containers": [privileged, privileged, nameless]}});
    let found = run(&pod, &level("baseline", 37));
    let paths: Vec<_> = found
        .iter()
        .map(|finding| finding.path.to_string())
        .collect();
    let path = |index: u8| format!("spec.containers[{index}].securityContext.privileged");
    assert_eq!(paths, [path(0), path(1), path(2)]);
}

const PLACES: [&str; 24] = [
    "metadata",
    "metadata.annotations",
    r#"metadata.annotations["container.apparmor.security.beta.kubernetes.io/a"]"#,
    r#"metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]"#,
    "spec",
    "spec.os",
    "spec.hostNetwork",
    "spec.hostUsers",
    "spec.volumes",
    "spec.containers",
    "spec.initContainers",
    "spec.ephemeralContainers",
    "spec.securityContext",
    "spec.securityContext.runAsUser",
    "spec.securityContext.runAsNonRoot",
    "spec.securityContext.seccompProfile",
    "spec.securityContext.appArmorProfile",
    "spec.securityContext.sysctls",
    "spec.securityContext.windowsOptions",
    "spec.securityContext.seLinuxOptions.type",
    "spec.containers[0].securityContext",
    "spec.containers[0].securityContext.capabilities",
    "spec.containers[0].ports",
    "spec.containers[0].livenessProbe",
];

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "name", "type", "add", "host", "hostPath", "hostPort", "",
    ]);
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_panics(
        mut pod in pods::pod(),
        garbage in prop::collection::vec((prop::sample::select(&PLACES[..]), anything()), 1..4),
    ) {
        for (path, value) in garbage {
            if path.starts_with("spec.containers[0]") && !pod["spec"]["containers"][0].is_object() {
                continue;
            }
            set(&mut pod, path, value);
        }
        for version in [0, 18, 37] {
            for level_name in LEVELS {
                run(&pod, &level(level_name, version));
            }
        }
    }
}
