//! AdmissionReviews over TLS to a running `gatehouse serve`: those that a kube-apiserver 1.36 sent, and
//! ones that none would send.
#![allow(clippy::expect_used, clippy::panic)] // helpers of tests fail as tests do

mod authored;
mod facts;
mod malformed;
mod one_round_trip;
mod recorded;

use gatehouse_tests::{Gatehouse, repository};
use serde_json::{Value, json};

/// A recorded review.
fn recorded(name: &str) -> Value {
    let file = repository()
        .join("tests/reviews")
        .join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("a review is JSON")
}

/// The answer's `response`; it must be well formed and about this review.
#[track_caller]
fn answer(gatehouse: &Gatehouse, path: &str, review: &Value) -> Value {
    let response = gatehouse.post(path, review.to_string().as_bytes());
    assert_eq!(response.status, 200, "{}", response.body);
    let mut answer = response.json();
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1", "{answer}");
    assert_eq!(answer["kind"], "AdmissionReview", "{answer}");
    assert_eq!(
        answer["response"]["uid"], review["request"]["uid"],
        "{answer}"
    );
    answer["response"].take()
}

/// The codes that refuse, sorted.
fn codes(response: &Value) -> Vec<String> {
    let causes = response["status"]["details"]["causes"]
        .as_array()
        .into_iter()
        .flatten();
    let mut codes: Vec<_> = causes
        .filter_map(|cause| Some(cause["reason"].as_str()?.to_owned()))
        .collect();
    codes.sort_unstable();
    codes
}

#[track_caller]
fn assert_refusal(response: &Value) {
    let status = json!([
        response["allowed"],
        response["status"]["code"],
        response["status"]["reason"]
    ]);
    assert_eq!(status, json!([false, 403, "Forbidden"]), "{response}");
    let message = response["status"]["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty(), "{response}");
}
