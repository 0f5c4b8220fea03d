//! Pod Security Standards, restricted since 1.8, "Privilege Escalation".

use gatehouse_sdk::{Finding, Node};

use crate::{
    level::Level,
    subject::{ContainerView, is_off},
};

pub(super) const CODE: &str = "privilege-escalation";

const AT: &str = "securityContext.allowPrivilegeEscalation";

pub(super) fn judge(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let allowed = view.security.get("allowPrivilegeEscalation");
    if allowed.as_bool() == Some(false) || view.pod.is_exempt_as_windows() {
        return;
    }
    let finding = view
        .finding(CODE, AT)
        .message("a process can gain more rights than the one that started it, as with sudo")
        .required("false");
    found.push(if view.pod.is_windows {
        super::not_on_windows(finding)
    } else if rules_it_out(view) {
        finding
            .help("no fix yet: the API refuses `false` beside `privileged` or `CAP_SYS_ADMIN`")
            .into()
    } else {
        finding
            .set(AT, false)
            .risk("what gains rights while it runs fails: sudo, ping, su")
            .into()
    });
}

/// Whether the API would refuse the repaired container.
fn rules_it_out(view: &ContainerView<'_>) -> bool {
    let is_admin = |capability: Node<'_>| capability.as_str() == Some("CAP_SYS_ADMIN");
    !is_off(view.security.get("privileged")) || view.added.items().any(is_admin)
}
