//! Pod Security Standards, "Seccomp": at baseline a profile must not be switched off, by annotation before
//! 1.19 and by field since; at restricted since 1.19 one must be set.

use gatehouse_sdk::{Finding, FindingBuilder, Node, Path};
use serde_json::json;

use crate::{
    level::Level,
    settings::Tuning,
    subject::{ContainerView, PodView, member},
};

pub(super) const CODE: &str = "seccomp-profile";

const FIELD: &str = "seccompProfile";
const POD: &str = "spec.securityContext.seccompProfile";
const CONTAINER: &str = "securityContext.seccompProfile";
const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATIONS: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// What is judged.
#[derive(PartialEq)]
enum Rule {
    Annotations,
    NotOff,
    Set,
}

impl Rule {
    fn new(pod: &PodView<'_>, form: Level) -> Option<Self> {
        match form {
            Level::Privileged | Level::Baseline if pod.version.is_since(19) => Some(Rule::NotOff),
            Level::Privileged | Level::Baseline => Some(Rule::Annotations),
            _ if pod.is_exempt_as_windows() => None,
            _ => Some(Rule::Set),
        }
    }
}

/// A pod that leaves it open is one finding, whatever the number of its containers: one line repairs it.
pub(super) fn judge_pod(pod: &PodView<'_>, form: Level, found: &mut Vec<Finding>) {
    let Some(rule) = Rule::new(pod, form) else {
        return;
    };
    if rule == Rule::Annotations {
        return judge_annotations(pod, found);
    }
    match pod.security.set(FIELD) {
        Some(profile) if is_allowed(profile, pod.tuning(CODE)) => {}
        Some(profile) => found.push(off(profile, pod, POD, |at| pod.finding(CODE, at))),
        None if rule == Rule::Set && pod.is_left_to_pod(FIELD) => {
            found.push(unset(pod, POD, |at| pod.finding(CODE, at)));
        }
        None => {}
    }
}

pub(super) fn judge_container(view: &ContainerView<'_>, form: Level, found: &mut Vec<Finding>) {
    let pod = view.pod;
    let rule = match Rule::new(pod, form) {
        None | Some(Rule::Annotations) => return,
        Some(rule) => rule,
    };
    let allowed = |profile| is_allowed(profile, pod.tuning(CODE));
    match view.security.set(FIELD) {
        Some(profile) if allowed(profile) => {}
        Some(profile) => found.push(off(profile, pod, CONTAINER, |at| view.finding(CODE, at))),
        None => {
            let by_pod = || pod.security.set(FIELD).is_some_and(allowed);
            if rule == Rule::Set && view.is_ephemeral() && !by_pod() {
                found.push(unset(pod, CONTAINER, |at| view.finding(CODE, at)));
            }
        }
    }
}

fn is_allowed(profile: Node<'_>, tuning: &Tuning) -> bool {
    match member(profile, "type").as_str() {
        Some("RuntimeDefault") => true,
        Some("Localhost") => {
            let file = member(profile, "localhostProfile").as_str();
            tuning.allows_localhost_profile(file.unwrap_or_default())
        }
        _ => false,
    }
}

fn off<'a>(
    profile: Node<'_>,
    pod: &PodView<'_>,
    at: &str,
    finding: impl Fn(Path) -> FindingBuilder<'a>,
) -> Finding {
    let is_localhost = member(profile, "type").as_str() == Some("Localhost");
    let field = if is_localhost {
        "localhostProfile"
    } else {
        "type"
    };
    let finding = finding(Path::dotted(at).key(field)).required(required(pod));
    let finding = if is_localhost {
        finding.message("the seccomp profile is not one of those that are allowed here")
    } else {
        finding.message("seccomp is switched off, so every system call reaches the node's kernel")
    };
    let finding = finding.risk("a system call that the runtime's default profile blocks fails");
    if pod.is_windows {
        finding.remove(at).into()
    } else {
        finding.set(at, json!({"type": "RuntimeDefault"})).into()
    }
}

fn unset<'a>(pod: &PodView<'_>, at: &str, finding: impl Fn(Path) -> FindingBuilder<'a>) -> Finding {
    let finding = finding(at.into())
        .message("no seccomp profile is set, so every system call reaches the node's kernel")
        .required(required(pod));
    if pod.is_windows {
        super::not_on_windows(finding)
    } else {
        finding
            .set(Path::dotted(at).key("type"), "RuntimeDefault")
            .into()
    }
}

fn required(pod: &PodView<'_>) -> String {
    match &pod.tuning(CODE).localhost_profiles {
        None => "type RuntimeDefault or Localhost".to_owned(),
        Some(profiles) if profiles.is_empty() => "type RuntimeDefault".to_owned(),
        Some(profiles) => format!(
            "type RuntimeDefault, or Localhost with {}",
            profiles.join(", ")
        ),
    }
}

/// The form that counted before 1.19.
fn judge_annotations(pod: &PodView<'_>, found: &mut Vec<Finding>) {
    for (key, value) in pod.annotations.members() {
        let container = key.strip_prefix(CONTAINER_ANNOTATIONS);
        let is_about_it = container.is_some_and(|name| pod.container_named(name).is_some());
        if (key != POD_ANNOTATION && !is_about_it) || is_allowed_annotation(value, pod.tuning(CODE))
        {
            continue;
        }
        let at = Path::dotted("metadata.annotations").key(key);
        found.push(
            pod.finding(CODE, at.clone())
                .container(container.unwrap_or_default())
                .message("seccomp is switched off, so every system call reaches the node's kernel")
                .required("runtime/default, docker/default, localhost/…, or not set")
                .remove(at)
                .risk("a system call that the runtime's default profile blocks fails")
                .into(),
        );
    }
}

fn is_allowed_annotation(value: Node<'_>, tuning: &Tuning) -> bool {
    match value.as_str().unwrap_or_default() {
        "runtime/default" | "docker/default" => true,
        other => other
            .strip_prefix("localhost/")
            .is_some_and(|file| tuning.allows_localhost_profile(file)),
    }
}
