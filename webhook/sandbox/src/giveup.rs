use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Instant,
};

use crate::{Failure, Limits};

/// Counts a policy's time-outs, so that one that always runs out of time does not take every request's.
///
/// After the pause it is tried again, and one more time-out begins the next pause.
#[derive(Debug, Default)]
pub(crate) struct GiveUp {
    timeouts: AtomicU32,
    until: Mutex<Option<Instant>>,
}

impl GiveUp {
    /// Whether the policy is to be run.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Failure> {
        if self.timeouts.load(Relaxed) < limits.give_up_after {
            return Ok(());
        }
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none_or(|until| Instant::now() >= until) {
            return Ok(());
        }
        Err(Failure::GivenUp {
            timeouts: limits.give_up_after,
            pause: limits.give_up_for,
        })
    }

    /// How a run ended: any end but a time-out shows that the policy can end.
    pub(crate) fn record(&self, timed_out: bool, limits: &Limits) {
        if !timed_out {
            if self.timeouts.load(Relaxed) != 0 {
                self.timeouts.store(0, Relaxed);
            }
            return;
        }
        if self.timeouts.fetch_add(1, Relaxed).saturating_add(1) >= limits.give_up_after {
            let until = Instant::now() + limits.give_up_for;
            *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(give_up_for: Duration) -> Limits {
        Limits {
            give_up_after: 3,
            give_up_for,
            ..Limits::default()
        }
    }

    #[test]
    fn only_time_outs_running_count() {
        let limits = limits(Duration::from_secs(60));
        let give_up = GiveUp::default();
        for timed_out in [true, true, false, true, true] {
            give_up.record(timed_out, &limits);
        }
        assert_eq!(give_up.check(&limits), Ok(()));
        give_up.record(true, &limits);
        assert!(give_up.check(&limits).is_err());
    }

    #[test]
    fn after_the_pause_one_good_run_is_enough() {
        let limits = limits(Duration::ZERO);
        let give_up = GiveUp::default();
        for timed_out in [true, true, true, false, true, true] {
            give_up.record(timed_out, &limits);
            assert_eq!(give_up.check(&limits), Ok(()));
        }
    }
}
