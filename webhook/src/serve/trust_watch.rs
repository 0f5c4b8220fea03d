//! What is wrong with trust roots, or soon will be, said in the log before images are refused for it.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use gatehouse_trust::Authority;
use time::OffsetDateTime;

use crate::config::Snapshot;

/// How long before the end of a trust root it is said for the first time.
const NOTICE: Duration = Duration::from_secs(30 * DAY.as_secs());
/// How often the same is said again.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What was said of the authorities of one configuration.
#[derive(Debug, Default)]
pub(crate) struct TrustWatch {
    config_sha256: String,
    told: BTreeMap<(String, String), (State, SystemTime)>,
}

/// What is to be said of a trust root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Usable,
    Ending,
    Unusable,
}

impl TrustWatch {
    /// Says what is new since it last looked, and once a day what is not.
    pub(crate) fn look(&mut self, snapshot: &Snapshot, now: SystemTime) {
        if self.config_sha256 != snapshot.sha256 {
            self.config_sha256.clone_from(&snapshot.sha256);
            self.told.clear();
        }
        for (policy, runner) in snapshot.set.policies().iter().zip(&snapshot.policies) {
            for authority in runner.authorities.current().iter() {
                self.look_at(&policy.name, authority, now);
            }
        }
    }

    fn look_at(&mut self, policy: &str, authority: &Authority, now: SystemTime) {
        let name = authority.name();
        let fault = authority.trust_root_fault(now);
        let end = authority.trust_root_end();
        let state = match (&fault, end) {
            (Some(_), _) => State::Unusable,
            (None, Some(end)) if now + NOTICE >= end => State::Ending,
            _ => State::Usable,
        };
        if !self.is_to_be_told(policy, name, state, now) {
            return;
        }
        match (fault, end.filter(|_| state == State::Ending)) {
            (Some(why), _) => tracing::error!(
                policy,
                authority = name,
                why,
                "nothing can be verified for an authority: images that need it cannot be checked"
            ),
            (None, Some(end)) => tracing::warn!(
                policy,
                authority = name,
                ends = %OffsetDateTime::from(end),
                "the trust root of an authority ends soon, after which nothing can be verified for it"
            ),
            (None, None) => tracing::info!(
                policy,
                authority = name,
                "the trust root of an authority can be used again"
            ),
        }
    }

    /// That all is well is news only where it was not.
    fn is_to_be_told(&mut self, policy: &str, name: &str, state: State, now: SystemTime) -> bool {
        let key = (policy.to_owned(), name.to_owned());
        let is_news = match self.told.get(&key) {
            None => state != State::Usable,
            Some((told, _)) if *told != state => true,
            Some((_, at)) => {
                let age = now.duration_since(*at).unwrap_or_default();
                state != State::Usable && age >= DAY
            }
        };
        if is_news {
            self.told.insert(key, (state, now));
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_at_once_and_then_daily() {
        let mut watch = TrustWatch::default();
        let start = SystemTime::UNIX_EPOCH;
        let second = Duration::from_secs(1);
        let mut told = |state, after| watch.is_to_be_told("p", "a", state, start + after);
        assert!(!told(State::Usable, Duration::ZERO));
        assert!(told(State::Ending, second));
        assert!(!told(State::Ending, DAY));
        assert!(told(State::Ending, DAY + second));
        assert!(told(State::Unusable, DAY + 2 * second));
        assert!(!told(State::Unusable, DAY + 3 * second));
        assert!(told(State::Usable, DAY + 4 * second));
        assert!(!told(State::Usable, 9 * DAY));
        assert!(told(State::Unusable, 9 * DAY));
    }

    #[test]
    fn every_authority_is_told_of() {
        let mut watch = TrustWatch::default();
        let now = SystemTime::UNIX_EPOCH;
        for (policy, name) in [("p", "a"), ("p", "b"), ("q", "a")] {
            assert!(watch.is_to_be_told(policy, name, State::Unusable, now));
            assert!(!watch.is_to_be_told(policy, name, State::Unusable, now));
        }
    }
}
