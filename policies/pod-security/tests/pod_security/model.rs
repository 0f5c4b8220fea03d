//! Random pods, judged twice: by the policy, and by a second reading of Kubernetes' evaluator that is
//! written for likeness to it instead of for speed and good messages.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    pods::pod,
    support::{LEVELS, VERSIONS, codes, level, run},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_pods_get_kubernetes_verdicts(pod in pod()) {
        for version in VERSIONS {
            for level_name in ["privileged", "baseline", "restricted"] {
                let found = run(&pod, &level(level_name, version));
                let expected = forbidden(&pod, level_name, version);
                prop_assert_eq!(codes(&found), expected, "{} v1.{} of {}", level_name, version, pod);
            }
        }
    }

    /// The evaluator exempts Windows pods from rules of restricted that have a weaker form in baseline,
    /// so levels nest on Linux only. (The API refuses the pods for which this makes a difference.)
    #[test]
    fn levels_nest(mut pod in pod()) {
        pod["spec"]["os"] = json!({"name": "linux"});
        for version in VERSIONS {
            let refused = LEVELS.map(|name| !run(&pod, &level(name, version)).is_empty());
            prop_assert!(refused.is_sorted(), "{:?} at v1.{} of {}", refused, version, pod);
        }
    }
}

/// The codes of the checks that refuse a pod.
fn forbidden(pod: &Value, level: &str, version: u8) -> BTreeSet<&'static str> {
    if level == "privileged" {
        return BTreeSet::new();
    }
    let restricted = level == "restricted";
    let spec = &pod["spec"];
    let pod_security = &spec["securityContext"];
    let containers: Vec<&Value> = ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| spec[list].as_array().into_iter().flatten())
        .collect();
    let contexts: Vec<&Value> = containers.iter().map(|c| &c["securityContext"]).collect();
    let all_contexts: Vec<&Value> = contexts.iter().copied().chain([pod_security]).collect();
    let volumes: Vec<&Value> = spec["volumes"].as_array().into_iter().flatten().collect();
    let windows = spec["os"]["name"] == "windows" && version >= 25;
    let own_users = spec["hostUsers"] == false && version >= 35;
    let annotations = pod["metadata"]["annotations"]
        .as_object()
        .cloned()
        .unwrap_or_default();

    let mut codes = BTreeSet::new();
    let mut check = |code, is_forbidden: bool| {
        if is_forbidden {
            codes.insert(code);
        }
    };

    check("host-network", spec["hostNetwork"] == true);
    check("host-pid", spec["hostPID"] == true);
    check("host-ipc", spec["hostIPC"] == true);
    check(
        "host-path-volume",
        volumes.iter().any(|v| !v["hostPath"].is_null()),
    );
    check(
        "host-port",
        containers.iter().any(|c| opens_host_port(c, spec)),
    );
    check(
        "host-probe",
        version >= 34 && containers.iter().any(|c| names_host(c)),
    );
    check(
        "privileged-container",
        contexts.iter().any(|s| s["privileged"] == true),
    );
    check(
        "windows-host-process",
        all_contexts
            .iter()
            .any(|s| s["windowsOptions"]["hostProcess"] == true),
    );
    check(
        "selinux-options",
        all_contexts
            .iter()
            .any(|s| bad_selinux(&s["seLinuxOptions"], version)),
    );
    check("apparmor-profile", {
        let prefix = "container.apparmor.security.beta.kubernetes.io/";
        let mut values = annotations
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        values.any(|(_, value)| {
            let value = value.as_str().unwrap();
            !(value.is_empty() || value == "runtime/default" || value.starts_with("localhost/"))
        }) || all_contexts
            .iter()
            .any(|s| bad_profile(&s["appArmorProfile"]))
    });
    check("unsafe-sysctl", {
        let sysctls = pod_security["sysctls"].as_array().into_iter().flatten();
        let allowed = safe_sysctls(version);
        sysctls
            .into_iter()
            .any(|s| !allowed.contains(&s["name"].as_str().unwrap()))
    });
    check("proc-mount", {
        let relaxed = own_users && !restricted;
        !relaxed
            && contexts
                .iter()
                .any(|s| !s["procMount"].is_null() && s["procMount"] != "Default")
    });
    check("added-capabilities", {
        let added = contexts
            .iter()
            .flat_map(|s| list(&s["capabilities"]["add"]));
        if restricted && version >= 22 {
            !windows && added.into_iter().any(|c| c != "NET_BIND_SERVICE")
        } else {
            added
                .into_iter()
                .any(|c| !DEFAULT_CAPABILITIES.contains(&c))
        }
    });
    check(
        "seccomp-profile",
        match (restricted, version) {
            (_, ..19) => {
                let names = containers.iter().map(|c| c["name"].as_str().unwrap());
                let keys = names
                    .map(|name| format!("container.seccomp.security.alpha.kubernetes.io/{name}"));
                let mut keys = keys.chain(["seccomp.security.alpha.kubernetes.io/pod".to_owned()]);
                keys.any(|key| {
                    annotations.get(&key).is_some_and(|value| {
                        let value = value.as_str().unwrap();
                        value != "runtime/default"
                            && value != "docker/default"
                            && !value.starts_with("localhost/")
                    })
                })
            }
            (false, _) => all_contexts
                .iter()
                .any(|s| bad_profile(&s["seccompProfile"])),
            (true, _) => {
                !windows && {
                    let by_pod = &pod_security["seccompProfile"];
                    let pod_is_good = !by_pod.is_null() && !bad_profile(by_pod);
                    bad_profile(by_pod)
                        || contexts.iter().any(|s| match &s["seccompProfile"] {
                            Value::Null => !pod_is_good,
                            profile => bad_profile(profile),
                        })
                }
            }
        },
    );

    if restricted {
        check(
            "volume-type",
            volumes.iter().any(|v| {
                let mut sources = v
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter(|key| *key != "name")
                    .peekable();
                sources.peek().is_some()
                    && sources.all(|key| !VOLUMES.contains(&&**key) && key != "hostPath")
            }),
        );
        check(
            "privilege-escalation",
            version >= 8
                && !windows
                && contexts
                    .iter()
                    .any(|s| s["allowPrivilegeEscalation"] != false),
        );
        check(
            "drop-all-capabilities",
            version >= 22
                && !windows
                && contexts
                    .iter()
                    .any(|s| !list(&s["capabilities"]["drop"]).contains(&"ALL")),
        );
        check(
            "run-as-user",
            version >= 23 && !own_users && all_contexts.iter().any(|s| s["runAsUser"] == 0),
        );
        check(
            "run-as-non-root",
            !own_users
                && (pod_security["runAsNonRoot"] == false
                    || contexts.iter().any(|s| match &s["runAsNonRoot"] {
                        Value::Null => pod_security["runAsNonRoot"] != true,
                        value => value != true,
                    })),
        );
    }
    codes
}

/// As API defaulting leaves it: on the node's network an absent hostPort is the containerPort.
fn opens_host_port(container: &Value, spec: &Value) -> bool {
    let ports = container["ports"].as_array().into_iter().flatten();
    let is_open = |port: &Value| port.as_i64().is_some_and(|port| port != 0);
    ports.into_iter().any(|port| {
        is_open(&port["hostPort"])
            || (spec["hostNetwork"] == true && is_open(&port["containerPort"]))
    })
}

fn names_host(container: &Value) -> bool {
    let hooks = ["postStart", "preStop"].map(|hook| &container["lifecycle"][hook]);
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| &container[probe]);
    hooks.iter().chain(&probes).any(|handler| {
        ["httpGet", "tcpSocket"].iter().any(|action| {
            handler[action]["host"]
                .as_str()
                .is_some_and(|host| !host.is_empty())
        })
    })
}

fn bad_selinux(options: &Value, version: u8) -> bool {
    let text = |key: &str| options[key].as_str().unwrap_or_default();
    let is_allowed = match text("type") {
        "" | "container_t" | "container_init_t" | "container_kvm_t" => true,
        "container_engine_t" => version >= 31,
        _ => false,
    };
    !is_allowed || !text("user").is_empty() || !text("role").is_empty()
}

fn bad_profile(profile: &Value) -> bool {
    !profile.is_null() && profile["type"] != "RuntimeDefault" && profile["type"] != "Localhost"
}

fn list(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| item.as_str().unwrap())
        .collect()
}

fn safe_sysctls(version: u8) -> Vec<&'static str> {
    let mut names = vec!["kernel.shm_rmid_forced", "net.ipv4.tcp_syncookies"];
    let added = [
        (27, "net.ipv4.ip_local_reserved_ports"),
        (29, "net.ipv4.tcp_keepalive_time"),
        (32, "net.ipv4.tcp_rmem"),
        (37, "net.ipv4.tcp_notsent_lowat"),
    ];
    names.extend(
        added
            .iter()
            .filter(|(since, _)| version >= *since)
            .map(|(_, name)| *name),
    );
    names
}

const DEFAULT_CAPABILITIES: [&str; 4] = ["CHOWN", "NET_BIND_SERVICE", "SETUID", "SYS_CHROOT"];
const VOLUMES: [&str; 5] = [
    "emptyDir",
    "image",
    "secret",
    "ephemeral",
    "persistentVolumeClaim",
];
