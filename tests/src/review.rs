use serde_json::{Value, json};

/// A review as an API server sends it: of this operation on `pods` or on `pods/SUBRESOURCE`.
pub fn review(operation: &str, subresource: &str, old: &Value, new: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "subResource": subresource,
            "name": new["metadata"]["name"],
            "namespace": "default",
            "operation": operation,
            "userInfo": {"username": "admin", "groups": ["system:masters"]},
            "object": new,
            "oldObject": old,
            "dryRun": false,
        },
    })
}

/// The review of a pod that is created.
pub fn creation(pod: &Value) -> Value {
    review("CREATE", "", &Value::Null, pod)
}
