//! Pod Security Standards, baseline, "/proc Mount Type". Since 1.35 a pod with users of its own
//! (`hostUsers: false`) may choose, except at restricted.

use gatehouse_sdk::Finding;

use crate::{level::Level, subject::ContainerView};

pub(super) const CODE: &str = "proc-mount";

pub(super) fn judge(view: &ContainerView<'_>, form: Level, found: &mut Vec<Finding>) {
    let mount = view.security.get("procMount");
    let may_choose = form < Level::Restricted && view.pod.may_run_as_root();
    if !mount.is_null() && mount.as_str() != Some("Default") && !may_choose {
        found.push(
            view.finding(CODE, "securityContext.procMount")
                .message("`/proc` is mounted without the masks that hide the node's kernel")
                .required("Default or not set")
                .remove("securityContext.procMount")
                .risk("what mounts a `/proc` of its own, such as a nested container, fails")
                .into(),
        );
    }
}
