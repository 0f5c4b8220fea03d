use std::{collections::BTreeMap, sync::Arc, time::Instant};

use gatehouse_cluster::{Cluster, ClusterError, NamespaceFact};
use gatehouse_core::{Fact, FactError};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Where the labels of namespaces come from.
#[derive(Clone, Debug)]
pub enum NamespaceSource {
    /// Namespaces by name, with their labels; others are not known.
    Known(BTreeMap<String, BTreeMap<String, String>>),
    /// Facts about namespaces by name, as a test case tells them; others are not known.
    Told(BTreeMap<String, Value>),
    /// The API server, reached when it is first asked.
    Cluster(Arc<OnceCell<Cluster>>),
}

impl NamespaceSource {
    pub(super) async fn fetch(&self, name: &str, deadline: Instant) -> Fact {
        match self {
            NamespaceSource::Known(known) => match known.get(name) {
                Some(labels) => Ok(json!({"labels": labels, "annotations": {}})),
                None => Err(FactError::Untold(
                    "its labels are not known: add its document or --namespace-labels".into(),
                )),
            },
            NamespaceSource::Told(told) => told.get(name).cloned().ok_or_else(|| {
                FactError::Untold(
                    "the case does not tell its labels: write `namespace.labels`".into(),
                )
            }),
            NamespaceSource::Cluster(cluster) => {
                let fact = tokio::time::timeout_at(deadline.into(), ask(cluster, name)).await;
                let fact = fact.map_err(|_| {
                    FactError::Unavailable("the API server did not say in time".into())
                })?;
                let fact = fact.map_err(|error| FactError::Unavailable(error.to_string()))?;
                Ok(json!({"labels": fact.labels, "annotations": fact.annotations}))
            }
        }
    }
}

async fn ask(cluster: &OnceCell<Cluster>, name: &str) -> Result<NamespaceFact, ClusterError> {
    let cluster = cluster.get_or_try_init(Cluster::connect).await?;
    cluster.namespace(name).await
}
