//! Pod Security Standards, baseline, "Privileged Containers".

use gatehouse_sdk::Finding;

use crate::{
    level::Level,
    subject::{ContainerView, is_off},
};

pub(super) const CODE: &str = "privileged-container";

pub(super) fn judge(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    if !is_off(view.security.get("privileged")) {
        found.push(
            view.finding(CODE, "securityContext.privileged")
                .message("the container is privileged: it owns its node, devices and all")
                .required("false or not set")
                .remove("securityContext.privileged")
                .risk("what needs the node's devices or kernel stops working")
                .into(),
        );
    }
}
