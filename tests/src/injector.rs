use std::{sync::Arc, thread};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Cluster, Kubectl, http::serve, namespace::TEST_LABEL, tls::Listener};

/// A mutating webhook of somebody else: a service mesh that adds what it needs to each pod, before
/// anything that was there. Its registration ends with the value; it listens as long as the test runs.
#[derive(Debug)]
pub struct Injector {
    kubectl: Kubectl,
    name: String,
}

impl Injector {
    /// Registers one that adds these items to the lists of each new pod of a test's namespaces. Webhook
    /// configurations run in the order of their names.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub fn register(cluster: &'static Cluster, name: &str, test: &str, additions: &Value) -> Self {
        let additions = additions.clone();
        let change = move |pod: &Value| patch(pod, &additions);
        Self::that_answers(cluster, name, test, change)
    }

    /// Registers one that changes no pod, but does something else whenever one is created.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub fn that_does(
        cluster: &'static Cluster,
        name: &str,
        test: &str,
        action: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let change = move |_: &Value| {
            action();
            json!([])
        };
        Self::that_answers(cluster, name, test, change)
    }

    fn that_answers(
        cluster: &'static Cluster,
        name: &str,
        test: &str,
        change: impl Fn(&Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        let listener = Listener::new();
        let name = format!("{name}-{test}");
        let configuration = configuration(&name, test, &listener);
        listen(listener, change);
        let kubectl = Kubectl::new(cluster);
        kubectl.create(&configuration).succeeded();
        Self { kubectl, name }
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        self.kubectl.line(&format!(
            "delete mutatingwebhookconfiguration {}",
            self.name
        ));
    }
}

fn configuration(name: &str, test: &str, listener: &Listener) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": "inject.mesh.example",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {
                "url": format!("https://{}/", listener.address()),
                "caBundle": BASE64_STANDARD.encode(&listener.authority),
            },
            "namespaceSelector": {"matchLabels": {TEST_LABEL: test}},
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"],
            }],
            "failurePolicy": "Fail",
            "sideEffects": "None",
        }],
    })
}

/// One thread a connection, as many as the API server opens.
fn listen(listener: Listener, change: impl Fn(&Value) -> Value + Send + Sync + 'static) {
    let change = Arc::new(change);
    thread::spawn(move || {
        while let Ok(connection) = listener.accept() {
            let change = Arc::clone(&change);
            thread::spawn(move || serve(connection, &|review| answer(review, &*change)));
        }
    });
}

fn answer(review: &[u8], change: &impl Fn(&Value) -> Value) -> Vec<u8> {
    let review: Value = serde_json::from_slice(review).expect("the API server sends JSON");
    let request = &review["request"];
    let patch = change(&request["object"]);
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {
            "uid": request["uid"],
            "allowed": true,
            "patchType": "JSONPatch",
            "patch": BASE64_STANDARD.encode(patch.to_string()),
        },
    });
    answer.to_string().into_bytes()
}

/// Each list of the pod's spec with the items that are to be in it and are not, at its front.
fn patch(pod: &Value, additions: &Value) -> Value {
    let lists = additions.as_object().into_iter().flatten();
    let operations = lists.map(|(list, items)| {
        let old = pod["spec"][list].as_array().cloned().unwrap_or_default();
        let items = items.as_array().into_iter().flatten();
        let missing = |item: &&Value| !old.iter().any(|o| o["name"] == item["name"]);
        let new: Vec<_> = items.filter(missing).chain(&old).cloned().collect();
        json!({"op": "add", "path": format!("/spec/{list}"), "value": new})
    });
    operations.collect()
}
