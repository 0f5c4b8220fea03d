//! Pod Security Standards, baseline, "Host Namespaces": `spec.hostNetwork`.

use gatehouse_sdk::Finding;

use crate::{
    level::Level,
    subject::{PodView, is_off},
};

pub(super) const CODE: &str = "host-network";

pub(super) fn judge(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    if !is_off(pod.host_network) {
        found.push(
            pod.finding(CODE, "spec.hostNetwork")
                .message("the pod uses its node's network, with all that listens there for the node only")
                .required("false or not set")
                .remove("spec.hostNetwork")
                .risk("the pod gets an address of its own: nothing reaches it by its node's address")
                .into(),
        );
    }
}
