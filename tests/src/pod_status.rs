use serde_json::{Value, json};

use crate::Kubectl;

/// Does for the namespace's pods what no kubelet does: says that they run, or have ended (`phase`).
pub fn mark_pods(kubectl: &Kubectl, phase: &str) {
    for pod in kubectl.list("pods") {
        let alive = pod["metadata"]["deletionTimestamp"].is_null();
        if alive && pod["status"]["phase"] != phase {
            mark(kubectl, &pod, phase);
        }
    }
}

fn mark(kubectl: &Kubectl, pod: &Value, phase: &str) {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let ready = if phase == "Running" { "True" } else { "False" };
    let conditions =
        ["Initialized", "ContainersReady", "Ready"].map(|c| json!({"type": c, "status": ready}));
    let patch = json!({"status": {"phase": phase, "conditions": conditions}}).to_string();
    // It may have been deleted since; then there is nothing to say of it.
    kubectl.run([
        "patch",
        "pod",
        name,
        "--subresource=status",
        "--type=merge",
        "--patch",
        &patch,
    ]);
}
