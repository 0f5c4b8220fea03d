//! Where facts come from: the API server, registries, or a record of what they said.

mod images;
mod namespaces;
mod record;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use gatehouse_core::{Asked, Fact, FactError};
use gatehouse_trust::ImageTrust;

use crate::config::Snapshot;
pub use images::ImageSource;
pub use namespaces::NamespaceSource;
pub use record::{FactRecord, RecordError};

/// Where facts come from.
#[derive(Clone, Debug)]
pub struct FactSource {
    /// The labels of namespaces.
    pub namespaces: NamespaceSource,
    /// What images are, and who signed them.
    pub images: ImageSource,
}

/// Time that judging and answering still need.
const FACT_MARGIN: Duration = Duration::from_millis(100);

impl FactSource {
    /// What a cluster and its registries say.
    pub fn live(trust: ImageTrust) -> Self {
        Self {
            namespaces: NamespaceSource::cluster(),
            images: ImageSource::registries(trust),
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
    pub(crate) async fn fetch(
        &self,
        asked: &Asked,
        snapshot: &Snapshot,
        deadline: Instant,
    ) -> Fact {
        let deadline = deadline.checked_sub(FACT_MARGIN).unwrap_or(deadline);
        match &*asked.need.fact {
            "namespace" => self.namespaces.fetch(&asked.need.key, deadline).await,
            "image" => Ok(self.images.fetch(asked, snapshot, deadline).await),
            other => Err(FactError(format!(
                "this version has no facts of kind {other}"
            ))),
        }
    }
}
