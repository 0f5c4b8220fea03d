//! Pod Security Standards, baseline, "Host Namespaces": `spec.hostPID`.

use gatehouse_sdk::Finding;

use crate::{
    level::Level,
    subject::{PodView, is_off, member},
};

pub(super) const CODE: &str = "host-pid";

pub(super) fn judge(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    if !is_off(member(pod.spec, "hostPID")) {
        found.push(
            pod.finding(CODE, "spec.hostPID")
                .message(
                    "the pod sees its node's processes and can read their environment or stop them",
                )
                .required("false or not set")
                .remove("spec.hostPID")
                .risk("the pod sees no processes but its own")
                .into(),
        );
    }
}
