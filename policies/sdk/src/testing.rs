//! Requests for native tests of policies.

use gatehouse_abi::tree::TreeBuf;
use serde_json::{Value, json};

/// The request that creates this pod in the namespace `default`, as the host would hand it over.
///
/// # Panics
/// When the text is not JSON: a mistake in the test.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn pod(json: &str) -> TreeBuf {
    request(serde_json::from_str(json).expect("the pod should be JSON"))
}

/// As [`pod`], from a value.
///
/// # Panics
/// When the value nests too deeply: a mistake in the test.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn request(mut pod: Value) -> TreeBuf {
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    let request = json!({
        "uid": "test",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "namespace": "default",
        "userInfo": {"username": "test"},
        "object": pod,
        "pod": pod,
        "podPath": "",
    });
    TreeBuf::from_value(&request).expect("the pod should fit a tree")
}

/// Facts as a policy sees them: `{"namespace": {"shop": {…}}}`.
///
/// # Panics
/// When the value nests too deeply: a mistake in the test.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn facts(facts: Value) -> TreeBuf {
    TreeBuf::from_value(&facts).expect("the facts should fit a tree")
}
