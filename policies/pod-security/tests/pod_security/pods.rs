//! Random pods, well-typed, with names and values that the API knows.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Each member is one of the JSON values after its name; `null` leaves it out.
fn object(members: &'static [(&'static str, &'static [&'static str])]) -> BoxedStrategy<Value> {
    let choices: Vec<_> = members
        .iter()
        .map(|(_, values)| prop::sample::select(*values))
        .collect();
    let build = |values: Vec<&str>| {
        let values = values
            .into_iter()
            .map(|text| serde_json::from_str(text).unwrap());
        let members = members.iter().map(|(key, _)| key.to_string()).zip(values);
        Value::Object(
            members
                .filter(|(_, value): &(_, Value)| !value.is_null())
                .collect::<Map<_, _>>(),
        )
    };
    choices.prop_map(build).boxed()
}

/// Well-typed pods, more often good than bad in each single field.
pub(crate) fn pod() -> BoxedStrategy<Value> {
    let spec = object(&[
        ("hostNetwork", &["null", "null", "null", "false", "true"]),
        ("hostPID", &["null", "null", "null", "false", "true"]),
        ("hostIPC", &["null", "null", "null", "false", "true"]),
        ("hostUsers", &["null", "false", "true"]),
        (
            "os",
            &["null", r#"{"name":"linux"}"#, r#"{"name":"windows"}"#],
        ),
        (
            "volumes",
            &[
                "null",
                "null",
                r#"[{"name":"v"}]"#,
                r#"[{"name":"v","emptyDir":{}},{"name":"i","image":{}}]"#,
                r#"[{"name":"s","secret":{}},{"name":"n","nfs":{}}]"#,
                r#"[{"name":"h","hostPath":{"path":"/"}}]"#,
            ],
        ),
    ]);
    let metadata = object(&[(
        "annotations",
        &[
            "null",
            "null",
            "{}",
            r#"{"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}"#,
            r#"{"container.apparmor.security.beta.kubernetes.io/x":"localhost/a","seccomp.security.alpha.kubernetes.io/pod":"unconfined"}"#,
            r#"{"container.apparmor.security.beta.kubernetes.io/a":"","container.seccomp.security.alpha.kubernetes.io/a":"unconfined"}"#,
            r#"{"container.seccomp.security.alpha.kubernetes.io/a":"docker/default","seccomp.security.alpha.kubernetes.io/pod":"localhost/a"}"#,
        ],
    )]);
    let lists = (containers("i"), containers("a"), containers("e"));
    let parts = (spec, metadata, pod_security(), lists);
    parts
        .prop_map(
            |(mut spec, metadata, security, (init, regular, ephemeral))| {
                spec["securityContext"] = security;
                spec["initContainers"] = init;
                spec["containers"] = regular;
                spec["ephemeralContainers"] = ephemeral;
                json!({"metadata": metadata, "spec": spec})
            },
        )
        .boxed()
}

fn pod_security() -> BoxedStrategy<Value> {
    object(&[
        ("runAsNonRoot", &["null", "true", "true", "false"]),
        ("runAsUser", &["null", "null", "1", "0"]),
        ("seccompProfile", &PROFILES),
        ("appArmorProfile", &PROFILES),
        ("seLinuxOptions", &SELINUX),
        (
            "windowsOptions",
            &[
                "null",
                "null",
                "{}",
                r#"{"hostProcess":false}"#,
                r#"{"hostProcess":true}"#,
            ],
        ),
        (
            "sysctls",
            &[
                "null",
                "null",
                "[]",
                r#"[{"name":"kernel.shm_rmid_forced"}]"#,
                r#"[{"name":"net.ipv4.tcp_syncookies"},{"name":"net.ipv4.tcp_rmem"}]"#,
                r#"[{"name":"net.ipv4.ip_local_reserved_ports"},{"name":"net.ipv4.tcp_keepalive_time"}]"#,
                r#"[{"name":"net.ipv4.tcp_notsent_lowat"}]"#,
                r#"[{"name":"kernel.sem"}]"#,
            ],
        ),
        ("privileged", &["null", "true"]),
        ("allowPrivilegeEscalation", &["null", "false"]),
    ])
}

const PROFILES: [&str; 7] = [
    "null",
    "null",
    r#"{"type":"RuntimeDefault"}"#,
    r#"{"type":"RuntimeDefault"}"#,
    r#"{"type":"Localhost","localhostProfile":"a"}"#,
    r#"{"type":"Unconfined"}"#,
    "{}",
];
const SELINUX: [&str; 7] = [
    "null",
    "null",
    "{}",
    r#"{"type":"container_t"}"#,
    r#"{"type":"container_engine_t"}"#,
    r#"{"type":"spc_t"}"#,
    r#"{"user":"u"}"#,
];

fn containers(prefix: &'static str) -> BoxedStrategy<Value> {
    let number = prop_oneof![3 => Just(0usize), 3 => Just(1), 1 => Just(2)];
    number
        .prop_flat_map(move |number| {
            prop::collection::vec((container(), container_security()), number).prop_map(
                move |parts| {
                    let named =
                        parts
                            .into_iter()
                            .enumerate()
                            .map(|(index, (mut container, security))| {
                                container["name"] = match index {
                                    0 => json!(prefix),
                                    _ => json!(format!("{prefix}{index}")),
                                };
                                container["securityContext"] = security;
                                container
                            });
                    Value::Array(named.collect())
                },
            )
        })
        .boxed()
}

fn container() -> BoxedStrategy<Value> {
    const PROBES: [&str; 6] = [
        "null",
        "null",
        "null",
        r#"{"httpGet":{"port":80}}"#,
        r#"{"exec":{}}"#,
        r#"{"tcpSocket":{"host":"h"}}"#,
    ];
    object(&[
        (
            "ports",
            &[
                "null",
                "null",
                "[]",
                r#"[{"containerPort":80}]"#,
                r#"[{"containerPort":80,"hostPort":0}]"#,
                r#"[{"containerPort":80},{"containerPort":81,"hostPort":81}]"#,
            ],
        ),
        ("livenessProbe", &PROBES),
        ("readinessProbe", &PROBES),
        ("startupProbe", &PROBES),
        (
            "lifecycle",
            &[
                "null",
                "null",
                "{}",
                r#"{"preStop":{"httpGet":{"host":""}}}"#,
                r#"{"postStart":{"httpGet":{"host":"h"}}}"#,
                r#"{"preStop":{"tcpSocket":{"host":"h"}}}"#,
            ],
        ),
        ("restartPolicy", &["null", "\"Always\""]),
    ])
}

fn container_security() -> BoxedStrategy<Value> {
    object(&[
        (
            "allowPrivilegeEscalation",
            &["false", "false", "null", "true"],
        ),
        ("privileged", &["null", "null", "null", "false", "true"]),
        ("runAsNonRoot", &["null", "true", "true", "false"]),
        ("runAsUser", &["null", "null", "1", "0"]),
        (
            "procMount",
            &["null", "null", "\"Default\"", "\"Unmasked\""],
        ),
        ("seccompProfile", &PROFILES),
        ("appArmorProfile", &PROFILES),
        ("seLinuxOptions", &SELINUX),
        (
            "windowsOptions",
            &["null", "null", "{}", r#"{"hostProcess":true}"#],
        ),
        (
            "capabilities",
            &[
                "null",
                r#"{"drop":["ALL"]}"#,
                r#"{"drop":["ALL"]}"#,
                r#"{"drop":["all"],"add":["CHOWN"]}"#,
                r#"{"drop":["CHOWN","ALL"],"add":["NET_BIND_SERVICE"]}"#,
                r#"{"drop":["ALL"],"add":["NET_BIND_SERVICE","SETUID"]}"#,
                r#"{"drop":["ALL"],"add":["SYS_ADMIN"]}"#,
            ],
        ),
    ])
}
