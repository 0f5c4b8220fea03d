//! Security contexts, most of them with something that a policy finds.

use serde_json::{Value, json};

use crate::{dice::Dice, objects::maybe};

pub(crate) fn container_context(dice: &mut Dice) -> Value {
    let mut context = json!({});
    for (field, values) in [
        (
            "runAsNonRoot",
            vec![json!(true), json!(true), json!(false), Value::Null],
        ),
        ("runAsUser", vec![json!(0), json!(1000), Value::Null]),
        ("privileged", vec![json!(true), json!(false), json!(false)]),
        (
            "allowPrivilegeEscalation",
            vec![json!(true), json!(false), Value::Null],
        ),
        ("readOnlyRootFilesystem", vec![json!(true), json!(false)]),
        ("procMount", vec![json!("Unmasked"), json!("Default")]),
        ("seccompProfile", profiles()),
        ("appArmorProfile", profiles()),
        (
            "seLinuxOptions",
            vec![json!({"user": "root"}), json!({"type": "container_t"})],
        ),
    ] {
        let is_common = matches!(
            field,
            "runAsNonRoot" | "runAsUser" | "allowPrivilegeEscalation" | "readOnlyRootFilesystem"
        );
        if dice.hit(if is_common { 3 } else { 8 }) {
            context[field] = dice.pick(&values);
        }
    }
    maybe(&mut context, "capabilities", dice, |dice| {
        let mut capabilities = json!({});
        for field in ["add", "drop"] {
            maybe(&mut capabilities, field, dice, |dice| {
                let all = [
                    "NET_BIND_SERVICE",
                    "NET_ADMIN",
                    "CAP_SYS_ADMIN",
                    "ALL",
                    "KILL",
                ];
                (0..dice.roll(3)).map(|_| dice.pick(&all)).collect()
            });
        }
        capabilities
    });
    context
}

pub(crate) fn pod_context(dice: &mut Dice) -> Value {
    let mut context = json!({});
    for (field, values) in [
        ("runAsNonRoot", vec![json!(true), json!(false)]),
        ("runAsUser", vec![json!(0), json!(65534)]),
        ("fsGroup", vec![json!(2000)]),
        ("supplementalGroups", vec![json!([]), json!([1, 2])]),
        ("seccompProfile", profiles()),
        (
            "seLinuxOptions",
            vec![json!({"level": "s0:c1"}), json!({"role": "sysadm_r"})],
        ),
        (
            "sysctls",
            vec![
                json!([{"name": "net.core.somaxconn", "value": "1024"}]),
                json!([{"name": "kernel.msgmax", "value": "1"}, {"name": "net.ipv4.tcp_syncookies", "value": "0"}]),
            ],
        ),
    ] {
        if dice.hit(4) {
            context[field] = dice.pick(&values);
        }
    }
    context
}

fn profiles() -> Vec<Value> {
    vec![
        json!({"type": "RuntimeDefault"}),
        json!({"type": "Unconfined"}),
        json!({"type": "Localhost", "localhostProfile": "web.json"}),
        json!({}),
        Value::Null,
    ]
}
