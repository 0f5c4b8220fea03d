use gatehouse_abi::tree::TreeBuf;
use serde_json::{Value, json};

use super::*;

fn read_value(document: Value) -> Result<Document, String> {
    let tree = TreeBuf::from_value(&document).unwrap();
    read(tree.root()).map_err(|error| error.to_string())
}

fn policy(spec: Value) -> Result<Document, String> {
    read_value(json!({
        "apiVersion": API_VERSION,
        "kind": "Policy",
        "metadata": {"name": "p"},
        "spec": spec,
    }))
}

#[test]
fn a_policy_with_only_a_module_denies() {
    let Ok(Document::Policy(name, spec)) = policy(json!({"module": "builtin:pod-security"})) else {
        panic!("a policy expected")
    };
    assert_eq!(name, "p");
    assert_eq!((spec.mode, spec.on_error), (Mode::Deny, OnError::Deny));
    assert_eq!(spec.settings, json!({}));
}

#[test]
fn mistakes_are_located_in_plain_words() {
    let spec = |extra: Value| {
        let mut spec = json!({"module": "builtin:x"});
        spec.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        policy(spec).unwrap_err()
    };
    insta::assert_snapshot!(spec(json!({"mode": "block"})), @"spec.mode: unknown value `block`, expected one of `deny`, `warn`, `audit`, `fix`");
    insta::assert_snapshot!(spec(json!({"modus": "deny"})), @"spec.modus: unknown field `modus`, expected one of `module`, `mode`, `settings`, `match`, `overrides`, `facts`, `onError`, `message`, `riskyFixes`, `fixAt`");
    insta::assert_snapshot!(spec(json!({"overrides": [{"mode": "warn", "codes": "a"}]})), @"spec.overrides[0].codes: expected a list, not `a`");
    insta::assert_snapshot!(spec(json!({"match": "all"})), @"spec.match: expected an object, not `all`");
    insta::assert_snapshot!(spec(json!({"module": "docker:x"})), @"spec.module: `docker:x` is not a module: write `builtin:NAME` or `file:PATH`");
    insta::assert_snapshot!(spec(json!({"module": "oci:x@sha256:1"})), @"spec.module: `oci:x@sha256:1`: this version cannot load modules from registries; save the module and write `file:PATH`");
    insta::assert_snapshot!(policy(Value::Null).unwrap_err(), @"spec: expected an object, not nothing");
    insta::assert_snapshot!(policy(json!({"mode": "deny"})).unwrap_err(), @"spec: missing field `module`");
}

#[test]
fn other_documents_are_refused_by_name() {
    let document = |api: &str, kind: &str| {
        read_value(json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x"}})).unwrap_err()
    };
    insta::assert_snapshot!(document("v1", "Pod"), @"apiVersion: `v1` is not `gatehouse.dev/v1alpha1`");
    insta::assert_snapshot!(document(API_VERSION, "Pod"), @"kind: `Pod` is not a kind of gatehouse.dev/v1alpha1: Policy, Exemption, Registry or CustomWorkload");
}

#[test]
fn an_exemption_needs_an_owner_a_reason_and_an_end() {
    let exemption = |change: fn(&mut Value)| {
        let mut spec = json!({
            "policy": "p", "codes": ["host-port"], "reason": "r", "owner": "o",
            "workloads": [{"namespace": "a", "kind": "DaemonSet", "name": "b"}],
            "expires": "2027-01-01",
        });
        change(&mut spec);
        read_value(json!({
            "apiVersion": API_VERSION, "kind": "Exemption", "metadata": {"name": "x"}, "spec": spec,
        }))
    };
    assert!(exemption(|_| ()).is_ok());
    insta::assert_snapshot!(exemption(|s| s["expires"] = json!("soon")).unwrap_err(), @"spec.expires: `soon` is not a date: write it as 2027-01-31");
    insta::assert_snapshot!(exemption(|s| drop(s.as_object_mut().unwrap().remove("owner"))).unwrap_err(), @"spec: missing field `owner`");
    insta::assert_snapshot!(exemption(|s| drop(s.as_object_mut().unwrap().remove("expires"))).unwrap_err(), @"spec: missing field `expires`");
}

#[test]
fn the_last_override_that_matches_wins() {
    let Ok(Document::Policy(_, spec)) = policy(json!({
        "module": "builtin:x",
        "overrides": [
            {"codes": ["host-network"], "namespaces": ["ingress-*"], "mode": "warn"},
            {"namespaces": ["ingress-lab"], "mode": "audit"},
        ]
    })) else {
        panic!("a policy expected")
    };
    assert_eq!(spec.mode_of("host-network", "ingress-a"), Mode::Warn);
    assert_eq!(spec.mode_of("host-pid", "ingress-a"), Mode::Deny);
    assert_eq!(spec.mode_of("host-network", "ingress-lab"), Mode::Audit);
    assert_eq!(spec.mode_of("host-network", "shop"), Mode::Deny);
}

#[test]
fn a_custom_workload_names_group_kind_and_template() {
    let workload = |change: Value| {
        let mut spec =
            json!({"group": "argoproj.io", "kind": "Rollout", "podTemplate": "spec.template"});
        spec.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        read_value(json!({
            "apiVersion": API_VERSION, "kind": "CustomWorkload", "metadata": {"name": "x"}, "spec": spec,
        }))
    };
    let Ok(Document::CustomWorkload(_, rollout)) = workload(json!({})) else {
        panic!("a custom workload expected")
    };
    assert_eq!(rollout.pod_template, "spec.template".into());
    for path in ["template", "spec.a.b-c.template", r#"spec["a.b"].template"#] {
        assert!(workload(json!({"podTemplate": path})).is_ok(), "{path}");
    }
    let deepest = ["a"; 16].join(".");
    assert!(workload(json!({"podTemplate": deepest})).is_ok());
    let mistakes = [
        json!({"group": "argoproj.io/v1alpha1"}),
        json!({"group": "apps"}),
        json!({"group": ""}),
        json!({"group": "argoproj.io."}),
        json!({"group": "*.io"}),
        json!({"kind": "rollouts"}),
        json!({"kind": "*"}),
        json!({"kind": ""}),
        json!({"podTemplate": ""}),
        json!({"podTemplate": "spec.template.spec"}),
        json!({"podTemplate": "spec.templates[0]"}),
        json!({"podTemplate": "spec.jobs[name=a].template"}),
        json!({"podTemplate": "spec.templates[*]"}),
        json!({"podTemplate": format!("{deepest}.a")}),
        json!({"podTemplate": 3}),
        json!({"version": "v1"}),
    ];
    let said = mistakes.map(|change| workload(change).unwrap_err());
    insta::assert_snapshot!(said.join("\n"), @"
    spec.group: write the group without a version, as in `argoproj.io`: all versions are meant
    spec.group: `apps` is not the group of a custom resource: that is a domain name, as in `argoproj.io` (Kubernetes' own workloads need no document)
    spec.group: `` is not the group of a custom resource: that is a domain name, as in `argoproj.io` (Kubernetes' own workloads need no document)
    spec.group: `argoproj.io.` is not the group of a custom resource: that is a domain name, as in `argoproj.io` (Kubernetes' own workloads need no document)
    spec.group: `*.io` is not the group of a custom resource: that is a domain name, as in `argoproj.io` (Kubernetes' own workloads need no document)
    spec.kind: `rollouts` is not a kind: write it as manifests do, as in `Rollout`
    spec.kind: `*` is not a kind: write it as manifests do, as in `Rollout`
    spec.kind: `` is not a kind: write it as manifests do, as in `Rollout`
    spec.podTemplate: a path has one to 16 members, as in `spec.template`
    spec.podTemplate: `spec.template.spec` is the pod's spec: name what holds it and the pod's metadata, as in `spec.template`
    spec.podTemplate: `spec.templates[0]` is no path of members, as in `spec.template`: the template stands at one place, in no list
    spec.podTemplate: `spec.jobs[name=a].template` is no path of members, as in `spec.template`: the template stands at one place, in no list
    spec.podTemplate: `spec.templates[*]` is no path of members, as in `spec.template`: the template stands at one place, in no list
    spec.podTemplate: a path has one to 16 members, as in `spec.template`
    spec.podTemplate: expected text, not integer `3`
    spec.version: unknown field `version`, expected one of `group`, `kind`, `podTemplate`
    ");
    insta::assert_snapshot!(
        read_value(json!({
            "apiVersion": API_VERSION, "kind": "CustomWorkload", "metadata": {"name": "x"},
            "spec": {"group": "argoproj.io", "kind": "Rollout"},
        }))
        .unwrap_err(),
        @"spec: missing field `podTemplate`"
    );
}

#[test]
fn a_custom_workload_stands_in_one_document() {
    let of = |group: &str, kind: &str| {
        let spec = json!({"group": group, "kind": kind, "podTemplate": "spec.template"});
        serde_json::from_value::<CustomWorkload>(spec).unwrap()
    };
    let mut workloads = crate::Workloads::default();
    for (group, kind) in [
        ("serving.knative.dev", "Service"),
        ("serving.knative.dev", "Configuration"),
        ("other.example", "Service"),
    ] {
        assert_eq!(workloads.add(of(group, kind)), Ok(()));
    }
    let again = workloads.add(of("other.example", "Service")).unwrap_err();
    insta::assert_snapshot!(again, @"spec.kind: another document already says where a `Service` of `other.example` has its template");
}
