use serde_json::{Value, json};

use crate::{Cluster, Kubectl};

/// A kind that the server learns for one test; removed with the value, objects included.
#[derive(Debug)]
pub struct CustomResource {
    kubectl: Kubectl,
    /// Its API group.
    pub group: String,
    kind: &'static str,
    plural: String,
}

impl CustomResource {
    /// Defines `kind` in a group of this test's own, with any members, a status and a scale.
    ///
    /// # Panics
    /// When the server does not come to serve it.
    pub fn new(cluster: &'static Cluster, test: &str, kind: &'static str) -> Self {
        let resource = Self {
            kubectl: Kubectl::new(cluster),
            group: format!("{test}.example"),
            kind,
            plural: format!("{}s", kind.to_lowercase()),
        };
        let kubectl = &resource.kubectl;
        kubectl.create(&resource.definition()).succeeded();
        let name = resource.name();
        kubectl
            .line(&format!(
                "wait --for condition=established --timeout=60s crd/{name}"
            ))
            .succeeded();
        resource
    }

    /// The rule by which a webhook is asked about it.
    pub fn rule(&self) -> Value {
        json!({
            "apiGroups": [self.group], "apiVersions": ["*"], "resources": [self.plural],
            "operations": ["CREATE", "UPDATE"], "scope": "Namespaced",
        })
    }

    /// Where it keeps its pod template, as Gatehouse's configuration says it.
    pub fn workload(&self, pod_template: &str) -> Value {
        json!({
            "apiVersion": "gatehouse.dev/v1alpha1",
            "kind": "CustomWorkload",
            "metadata": {"name": self.plural},
            "spec": {"group": self.group, "kind": self.kind, "podTemplate": pod_template},
        })
    }

    /// An object of it.
    pub fn object(&self, name: &str, spec: Value) -> Value {
        json!({
            "apiVersion": format!("{}/v1alpha1", self.group),
            "kind": self.kind,
            "metadata": {"name": name},
            "spec": spec,
        })
    }

    /// The resource's full name, which kubectl takes.
    pub fn name(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    fn definition(&self) -> Value {
        let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let replicas = json!({"type": "integer"});
        let schema = json!({"type": "object", "properties": {
            "spec": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "properties": {"replicas": replicas},
            },
            "status": anything,
        }});
        let scale =
            json!({"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name()},
            "spec": {
                "group": self.group,
                "scope": "Namespaced",
                "names": {"kind": self.kind, "plural": self.plural},
                "versions": [{
                    "name": "v1alpha1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}, "scale": scale},
                }],
            },
        })
    }
}

impl Drop for CustomResource {
    fn drop(&mut self) {
        let name = self.name();
        self.kubectl.line(&format!(
            "delete --ignore-not-found --timeout=60s crd {name}"
        ));
    }
}
