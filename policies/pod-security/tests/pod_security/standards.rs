//! Every row at every version and level.

use pod_security::codes;

use crate::{
    rows::{ROWS, Row},
    support::{self, LEVELS, VERSIONS, level, passing_pod, run},
};

#[test]
fn a_hardened_pod_passes_everything() {
    for level_name in LEVELS {
        for version in VERSIONS {
            assert_eq!(
                run(&passing_pod(), &level(level_name, version)),
                [],
                "{level_name} {version}"
            );
        }
    }
}

#[test]
fn rows_hold_at_every_level_and_version() {
    for row in ROWS {
        for (pod, container) in row.pods() {
            for version in VERSIONS {
                for level_name in LEVELS {
                    let found = run(&pod, &level(level_name, version));
                    let case = format!(
                        "{:?} in {container:?}, {level_name} v1.{version}",
                        row.changes
                    );
                    let expected = expected(row, level_name, version);
                    assert_eq!(
                        support::codes(&found),
                        expected.into_iter().collect(),
                        "{case}"
                    );
                    if let (Some(name), Some(finding)) = (container, found.first()) {
                        assert_eq!(finding.container.as_deref(), Some(name), "{case}");
                        assert!(finding.path.to_string().contains(name), "{case}");
                        assert_eq!(found.len(), 1, "{case}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_control_has_rows_that_pass_and_rows_that_fail() {
    // which have tests of their own
    let elsewhere = ["malformed-pod", "read-only-root-filesystem"];
    for code in codes().filter(|code| !elsewhere.contains(code)) {
        let fails = |row: &&Row| !row.restricted.is_empty();
        let mut rows = ROWS.iter().filter(|row| row.code == code);
        assert!(
            rows.clone().any(|row| fails(&row)),
            "{code} has no row that fails"
        );
        assert!(
            rows.any(|row| !fails(&row)),
            "{code} has no row that passes"
        );
    }
}

fn expected(row: &Row, level: &str, version: u8) -> Option<&'static str> {
    let refused = match level {
        "privileged" => false,
        "baseline" => row.baseline.contains(&version),
        _ => row.restricted.contains(&version),
    };
    refused.then_some(row.code)
}

/// What the rows cannot say: these depend on the level alone.
mod hardened {
    use serde_json::{Value, json};

    use super::*;
    use crate::support::{CONTAINERS, codes, set, settings};

    fn writable(container: &str, value: Value) -> Value {
        let mut pod = passing_pod();
        set(
            &mut pod,
            &format!("{container}.securityContext.readOnlyRootFilesystem"),
            value,
        );
        pod
    }

    #[test]
    fn only_hardened_demands_a_read_only_root_filesystem() {
        for value in [json!(null), json!(false), json!("true")] {
            for container in &CONTAINERS[..3] {
                let pod = writable(container, value.clone());
                assert_eq!(run(&pod, &level("restricted", 37)), []);
                for version in VERSIONS {
                    let found = run(&pod, &level("hardened", version));
                    assert_eq!(codes(&found), ["read-only-root-filesystem"].into());
                }
            }
        }
    }

    #[test]
    fn ephemeral_containers_are_skipped_unless_chosen() {
        let pod = writable(CONTAINERS[3], json!(false));
        assert_eq!(run(&pod, &level("hardened", 37)), []);
        let chosen =
            settings(&json!({"controls": {"read-only-root-filesystem": {"ephemeral": true}}}));
        assert_eq!(
            codes(&run(&pod, &chosen)),
            ["read-only-root-filesystem"].into()
        );
    }

    #[test]
    fn windows_is_exempt_at_every_version() {
        let mut pod = writable(CONTAINERS[2], json!(null));
        set(&mut pod, "spec.os.name", json!("windows"));
        for version in VERSIONS {
            assert_eq!(run(&pod, &level("hardened", version)), []);
        }
    }
}

/// Where a finding stands when both the pod and its containers can be at fault.
mod places {
    use serde_json::{Value, json};

    use super::*;
    use crate::support::set;

    fn found(changes: &[(&str, Value)]) -> Vec<String> {
        let mut pod = passing_pod();
        for (path, value) in changes {
            set(&mut pod, path, value.clone());
        }
        let mut found: Vec<_> = run(&pod, &level("restricted", 37))
            .iter()
            .map(|finding| finding.path.to_string())
            .collect();
        found.sort();
        found
    }

    const POD: &str = "spec.securityContext.runAsNonRoot";
    const APP: &str = "spec.containers[name=app].securityContext.runAsNonRoot";
    const DEBUGGER: &str = "spec.ephemeralContainers[name=debugger].securityContext.runAsNonRoot";

    #[test]
    fn what_nobody_sets_is_one_finding_at_the_pod_and_one_at_each_ephemeral_container() {
        assert_eq!(found(&[(POD, json!(null))]), [DEBUGGER, POD]);
        let seccomp = found(&[("spec.securityContext.seccompProfile", json!(null))]);
        let debugger = "spec.ephemeralContainers[name=debugger].securityContext.seccompProfile";
        assert_eq!(seccomp, [debugger, "spec.securityContext.seccompProfile"]);
    }

    #[test]
    fn a_container_that_says_no_is_a_finding_of_its_own() {
        assert_eq!(found(&[(APP, json!(false))]), [APP]);
        assert_eq!(found(&[(POD, json!(false))]), [DEBUGGER, POD]);
        assert_eq!(
            found(&[(POD, json!(null)), (APP, json!(false))]),
            [APP, DEBUGGER, POD]
        );
    }

    #[test]
    fn one_container_is_one_finding_however_many_ports_and_probes_it_has() {
        let ports = json!([{"containerPort": 80, "hostPort": 80}, {"hostPort": 81}]);
        assert_eq!(
            found(&[("spec.containers[name=app].ports", ports)]),
            ["spec.containers[name=app].ports"]
        );
        let probe = json!({"httpGet": {"host": "a"}, "tcpSocket": {"host": "b"}});
        assert_eq!(
            found(&[("spec.containers[name=app].livenessProbe", probe)]),
            ["spec.containers[name=app].livenessProbe.httpGet.host"]
        );
    }

    /// The API server copies AppArmor profiles between field and annotation.
    #[test]
    fn an_apparmor_profile_is_one_finding_however_often_it_is_written() {
        const FIELD: &str = "securityContext.appArmorProfile";
        let unconfined = || json!({"type": "Unconfined"});
        let app = &format!("spec.containers[name=app].{FIELD}");
        let pod = &format!("spec.{FIELD}");
        let annotation = (
            r#"metadata.annotations["container.apparmor.security.beta.kubernetes.io/app"]"#,
            json!("unconfined"),
        );
        let alone = std::slice::from_ref(&annotation);
        assert_eq!(found(alone), [format!("{app}.type")]);
        assert_eq!(
            found(&[annotation.clone(), (app, unconfined())]),
            [format!("{app}.type")]
        );
        assert_eq!(
            found(&[annotation.clone(), (pod, unconfined())]),
            [format!("{pod}.type")]
        );

        let mut twice = passing_pod();
        set(&mut twice, annotation.0, annotation.1);
        set(&mut twice, pod, unconfined());
        let fix = run(&twice, &level("baseline", 37)).remove(0).fix.unwrap();
        fix.edits
            .iter()
            .for_each(|edit| support::apply(&mut twice, edit));
        assert_eq!(run(&twice, &level("baseline", 37)), []);
    }

    #[test]
    fn each_volume_is_a_finding_of_its_own() {
        let volumes = json!([
            {"name": "a", "hostPath": {"path": "/"}},
            {"name": "b", "nfs": {}},
            {"name": "c", "emptyDir": {}},
            {"iscsi": {}},
        ]);
        assert_eq!(
            found(&[("spec.volumes", volumes)]),
            [
                "spec.volumes[3].iscsi",
                "spec.volumes[name=a].hostPath",
                "spec.volumes[name=b].nfs"
            ]
        );
    }

    #[test]
    fn ephemeral_containers_are_told_how_to_debug() {
        let mut pod = passing_pod();
        set(
            &mut pod,
            "spec.ephemeralContainers[name=debugger].securityContext",
            json!(null),
        );
        let found = run(&pod, &level("hardened", 37));
        assert_eq!(support::codes(&found).len(), 2);
        for finding in found {
            let help = finding.help.unwrap();
            assert!(
                help.contains("`kubectl debug --profile=restricted`"),
                "{help}"
            );
        }
    }
}
