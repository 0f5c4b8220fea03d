//! An object that is not what its kind says is refused with its own uid: passing it on would be a way
//! around every policy. None of these is an HTTP error, because the API server asks again after those.

use gatehouse_tests::Gatehouse;
use serde_json::{Value, json};

use crate::{answer, assert_refusal, recorded};

/// Of a review that is allowed as it was recorded: the member to replace, and by what; `None` removes it.
fn variants() -> Vec<(&'static str, Option<Value>)> {
    let text = || Some(json!("text"));
    vec![
        ("/object", None),
        ("/object", Some(Value::Null)),
        ("/object", Some(json!([]))),
        ("/object", text()),
        ("/object/spec", None),
        ("/object/spec", Some(Value::Null)),
        ("/object/spec", Some(json!([]))),
        ("/object/spec/containers", text()),
        ("/object/spec/containers", Some(json!({"name": "api"}))),
        ("/object/spec/containers/0", text()),
        ("/object/spec/containers/0", Some(Value::Null)),
        ("/object/spec/initContainers", text()),
        ("/object/spec/initContainers/1", Some(json!([]))),
        ("/object/spec/ephemeralContainers", Some(json!({}))),
        ("/object/spec/hostNetwork", text()),
        ("/object/spec/hostPID", Some(json!(1))),
        ("/object/spec/securityContext", text()),
        ("/object/spec/securityContext/runAsNonRoot", text()),
        ("/object/spec/securityContext/seccompProfile", text()),
        ("/object/spec/containers/0/securityContext", Some(json!([]))),
        (
            "/object/spec/containers/0/securityContext/privileged",
            text(),
        ),
        (
            "/object/spec/containers/0/securityContext/capabilities",
            text(),
        ),
        (
            "/object/spec/containers/0/securityContext/capabilities/drop",
            text(),
        ),
        ("/object/spec/containers/0/image", None),
        ("/object/spec/containers/0/image", Some(json!(1))),
        ("/object/spec/volumes", text()),
    ]
}

#[test]
fn a_malformed_pod_is_refused() {
    let gatehouse = Gatehouse::with_default_policies();
    assert_eq!(
        answer(&gatehouse, "/validate", &recorded("create-pods-web"))["allowed"],
        true
    );
    let passes = |(path, value): (&str, Option<Value>)| {
        let review = with(recorded("create-pods-web"), path, value.clone());
        let response = answer(&gatehouse, "/validate", &review);
        (response["allowed"] != false).then(|| format!("{path} as {value:?}: {response}"))
    };
    let pass: Vec<_> = variants().into_iter().filter_map(passes).collect();
    assert!(pass.is_empty(), "{}", pass.join("\n"));
}

#[test]
fn a_malformed_pod_is_left_alone_by_mutation() {
    let gatehouse = Gatehouse::with_default_policies();
    for (path, value) in variants() {
        let review = with(recorded("create-pods-web"), path, value.clone());
        let response = answer(&gatehouse, "/mutate", &review);
        let got = json!([response["allowed"], response["patch"], response["warnings"]]);
        assert_eq!(
            got,
            json!([true, null, null]),
            "{path} as {value:?}: {response}"
        );
    }
}

#[test]
fn a_workload_without_a_pod_is_refused() {
    let gatehouse = Gatehouse::with_default_policies();
    for (name, path) in [
        ("create-deployments-api", "/object/spec/template"),
        ("create-deployments-api", "/object/spec"),
        ("create-cronjobs-nightly", "/object/spec/jobTemplate"),
        ("create-statefulsets-redis", "/object/spec/template/spec"),
    ] {
        for value in [None, Some(Value::Null), Some(json!("text"))] {
            let response = answer(&gatehouse, "/validate", &with(recorded(name), path, value));
            assert_refusal(&response);
        }
    }
}

#[test]
fn an_update_whose_old_object_is_malformed_is_judged_by_the_new_one() {
    let gatehouse = Gatehouse::with_default_policies();
    for value in [
        None,
        Some(Value::Null),
        Some(json!([])),
        Some(json!({})),
        Some(json!({"spec": []})),
    ] {
        let review = with(
            recorded("update-pods-job-tracking-finalizer"),
            "/oldObject",
            value,
        );
        assert_refusal(&answer(&gatehouse, "/validate", &review));
    }
}

#[test]
fn what_is_no_review_is_told_so() {
    let gatehouse = Gatehouse::with_default_policies();
    let review = || recorded("create-pods-web");
    let mut other_version = review();
    other_version["apiVersion"] = json!("admission.k8s.io/v1beta1");
    let mut without_uid = review();
    without_uid["request"]["uid"] = Value::Null;
    let bodies = [
        String::new(),
        "{".into(),
        "[]".into(),
        "null".into(),
        other_version.to_string(),
        without_uid.to_string(),
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}).to_string(),
        "[".repeat(100_000),
    ];
    for body in bodies {
        for path in ["/validate", "/mutate"] {
            let response = gatehouse.post(path, body.as_bytes());
            let shown: String = body.chars().take(60).collect();
            assert_eq!(response.status, 400, "{path} {shown}: {}", response.body);
        }
    }
}

#[test]
fn a_member_that_stands_twice_hides_nothing() {
    let gatehouse = Gatehouse::with_default_policies();
    let text = recorded("create-pods-web").to_string();
    let twice = text.replacen(
        "\"spec\":{",
        "\"spec\":{\"hostNetwork\":true},\"spec\":{",
        1,
    );
    assert_ne!(twice, text);
    let response = gatehouse.post("/validate", twice.as_bytes());
    let allowed = response.status == 200 && response.json()["response"]["allowed"] != false;
    assert!(!allowed, "{response:?}");
}

/// The review with another value at a place below its request; `None` removes the member.
fn with(mut review: Value, path: &str, value: Option<Value>) -> Value {
    let (parent, key) = path.rsplit_once('/').expect("a pointer");
    let parent = review["request"]
        .pointer_mut(parent)
        .expect("the review has the member");
    match (parent, value) {
        (Value::Array(items), Some(value)) => {
            items[key.parse::<usize>().expect("an index")] = value
        }
        (parent, Some(value)) => parent[key] = value,
        (parent, None) => drop(parent.as_object_mut().map(|members| members.remove(key))),
    }
    review
}
