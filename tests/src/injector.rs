use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Cluster, foreign_webhook::ForeignWebhook};

/// A mutating webhook of somebody else: a service mesh that adds what it needs to each pod, before
/// anything that was there. Its registration ends with the value.
#[derive(Debug)]
pub struct Injector {
    _webhook: ForeignWebhook,
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
        let answer = move |request: &Value| {
            let patch = change(&request["object"]).to_string();
            json!({
                "allowed": true,
                "patchType": "JSONPatch",
                "patch": BASE64_STANDARD.encode(patch),
            })
        };
        let kind = "MutatingWebhookConfiguration";
        let webhook = ForeignWebhook::register(cluster, (kind, name), test, answer);
        Self { _webhook: webhook }
    }
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
