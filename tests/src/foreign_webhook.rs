use std::{sync::Arc, thread};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Cluster, Kubectl, http::serve, namespace::TEST_LABEL, tls::Listener};

/// A webhook of somebody else that is asked about each new pod of a test's namespaces. Its registration
/// ends with the value; it listens as long as the test runs.
#[derive(Debug)]
pub(crate) struct ForeignWebhook {
    kubectl: Kubectl,
    kind: &'static str,
    name: String,
}

impl ForeignWebhook {
    /// Registers one by a configuration of this kind and name. `answer` makes the response of a request,
    /// which gets its uid here.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub(crate) fn register(
        cluster: &'static Cluster,
        (kind, name): (&'static str, &str),
        test: &str,
        answer: impl Fn(&Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        let listener = Listener::new();
        let name = format!("{name}-{test}");
        let configuration = configuration((kind, &name), test, &listener);
        listen(listener, answer);
        let kubectl = Kubectl::new(cluster);
        kubectl.create(&configuration).succeeded();
        Self {
            kubectl,
            kind,
            name,
        }
    }
}

impl Drop for ForeignWebhook {
    fn drop(&mut self) {
        let Self { kind, name, .. } = self;
        self.kubectl.line(&format!("delete {kind} {name}"));
    }
}

fn configuration((kind, name): (&str, &str), test: &str, listener: &Listener) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "webhooks": [{
            "name": "webhook.mesh.example",
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
fn listen(listener: Listener, answer: impl Fn(&Value) -> Value + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    thread::spawn(move || {
        while let Ok(connection) = listener.accept() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || serve(connection, &|review| review_of(review, &*answer)));
        }
    });
}

fn review_of(review: &[u8], answer: &impl Fn(&Value) -> Value) -> Vec<u8> {
    let review: Value = serde_json::from_slice(review).expect("the API server sends JSON");
    let request = &review["request"];
    let mut response = answer(request);
    response["uid"] = request["uid"].clone();
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": response,
    });
    answer.to_string().into_bytes()
}
