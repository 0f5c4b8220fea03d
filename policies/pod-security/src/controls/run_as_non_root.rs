//! Pod Security Standards, restricted, "Running as Non-root".

use gatehouse_sdk::{Finding, FindingBuilder};

use crate::{
    level::Level,
    subject::{ContainerView, PodView},
};

pub(super) const CODE: &str = "run-as-non-root";

const FIELD: &str = "runAsNonRoot";

/// A pod that leaves it open is one finding, whatever the number of its containers: one line repairs it.
pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    let set = pod.security.get(FIELD);
    let holds = match set.as_bool() {
        Some(value) => value,
        None => set.is_null() && !pod.is_left_to_pod(FIELD),
    };
    if !holds && !pod.may_run_as_root() {
        const AT: &str = "spec.securityContext.runAsNonRoot";
        found.push(finding(pod.finding(CODE, AT).set(AT, true)));
    }
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let set = view.security.get(FIELD);
    let by_pod = || view.pod.security.get(FIELD).as_bool() == Some(true);
    let holds = match set.as_bool() {
        Some(value) => value,
        None => set.is_null() && (!view.is_ephemeral() || by_pod()),
    };
    if !holds && !view.pod.may_run_as_root() {
        const AT: &str = "securityContext.runAsNonRoot";
        found.push(finding(view.finding(CODE, AT).set(AT, true)));
    }
}

fn finding(at: FindingBuilder<'_>) -> Finding {
    at.message("running as root is not ruled out")
        .required("true")
        .risk("a container whose image runs as root does not start")
        .into()
}
