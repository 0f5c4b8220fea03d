use serde_json::json;

use crate::{Cluster, foreign_webhook::ForeignWebhook};

/// A validating webhook of somebody else, which refuses each new pod. Its registration ends with the value.
#[derive(Debug)]
pub struct Refuser {
    _webhook: ForeignWebhook,
}

impl Refuser {
    /// Registers one that says this of the pods of a test's namespaces.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub fn register(cluster: &'static Cluster, test: &str, message: &str) -> Self {
        let message = message.to_owned();
        let refuse = move |_: &_| json!({"allowed": false, "status": {"message": message}});
        let kind = "ValidatingWebhookConfiguration";
        let webhook = ForeignWebhook::register(cluster, (kind, "refuser"), test, refuse);
        Self { _webhook: webhook }
    }
}
