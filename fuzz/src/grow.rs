//! Objects grown from choices: near enough to real ones to get past the first check of whoever reads them.

use serde_json::{Value, json};

use crate::Script;

/// How deep a grown value nests.
const DEPTH: usize = 6;

/// A pod that no default policy refuses, changed in places.
pub fn pod(script: &mut Script<'_>) -> Value {
    let mut pod = good_pod();
    while !script.is_over() {
        change(&mut pod, script, 0);
    }
    pod
}

/// Settings of a policy, right or wrong.
pub fn settings(script: &mut Script<'_>, names: &[&str]) -> Value {
    let count = script.below(4);
    let member = |_| (script.choose(names).to_owned(), setting(script, 0));
    (0..count).map(member).collect()
}

/// Any value.
pub fn value(script: &mut Script<'_>) -> Value {
    grown(script, 0)
}

fn grown(script: &mut Script<'_>, depth: usize) -> Value {
    let kinds = if depth < DEPTH { 7 } else { 5 };
    match script.below(kinds) {
        0 => script.choose(&WORDS).into(),
        1 => script.choose(&NUMBERS).into(),
        2 => (script.byte() & 1 == 0).into(),
        3 => Value::Null,
        4 => script.text().into(),
        5 => {
            let count = script.below(4);
            (0..count).map(|_| grown(script, depth + 1)).collect()
        }
        _ => {
            let count = script.below(4);
            let member = |_| (script.choose(&KEYS).to_owned(), grown(script, depth + 1));
            (0..count).map(member).collect()
        }
    }
}

fn setting(script: &mut Script<'_>, depth: usize) -> Value {
    match script.below(if depth < DEPTH { 4 } else { 2 }) {
        0 => script.choose(&SETTINGS).into(),
        1 => {
            let count = script.below(4);
            (0..count).map(|_| script.choose(&SETTINGS)).collect()
        }
        2 => {
            let count = script.below(4);
            let member = |_| {
                (
                    script.choose(&SETTINGS).to_owned(),
                    setting(script, depth + 1),
                )
            };
            (0..count).map(member).collect()
        }
        _ => value(script),
    }
}

/// Goes down into the value by choice, and changes it there.
fn change(value: &mut Value, script: &mut Script<'_>, depth: usize) {
    let stop = depth >= DEPTH || script.below(5) == 0;
    let child = match value {
        Value::Object(members) if !stop => {
            let at = script.below(members.len());
            members.values_mut().nth(at)
        }
        Value::Array(items) if !stop => {
            let at = script.below(items.len());
            items.get_mut(at)
        }
        _ => None,
    };
    match child {
        Some(child) => change(child, script, depth + 1),
        None => change_here(value, script),
    }
}

fn change_here(value: &mut Value, script: &mut Script<'_>) {
    match (value, script.below(4)) {
        (Value::Object(members), 0) => {
            let at = script.below(members.len());
            if let Some(key) = members.keys().nth(at).cloned() {
                members.remove(&key);
            }
        }
        (Value::Object(members), 1 | 2) => {
            members.insert(script.choose(&KEYS).to_owned(), grown(script, 2));
        }
        (Value::Array(items), 0) if !items.is_empty() => {
            items.remove(script.below(items.len()));
        }
        (Value::Array(items), 1) if items.len() < 8 => {
            let at = script.below(items.len());
            items.extend(items.get(at).cloned());
        }
        (Value::Array(items), 2) if items.len() < 8 => items.push(grown(script, 2)),
        (value, _) => *value = grown(script, 2),
    }
}

fn good_pod() -> Value {
    let digest = "ab".repeat(32);
    let container = json!({
        "name": "app",
        "image": format!("ghcr.io/acme/app@sha256:{digest}"),
        "ports": [{"containerPort": 8080}],
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    });
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {}},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "initContainers": [],
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    })
}

#[rustfmt::skip]
const KEYS: [&str; 75] = [
    "add", "allowPrivilegeEscalation", "annotations", "appArmorProfile", "azureFile", "capabilities", "configMap",
    "container.apparmor.security.beta.kubernetes.io/app", "containerPort", "containers", "csi", "downwardAPI",
    "drop", "emptyDir", "ephemeral", "ephemeralContainers", "exec", "fsGroup", "generateName", "grpc", "host",
    "hostIP", "hostIPC", "hostNetwork", "hostPID", "hostPath", "hostPort", "hostProcess", "hostUsers", "httpGet",
    "image", "initContainers", "iscsi", "labels", "level", "lifecycle", "livenessProbe", "localhostProfile",
    "metadata", "name", "namespace", "nfs", "os", "path", "persistentVolumeClaim", "port", "ports", "postStart",
    "preStop", "privileged", "procMount", "projected", "protocol", "readOnlyRootFilesystem", "readinessProbe",
    "reference", "restartPolicy", "role", "runAsGroup", "runAsNonRoot", "runAsUser", "runAsUserName",
    "seLinuxOptions", "seccomp.security.alpha.kubernetes.io/pod", "seccompProfile", "secret", "securityContext",
    "spec", "startupProbe", "sysctls", "tcpSocket", "type", "value", "volumes", "windowsOptions",
];

#[rustfmt::skip]
const WORDS: [&str; 40] = [
    "ALL", "Always", "CAP_NET_RAW", "CHOWN", "Default", "Localhost", "NET_BIND_SERVICE", "RuntimeDefault",
    "SYS_ADMIN", "TCP", "Unconfined", "Unmasked", "app", "container_init_t", "container_kvm_t", "container_t",
    "docker/default", "ghcr.io/acme/app", "ghcr.io/acme/app:v1", "kernel.shm_rmid_forced", "kernel/msgmax",
    "linux", "localhost/x", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "nginx", "nginx:latest",
    "registry.example:5000/a/b@sha256:00", "runtime/default", "spc_t", "unconfined", "user", "windows",
    "127.0.0.1", "::1", "0", "-1", "", " ", "\u{202e}\u{1b}[2J\n`",
];

const NUMBERS: [i64; 12] = [
    0,
    1,
    -1,
    80,
    8080,
    65_535,
    65_536,
    1000,
    i64::MAX,
    i64::MIN,
    4_294_967_296,
    33,
];

#[rustfmt::skip]
const SETTINGS: [&str; 32] = [
    "level", "version", "namespaceDefault", "controls", "digest", "allowedImages", "forbiddenTags", "enabled",
    "allow", "ephemeral", "localhostProfiles", "on", "off", "baseline", "restricted", "hardened", "namespace",
    "latest", "v1.24", "v1.0", "required", "optional", "ghcr.io/acme/**", "docker.io/library/*", "*.example.com:443/a-*/**/b",
    "dev-*", "*", "7000-8000", "run-as-non-root", "host-port", "unsafe-sysctl", "net.*",
];
