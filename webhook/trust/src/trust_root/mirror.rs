use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, timeout},
};

use super::{MirrorAddress, MirrorFiles, Trust};
use crate::{
    registry::Client,
    sigstore::{TufClient, Vouched},
    time::seconds,
};

/// How long after a refresh the next one is due.
const INTERVAL: Duration = Duration::from_secs(60 * 60);
/// How soon after a failure a mirror is asked again; after each further one twice as late.
const RETRY: Duration = Duration::from_secs(10);

/// A mirror of trust roots, and what it gave.
#[derive(Debug)]
pub(super) struct Mirror {
    address: MirrorAddress,
    files: Arc<MirrorFiles>,
    /// What is trusted of its metadata; `None` before the first refresh.
    tuf: AsyncMutex<Option<TufClient>>,
    trust: ArcSwap<Trust>,
    schedule: Mutex<Schedule>,
}

/// What came of asking a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorStatus {
    /// Its address.
    pub mirror: String,
    /// How often it gave a trust root, the same or a new one.
    pub succeeded: u64,
    /// How often it did not.
    pub failed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Schedule {
    next: Instant,
    failures_in_a_row: u32,
    succeeded: u64,
    failed: u64,
}

impl Mirror {
    /// A mirror that nobody has asked yet.
    pub(super) fn new(address: &MirrorAddress) -> Self {
        Self {
            files: Arc::new(MirrorFiles::new(address.url())),
            tuf: AsyncMutex::new(None),
            trust: ArcSwap::from_pointee(Trust::before_the_first(address, None)),
            schedule: Mutex::new(Schedule::new()),
            address: address.clone(),
        }
    }

    /// What it gave.
    pub(super) fn trust(&self) -> Arc<Trust> {
        self.trust.load_full()
    }

    pub(super) fn is_due(&self) -> bool {
        self.schedule().next <= Instant::now()
    }

    pub(super) fn status(&self) -> MirrorStatus {
        let schedule = self.schedule();
        MirrorStatus {
            mirror: self.address.to_string(),
            succeeded: schedule.succeeded,
            failed: schedule.failed,
        }
    }

    /// Asks it, unless it is being asked. What it gave before stays where it gives nothing within `time`.
    pub(super) async fn refresh(&self, client: &Client, time: Duration) {
        let Ok(mut tuf) = self.tuf.try_lock() else {
            return;
        };
        self.files.ask_with(client);
        let refreshed = timeout(time, self.ask(&mut tuf)).await;
        let refreshed = refreshed.unwrap_or_else(|_| Err("it takes too long".to_owned()));
        match refreshed {
            Ok(vouched) => self.take(vouched),
            Err(why) => self.fail(&why),
        }
    }

    async fn ask(&self, tuf: &mut Option<TufClient>) -> Result<Vouched, String> {
        let client = match tuf {
            Some(client) => client,
            None => tuf.insert(TufClient::new(
                self.address.root(),
                Arc::clone(&self.files),
            )?),
        };
        client.refresh(SystemTime::now()).await
    }

    fn take(&self, vouched: Vouched) {
        let (old, until) = (self.trust(), vouched.until);
        let root = match &old.root {
            Ok(root) if root.digest() == vouched.root.digest() => Arc::clone(root),
            _ => {
                tracing::info!(mirror = %self.address, "a trust root was fetched");
                Arc::new(vouched.root)
            }
        };
        self.trust.store(Arc::new(Trust {
            root: Ok(root),
            until: Some(until),
            failure: None,
        }));
        let left = until.saturating_sub(seconds(SystemTime::now()));
        let left = Duration::from_secs(u64::try_from(left).unwrap_or_default());
        self.schedule().succeed(left);
    }

    fn fail(&self, why: &str) {
        tracing::warn!(mirror = %self.address, why, "the trust root could not be fetched");
        let old = self.trust();
        self.trust.store(Arc::new(match &old.root {
            Ok(_) => Trust {
                failure: Some(why.to_owned()),
                ..(*old).clone()
            },
            Err(_) => Trust::before_the_first(&self.address, Some(why)),
        }));
        self.schedule().fail();
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        // every change is whole before a panic could come
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    fn new() -> Self {
        Self {
            next: Instant::now(),
            failures_in_a_row: 0,
            succeeded: 0,
            failed: 0,
        }
    }

    fn succeed(&mut self, left: Duration) {
        self.succeeded += 1;
        self.failures_in_a_row = 0;
        self.next = Instant::now() + after_success(left);
    }

    fn fail(&mut self) {
        let wait = after_failures(self.failures_in_a_row);
        self.failed += 1;
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.next = Instant::now() + between_half_and_all(wait);
    }
}

/// Half of the time that is left until the metadata end leaves the other half for failures.
fn after_success(left: Duration) -> Duration {
    (left / 2).clamp(RETRY, INTERVAL)
}

fn after_failures(before: u32) -> Duration {
    let factor = 1_u32.checked_shl(before).unwrap_or(u32::MAX);
    RETRY.saturating_mul(factor).min(INTERVAL)
}

/// Many Gatehouses that failed at the same moment do not come back at the same moment.
fn between_half_and_all(wait: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let part = f64::from(u8::try_from(random % 256).unwrap_or_default()) / 510.0;
    wait.mul_f64(0.5 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_refresh_is_hourly_and_earlier_before_the_metadata_end() {
        assert_eq!(after_success(24 * 60 * MINUTE), INTERVAL);
        assert_eq!(after_success(60 * MINUTE), 30 * MINUTE);
        assert_eq!(after_success(Duration::ZERO), RETRY);
    }

    #[test]
    fn failures_make_it_slower_and_never_slower_than_success() {
        assert_eq!(after_failures(0), RETRY);
        assert_eq!(after_failures(3), 8 * RETRY);
        for before in [9, 31, 32, u32::MAX] {
            assert_eq!(after_failures(before), INTERVAL, "{before}");
        }
    }

    #[test]
    fn waits_differ() {
        let waits: Vec<_> = (0..64).map(|_| between_half_and_all(MINUTE)).collect();
        assert!(
            waits
                .iter()
                .all(|wait| (MINUTE / 2..=MINUTE).contains(wait))
        );
        assert!(waits.iter().any(|wait| *wait != waits[0]));
    }
}
