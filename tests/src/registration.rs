use std::path::{Component, Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    Cluster, Gatehouse, Kubectl,
    files::{repository, temporary_folder, write},
    namespace::TEST_LABEL,
};

/// The shipped webhook configurations, in force for one test's namespaces; removed with the value.
#[derive(Debug)]
pub struct Registration {
    kubectl: Kubectl,
    objects: String,
}

impl Registration {
    /// Registers `gatehouse` as manifests/base/webhooks says, but by its address, because no service leads
    /// to it, and for this test's namespaces alone. `rules` are asked about beside the shipped ones.
    pub fn new(
        cluster: &'static Cluster,
        gatehouse: &Gatehouse,
        test: &str,
        rules: &[Value],
    ) -> Self {
        let folder = temporary_folder();
        let overlay = overlay(folder.path(), gatehouse, test, rules);
        write(
            &folder.path().join("kustomization.yaml"),
            &overlay.to_string(),
        );
        let kubectl = Kubectl::new(cluster);
        let objects = kubectl.run(["kustomize".as_ref(), folder.path().as_os_str()]);
        let objects = objects.succeeded().stdout;
        kubectl.give_text("apply -f -", &objects).succeeded();
        Self { kubectl, objects }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.kubectl
            .give_text("delete --ignore-not-found -f -", &self.objects);
    }
}

/// JSON is YAML.
fn overlay(folder: &Path, gatehouse: &Gatehouse, test: &str, rules: &[Value]) -> Value {
    let patch = |kind: &str, path: &str| {
        let url = format!("https://{}/{path}", gatehouse.address);
        let client = json!({"url": url, "caBundle": BASE64_STANDARD.encode(&gatehouse.authority)});
        let mut operations = vec![
            json!({"op": "replace", "path": "/webhooks/0/clientConfig", "value": client}),
            json!({"op": "add", "path": "/webhooks/0/namespaceSelector/matchLabels", "value": {TEST_LABEL: test}}),
        ];
        let added = |rule| json!({"op": "add", "path": "/webhooks/0/rules/-", "value": rule});
        operations.extend(rules.iter().map(added));
        json!({"target": {"kind": kind}, "patch": json!(operations).to_string()})
    };
    json!({
        "resources": [from_root(folder).join("manifests/base/webhooks")],
        "nameSuffix": format!("-{test}"),
        "patches": [
            patch("MutatingWebhookConfiguration", "mutate"),
            patch("ValidatingWebhookConfiguration", "validate"),
        ],
    })
}

/// The work tree as seen from `folder`: kustomize takes no absolute paths.
fn from_root(folder: &Path) -> PathBuf {
    let folder = folder.canonicalize().expect("the folder exists");
    let up = folder
        .components()
        .filter(|c| matches!(c, Component::Normal(_)))
        .map(|_| "..");
    let root = repository();
    up.collect::<PathBuf>()
        .join(root.strip_prefix("/").expect("an absolute path"))
}
