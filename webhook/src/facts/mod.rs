//! Where facts come from: the API server, registries, or a record of what they said.

mod expected;
mod images;
mod namespaces;
mod pull_secrets;
mod record;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use gatehouse_core::{Asked, Fact, FactError};
use gatehouse_trust::{ImageTrust, registry::Access};
use tokio::sync::OnceCell;

use crate::config::Snapshot;
pub(crate) use expected::ExpectedNeeds;
pub use images::ImageSource;
pub use namespaces::NamespaceSource;
pub use pull_secrets::PullSecrets;
pub(crate) use pull_secrets::Puller;
pub(crate) use record::Told;
pub use record::{FactRecord, RecordError};

/// Where facts come from.
#[derive(Clone, Debug)]
pub struct FactSource {
    /// The labels of namespaces.
    pub namespaces: NamespaceSource,
    /// What images are, and who signed them.
    pub images: ImageSource,
}

/// What a request asks facts for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    /// The configuration that judges it.
    pub(crate) snapshot: &'a Snapshot,
    /// Who pulls its images, if they have credentials of their own.
    pub(crate) puller: Option<&'a Puller>,
    /// In whose name registries are asked, found out once for all its images; `None` when that could not
    /// be said in time.
    pub(crate) access: &'a OnceCell<Option<Access>>,
    /// When it must be answered.
    pub(crate) deadline: Instant,
}

/// Time that judging and answering still need.
const FACT_MARGIN: Duration = Duration::from_millis(100);

impl FactSource {
    /// What a cluster and its registries say.
    pub fn live(trust: ImageTrust) -> Self {
        let cluster = Arc::default();
        Self {
            namespaces: NamespaceSource::Cluster(Arc::clone(&cluster)),
            images: ImageSource {
                trust: Some(trust),
                pull_secrets: Some(PullSecrets::of(cluster)),
                ..ImageSource::default()
            },
        }
    }

    /// Nothing is known, and nobody is asked.
    pub fn none() -> Self {
        Self {
            namespaces: NamespaceSource::Known(BTreeMap::new()),
            images: ImageSource::default(),
        }
    }

    /// Finds a fact out, or says by `deadline` that it cannot.
    pub(crate) async fn fetch(&self, asked: &Asked, asking: Asking<'_>) -> Fact {
        let deadline = asking.deadline;
        let deadline = deadline.checked_sub(FACT_MARGIN).unwrap_or(deadline);
        match &*asked.need.fact {
            "namespace" => self.namespaces.fetch(&asked.need.key, deadline).await,
            "image" => Ok(self.images.fetch(asked, asking, deadline).await),
            other => Err(FactError::Untold(format!(
                "this version has no facts of kind {other}"
            ))),
        }
    }
}
