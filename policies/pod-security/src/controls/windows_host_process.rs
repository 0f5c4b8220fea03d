//! Pod Security Standards, baseline, "HostProcess".

use gatehouse_sdk::{Finding, FindingBuilder};

use crate::{
    level::Level,
    subject::{ContainerView, PodView, SecurityContext, is_off, member},
};

pub(super) const CODE: &str = "windows-host-process";

pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    if is_host_process(&pod.security) {
        const AT: &str = "spec.securityContext.windowsOptions.hostProcess";
        found.push(finding(pod.finding(CODE, AT).remove(AT)));
    }
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    if is_host_process(&view.security) {
        const AT: &str = "securityContext.windowsOptions.hostProcess";
        found.push(finding(view.finding(CODE, AT).remove(AT)));
    }
}

fn is_host_process(security: &SecurityContext<'_>) -> bool {
    !is_off(member(security.windows, "hostProcess"))
}

fn finding(at: FindingBuilder<'_>) -> Finding {
    at.message("it runs as a process of its Windows node, outside any container")
        .required("false or not set")
        .risk("what administers the Windows node stops working")
        .into()
}
