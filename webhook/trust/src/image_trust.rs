use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use gatehouse_reference::Reference;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::{
    Authorities,
    cache::{Cache, Kept, Room, Source},
    registry::{Access, Client, OwnedDigest, Repository, Scope, Tag},
    search::Search,
    time::seconds,
    verdict::{Verdict, Verdicts, unavailable, withdraw},
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
    /// That there are no other attestations: a scan may be made again. Those that are known are used
    /// meanwhile.
    pub attested: Duration,
    /// Which digest a tag names.
    pub tag: Duration,
    /// How long finding out may take, whether or not somebody still waits for it.
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
    /// It has this digest. That it exists is known only where the digest is that of a tag.
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

/// How often verdicts were known already. Tags are not counted: they are asked for anew every few seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Questions whose verdicts were in memory.
    pub hits: u64,
    /// Questions for whose verdicts a registry was asked, or is being asked.
    pub misses: u64,
    /// Images whose verdicts are in memory.
    pub entries: u64,
    /// All ages, in milliseconds, of verdicts when they were used; by `hits` it is the average.
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

/// Room for what attestations say, beyond that.
const ROOM: Room<Arc<Verdicts>> = Room {
    bytes: 64 * 1024 * 1024,
    weight: |verdicts| verdicts.values().map(Verdict::bytes).sum(),
};

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            verified: Duration::from_secs(60 * 60),
            failed: Duration::from_secs(15),
            attested: Duration::from_secs(60),
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
            verdicts: Cache::within(ENTRIES, ROOM),
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
        let found = self.find(&reference, &repository, question);
        let found = timeout_at(deadline, found).await;
        found.unwrap_or_else(|_| ImageFact::Unavailable(late(&repository)))
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
        let mut verdicts = self.verdicts(repository, &digest, question).await;
        withdraw(&mut verdicts, question.authorities, SystemTime::now());
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
        let holds = |kept: &Kept<_>| kept.age() < lifetime;
        let source = self.0.tags.ask(&key, holds, || {
            Search::new(repository, question, self.0.lifetimes.search).resolve(tag)
        });
        match source {
            Source::Memory(kept) => kept.value,
            Source::Flight(flight) => flight.await.unwrap_or_else(|| Err(BUG.to_owned())),
        }
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
        let state = |kept: &Kept<Arc<Verdicts>>| self.0.state(kept, question.wanted);
        let time = self.0.lifetimes.search;
        let search = || {
            let authorities = Arc::clone(question.authorities);
            Search::new(repository, question, time).verdicts(digest.clone(), authorities)
        };
        let holds = |kept: &Kept<_>| state(kept) != State::Over;
        match self.0.verdicts.ask(&key, holds, search) {
            Source::Memory(kept) => {
                self.0.hit(kept.age());
                if state(&kept) == State::Stale {
                    let is_fresh = |kept: &Kept<_>| state(kept) == State::Fresh;
                    drop(self.0.verdicts.ask(&key, is_fresh, search));
                }
                chosen(&kept.value, question.wanted)
            }
            Source::Flight(flight) => {
                self.0.misses.fetch_add(1, Ordering::Relaxed);
                match flight.await {
                    Some(found) => chosen(&found, question.wanted),
                    None => unavailable(question.wanted.iter().map(String::as_str), BUG),
                }
            }
        }
    }
}

/// What verdicts in memory are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They are the answer.
    Fresh,
    /// They are the answer, and are looked for again meanwhile.
    Stale,
    /// They must be looked for again.
    Over,
}

impl Shared {
    /// Where some of the wanted authorities signed and others did not, memory is used and looked at again
    /// meanwhile: for most rules one is enough, and the others may be about to sign.
    fn state(&self, kept: &Kept<Arc<Verdicts>>, wanted: &[String]) -> State {
        let known = || wanted.iter().filter_map(|name| kept.value.get(name));
        let verified = known().filter(|verdict| verdict.is_verified()).count();
        let is_attested = known().any(|verdict| matches!(verdict, Verdict::Attested(_)));
        let age = kept.age();
        let is_to_repeat = verified < wanted.len() && age >= self.lifetimes.failed
            || is_attested && age >= self.lifetimes.attested;
        match (age < self.lifetimes.verified, is_to_repeat) {
            (true, false) => State::Fresh,
            (true, true) if verified > 0 => State::Stale,
            _ => State::Over,
        }
    }

    fn hit(&self, age: Duration) {
        let millis = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        self.hits.fetch_add(1, Ordering::Relaxed);
        self.age_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

impl ImageFact {
    /// As a policy reads it that is told it at `now`: it has no clock, and attestations may be too old.
    pub fn to_value(&self, now: SystemTime) -> Value {
        let now = seconds(now);
        match self {
            ImageFact::Found { digest, verdicts } => {
                let verdicts: BTreeMap<_, _> = verdicts
                    .iter()
                    .map(|(name, verdict)| (name, verdict.to_value(now)))
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
            ImageFact::Found { verdicts, .. } => verdicts.values().all(Verdict::is_known),
            ImageFact::Missing => true,
            ImageFact::Unavailable(_) => false,
        }
    }
}

fn chosen(verdicts: &Verdicts, wanted: &[String]) -> Verdicts {
    let chosen = |name: &String| Some((name.clone(), verdicts.get(name)?.clone()));
    wanted.iter().filter_map(chosen).collect()
}

/// What is said after a panic, whose text is in the log.
pub(crate) const BUG: &str = "looking for signatures stopped at a bug of Gatehouse, see its log";

/// The request that asked had no more time; the search goes on.
fn late(repository: &Repository) -> String {
    format!("registry {}: did not answer in time", repository.registry())
}
