//! The objects that tests create. None of their pods is ever scheduled.

use serde_json::{Value, json};

/// An image that names its content; no registry has it.
pub const IMAGE: &str = concat!(
    "registry.example/app@sha256:",
    "4bcbfc9ad7b9b9b5b6cbb9b0fbd9b9b5b6cbb9b0fbd9b9b5b6cbb9b0fbd9b9b5"
);
/// Another.
pub const OTHER_IMAGE: &str = concat!(
    "registry.example/app@sha256:",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
);
/// An image whose content anybody with access to the registry can change.
pub const TAGGED_IMAGE: &str = "registry.example/app:1.2";

/// A pod that breaks no rule.
pub fn good_pod(name: &str) -> Value {
    pod(name, good_spec(IMAGE))
}

/// A pod that says nothing about its security, with an image by digest.
pub fn bare_pod(name: &str) -> Value {
    pod(name, bare_spec(IMAGE))
}

/// A pod that breaks many rules.
pub fn bad_pod(name: &str) -> Value {
    pod(name, bad_spec())
}

/// A Pod.
pub fn pod(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
}

/// A Deployment, ReplicaSet, StatefulSet or DaemonSet of such pods.
pub fn workload(kind: &str, name: &str, spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, spec),
        },
    });
    match kind {
        "DaemonSet" => {}
        "StatefulSet" => object["spec"]["serviceName"] = name.into(),
        _ => object["spec"]["replicas"] = 1.into(),
    }
    object
}

/// A Job of such pods.
pub fn job(name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": job_template(name, spec)},
    })
}

/// A CronJob of such pods, of the version that the server has.
pub fn cron_job(version: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": version,
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {
            "schedule": "0 3 * * *",
            "jobTemplate": {"spec": {"template": job_template(name, spec)}},
        },
    })
}

/// The rule of a webhook about CronJobs as servers before 1.21 have them; the shipped ones name `batch/v1` alone.
pub fn old_cron_jobs() -> Value {
    json!({
        "apiGroups": ["batch"],
        "apiVersions": ["v1beta1"],
        "resources": ["cronjobs"],
        "operations": ["CREATE", "UPDATE"],
        "scope": "Namespaced",
    })
}

/// A pod template.
pub fn template(app: &str, spec: Value) -> Value {
    json!({"metadata": {"labels": {"app": app}}, "spec": spec})
}

fn job_template(app: &str, mut spec: Value) -> Value {
    spec["restartPolicy"] = "Never".into();
    template(app, spec)
}

/// A pod's spec that breaks no rule.
pub fn good_spec(image: &str) -> Value {
    let mut spec = bare_spec(image);
    spec["securityContext"] = json!({
        "runAsNonRoot": true,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    spec["containers"] = json!([good_container("app", image)]);
    spec
}

/// A container that breaks no rule in such a pod.
pub fn good_container(name: &str, image: &str) -> Value {
    json!({
        "name": name,
        "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
    })
}

/// A pod's spec that says nothing about its security.
pub fn bare_spec(image: &str) -> Value {
    json!({
        // of nobody, so that no server runs them
        "schedulerName": "gatehouse-test",
        "containers": [{"name": "app", "image": image}],
    })
}

/// A pod's spec that breaks many rules.
pub fn bad_spec() -> Value {
    let mut spec = bare_spec(TAGGED_IMAGE);
    spec["hostNetwork"] = true.into();
    spec["containers"][0]["securityContext"] = json!({"privileged": true});
    spec
}
