//! Objects as people have them: most with something that a policy finds, some with nothing to find.

use serde_json::{Map, Value, json};

use crate::{
    contexts::{container_context, pod_context},
    dice::Dice,
};

/// An object of any kind; its name ends with `number`.
pub(crate) fn object(dice: &mut Dice, number: usize) -> Value {
    let name = format!("{}-{number}", dice.pick(&["web", "shop", "db", "backup"]));
    match dice.roll(14) {
        0 => config_map(dice, &name),
        1 => service(&name),
        2 => custom(&name),
        3 => json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}),
        4 => list(dice, number),
        _ => workload(dice, &name),
    }
}

/// What no cluster takes: values for a template, say.
pub(crate) fn no_object(dice: &mut Dice) -> Value {
    json!({
        "replicaCount": dice.roll(5),
        "image": {"repository": "nginx", "tag": ""},
        "securityContext": {},
        "tolerations": [],
    })
}

fn list(dice: &mut Dice, number: usize) -> Value {
    let names = (0..=dice.roll(3)).map(|at| format!("item-{number}-{at}"));
    let items: Vec<Value> = match dice.hit(4) {
        true => names
            .map(|name| json!({"metadata": {"name": name}, "spec": pod(dice).1}))
            .collect(),
        false => names.map(|name| workload(dice, &name)).collect(),
    };
    let is_typed = items.iter().all(|item| item.get("kind").is_none());
    let kind = if is_typed { "PodList" } else { "List" };
    json!({"apiVersion": "v1", "kind": kind, "items": items})
}

fn workload(dice: &mut Dice, name: &str) -> Value {
    let kinds = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("v1", "Pod"),
        ("v1", "PodTemplate"),
    ];
    let (version, kind) = dice.pick(&kinds);
    let labels = json!({"app": name});
    let (annotations, spec) = pod(dice);
    let mut metadata = json!({"name": name, "labels": labels});
    let mut inner = metadata.clone();
    let of_pod = if kind == "Pod" {
        &mut metadata
    } else {
        &mut inner
    };
    if !annotations.is_null() || dice.hit(8) {
        of_pod["annotations"] = annotations;
    }
    let template =
        json!({"metadata": {"labels": labels, "annotations": inner["annotations"]}, "spec": spec});
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
    match kind {
        "Pod" => object["spec"] = spec,
        "PodTemplate" => object["template"] = template,
        "Job" => object["spec"] = json!({"backoffLimit": 2, "template": template}),
        "CronJob" => {
            object["spec"] = json!({
                "schedule": dice.pick(&["0 3 * * *", "@daily", "*/5 * * * *"]),
                "jobTemplate": {"spec": {"template": template}},
            });
        }
        _ => {
            object["spec"] = json!({"selector": {"matchLabels": labels}, "template": template});
            maybe(&mut object["spec"], "replicas", dice, |dice| {
                dice.roll(5).into()
            });
        }
    }
    if dice.hit(12) {
        object["x-common"] = resources(dice);
    }
    object
}

/// A pod's annotations and spec.
fn pod(dice: &mut Dice) -> (Value, Value) {
    let names = ["app", "proxy", "logs", "metrics"];
    let context = container_context(dice);
    let limits = resources(dice);
    let containers: Vec<Value> = (0..1 + dice.roll(3))
        .map(|at| container(dice, names[at], &context, &limits))
        .collect();
    let mut spec = json!({"containers": containers});
    maybe(&mut spec, "initContainers", dice, |dice| {
        let names = ["migrate", "fetch"];
        let mut all: Vec<Value> = (0..dice.roll(3))
            .map(|at| container(dice, names[at], &context, &limits))
            .collect();
        if let Some(sidecar) = all.last_mut().filter(|_| dice.hit(2)) {
            sidecar["restartPolicy"] = "Always".into();
        }
        all.into()
    });
    maybe(&mut spec, "securityContext", dice, pod_context);
    maybe(&mut spec, "volumes", dice, volumes);
    for (field, value) in [
        ("serviceAccountName", json!("web")),
        ("restartPolicy", json!("OnFailure")),
        ("nodeSelector", json!({"kubernetes.io/os": "linux"})),
        (
            "tolerations",
            json!([{"key": "spot", "operator": "Exists"}]),
        ),
        ("imagePullSecrets", json!([])),
    ] {
        maybe(&mut spec, field, dice, |_| value.clone());
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if dice.hit(7) {
            spec[field] = dice.pick(&[json!(true), json!(true), json!(false), Value::Null]);
        }
    }
    if dice.hit(30) {
        spec["os"] = json!({"name": "windows"});
    }
    if dice.hit(20) {
        spec["hostUsers"] = false.into();
    }
    (annotations(dice), spec)
}

fn annotations(dice: &mut Dice) -> Value {
    let mut all = Map::new();
    for (key, value) in [
        ("checksum/config", "8f2c4e"),
        ("prometheus.io/scrape", "true"),
        ("prometheus.io/port", "9090"),
        ("note", "tab\tin text, and a \"quote\""),
        (
            "example.com/description",
            "what is said here is long enough to be folded by some",
        ),
        (
            "container.apparmor.security.beta.kubernetes.io/app",
            "unconfined",
        ),
        (
            "container.apparmor.security.beta.kubernetes.io/gone",
            "unconfined",
        ),
    ] {
        if dice.hit(5) {
            all.insert(key.into(), value.into());
        }
    }
    match all.is_empty() {
        true => Value::Null,
        false => all.into(),
    }
}

fn container(dice: &mut Dice, name: &str, context: &Value, limits: &Value) -> Value {
    let mut container = json!({"name": name, "image": image(dice)});
    match dice.roll(4) {
        0 => {}
        1 => container["securityContext"] = container_context(dice),
        _ => container["securityContext"] = context.clone(),
    }
    maybe(&mut container, "resources", dice, |dice| {
        match dice.hit(3) {
            true => json!({}),
            false => limits.clone(),
        }
    });
    maybe(&mut container, "imagePullPolicy", dice, |_| {
        "IfNotPresent".into()
    });
    maybe(&mut container, "command", dice, |dice| {
        dice.pick(&[
            json!(["/bin/sh", "-c"]),
            json!(["sh", "-c", "set -e\nwhile true; do\n\techo ok\ndone\n"]),
            json!(["nginx", "-g", "daemon off;"]),
        ])
    });
    maybe(&mut container, "args", dice, |dice| {
        let all = [
            "--port=8080",
            "-v",
            "0.5",
            "yes",
            "a: b",
            "#1",
            "tab\there",
            "--flag",
        ];
        (0..dice.roll(4)).map(|_| dice.pick(&all)).collect()
    });
    maybe(&mut container, "env", dice, env);
    maybe(&mut container, "ports", dice, ports);
    maybe(
        &mut container,
        "volumeMounts",
        dice,
        |_| json!([{"name": "tmp", "mountPath": "/tmp"}, {"name": "config", "mountPath": "/etc/app", "readOnly": true}]),
    );
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        maybe(&mut container, field, dice, probe);
    }
    if dice.hit(10) {
        container["lifecycle"] = json!({"preStop": {"exec": {"command": ["sleep", "5"]}}});
    }
    container
}

fn image(dice: &mut Dice) -> Value {
    let digest = "sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c";
    match dice.roll(8) {
        0 => "nginx".into(),
        1 => "ghcr.io/acme/web:1.4.2".into(),
        2 => format!("nginx:1.27@{digest}").into(),
        3 if dice.hit(4) => "Not An Image".into(),
        _ => format!("registry.example:5000/acme/web@{digest}").into(),
    }
}

fn resources(dice: &mut Dice) -> Value {
    dice.pick(&[
        json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}}),
        json!({"limits": {"cpu": 1, "memory": "1Gi"}}),
        json!({"requests": {"cpu": 0.5}}),
    ])
}

fn env(dice: &mut Dice) -> Value {
    let all = [
        json!({"name": "PORT", "value": "8080"}),
        json!({"name": "DEBUG", "value": "true"}),
        json!({"name": "EMPTY", "value": ""}),
        json!({"name": "JAVA_OPTS", "value": "-Xmx64m -Xss1m -Dfile.encoding=UTF-8"}),
        json!({"name": "TABS", "value": "a\tb"}),
        json!({"name": "MOTD", "value": "first line\nsecond: line\n"}),
        json!({"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}),
        json!({"name": "GREETING", "value": "it's \"hello\" # no comment"}),
    ];
    (0..dice.roll(5)).map(|_| dice.pick(&all)).collect()
}

fn ports(dice: &mut Dice) -> Value {
    let port = |dice: &mut Dice| {
        let mut port = json!({"containerPort": 8000 + dice.roll(9)});
        maybe(&mut port, "name", dice, |_| "http".into());
        maybe(&mut port, "protocol", dice, |_| "TCP".into());
        if dice.hit(4) {
            port["hostPort"] = dice.pick(&[json!(80), json!(8080), json!(0)]);
        }
        port
    };
    (0..1 + dice.roll(3)).map(|_| port(dice)).collect()
}

fn probe(dice: &mut Dice) -> Value {
    let mut probe = dice.pick(&[
        json!({"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5}),
        json!({"tcpSocket": {"port": 8080}}),
        json!({"exec": {"command": ["cat", "/tmp/healthy"]}}),
    ]);
    if dice.hit(4) {
        let action = if probe.get("tcpSocket").is_some() {
            "tcpSocket"
        } else {
            "httpGet"
        };
        probe[action]["host"] = "169.254.169.254".into();
    }
    probe
}

fn volumes(dice: &mut Dice) -> Value {
    let all = [
        json!({"name": "tmp", "emptyDir": {}}),
        json!({"name": "config", "configMap": {"name": "web", "defaultMode": 0o644}}),
        json!({"name": "data", "persistentVolumeClaim": {"claimName": "data"}}),
        json!({"name": "docker", "hostPath": {"path": "/var/run/docker.sock", "type": "Socket"}}),
        json!({"name": "nfs", "nfs": {"server": "10.0.0.1", "path": "/"}}),
    ];
    let mut some = Vec::new();
    for volume in all {
        let wanted = if volume.get("emptyDir").is_some() {
            2
        } else {
            4
        };
        if dice.hit(wanted) {
            some.push(volume);
        }
    }
    some.into()
}

fn config_map(dice: &mut Dice, name: &str) -> Value {
    let texts = [
        "server {\n\tlisten 8080;\n\tlocation / { proxy_pass http://app; }\n}\n",
        "#!/bin/sh\nset -eu\n\npg_dump \"$URL\" |\n  gzip > /backup/dump.gz\n",
        "{\"level\": \"info\"}",
        "  indented first\nthen not\n",
        "ends with two\n\n",
        "key: value\n# a comment of its own\n",
        "one long line that somebody would rather fold than scroll, and does so here",
        "---\nlooks: like a document\n",
        "",
    ];
    let mut data = Map::new();
    for key in ["nginx.conf", "run.sh", "log.json", "on"] {
        if dice.hit(2) {
            data.insert(key.into(), dice.pick(&texts).into());
        }
    }
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "annotations": {}},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": "http"}]},
    })
}

fn custom(name: &str) -> Value {
    json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": name},
        "spec": {"endpoints": [{"port": "http", "interval": "30s"}], "selector": null},
    })
}

/// A member that one object of three has; now and then it is there and says nothing.
pub(crate) fn maybe(
    of: &mut Value,
    key: &str,
    dice: &mut Dice,
    value: impl FnOnce(&mut Dice) -> Value,
) {
    match dice.roll(24) {
        0 => of[key] = Value::Null,
        1..=9 => of[key] = value(dice),
        _ => {}
    }
}
