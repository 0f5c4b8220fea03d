use gatehouse_abi::{Path, tree::Node};

use crate::config::{ConfigError, CustomWorkload};

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

/// Which kinds create pods: Kubernetes' own, and custom ones that the configuration names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workloads {
    custom: Vec<CustomWorkload>,
}

/// Where the objects of a kind keep the template of the pods that they create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) path: Path,
    /// Whether an object without it is malformed. Of Kubernetes' own kinds it is; a custom one may take its
    /// pods from elsewhere (`workloadRef` of a Rollout), and refusing it would protect nothing, as every
    /// Pod is judged when it is created.
    pub(crate) required: bool,
}

impl Workloads {
    /// Adds a kind.
    ///
    /// # Errors
    /// When it is there already.
    pub fn add(&mut self, workload: CustomWorkload) -> Result<(), ConfigError> {
        if self.custom(&workload.group, &workload.kind).is_some() {
            let CustomWorkload { group, kind, .. } = workload;
            let message = format!(
                "another document already says where a `{kind}` of `{group}` has its template"
            );
            return Err(ConfigError::new("spec.kind".into(), message));
        }
        self.custom.push(workload);
        Ok(())
    }

    /// Where an object of this group and kind keeps its pod template, if it creates pods.
    pub(crate) fn template(&self, group: &str, kind: &str) -> Option<Template> {
        let own = WORKLOADS
            .iter()
            .find(|(g, k, _)| *g == group && *k == kind)
            .map(|(_, _, path)| Template {
                path: Path::dotted(path),
                required: true,
            });
        own.or_else(|| {
            Some(Template {
                path: self.custom(group, kind)?.pod_template.clone(),
                required: false,
            })
        })
    }

    fn custom(&self, group: &str, kind: &str) -> Option<&CustomWorkload> {
        let mut custom = self.custom.iter();
        custom.find(|c| c.group == group && c.kind == kind)
    }
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
