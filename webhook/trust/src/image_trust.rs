use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use gatehouse_reference::{Digest, Reference};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::{
    Authorities,
    cache::Cache,
    evidence::collect,
    registry::{Access, Client, OwnedDigest, RegistryError, Repository, Scope, Tag},
    signature::SignedImage,
    verdict::{Verdict, Verdicts, judge},
};

/// Finds out what images are and who signed them, and keeps it for a while.
///
/// Cheap to clone; the clones share what they know.
#[derive(Clone, Debug)]
pub struct ImageTrust(Arc<Shared>);

/// How long what was found stays known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Signatures that were verified.
    pub verified: Duration,
    /// That an authority did not sign: it may be about to.
    pub failed: Duration,
    /// Which digest a tag names.
    pub tag: Duration,
    /// How long finding out may go on after the request that began it.
    pub search: Duration,
}

/// What is asked about an image.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The reference, as a runtime would read it.
    pub reference: &'a str,
    /// Names of the authorities whose verdicts are wanted.
    pub wanted: &'a [String],
    /// The authorities of the policy that asks.
    pub authorities: &'a Arc<Authorities>,
    /// The way to its registry.
    pub client: &'a Client,
    /// In whose name the registry is asked.
    pub access: &'a Access,
}

/// What is known of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFact {
    /// It exists.
    Found {
        /// The digest of the reference, or the one that its tag names now.
        digest: OwnedDigest,
        /// The verdicts that were wanted, by the authorities' names.
        verdicts: Verdicts,
    },
    /// The registry says that it does not exist.
    Missing,
    /// It could not be looked at, and this is why.
    Unavailable(String),
}

/// How often something was known already, and what it is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Questions that were answered from memory.
    pub hits: u64,
    /// Questions for which a registry was asked, or is being asked.
    pub misses: u64,
    /// Answers in memory.
    pub entries: u64,
    /// All ages, in milliseconds, of answers when they were used; by `hits` it is the average.
    pub age_millis: u64,
}

#[derive(Debug)]
struct Shared {
    lifetimes: Lifetimes,
    tags: Cache<TagKey, Result<Option<OwnedDigest>, String>>,
    verdicts: Cache<VerdictsKey, Arc<Verdicts>>,
    hits: AtomicU64,
    misses: AtomicU64,
    age_millis: AtomicU64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TagKey {
    repository: String,
    tag: String,
    scope: Scope,
}

/// What verdicts depend on. The authorities' digest covers their keys, options and trust roots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct VerdictsKey {
    repository: String,
    digest: String,
    authorities: String,
    scope: Scope,
}

/// Images, and tags, that are kept: some 10 MB.
const ENTRIES: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            verified: Duration::from_secs(60 * 60),
            failed: Duration::from_secs(15),
            tag: Duration::from_secs(10),
            search: Duration::from_secs(30),
        }
    }
}

impl ImageTrust {
    /// Nothing is known yet.
    pub fn new(lifetimes: Lifetimes) -> Self {
        Self(Arc::new(Shared {
            lifetimes,
            tags: Cache::new(ENTRIES),
            verdicts: Cache::new(ENTRIES),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            age_millis: AtomicU64::new(0),
        }))
    }

    /// What is known of an image, or can be found out until `deadline`. Finding out goes on after it, and
    /// helps who asks next.
    pub async fn image(&self, question: Question<'_>, deadline: Instant) -> ImageFact {
        let reference = match Reference::parse(question.reference) {
            Ok(reference) => reference,
            Err(error) => return ImageFact::Unavailable(error.to_string()),
        };
        let repository = match Repository::of(&reference) {
            Ok(repository) => repository,
            Err(error) => return ImageFact::Unavailable(error.to_string()),
        };
        let late = format!("registry {}: did not answer in time", repository.registry());
        let found = self.find(&reference, &repository, question);
        let found = timeout_at(deadline, found).await;
        found.unwrap_or(ImageFact::Unavailable(late))
    }

    /// What memory was worth so far.
    pub fn counts(&self) -> CacheCounts {
        let shared = &self.0;
        CacheCounts {
            hits: shared.hits.load(Ordering::Relaxed),
            misses: shared.misses.load(Ordering::Relaxed),
            entries: shared.verdicts.len() as u64,
            age_millis: shared.age_millis.load(Ordering::Relaxed),
        }
    }

    async fn find(
        &self,
        reference: &Reference<'_>,
        repository: &Repository,
        question: Question<'_>,
    ) -> ImageFact {
        let digest = match (reference.digest(), reference.tag().and_then(Tag::parse)) {
            (Some(digest), _) => Ok(Some(digest.into())),
            (None, Some(tag)) => self.resolve(repository, tag, question).await,
            (None, None) => Ok(None),
        };
        let digest = match digest {
            Ok(Some(digest)) => digest,
            Ok(None) => return ImageFact::Missing,
            Err(why) => return ImageFact::Unavailable(why),
        };
        let verdicts = self.verdicts(repository, &digest, question).await;
        ImageFact::Found { digest, verdicts }
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: Tag,
        question: Question<'_>,
    ) -> Result<Option<OwnedDigest>, String> {
        let key = TagKey {
            repository: repository.to_string(),
            tag: tag.to_string(),
            scope: question.access.scope.clone(),
        };
        let lifetime = self.0.lifetimes.tag;
        if let Some(kept) = self.0.tags.get(&key).filter(|kept| kept.age() < lifetime) {
            return kept.value;
        }
        let (client, access) = (question.client.clone(), question.access.clone());
        let repository = repository.clone();
        let flight = self.0.tags.find(&key, || async move {
            match client.resolve(&repository, &tag, &access).await {
                Ok(digest) => {
                    // a tag that is not there yet may be pushed any moment
                    let keep = digest.is_some();
                    (Ok(digest), keep)
                }
                Err(error) => (Err(logged(&error)), false),
            }
        });
        flight.await.unwrap_or_else(|| Err(BUG.to_owned()))
    }

    async fn verdicts(
        &self,
        repository: &Repository,
        digest: &OwnedDigest,
        question: Question<'_>,
    ) -> Verdicts {
        if question.wanted.is_empty() {
            return Verdicts::new();
        }
        let key = VerdictsKey {
            repository: repository.to_string(),
            digest: digest.to_string(),
            authorities: question.authorities.id().to_owned(),
            scope: question.access.scope.clone(),
        };
        match self.known(&key, question.wanted) {
            Known::Fresh(verdicts) => chosen(&verdicts, question.wanted),
            Known::Stale(verdicts) => {
                drop(self.search(&key, repository, digest, question));
                chosen(&verdicts, question.wanted)
            }
            Known::Nothing => {
                let found = self.search(&key, repository, digest, question).await;
                found.map_or_else(
                    || bug(question.wanted),
                    |found| chosen(&found, question.wanted),
                )
            }
        }
    }

    /// What is in memory. Where some of the wanted authorities signed and others did not, it is used and
    /// looked at again meanwhile: for most rules one is enough, and the others may be about to.
    fn known(&self, key: &VerdictsKey, wanted: &[String]) -> Known {
        let shared = &self.0;
        let kept = shared.verdicts.get(key);
        let Some(kept) = kept.filter(|kept| kept.age() < shared.lifetimes.verified) else {
            shared.misses.fetch_add(1, Ordering::Relaxed);
            return Known::Nothing;
        };
        let is_verified =
            |name: &&String| matches!(kept.value.get(*name), Some(Verdict::Verified(_)));
        let verified = wanted.iter().filter(is_verified).count();
        let age = kept.age();
        if verified == 0 && age >= shared.lifetimes.failed {
            shared.misses.fetch_add(1, Ordering::Relaxed);
            return Known::Nothing;
        }
        shared.hits.fetch_add(1, Ordering::Relaxed);
        let millis = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        shared.age_millis.fetch_add(millis, Ordering::Relaxed);
        if verified < wanted.len() && age >= shared.lifetimes.failed {
            Known::Stale(kept.value)
        } else {
            Known::Fresh(kept.value)
        }
    }

    fn search(
        &self,
        key: &VerdictsKey,
        repository: &Repository,
        digest: &OwnedDigest,
        question: Question<'_>,
    ) -> impl Future<Output = Option<Arc<Verdicts>>> + use<> {
        let search = Search {
            client: question.client.clone(),
            access: question.access.clone(),
            authorities: Arc::clone(question.authorities),
            repository: repository.clone(),
            digest: digest.clone(),
            until: Instant::now() + self.0.lifetimes.search,
        };
        self.0.verdicts.find(key, || search.run())
    }
}

/// What memory has.
enum Known {
    Fresh(Arc<Verdicts>),
    Stale(Arc<Verdicts>),
    Nothing,
}

/// Finding out who signed an image.
struct Search {
    client: Client,
    access: Access,
    authorities: Arc<Authorities>,
    repository: Repository,
    digest: OwnedDigest,
    until: Instant,
}

impl Search {
    /// The verdicts, and whether they may be kept: not what could not be checked.
    async fn run(self) -> (Arc<Verdicts>, bool) {
        let collected = collect(&self.client, &self.repository, &self.digest, &self.access);
        let Ok(collected) = timeout_at(self.until, collected).await else {
            return (Arc::new(self.too_late()), false);
        };
        let text = self.digest.to_string();
        let Ok(digest) = Digest::parse(&text) else {
            return (Arc::new(self.too_late()), false);
        };
        let image = SignedImage {
            digest,
            registry: self.repository.registry(),
            repository: self.repository.path(),
        };
        let verdicts = judge(&self.authorities, &image, &collected, SystemTime::now());
        let keep = collected.unavailable.is_none();
        (Arc::new(verdicts), keep)
    }

    fn too_late(&self) -> Verdicts {
        let why = format!("registry {}: timed out", self.repository.registry());
        let verdict = |name: &str| (name.to_owned(), Verdict::Unavailable(why.clone()));
        self.authorities.iter().map(|a| verdict(a.name())).collect()
    }
}

impl ImageFact {
    /// As a policy reads it.
    pub fn to_value(&self) -> Value {
        match self {
            ImageFact::Found { digest, verdicts } => {
                let verdicts: BTreeMap<_, _> = verdicts
                    .iter()
                    .map(|(name, verdict)| (name, verdict.to_value()))
                    .collect();
                json!({"digest": digest.to_string(), "authorities": verdicts})
            }
            ImageFact::Missing => json!({"missing": true}),
            ImageFact::Unavailable(why) => json!({"unavailable": why}),
        }
    }

    /// Whether all of it was found out, so that it may be recorded.
    pub fn is_known(&self) -> bool {
        match self {
            ImageFact::Found { verdicts, .. } => !verdicts
                .values()
                .any(|v| matches!(v, Verdict::Unavailable(_))),
            ImageFact::Missing => true,
            ImageFact::Unavailable(_) => false,
        }
    }
}

fn chosen(verdicts: &Verdicts, wanted: &[String]) -> Verdicts {
    let chosen = |name: &String| Some((name.clone(), verdicts.get(name)?.clone()));
    wanted.iter().filter_map(chosen).collect()
}

fn bug(wanted: &[String]) -> Verdicts {
    let verdict = |name: &String| (name.clone(), Verdict::Unavailable(BUG.to_owned()));
    wanted.iter().map(verdict).collect()
}

const BUG: &str = "looking for signatures stopped at a bug of Gatehouse, see its log";

/// The short form for people; the log gets the rest.
fn logged(error: &RegistryError) -> String {
    tracing::info!(%error, detail = error.detail(), "an image could not be looked at");
    error.to_string()
}
