//! `level: namespace`.

use gatehouse_sdk::{Facts, Finding, Needs, testing};
use serde_json::{Value, json};

use crate::support::{codes, passing_pod, run_with, set, settings};

/// A pod that baseline refuses since 1.34 only, and restricted since 1.22.
fn pod() -> Value {
    let mut pod = passing_pod();
    set(
        &mut pod,
        "spec.containers[name=app].livenessProbe.httpGet.host",
        json!("a"),
    );
    set(
        &mut pod,
        "spec.containers[name=app].securityContext.capabilities",
        json!(null),
    );
    pod
}

fn judged(settings_value: Value, namespace: Option<Value>) -> Result<Vec<Finding>, Needs> {
    let mut settings_value = settings_value;
    settings_value["level"] = json!("namespace");
    let facts = match namespace {
        Some(namespace) => testing::facts(json!({"namespace": {"default": namespace}})),
        None => testing::facts(json!(null)),
    };
    let findings = run_with(
        &pod(),
        &settings(&settings_value),
        &Facts::new(facts.root()),
    )?;
    Ok(findings.into_vec())
}

fn labelled(labels: Value) -> Option<Value> {
    Some(json!({"labels": labels, "annotations": {}}))
}

#[test]
fn only_level_namespace_asks() {
    let needs = judged(json!({}), None).unwrap_err().into_vec();
    assert_eq!(needs.len(), 1);
    assert_eq!((&*needs[0].fact, &*needs[0].key), ("namespace", "default"));
    assert!(run_with(&pod(), &settings(&json!({})), &Facts::none()).is_ok());
}

#[test]
fn what_is_no_namespace_is_no_knowledge() {
    for fact in [
        json!(null),
        json!("gone"),
        json!([]),
        json!({"labels": "none"}),
    ] {
        assert!(judged(json!({}), Some(fact.clone())).is_err(), "{fact}");
    }
}

#[test]
fn level_and_version_come_from_the_labels() {
    const LEVEL: &str = "pod-security.kubernetes.io/enforce";
    const VERSION: &str = "pod-security.kubernetes.io/enforce-version";
    let both = ["drop-all-capabilities", "host-probe"];
    let cases: [(Value, &[&str]); 10] = [
        (json!({}), &[]),
        (json!(null), &[]),
        (json!({LEVEL: "privileged"}), &[]),
        (json!({VERSION: "v1.22"}), &[]),
        (json!({LEVEL: "baseline"}), &["host-probe"]),
        (json!({LEVEL: "baseline", VERSION: "v1.33"}), &[]),
        (json!({LEVEL: "restricted"}), &both),
        (
            json!({LEVEL: "restricted", VERSION: "v1.33"}),
            &["drop-all-capabilities"],
        ),
        (json!({LEVEL: "strict", VERSION: "newest"}), &both),
        (json!({LEVEL: "hardened", VERSION: "v1.21"}), &[]),
    ];
    for (labels, expected) in cases {
        let found = judged(json!({}), labelled(labels.clone())).unwrap();
        assert_eq!(
            codes(&found),
            expected.iter().copied().collect(),
            "{labels}"
        );
    }
}

#[test]
fn absent_labels_mean_the_defaults() {
    let strict = judged(json!({"namespaceDefault": "restricted"}), Some(json!({}))).unwrap();
    assert_eq!(codes(&strict).len(), 2);
    let old = json!({"namespaceDefault": "restricted", "version": "v1.20"});
    assert_eq!(judged(old, Some(json!({}))).unwrap(), []);
}

#[test]
fn a_request_without_pod_asks_nothing() {
    let request = gatehouse_sdk::tree::TreeBuf::from_json(r#"{"pod": null}"#).unwrap();
    let request = gatehouse_sdk::Request::new(request.root());
    let settings = settings(&json!({"level": "namespace"}));
    assert!(
        pod_security::evaluate(&request, &settings, &Facts::none())
            .unwrap()
            .is_empty()
    );
}
