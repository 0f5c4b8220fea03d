use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;

use crate::{Cluster, Kubectl, eventually};

/// The label by which a test's webhook configurations select its namespaces alone.
pub(crate) const TEST_LABEL: &str = "gatehouse-test";

/// A namespace of one test, deleted with the value.
#[derive(Debug)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// kubectl in it.
    pub kubectl: Kubectl,
}

impl Namespace {
    /// A new one, selected by the configurations of the test with this id.
    pub fn new(cluster: &'static Cluster, name: &str, test: &str) -> Self {
        let kubectl = Kubectl::new(cluster);
        kubectl.create(&object(name, test)).succeeded();
        let kubectl = kubectl.in_namespace(name);
        // Where the ServiceAccount admission plugin is on, pods are refused until it is there.
        eventually("the default service account", || {
            let ran = kubectl.line("get serviceaccount default");
            if ran.code == 0 {
                Ok(())
            } else {
                Err(ran.to_string())
            }
        });
        Self {
            name: name.to_owned(),
            kubectl,
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.kubectl
            .line(&format!("delete namespace {} --wait=false", self.name));
    }
}

/// A name that no other test has, of this run or another.
pub(crate) fn unique(subject: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "e2e-{subject}-{:x}-{}-{count}",
        now.as_secs(),
        process::id()
    )
}

/// The second label is set by the server from 1.21 on; the shipped configurations select by it.
fn object(name: &str, test: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {TEST_LABEL: test, "kubernetes.io/metadata.name": name}},
    })
}
