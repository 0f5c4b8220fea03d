//! Pod Security Standards, restricted since 1.23, "Running as Non-root user".

use gatehouse_sdk::{Finding, FindingBuilder};

use crate::{
    level::Level,
    subject::{ContainerView, PodView, SecurityContext, whole},
};

pub(super) const CODE: &str = "run-as-user";

pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    if may_be_root(&pod.security) && !pod.may_run_as_root() {
        const AT: &str = "spec.securityContext.runAsUser";
        found.push(finding(pod.finding(CODE, AT).remove(AT)));
    }
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    if may_be_root(&view.security) && !view.pod.may_run_as_root() {
        const AT: &str = "securityContext.runAsUser";
        found.push(finding(view.finding(CODE, AT).remove(AT)));
    }
}

fn may_be_root(security: &SecurityContext<'_>) -> bool {
    let user = security.get("runAsUser");
    !user.is_null() && matches!(whole(user), None | Some(0))
}

fn finding(at: FindingBuilder<'_>) -> Finding {
    at.message("its processes are told to run as root")
        .required("a user id other than 0, or not set")
        .risk("its processes run as the image's own user, who may lack rights that root has")
        .into()
}
