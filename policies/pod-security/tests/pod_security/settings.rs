//! What settings mean, and what is said of wrong ones.

use gatehouse_sdk::{read_settings, tree::TreeBuf};
use pod_security::{Settings, configure};
use serde_json::{Value, json};

use crate::support::{codes, passing_pod, run, set, settings};

fn found(settings_value: Value, changes: &[(&str, Value)]) -> Vec<String> {
    let mut pod = passing_pod();
    for (path, value) in changes {
        set(&mut pod, path, value.clone());
    }
    let found = run(&pod, &settings(&settings_value));
    codes(&found).into_iter().map(str::to_owned).collect()
}

const APP: &str = "spec.containers[name=app]";

#[test]
fn nothing_set_is_hardened_at_latest() {
    assert_eq!(
        settings(&json!({})),
        settings(&json!({"level": "hardened", "version": "latest"}))
    );
    let writable = format!("{APP}.securityContext.readOnlyRootFilesystem");
    assert_eq!(
        found(json!({}), &[(&writable, json!(null))]),
        ["read-only-root-filesystem"]
    );
}

#[test]
fn off_switches_a_control_off() {
    let network = [("spec.hostNetwork", json!(true))];
    assert_eq!(found(json!({}), &network), ["host-network"]);
    for off in [
        json!("off"),
        json!(false),
        json!({"enabled": "off"}),
        json!({"enabled": false}),
    ] {
        assert_eq!(
            found(json!({"controls": {"host-network": off}}), &network),
            Vec::<String>::new()
        );
    }
}

#[test]
fn on_switches_a_control_on_in_its_strictest_form() {
    let cases = [
        (
            "read-only-root-filesystem",
            format!("{APP}.securityContext.readOnlyRootFilesystem"),
            json!(null),
        ),
        (
            "run-as-non-root",
            "spec.securityContext.runAsNonRoot".to_owned(),
            json!(null),
        ),
        (
            "seccomp-profile",
            "spec.securityContext.seccompProfile".to_owned(),
            json!(null),
        ),
        (
            "added-capabilities",
            format!("{APP}.securityContext.capabilities.add"),
            json!(["CHOWN"]),
        ),
        (
            "host-probe",
            format!("{APP}.livenessProbe.httpGet.host"),
            json!("a"),
        ),
    ];
    for (code, path, value) in cases {
        for base in [
            json!({"level": "privileged"}),
            json!({"level": "baseline", "version": "v1.0"}),
        ] {
            let change = [(&*path, value.clone())];
            assert_eq!(found(base.clone(), &change), Vec::<String>::new());
            for on in [json!("on"), json!(true), json!({"enabled": "on"})] {
                let mut with = base.clone();
                with["controls"] = json!({code: on});
                assert_eq!(found(with, &change), [code]);
            }
        }
    }
}

#[test]
fn tuning_allows_more_or_less() {
    let pod = "spec.securityContext";
    let cases = [
        (
            "host-port",
            format!("{APP}.ports"),
            json!([{"hostPort": 80}]),
            json!({"allow": [80]}),
            json!({"allow": [81]}),
        ),
        (
            "host-port",
            format!("{APP}.ports"),
            json!([{"hostPort": 7500}]),
            json!({"allow": ["7000-8000"]}),
            json!({"allow": ["1-7499"]}),
        ),
        (
            "host-probe",
            format!("{APP}.livenessProbe.httpGet.host"),
            json!("127.0.0.1"),
            json!({"allow": ["127.0.0.*"]}),
            json!({"allow": ["127"]}),
        ),
        (
            "added-capabilities",
            format!("{APP}.securityContext.capabilities.add"),
            json!(["SYS_TIME"]),
            json!({"allow": ["SYS_TIME"]}),
            json!({"allow": ["SYS_NICE"]}),
        ),
        (
            "selinux-options",
            format!("{pod}.seLinuxOptions.type"),
            json!("spc_t"),
            json!({"allow": ["spc_t"]}),
            json!({"allow": ["spc"]}),
        ),
        (
            "unsafe-sysctl",
            format!("{pod}.sysctls"),
            json!([{"name": "net.core.somaxconn"}]),
            json!({"allow": ["net.*"]}),
            json!({"allow": ["kernel.*"]}),
        ),
        (
            "volume-type",
            "spec.volumes".to_owned(),
            json!([{"name": "v", "nfs": {}}]),
            json!({"allow": ["nfs"]}),
            json!({"allow": ["iscsi"]}),
        ),
        (
            "seccomp-profile",
            format!("{pod}.seccompProfile"),
            json!({"type": "Localhost", "localhostProfile": "a/b"}),
            json!({"localhostProfiles": ["a/*"]}),
            json!({"localhostProfiles": []}),
        ),
        (
            "apparmor-profile",
            format!("{pod}.appArmorProfile"),
            json!({"type": "Localhost", "localhostProfile": "a"}),
            json!({"localhostProfiles": ["a"]}),
            json!({"localhostProfiles": ["b"]}),
        ),
    ];
    for (code, path, value, fits, does_not) in cases {
        let change = [(&*path, value)];
        let with = |tuning: Value| json!({"controls": {code: tuning}});
        assert_eq!(found(with(fits), &change), Vec::<String>::new(), "{code}");
        assert_eq!(found(with(does_not), &change), [code]);
    }
}

#[test]
fn tuning_does_not_switch_on() {
    let tuned = json!({"level": "privileged", "controls": {"host-port": {"allow": [80]}}});
    assert_eq!(
        found(
            tuned,
            &[(&format!("{APP}.ports"), json!([{"hostPort": 81}]))]
        ),
        Vec::<String>::new()
    );
}

#[test]
fn a_version_newer_than_known_is_the_latest() {
    assert_eq!(
        settings(&json!({"version": "v1.99"})),
        settings(&json!({"version": "latest"}))
    );
}

/// Shape: what reading says.
#[test]
fn a_wrong_shape_is_located() {
    let cases = [
        (json!({"lvl": "baseline"}), "lvl", "unknown field `lvl`"),
        (json!({"level": "restrictd"}), "level", "`restricted`"),
        (
            json!({"version": "1.25"}),
            "version",
            "write `latest` or `v1.N`, here `v1.25`",
        ),
        (
            json!({"version": 1.25}),
            "version",
            "`latest` or a version such as `v1.25`",
        ),
        (
            json!({"version": "v2.0"}),
            "version",
            "`v2.0` is not a version",
        ),
        (
            json!({"namespaceDefault": "namespace"}),
            "namespaceDefault",
            "`privileged`",
        ),
        (
            json!({"controls": {"host-pid": "offf"}}),
            "controls.host-pid",
            "`offf`: expected `on` or `off`",
        ),
        (
            json!({"controls": {"host-pid": 3}}),
            "controls.host-pid",
            "expected `on`, `off` or an object",
        ),
        (
            json!({"controls": {"host-pid": {"on": true}}}),
            "controls.host-pid.on",
            "unknown field `on`",
        ),
        (
            json!({"controls": {"host-pid": {"enabled": {}}}}),
            "controls.host-pid.enabled",
            "expected `on` or `off`",
        ),
        (
            json!({"controls": {"host-port": {"allow": [80.5]}}}),
            "controls.host-port.allow[0]",
            "text or a whole number",
        ),
    ];
    for (value, path, message) in cases {
        let error =
            read_settings::<Settings>(TreeBuf::from_value(&value).unwrap().root()).unwrap_err();
        assert_eq!(error.path.to_string(), path, "{value}: {}", error.message);
        assert!(
            error.message.contains(message),
            "{value}: {}",
            error.message
        );
    }
}

/// Meaning: what `configure` says.
#[test]
fn a_wrong_meaning_is_located() {
    let cases = [
        (
            json!({"host-pids": "off"}),
            "controls.host-pids",
            "there is no control `host-pids`; the controls are `malformed-pod`, ",
        ),
        (
            json!({"host-pid": {"allow": ["1"]}}),
            "controls.host-pid.allow",
            "`host-pid` has no `allow`: it can only be `on` or `off`",
        ),
        (
            json!({"host-port": {"ephemeral": true}}),
            "controls.host-port.ephemeral",
            "it has `enabled`, `allow`",
        ),
        (
            json!({"host-port": {"allow": [80, "http"]}}),
            "controls.host-port.allow[1]",
            "`http` is neither a port nor a range",
        ),
        (
            json!({"host-port": {"allow": [70000]}}),
            "controls.host-port.allow[0]",
            "`70000` is neither",
        ),
        (
            json!({"seccomp-profile": {"allow": ["a"]}}),
            "controls.seccomp-profile.allow",
            "`localhostProfiles`",
        ),
    ];
    for (controls, path, message) in cases {
        let errors = configure(&settings(&json!({"controls": controls})));
        let [error] = &*errors else {
            panic!("{controls}: {errors:?}")
        };
        assert_eq!(error.path.to_string(), path);
        assert!(error.message.contains(message), "{}", error.message);
    }
}

#[test]
fn all_wrong_meanings_are_told_at_once() {
    let wrong = json!({"controls": {"a": "on", "b": "off", "host-port": {"allow": ["x", "y"]}}});
    assert_eq!(configure(&settings(&wrong)).len(), 4);
    assert_eq!(configure(&settings(&json!({"level": "namespace"}))), []);
}
