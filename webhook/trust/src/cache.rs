//! What was found out stays known for a while, and what many ask at once is asked once.

use std::{
    collections::HashMap,
    fmt::Debug,
    future::Future,
    hash::Hash,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use lru::LruCache;
use tokio::time::Instant;

/// Answers by their questions, each found out once at a time.
///
/// Finding out is a task of its own: it goes on when nobody waits for it any more, and what it finds is
/// there for who asks next.
pub(crate) struct Cache<K: Hash + Eq, V>(Arc<Mutex<State<K, V>>>);

struct State<K: Hash + Eq, V> {
    kept: LruCache<K, Kept<V>>,
    flights: HashMap<K, Flight<V>>,
}

/// An answer and when it was found.
#[derive(Clone, Debug)]
pub(crate) struct Kept<V> {
    pub(crate) value: V,
    found: Instant,
}

/// What came of finding out: the answer, and whether it may be kept. `None` after a bug.
type Flight<V> = Shared<BoxFuture<'static, Option<V>>>;

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `entries` answers; the one that was asked for longest ago goes first.
    pub(crate) fn new(entries: NonZeroUsize) -> Self {
        Self(Arc::new(Mutex::new(State {
            kept: LruCache::new(entries),
            flights: HashMap::new(),
        })))
    }

    /// What is known.
    pub(crate) fn get(&self, key: &K) -> Option<Kept<V>> {
        self.state().kept.get(key).cloned()
    }

    /// How many answers are kept.
    pub(crate) fn len(&self) -> usize {
        self.state().kept.len()
    }

    /// Waits for the answer that is being found out, or begins to. `find` says whether its answer may be
    /// kept. `None` after a bug in it.
    pub(crate) fn find<F>(&self, key: &K, find: impl FnOnce() -> F) -> Flight<V>
    where
        F: Future<Output = (V, bool)> + Send + 'static,
    {
        let mut state = self.state();
        if let Some(flight) = state.flights.get(key) {
            return flight.clone();
        }
        let (cache, own_key, found) = (Self(Arc::clone(&self.0)), key.clone(), find());
        let landing = Landing {
            cache,
            key: own_key,
        };
        let task = tokio::spawn(async move {
            let (value, keep) = found.await;
            landing.land(value.clone(), keep);
            value
        });
        let flight = task.map(Result::ok).boxed().shared();
        state.flights.insert(key.clone(), flight.clone());
        flight
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // every change is whole before a panic could come
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Kept<V> {
    /// How long ago it was found.
    pub(crate) fn age(&self) -> Duration {
        self.found.elapsed()
    }
}

impl<K: Hash + Eq, V> Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

/// Ends a flight, after a panic too: a question that is never asked again would be refused for ever.
struct Landing<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    cache: Cache<K, V>,
    key: K,
}

impl<K, V> Landing<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn land(&self, value: V, keep: bool) {
        if keep {
            let found = Instant::now();
            let kept = Kept { value, found };
            self.cache.state().kept.put(self.key.clone(), kept);
        }
    }
}

impl<K, V> Drop for Landing<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.cache.state().flights.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    fn cache(entries: usize) -> Cache<&'static str, usize> {
        Cache::new(NonZeroUsize::new(entries).unwrap())
    }

    #[tokio::test]
    async fn what_many_ask_at_once_is_asked_once() {
        let (cache, asked) = (cache(1), Arc::new(AtomicUsize::new(0)));
        let gate = Arc::new(Semaphore::new(0));
        let flights: Vec<_> = (0..100)
            .map(|_| {
                let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
                cache.find(&"a", || async move {
                    let _ = gate.acquire().await;
                    (asked.fetch_add(1, Ordering::SeqCst), true)
                })
            })
            .collect();
        gate.add_permits(1);
        for flight in flights {
            assert_eq!(flight.await, Some(0));
        }
        assert_eq!(cache.get(&"a").map(|kept| kept.value), Some(0));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_kept() {
        let (cache, gate) = (cache(1), Arc::new(Semaphore::new(0)));
        let held = Arc::clone(&gate);
        let flight = cache.find(&"a", || async move {
            let _ = held.acquire().await;
            (7, true)
        });
        drop(flight);
        gate.add_permits(1);
        while cache.get(&"a").is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(cache.get(&"a").map(|kept| kept.value), Some(7));
    }

    #[tokio::test]
    async fn what_may_not_be_kept_is_asked_again() {
        let cache = cache(1);
        assert_eq!(cache.find(&"a", || async { (1, false) }).await, Some(1));
        assert!(cache.get(&"a").is_none());
        assert_eq!(cache.find(&"a", || async { (2, false) }).await, Some(2));
    }

    #[tokio::test]
    async fn a_bug_ends_only_its_own_flight() {
        let cache = cache(1);
        let bug = cache.find(&"a", || async { panic!("a bug") });
        assert_eq!(bug.await, None);
        assert_eq!(cache.find(&"a", || async { (1, true) }).await, Some(1));
    }

    #[tokio::test]
    async fn the_cache_is_bounded() {
        let cache = cache(2);
        for key in ["a", "b", "c"] {
            cache.find(&key, || async { (1, true) }).await;
        }
        assert_eq!(cache.len(), 2);
        assert!(cache.get(&"a").is_none() && cache.get(&"c").is_some());
    }
}
