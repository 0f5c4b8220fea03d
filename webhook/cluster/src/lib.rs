//! What Gatehouse asks of the API server. The only crate that names kube.

mod pull_secret;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use kube::{Api, Client, Config};
pub use pull_secret::PullSecret;

/// A cluster's API server.
#[derive(Clone)]
pub struct Cluster(Client);

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
    /// Gatehouse may not read it.
    #[error("the API server does not allow it")]
    Forbidden,
    /// The API server refused or could not be reached.
    #[error("the API server did not say: {0}")]
    Unavailable(String),
}

impl Cluster {
    /// Reaches the API server as kubectl would: by the pod's service account, or by the kubeconfig.
    ///
    /// # Errors
    /// When there is neither, or what they say cannot be used.
    pub async fn connect() -> Result<Self, ClusterError> {
        let config = Config::infer().await.map_err(|_| ClusterError::NoCluster)?;
        let client = Client::try_from(config).map_err(|e| ClusterError::Client(e.to_string()))?;
        Ok(Self(client))
    }

    /// The labels and annotations of a namespace as they are now: with a cached copy, a namespace that
    /// was just made stricter would still let through what it no longer allows.
    ///
    /// # Errors
    /// When there is no such namespace, or the API server did not say.
    pub async fn namespace(&self, name: &str) -> Result<NamespaceFact, ClusterError> {
        let namespaces: Api<Namespace> = Api::all(self.0.clone());
        let namespace = namespaces.get_metadata_opt(name).await?;
        let metadata = namespace.ok_or(ClusterError::NoSuchNamespace)?.metadata;
        Ok(NamespaceFact {
            labels: metadata.labels.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
        })
    }

    /// The names of the pull secrets of a service account; none where it does not exist.
    ///
    /// # Errors
    /// When Gatehouse may not read it, or the API server did not say.
    pub async fn pull_secrets_of(
        &self,
        namespace: &str,
        service_account: &str,
    ) -> Result<Vec<String>, ClusterError> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.0.clone(), namespace);
        let account = accounts.get_opt(service_account).await?;
        let secrets = account.and_then(|account| account.image_pull_secrets);
        let names = secrets.unwrap_or_default().into_iter();
        Ok(names.map(|secret| secret.name).collect())
    }

    /// A pull secret; `None` where it does not exist or is of another type.
    ///
    /// # Errors
    /// When Gatehouse may not read it, or the API server did not say.
    pub async fn pull_secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<PullSecret>, ClusterError> {
        let secrets: Api<Secret> = Api::namespaced(self.0.clone(), namespace);
        let secret = secrets.get_opt(name).await?;
        Ok(secret.and_then(PullSecret::of))
    }
}

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 403 => Self::Forbidden,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cluster")
    }
}
