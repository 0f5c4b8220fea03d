use gatehouse_abi::{Path, tree::Node};

/// API group, kind, and where the pod template stands.
/// Source: the Kubernetes API reference, "Workload resources".
const WORKLOADS: [(&str, &str, &str); 12] = [
    ("", "Pod", ""),
    ("", "PodTemplate", "template"),
    ("", "ReplicationController", "spec.template"),
    ("apps", "Deployment", "spec.template"),
    ("apps", "ReplicaSet", "spec.template"),
    ("apps", "StatefulSet", "spec.template"),
    ("apps", "DaemonSet", "spec.template"),
    ("batch", "Job", "spec.template"),
    ("batch", "CronJob", "spec.jobTemplate.spec.template"),
    // the group that Deployments, ReplicaSets and DaemonSets came from; a 1.20 server still converts it
    ("extensions", "Deployment", "spec.template"),
    ("extensions", "ReplicaSet", "spec.template"),
    ("extensions", "DaemonSet", "spec.template"),
];

/// Where an object of this group and kind keeps its pod template, if it creates pods.
pub fn pod_path(group: &str, kind: &str) -> Option<Path> {
    let row = WORKLOADS
        .iter()
        .find(|(g, k, _)| *g == group && *k == kind)?;
    Some(Path::dotted(row.2))
}

/// The lists of containers in a pod's spec.
pub const CONTAINER_LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Containers of all kinds in a pod template.
pub(crate) fn containers(template: Node<'_>) -> usize {
    let lists = CONTAINER_LISTS.iter();
    lists
        .filter_map(|list| template.at("spec")?.get(list))
        .map(Node::count)
        .sum()
}
