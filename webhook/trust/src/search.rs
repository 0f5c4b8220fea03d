//! Finding out what a registry knows of an image. Nobody may wait for it any more: it owns what it needs.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatehouse_reference::Digest;
use tokio::time::timeout;

use crate::{
    Authorities, Authority,
    evidence::{Collected, collect},
    image_trust::{BUG, Question},
    registry::{Access, Client, OwnedDigest, RegistryError, Repository, Tag},
    signature::SignedImage,
    verdict::{Verdicts, judge, unavailable},
};

/// What was found, and whether it may be kept: not what could not be checked.
pub(crate) type Found<T> = (T, bool);

/// A repository, the way to it, and how long a search there may take.
pub(crate) struct Search {
    client: Client,
    access: Access,
    repository: Repository,
    time: Duration,
}

impl Search {
    pub(crate) fn new(repository: &Repository, question: Question<'_>, time: Duration) -> Self {
        Self {
            client: question.client.clone(),
            access: question.access.clone(),
            repository: repository.clone(),
            time,
        }
    }

    /// The digest that a tag names. That there is none is not kept: it may be pushed any moment.
    pub(crate) async fn resolve(self, tag: Tag) -> Found<Result<Option<OwnedDigest>, String>> {
        let digest = self.client.resolve(&self.repository, &tag, &self.access);
        match timeout(self.time, digest).await {
            Ok(Ok(digest)) => {
                let keep = digest.is_some();
                (Ok(digest), keep)
            }
            Ok(Err(error)) => (Err(logged(&error)), false),
            Err(_) => (Err(self.timed_out()), false),
        }
    }

    /// Who signed what has this digest.
    pub(crate) async fn verdicts(
        self,
        digest: OwnedDigest,
        authorities: Arc<Authorities>,
    ) -> Found<Arc<Verdicts>> {
        let wanted = authorities.wanted();
        let collected = collect(
            &self.client,
            &self.repository,
            &digest,
            &self.access,
            wanted,
        );
        let verdicts = match timeout(self.time, collected).await {
            Ok(collected) => self.judge(&digest, &authorities, &collected),
            Err(_) => Err(self.timed_out()),
        };
        match verdicts {
            Ok((verdicts, keep)) => (Arc::new(verdicts), keep),
            Err(why) => {
                let names = authorities.iter().map(Authority::name);
                (Arc::new(unavailable(names, &why)), false)
            }
        }
    }

    fn judge(
        &self,
        digest: &OwnedDigest,
        authorities: &Authorities,
        collected: &Collected,
    ) -> Result<Found<Verdicts>, String> {
        let text = digest.to_string();
        let image = SignedImage {
            digest: Digest::parse(&text).map_err(|_| BUG.to_owned())?,
            registry: self.repository.registry(),
            repository: self.repository.path(),
        };
        let verdicts = judge(authorities, &image, collected, SystemTime::now());
        Ok((verdicts, collected.unavailable.is_none()))
    }

    fn timed_out(&self) -> String {
        format!("registry {}: timed out", self.repository.registry())
    }
}

/// The short form for people; the log gets the rest.
fn logged(error: &RegistryError) -> String {
    tracing::info!(%error, detail = error.detail(), "an image could not be looked at");
    error.to_string()
}
