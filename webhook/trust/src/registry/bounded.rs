use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

/// A map that forgets what it was least recently asked for, as its keys come from outside: the hosts and
/// repositories that pods name.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: HashMap<K, (V, Instant)>,
    max: usize,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    pub(super) fn new(max: usize) -> Mutex<Self> {
        Mutex::new(Self {
            entries: HashMap::new(),
            max,
        })
    }

    pub(super) fn get<Q>(&mut self, key: &Q, now: Instant) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let (value, used) = self.entries.get_mut(key)?;
        *used = now;
        Some(value)
    }

    pub(super) fn get_or_insert(
        &mut self,
        key: K,
        now: Instant,
        value: impl FnOnce() -> V,
    ) -> &mut V {
        if !self.entries.contains_key(&key) && self.entries.len() >= self.max {
            self.forget_one();
        }
        let (value, used) = self.entries.entry(key).or_insert_with(|| (value(), now));
        *used = now;
        value
    }

    pub(super) fn remove<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries.remove(key);
    }

    fn forget_one(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, (_, used))| *used);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.entries.remove(&key);
        }
    }
}

/// A thread that panicked left the map whole: every change is one call.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_least_recently_used_entry_makes_room() {
        let map = Bounded::new(2);
        let mut map = lock(&map);
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        map.get_or_insert("a", at(0), || 1);
        map.get_or_insert("b", at(1), || 2);
        assert_eq!(map.get("a", at(2)), Some(&mut 1));
        map.get_or_insert("c", at(3), || 3);
        assert_eq!(map.get("b", at(4)), None);
        assert_eq!(map.get("a", at(5)), Some(&mut 1));
        map.remove("a");
        assert_eq!(map.get("a", at(6)), None);
    }
}
