//! Pod Security Standards, baseline, "Host Namespaces": `spec.hostIPC`.

use gatehouse_sdk::Finding;

use crate::{
    level::Level,
    subject::{PodView, is_off, member},
};

pub(super) const CODE: &str = "host-ipc";

pub(super) fn judge(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    if !is_off(member(pod.spec, "hostIPC")) {
        found.push(
            pod.finding(CODE, "spec.hostIPC")
                .message("the pod shares memory and message queues with its node's processes")
                .required("false or not set")
                .remove("spec.hostIPC")
                .risk("the pod shares memory only among its own containers")
                .into(),
        );
    }
}
