//! Policies that fail, and those who must not suffer from it.

use std::thread;

use serde_json::json;

use super::support::{Guest, TestServer, pod_review, write_module, write_policies, write_policy};

/// A server on which policy `endless` judges all namespaces but `quiet`.
fn server(on_error: &str) -> TestServer {
    TestServer::start(|folder| {
        let spec = json!({
            "onError": on_error,
            "match": {"namespaces": {"exclude": ["quiet"]}},
        });
        write_policy(folder, "endless", &Guest::Endless, spec);
    })
}

#[test]
fn an_endless_policy_is_stopped_and_refuses_by_default() {
    let server = server("deny");
    let response = server.client().review("/validate", &pod_review("shop"));
    assert_eq!(response["allowed"], false);
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.contains("could not check: policy endless ran longer than 20 ms"),
        "{message}"
    );
    assert_eq!(server.decisions()[0]["failures"][0]["reason"], "timeout");
    server.await_metric("gatehouse_policy_failures_total{policy=\"endless\",reason=\"timeout\"} 1");
}

#[test]
fn an_endless_policy_passes_where_the_operator_says_so() {
    let server = server("allow");
    let response = server.client().review("/validate", &pod_review("shop"));
    assert_eq!(response["allowed"], true);
    assert_eq!(server.decisions()[0]["failures"][0]["on_error"], "allow");
}

#[test]
fn others_are_answered_beside_an_endless_policy() {
    let server = server("deny");
    thread::scope(|scope| {
        let busy: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = server.client();
                    for _ in 0..10 {
                        let response = client.review("/validate", &pod_review("shop"));
                        assert_eq!(response["allowed"], false);
                        let message = response["status"]["message"].as_str().unwrap();
                        let limit = message.contains("ran longer than 20 ms");
                        let pause = message.contains("it timed out 5 times running");
                        assert!(limit || pause, "{message}");
                    }
                })
            })
            .collect();
        let mut quiet = server.client();
        while busy.iter().any(|client| !client.is_finished()) {
            let response = quiet.review("/validate", &pod_review("quiet"));
            assert_eq!(response["allowed"], true);
            assert_eq!(server.admin("/healthz").reason(), "ok");
        }
    });
    let decided = server.decisions();
    let endless = decided.iter().filter(|line| line["namespace"] == "shop");
    assert_eq!(endless.count(), 80);
}

#[test]
fn the_callers_timeout_bounds_all_policies_together() {
    let server = TestServer::start(|folder| {
        write_module(folder, "endless", &Guest::Endless);
        let names: Vec<_> = (0..100).map(|i| format!("endless-{i:02}")).collect();
        let policies: Vec<_> = names
            .iter()
            .map(|name| (&**name, "endless", json!({})))
            .collect();
        write_policies(folder, "all", &policies);
    });
    // 100 policies of 20 ms each would take twice as long
    let mut client = server.client();
    let response = client.review("/validate?timeout=1s", &pod_review("shop"));
    assert_eq!(response["allowed"], false);
    let failures = &server.decisions()[0]["failures"];
    assert_eq!(failures[0]["reason"], "timeout");
    assert_eq!(failures[99]["reason"], "deadline");
}
