use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Lets something happen once in a while: a log line that strangers can cause as often as they like.
#[derive(Debug)]
pub(crate) struct Seldom {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    passed_over: u64,
}

impl Seldom {
    /// Once in this time.
    pub(crate) const fn new(interval: Duration) -> Self {
        let state = State {
            last: None,
            passed_over: 0,
        };
        Self {
            interval,
            state: Mutex::new(state),
        }
    }

    /// Whether it may happen now, and then how often it may not since it last did.
    pub(crate) fn now(&self) -> Option<u64> {
        self.at(Instant::now())
    }

    fn at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let too_soon = |last| now.saturating_duration_since(last) < self.interval;
        if state.last.is_some_and(too_soon) {
            state.passed_over += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.passed_over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_counted_and_told_once() {
        let second = Duration::from_secs(1);
        let seldom = Seldom::new(10 * second);
        let start = Instant::now();
        assert_eq!(seldom.at(start), Some(0));
        assert_eq!(seldom.at(start + second), None);
        assert_eq!(seldom.at(start + 9 * second), None);
        assert_eq!(seldom.at(start + 10 * second), Some(2));
        assert_eq!(seldom.at(start + 11 * second), None);
    }
}
