//! Pod Security Standards, baseline, "HostPath Volumes".
//!
//! From `restricted` on, Kubernetes' evaluator reports such a volume under "Volume Types"; here it keeps
//! this code at every level, so that an exemption for it opens no other type.

use gatehouse_sdk::Finding;

use super::volume_type;
use crate::{level::Level, subject::PodView};

pub(super) const CODE: &str = "host-path-volume";
pub(super) const SOURCE: &str = "hostPath";

pub(super) fn judge(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    for (index, volume) in pod.volumes.items().enumerate() {
        if let Some(source) = volume.set(SOURCE) {
            let at = volume_type::path(volume, index);
            let path = source.get("path").and_then(|path| path.as_str());
            found.push(
                pod.finding(CODE, at.key(SOURCE))
                    .message("the volume is a piece of its node's file system")
                    .found(path.unwrap_or("not a path"))
                    .required("another type of volume")
                    .help(
                        "no fix: only its author knows what can take its place, most often a \
                         persistentVolumeClaim, a configMap or an emptyDir",
                    )
                    .into(),
            );
        }
    }
}
