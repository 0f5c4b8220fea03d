//! What Gatehouse asks of the API server. The only crate that names kube.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config};

/// The cluster's namespaces.
#[derive(Clone)]
pub struct Namespaces(Api<Namespace>);

/// What policies may know of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceFact {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Why the API server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Gatehouse runs in no cluster and has no kubeconfig.
    #[error("there is no cluster to ask: no service account and no kubeconfig")]
    NoCluster,
    /// The client could not be set up.
    #[error("the client for the API server could not be made: {0}")]
    Client(String),
    /// The namespace does not exist.
    #[error("there is no such namespace")]
    NoSuchNamespace,
    /// The API server refused or could not be reached.
    #[error("the API server did not say: {0}")]
    Unavailable(String),
}

impl Namespaces {
    /// Reaches the API server as kubectl would: by the pod's service account, or by the kubeconfig.
    ///
    /// # Errors
    /// When there is neither, or what they say cannot be used.
    pub async fn connect() -> Result<Self, ClusterError> {
        let config = Config::infer().await.map_err(|_| ClusterError::NoCluster)?;
        let client = Client::try_from(config).map_err(|e| ClusterError::Client(e.to_string()))?;
        Ok(Self(Api::all(client)))
    }

    /// The labels and annotations of a namespace as they are now: with a cached copy, a namespace that
    /// was just made stricter would still let through what it no longer allows.
    ///
    /// # Errors
    /// When there is no such namespace, or the API server did not say.
    pub async fn get(&self, name: &str) -> Result<NamespaceFact, ClusterError> {
        let namespace = self.0.get_metadata_opt(name).await;
        let namespace = namespace.map_err(|e| ClusterError::Unavailable(e.to_string()))?;
        let metadata = namespace.ok_or(ClusterError::NoSuchNamespace)?.metadata;
        Ok(NamespaceFact {
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
        })
    }
}

impl std::fmt::Debug for Namespaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Namespaces")
    }
}
