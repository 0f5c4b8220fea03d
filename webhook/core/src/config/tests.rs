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
    insta::assert_snapshot!(document(API_VERSION, "Pod"), @"kind: `Pod` is not a kind of gatehouse.dev/v1alpha1: Policy, Exemption or Registry");
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
