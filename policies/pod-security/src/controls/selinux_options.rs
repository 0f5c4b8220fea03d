//! Pod Security Standards, baseline, "SELinux".

use gatehouse_sdk::{Finding, FindingBuilder, Node, Path};

use crate::{
    level::Level,
    subject::{ContainerView, PodView, is_empty, member},
};

pub(super) const CODE: &str = "selinux-options";

const POD: &str = "spec.securityContext.seLinuxOptions";
const CONTAINER: &str = "securityContext.seLinuxOptions";

/// Allowed types, and since which version.
const TYPES: [(&str, u8); 4] = [
    ("container_t", 0),
    ("container_init_t", 0),
    ("container_kvm_t", 0),
    ("container_engine_t", 31),
];

pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    let options = pod.security.selinux;
    found.extend(judge(options, pod, POD, || pod.finding(CODE, POD)));
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let options = view.security.selinux;
    found.extend(judge(options, view.pod, CONTAINER, || {
        view.finding(CODE, CONTAINER)
    }));
}

fn judge<'a>(
    options: Node<'_>,
    pod: &PodView<'_>,
    at: &str,
    finding: impl Fn() -> FindingBuilder<'a>,
) -> Option<Finding> {
    let forbidden = [
        ("type", !is_allowed_type(member(options, "type"), pod)),
        ("user", !is_empty(member(options, "user"))),
        ("role", !is_empty(member(options, "role"))),
    ];
    let bad: Vec<_> = forbidden.iter().filter(|(_, bad)| *bad).collect();
    if bad.is_empty() {
        return None;
    }
    let finding = finding()
        .message("it chooses an SELinux label that the runtime would not give it")
        .required(required(pod))
        .risk("it gets the runtime's label: files with another one may be out of its reach");
    let remove = |finding: FindingBuilder<'a>, field| finding.remove(Path::dotted(at).key(field));
    Some(
        bad.iter()
            .map(|(field, _)| *field)
            .fold(finding, remove)
            .into(),
    )
}

fn is_allowed_type(value: Node<'_>, pod: &PodView<'_>) -> bool {
    let is_known = |text: &str| types(pod).any(|known| known == text);
    let is_allowed = |text: &str| is_known(text) || pod.tuning(CODE).allows(text);
    is_empty(value) || value.as_str().is_some_and(is_allowed)
}

fn types<'a>(pod: &PodView<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let version = pod.version;
    TYPES
        .iter()
        .filter(move |(_, since)| version.is_since(*since))
        .map(|(name, _)| *name)
}

fn required(pod: &PodView<'_>) -> String {
    let tuned = pod.tuning(CODE).allow.iter().map(String::as_str);
    let types: Vec<_> = types(pod).chain(tuned).collect();
    format!("no user, no role, and no type but {}", types.join(", "))
}
