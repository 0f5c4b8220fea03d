use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use tokio::time::sleep;

use super::{
    MirrorAddress,
    mirror::{Mirror, MirrorStatus},
};
use crate::{Authorities, registry::Client};

/// How often it is looked whether a mirror is due.
const LOOK: Duration = Duration::from_secs(1);
/// How long one refresh may take, with all its files.
const REFRESH_TIME: Duration = Duration::from_secs(60);

/// The mirrors that trust roots are fetched from, each once however many authorities name it. Cheap to clone;
/// the clones share the mirrors. What a mirror gave outlives the configuration that named it first.
#[derive(Clone, Debug, Default)]
pub struct TrustRoots(Arc<Mutex<BTreeMap<MirrorAddress, Weak<Mirror>>>>);

/// The authorities of one policy, always with the trust roots of now.
#[derive(Debug)]
pub struct LiveAuthorities {
    current: ArcSwap<Authorities>,
    mirrors: BTreeMap<MirrorAddress, Arc<Mirror>>,
}

impl TrustRoots {
    /// Keeps authorities up to date with their mirrors. Nobody is asked yet.
    pub fn follow(&self, authorities: Authorities) -> LiveAuthorities {
        let mut known = self.known();
        known.retain(|_, mirror| mirror.strong_count() > 0);
        let mut mirrors = BTreeMap::new();
        for address in authorities
            .iter()
            .filter_map(|authority| authority.mirror())
        {
            let mirror = known.get(address).and_then(Weak::upgrade);
            let mirror = mirror.unwrap_or_else(|| Arc::new(Mirror::new(address)));
            known.insert(address.clone(), Arc::downgrade(&mirror));
            mirrors.insert(address.clone(), mirror);
        }
        LiveAuthorities {
            current: ArcSwap::from_pointee(authorities),
            mirrors,
        }
    }

    /// Whether nobody names a mirror.
    pub fn is_empty(&self) -> bool {
        self.mirrors().is_empty()
    }

    /// Asks every mirror once, all at the same time, and returns when all have answered or failed, or when
    /// `time` is over.
    pub async fn fetch(&self, client: &Client, time: Duration) {
        let mirrors = self.mirrors();
        join_all(mirrors.iter().map(|mirror| mirror.refresh(client, time))).await;
    }

    /// Asks every mirror when it is due, for ever. A mirror that hangs keeps no other waiting.
    pub async fn keep_fresh(&self, client: impl Fn() -> Option<Client>) {
        loop {
            let mirrors = self.mirrors().into_iter();
            for mirror in mirrors.filter(|mirror| mirror.is_due()) {
                if let Some(client) = client() {
                    tokio::spawn(async move { mirror.refresh(&client, REFRESH_TIME).await });
                }
            }
            sleep(LOOK).await;
        }
    }

    /// What came of asking each mirror.
    pub fn statuses(&self) -> Vec<MirrorStatus> {
        let mirrors = self.mirrors();
        mirrors.iter().map(|mirror| mirror.status()).collect()
    }

    fn mirrors(&self) -> Vec<Arc<Mirror>> {
        self.known().values().filter_map(Weak::upgrade).collect()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<MirrorAddress, Weak<Mirror>>> {
        // every change is whole before a panic could come
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveAuthorities {
    /// The authorities with the trust roots that their mirrors have given so far. Whoever judges by them
    /// judges by one trust root from beginning to end.
    pub fn current(&self) -> Arc<Authorities> {
        let current = self.current.load_full();
        let trust = |mirror: &MirrorAddress| Some(self.mirrors.get(mirror)?.trust());
        match current.renewed(trust) {
            None => current,
            Some(renewed) => {
                let renewed = Arc::new(renewed);
                self.current.store(Arc::clone(&renewed));
                renewed
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.current.load().is_empty()
    }
}

impl Default for LiveAuthorities {
    fn default() -> Self {
        TrustRoots::default().follow(Authorities::default())
    }
}
