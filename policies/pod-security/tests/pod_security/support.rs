//! Pods, runs of the policy, and an applier of edits.

use std::collections::BTreeSet;

use gatehouse_sdk::{
    Edit, Facts, Finding, Findings, Needs, Path, Request, Segment, read_settings, testing,
    tree::TreeBuf,
};
use pod_security::Settings;
use serde_json::{Value, json};

/// Levels that a setting can name, in order.
pub(crate) const LEVELS: [&str; 4] = ["privileged", "baseline", "restricted", "hardened"];
/// Minor versions of the standards.
pub(crate) const VERSIONS: std::ops::RangeInclusive<u8> = 0..=37;
/// One container of each kind in [`passing_pod`].
pub(crate) const CONTAINERS: [&str; 4] = [
    "spec.initContainers[name=init]",
    "spec.initContainers[name=sidecar]",
    "spec.containers[name=app]",
    "spec.ephemeralContainers[name=debugger]",
];

/// A pod with every kind of container that passes everything, at every version.
pub(crate) fn passing_pod() -> Value {
    let container = |name: &str| {
        json!({
            "name": name,
            "image": "registry.example.com/app:1",
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
        })
    };
    let mut sidecar = container("sidecar");
    sidecar["restartPolicy"] = json!("Always");
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {
            "securityContext": {
                "runAsNonRoot": true,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "initContainers": [container("init"), sidecar],
            "containers": [container("app")],
            "ephemeralContainers": [container("debugger")],
        },
    })
}

pub(crate) fn settings(value: &Value) -> Settings {
    read_settings(TreeBuf::from_value(value).unwrap().root()).unwrap()
}

pub(crate) fn level(level: &str, version: u8) -> Settings {
    settings(&json!({"level": level, "version": format!("v1.{version}")}))
}

pub(crate) fn run(pod: &Value, settings: &Settings) -> Vec<Finding> {
    run_with(pod, settings, &Facts::none()).unwrap().into_vec()
}

pub(crate) fn run_with(pod: &Value, settings: &Settings, facts: &Facts) -> Result<Findings, Needs> {
    let request = testing::request(pod.clone());
    pod_security::evaluate(&Request::new(request.root()), settings, facts)
}

pub(crate) fn codes(findings: &[Finding]) -> BTreeSet<&str> {
    findings.iter().map(|finding| &*finding.code).collect()
}

/// The value at a path, made with its parents where it is missing; `Null` removes.
pub(crate) fn set(object: &mut Value, path: &str, value: Value) {
    let path: Path = path.parse().unwrap();
    apply(object, &Edit::Set { path, value });
}

/// Makes one edit as the host would.
pub(crate) fn apply(object: &mut Value, edit: &Edit) {
    let steps = edit.path().segments();
    match edit {
        Edit::Set { value, .. } if value.is_null() => remove(object, steps),
        Edit::Set { value, .. } => *make(object, steps) = value.clone(),
        Edit::Remove { .. } => remove(object, steps),
        Edit::Include { item, .. } => {
            let list = make(object, steps);
            if !list.is_array() {
                *list = json!([]);
            }
            let list = list.as_array_mut().unwrap();
            if !list.contains(item) {
                list.push(item.clone());
            }
        }
    }
}

fn make<'v>(object: &'v mut Value, steps: &[Segment]) -> &'v mut Value {
    steps.iter().fold(object, |value, step| match step {
        Segment::Key(key) => {
            if !value.is_object() {
                *value = json!({});
            }
            &mut value[key]
        }
        _ => step_into(value, step).unwrap_or_else(|| panic!("no such item: {step:?}")),
    })
}

fn remove(object: &mut Value, steps: &[Segment]) {
    let (last, parents) = steps.split_last().unwrap();
    let parent = parents
        .iter()
        .try_fold(object, |value, step| step_into(value, step));
    match (parent, last) {
        (Some(Value::Object(members)), Segment::Key(key)) => drop(members.remove(key)),
        (Some(Value::Array(items)), Segment::Item { key, value }) => {
            items.retain(|item| item[key] != **value);
        }
        _ => {}
    }
}

fn step_into<'v>(value: &'v mut Value, step: &Segment) -> Option<&'v mut Value> {
    match step {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
        Segment::Item { key, value: wanted } => {
            let items = value.as_array_mut()?;
            items.iter_mut().find(|item| item[key] == **wanted)
        }
    }
}
