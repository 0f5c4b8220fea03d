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
use tokio::{sync::oneshot, time::Instant};

/// Answers by their questions, each found out once at a time.
///
/// Finding out is a task of its own: it goes on when nobody waits for it any more, and what it finds is
/// there for who asks next.
pub(crate) struct Cache<K: Hash + Eq, V>(Arc<Mutex<State<K, V>>>);

struct State<K: Hash + Eq, V> {
    kept: LruCache<K, Kept<V>>,
    flights: HashMap<K, Flight<V>>,
    room: Room<V>,
    /// What the answers weigh that are kept.
    weight: usize,
}

/// How much the answers that are kept may weigh together.
pub(crate) struct Room<V> {
    /// In bytes.
    pub(crate) bytes: usize,
    /// What an answer weighs beyond what every answer does.
    pub(crate) weight: fn(&V) -> usize,
}

/// An answer and when it was found.
#[derive(Clone, Debug)]
pub(crate) struct Kept<V> {
    pub(crate) value: V,
    found: Instant,
}

/// An answer that is being found out. `None` after a bug.
pub(crate) type Flight<V> = Shared<BoxFuture<'static, Option<V>>>;

/// Where an answer comes from.
pub(crate) enum Source<V> {
    Memory(Kept<V>),
    Flight(Flight<V>),
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `entries` answers; the one that was asked for longest ago goes first.
    pub(crate) fn new(entries: NonZeroUsize) -> Self {
        let weight = |_: &V| 0;
        Self::within(entries, Room { bytes: 0, weight })
    }

    /// A cache of at most `entries` answers that have room together.
    pub(crate) fn within(entries: NonZeroUsize, room: Room<V>) -> Self {
        Self(Arc::new(Mutex::new(State {
            kept: LruCache::new(entries),
            flights: HashMap::new(),
            room,
            weight: 0,
        })))
    }

    /// How many answers are kept.
    pub(crate) fn len(&self) -> usize {
        self.state().kept.len()
    }

    /// The answer in memory if it still `holds`, or else the one that is being found out, or else begins to.
    /// `find` says whether its answer may be kept.
    ///
    /// One lock covers the look into memory and the start: an answer that arrives between them would be
    /// found out twice.
    pub(crate) fn ask<F>(
        &self,
        key: &K,
        holds: impl FnOnce(&Kept<V>) -> bool,
        find: impl FnOnce() -> F,
    ) -> Source<V>
    where
        F: Future<Output = (V, bool)> + Send + 'static,
    {
        let mut state = self.state();
        if let Some(kept) = state.kept.get(key).filter(|kept| holds(kept)) {
            return Source::Memory(kept.clone());
        }
        if let Some(flight) = state.flights.get(key) {
            return Source::Flight(flight.clone());
        }
        let (sender, receiver) = oneshot::channel();
        let flight = receiver.map(Result::ok).boxed().shared();
        state.flights.insert(key.clone(), flight.clone());
        // a runtime that shuts down drops the task at once, and with it its landing, which takes the lock
        drop(state);
        let landing = Landing {
            cache: Self(Arc::clone(&self.0)),
            key: key.clone(),
            sender: Some(sender),
        };
        let found = find();
        tokio::spawn(async move {
            let (value, keep) = found.await;
            landing.land(value, keep);
        });
        Source::Flight(flight)
    }
}

impl<K: Hash + Eq, V> Cache<K, V> {
    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // every change is whole before a panic could come
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> State<K, V> {
    fn keep(&mut self, key: K, kept: Kept<V>) {
        self.weight += (self.room.weight)(&kept.value);
        if let Some((_, kept)) = self.kept.push(key, kept) {
            self.weight -= (self.room.weight)(&kept.value);
        }
        while self.weight > self.room.bytes
            && let Some((_, kept)) = self.kept.pop_lru()
        {
            self.weight -= (self.room.weight)(&kept.value);
        }
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
struct Landing<K: Hash + Eq, V> {
    cache: Cache<K, V>,
    key: K,
    sender: Option<oneshot::Sender<V>>,
}

impl<K, V> Landing<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn land(mut self, value: V, keep: bool) {
        if keep {
            let (value, found) = (value.clone(), Instant::now());
            let mut state = self.cache.state();
            state.keep(self.key.clone(), Kept { value, found });
        }
        let sender = self.sender.take();
        // the flight ends first: who hears the answer may ask again at once
        drop(self);
        // nobody may wait any more
        let _ = sender.map(|sender| sender.send(value));
    }
}

impl<K: Hash + Eq, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.cache.state().flights.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    type Numbers = Cache<&'static str, usize>;

    fn cache(entries: usize) -> Numbers {
        Cache::new(NonZeroUsize::new(entries).unwrap())
    }

    fn known(cache: &Numbers, key: &'static str) -> Option<usize> {
        cache.state().kept.peek(&key).map(|kept| kept.value)
    }

    /// Asks for what is not known yet.
    fn find<F>(cache: &Numbers, key: &'static str, find: impl FnOnce() -> F) -> Flight<usize>
    where
        F: Future<Output = (usize, bool)> + Send + 'static,
    {
        match cache.ask(&key, |_| false, find) {
            Source::Flight(flight) => flight,
            Source::Memory(kept) => panic!("memory has {}", kept.value),
        }
    }

    #[tokio::test]
    async fn what_many_ask_at_once_is_asked_once() {
        let (cache, asked) = (cache(1), Arc::new(AtomicUsize::new(0)));
        let gate = Arc::new(Semaphore::new(0));
        let flights: Vec<_> = (0..100)
            .map(|_| {
                let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
                find(&cache, "a", || async move {
                    let _ = gate.acquire().await;
                    (asked.fetch_add(1, Ordering::SeqCst), true)
                })
            })
            .collect();
        gate.add_permits(1);
        for flight in flights {
            assert_eq!(flight.await, Some(0));
        }
        assert_eq!(known(&cache, "a"), Some(0));
    }

    #[tokio::test]
    async fn what_is_in_memory_is_not_asked_again_while_it_holds() {
        let cache = cache(1);
        find(&cache, "a", || async { (1, true) }).await;
        let again = || async { (2, true) };
        let kept = cache.ask(&"a", |kept| kept.value == 1, again);
        assert!(matches!(kept, Source::Memory(Kept { value: 1, .. })));
        assert_eq!(find(&cache, "a", again).await, Some(2));
        assert_eq!(known(&cache, "a"), Some(2));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_kept() {
        let (cache, gate) = (cache(1), Arc::new(Semaphore::new(0)));
        let held = Arc::clone(&gate);
        let flight = find(&cache, "a", || async move {
            let _ = held.acquire().await;
            (7, true)
        });
        drop(flight);
        gate.add_permits(1);
        while known(&cache, "a").is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(known(&cache, "a"), Some(7));
    }

    #[tokio::test]
    async fn what_may_not_be_kept_is_asked_again() {
        let cache = cache(1);
        assert_eq!(find(&cache, "a", || async { (1, false) }).await, Some(1));
        assert_eq!(known(&cache, "a"), None);
        assert_eq!(find(&cache, "a", || async { (2, false) }).await, Some(2));
    }

    #[tokio::test]
    async fn a_bug_ends_only_its_own_flight() {
        let cache = cache(1);
        let bug = find(&cache, "a", || async { panic!("a bug") });
        assert_eq!(bug.await, None);
        assert_eq!(find(&cache, "a", || async { (1, true) }).await, Some(1));
    }

    #[test]
    fn a_runtime_that_ends_ends_the_flights() {
        let (cache, runtime) = (cache(1), runtime());
        let entered = runtime.enter();
        let endless = find(&cache, "a", std::future::pending);
        drop(entered);
        drop(runtime);
        assert!(cache.state().flights.is_empty());
        assert_eq!(endless.now_or_never(), Some(None));
    }

    #[test]
    fn a_question_while_the_runtime_ends_hangs_nobody() {
        let (cache, runtime) = (Arc::new(cache(1)), runtime());
        let asker = Asker(Arc::clone(&cache));
        runtime.spawn(async move {
            let _asker = asker;
            std::future::pending::<()>().await;
        });
        runtime.block_on(tokio::task::yield_now());
        drop(runtime);
        assert!(cache.state().flights.is_empty());
    }

    /// Asks when it is dropped.
    struct Asker(Arc<Numbers>);

    impl Drop for Asker {
        fn drop(&mut self) {
            drop(find(&self.0, "a", || async { (1, true) }));
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_has_room_and_what_weighs_more_is_not_kept() {
        let entries = NonZeroUsize::new(10).unwrap();
        let weight = |value: &usize| *value;
        let cache = Cache::within(entries, Room { bytes: 10, weight });
        let keep = async |key, value| {
            find(&cache, key, || async move { (value, true) }).await;
            ["a", "b", "c"].map(|key| known(&cache, key))
        };
        assert_eq!(keep("a", 4).await, [Some(4), None, None]);
        assert_eq!(keep("b", 6).await, [Some(4), Some(6), None]);
        // what is found anew weighs once
        assert_eq!(keep("a", 4).await, [Some(4), Some(6), None]);
        assert_eq!(keep("c", 1).await, [Some(4), None, Some(1)]);
        assert_eq!(keep("b", 5).await, [Some(4), Some(5), Some(1)]);
        assert_eq!(keep("b", 11).await, [None; 3]);
        assert_eq!(keep("a", 10).await, [Some(10), None, None]);
    }

    #[tokio::test]
    async fn the_cache_is_bounded() {
        let cache = cache(2);
        for key in ["a", "b", "c"] {
            find(&cache, key, || async { (1, true) }).await;
        }
        assert_eq!(cache.len(), 2);
        assert_eq!(known(&cache, "a"), None);
        assert_eq!(known(&cache, "c"), Some(1));
    }
}
