//! A fix repairs what it is for, breaks nothing else, and never writes what the API forbids.

use gatehouse_sdk::{Edit, Finding};
use serde_json::{Value, json};

use crate::{
    rows::ROWS,
    support::{apply, codes, level, passing_pod, run, set},
};

/// Versions that between them have every form of every control.
const FORMS: [u8; 4] = [0, 18, 24, 37];

/// All findings that the rows give at hardened, with their pods.
fn all_findings() -> impl Iterator<Item = (Value, u8, Finding)> {
    let pods = ROWS.iter().flat_map(|row| row.pods()).map(|(pod, _)| pod);
    pods.chain(writable_and_malformed()).flat_map(|pod| {
        FORMS.into_iter().flat_map(move |version| {
            let findings = run(&pod, &level("hardened", version));
            let pod = pod.clone();
            findings
                .into_iter()
                .map(move |finding| (pod.clone(), version, finding))
        })
    })
}

fn writable_and_malformed() -> [Value; 2] {
    let mut writable = passing_pod();
    set(
        &mut writable,
        "spec.containers[name=app].securityContext.readOnlyRootFilesystem",
        json!(null),
    );
    let mut malformed = passing_pod();
    set(&mut malformed, "spec.volumes", json!("all"));
    [writable, malformed]
}

#[test]
fn a_fix_removes_its_finding_and_adds_none() {
    for (mut pod, version, finding) in all_findings() {
        let Some(fix) = &finding.fix else {
            continue;
        };
        let before = run(&pod, &level("hardened", version));
        fix.edits.iter().for_each(|edit| apply(&mut pod, edit));
        let after = run(&pod, &level("hardened", version));
        let is_left = after
            .iter()
            .any(|left| left.code == finding.code && left.path == finding.path);
        assert!(!is_left, "v1.{version}: {fix:?} leaves {after:?}");
        assert!(
            codes(&after).is_subset(&codes(&before)),
            "v1.{version}: {fix:?} adds {after:?}"
        );
    }
}

#[test]
fn a_finding_has_a_fix_or_says_why_not() {
    for (pod, version, finding) in all_findings() {
        let says_why = finding
            .help
            .as_deref()
            .is_some_and(|help| help.contains("no fix"));
        assert!(
            finding.fix.is_some() != says_why,
            "v1.{version} {finding:?} of {pod}"
        );
    }
}

#[test]
fn only_a_missing_seccomp_profile_is_repaired_safely() {
    for (_, _, finding) in all_findings() {
        if finding.fix.as_ref().is_some_and(|fix| fix.is_safe()) {
            assert_eq!(finding.code, "seccomp-profile");
            assert_eq!(finding.found.as_deref(), Some("not set"));
        }
    }
}

#[test]
fn every_text_reads_as_one_short_sentence() {
    for (_, _, finding) in all_findings() {
        let fix = finding.fix.as_ref();
        let texts = [
            Some(&finding.message),
            finding.help.as_ref(),
            fix.and_then(|fix| fix.risk.as_ref()),
        ];
        for text in texts.into_iter().flatten() {
            assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
            let proper = ["AppArmor", "SELinux"]
                .iter()
                .any(|name| text.starts_with(name));
            assert!(proper || !text.starts_with(char::is_uppercase), "{text}");
        }
        assert!(finding.message.len() <= 110, "{}", finding.message);
        assert!(
            finding.required.is_some() && finding.found.is_some(),
            "{finding:?}"
        );
    }
}

/// Fields that API validation forbids a pod with `os.name: windows`, of which a fix might think.
const NOT_ON_WINDOWS: [&str; 8] = [
    "seccompProfile",
    "appArmorProfile",
    "seLinuxOptions",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
];

#[test]
fn a_windows_pod_is_never_given_a_field_that_the_api_forbids_it() {
    let bare = json!({"containers": [{"name": "app"}], "os": {"name": "windows"}});
    let pods = all_findings().map(|(mut pod, ..)| {
        set(&mut pod, "spec.os.name", json!("windows"));
        pod
    });
    for pod in pods.chain([json!({"spec": bare})]) {
        for version in FORMS {
            for finding in run(&pod, &level("hardened", version)) {
                for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
                    let path = edit.path().to_string();
                    let is_forbidden = NOT_ON_WINDOWS.iter().any(|field| path.contains(field));
                    let keeps = finding.code == "added-capabilities";
                    assert!(
                        !is_forbidden || keeps || matches!(edit, Edit::Remove { .. }),
                        "{edit:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_pod_that_is_not_on_windows_is_never_given_windows_options() {
    for (_, _, finding) in all_findings() {
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            let is_windows = edit.path().to_string().contains("windowsOptions");
            assert!(
                !is_windows || matches!(edit, Edit::Remove { .. }),
                "{edit:?}"
            );
        }
    }
}

#[test]
fn no_privilege_escalation_is_not_set_beside_what_the_api_refuses_with_it() {
    for (field, value) in [
        ("privileged", json!(true)),
        ("capabilities.add", json!(["CAP_SYS_ADMIN"])),
    ] {
        let mut pod = passing_pod();
        const CONTAINER: &str = "spec.containers[name=app].securityContext";
        set(
            &mut pod,
            &format!("{CONTAINER}.allowPrivilegeEscalation"),
            json!(null),
        );
        set(&mut pod, &format!("{CONTAINER}.{field}"), value);
        let found = run(&pod, &level("restricted", 37));
        let finding = found
            .iter()
            .find(|finding| finding.code == "privilege-escalation")
            .unwrap();
        assert_eq!(finding.fix, None);
    }
}

#[test]
fn added_capabilities_that_are_allowed_stay() {
    let mut pod = passing_pod();
    const ADD: &str = "spec.containers[name=app].securityContext.capabilities.add";
    set(&mut pod, ADD, json!(["SYS_TIME", "NET_BIND_SERVICE"]));
    let found = run(&pod, &level("restricted", 37));
    let edits = &found[0].fix.as_ref().unwrap().edits;
    let path = ADD.parse().unwrap();
    assert_eq!(
        *edits,
        [Edit::Set {
            path,
            value: json!(["NET_BIND_SERVICE"])
        }]
    );
}
