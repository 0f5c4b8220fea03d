//! Pod Security Standards, restricted since 1.22, "Capabilities": all must be dropped.

use gatehouse_sdk::Finding;

use crate::{level::Level, subject::ContainerView};

pub(super) const CODE: &str = "drop-all-capabilities";

const AT: &str = "securityContext.capabilities.drop";
const ALL: &str = "ALL";

pub(super) fn judge(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    if view.pod.is_exempt_as_windows() {
        return;
    }
    if view
        .dropped
        .items()
        .any(|capability| capability.as_str() == Some(ALL))
    {
        return;
    }
    let finding = view
        .finding(CODE, AT)
        .message("the container keeps the kernel rights that its runtime gives it")
        .required("[ALL]");
    found.push(if view.pod.is_windows {
        super::not_on_windows(finding)
    } else {
        finding
            .include(AT, ALL)
            .risk("what changes owners or users, or opens ports below 1024, fails")
            .into()
    });
}
