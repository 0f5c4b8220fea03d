//! Pod Security Standards, restricted, "Volume Types".
//!
//! Image volumes are among the allowed ones: the standard's text does not list them, its evaluator has
//! allowed them since 1.33, at every version of the standard.

use gatehouse_sdk::{Finding, Kind, Node, Path};

use super::host_path_volume;
use crate::{level::Level, settings::Tuning, subject::PodView};

pub(super) const CODE: &str = "volume-type";

const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn judge(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    for (index, volume) in pod.volumes.items().enumerate() {
        if let Some(source) = forbidden_source(volume, pod.tuning(CODE)) {
            found.push(
                pod.finding(CODE, path(volume, index).key(source))
                    .message("the volume reaches storage past the cluster's own volumes and claims")
                    .found(source)
                    .required("a persistentVolumeClaim or another type that the standard allows")
                    .help(
                        "no fix: a claim has to exist before the volume can name it; allowed are \
                         configMap, csi, downwardAPI, emptyDir, ephemeral, image, \
                         persistentVolumeClaim, projected and secret",
                    )
                    .into(),
            );
        }
    }
}

/// Where a volume stands below the pod template.
pub(super) fn path(volume: Node<'_>, index: usize) -> Path {
    let volumes = Path::dotted("spec.volumes");
    match volume.get("name").and_then(Node::as_str) {
        None | Some("") => volumes.index(index),
        Some(name) => volumes.item("name", name),
    }
}

/// The source that forbids a volume: none where it has an allowed one, or none at all, as API defaulting
/// makes that an emptyDir.
///
/// Every source is an object, so a member that is none is a field at the wrong level. An object with a
/// name that this build does not know is taken for a type of volume that came after it.
fn forbidden_source<'a>(volume: Node<'a>, tuning: &Tuning) -> Option<&'a str> {
    let sources = || {
        volume
            .members()
            .filter(|(_, value)| value.kind() == Kind::Object)
    };
    let is_allowed = |source: &str| ALLOWED.contains(&source) || tuning.allows(source);
    if sources().any(|(source, _)| is_allowed(source)) {
        return None;
    }
    let (source, _) = sources().next()?;
    // which is judged under its own code
    (source != host_path_volume::SOURCE).then_some(source)
}
