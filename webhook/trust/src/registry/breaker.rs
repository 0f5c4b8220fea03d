//! A registry that fails repeatedly is spared for a while.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    bounded::{Bounded, lock},
    error::{ErrorKind, Fault},
};

/// After so many failures running a registry is spared.
pub(super) const FAILURES_MAX: u32 = 3;
/// How long at first.
pub(super) const PAUSE_MIN: Duration = Duration::from_secs(1);
/// How long at most.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How many registries are remembered.
const REGISTRIES_MAX: usize = 1024;

/// The registries that failed of late. What fails on the way of a request counts against the registry that
/// it was for, so that no registry can have another one spared by referring to it.
#[derive(Clone, Debug)]
pub(super) struct Breakers(Arc<Mutex<Bounded<String, State>>>);

/// Leave to ask a registry. Must be settled; dropped, it says nothing about the registry.
#[derive(Debug)]
pub(super) struct Pass {
    breakers: Breakers,
    registry: String,
    is_trial: bool,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    pause: Duration,
    why: ErrorKind,
    /// Somebody is trying whether the registry is back.
    on_trial: bool,
}

impl Breakers {
    pub(super) fn new() -> Self {
        Self(Arc::new(Bounded::new(REGISTRIES_MAX)))
    }

    /// Asks for leave to ask a registry.
    pub(super) fn enter(&self, registry: &str, now: Instant) -> Result<Pass, Fault> {
        let mut states = lock(&self.0);
        let open = states
            .get(registry, now)
            .and_then(|state| state.open.as_mut());
        let is_trial = open.is_some();
        if let Some(open) = open {
            if now < open.until || open.on_trial {
                let kind = ErrorKind::Spared(Box::new(open.why.clone()));
                return Err(Fault::new(kind, "it was not asked"));
            }
            open.on_trial = true;
        }
        Ok(Pass {
            breakers: self.clone(),
            registry: registry.to_owned(),
            is_trial,
        })
    }
}

impl Pass {
    /// Says what came of it.
    pub(super) fn settle<T>(mut self, outcome: &Result<T, Fault>, now: Instant) {
        let was_trial = std::mem::take(&mut self.is_trial);
        let mut states = lock(&self.breakers.0);
        match outcome {
            Err(fault) if fault.kind.is_outage() => {
                let state = states.get_or_insert(self.registry.clone(), now, State::default);
                state.fail(fault, was_trial, now);
            }
            _ => states.remove(&self.registry),
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.is_trial {
            return;
        }
        let mut states = lock(&self.breakers.0);
        let state = states.get(&self.registry, Instant::now());
        if let Some(open) = state.and_then(|state| state.open.as_mut()) {
            open.on_trial = false;
        }
    }
}

impl State {
    fn fail(&mut self, fault: &Fault, is_trial: bool, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let pause = match &self.open {
            Some(open) if is_trial => open.pause.saturating_mul(2),
            // it was under way when the others failed: they have been counted
            Some(_) => return,
            None if self.failures >= FAILURES_MAX || fault.retry_after.is_some() => PAUSE_MIN,
            None => return,
        };
        let pause = pause.max(fault.retry_after.unwrap_or_default());
        let pause = pause.clamp(PAUSE_MIN, PAUSE_MAX);
        self.open = Some(Open {
            until: now + pause,
            pause,
            why: fault.kind.clone(),
            on_trial: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "ghcr.io";

    struct Scene {
        breakers: Breakers,
        now: Instant,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                breakers: Breakers::new(),
                now: Instant::now(),
            }
        }

        fn wait(&mut self, time: Duration) {
            self.now += time;
        }

        fn enters(&self) -> bool {
            self.breakers.enter(HOST, self.now).is_ok()
        }

        fn asks(&self, outcome: Result<(), Fault>) {
            let pass = self.breakers.enter(HOST, self.now).unwrap();
            pass.settle(&outcome, self.now);
        }

        fn fails(&self, times: u32) {
            (0..times).for_each(|_| self.asks(Err(fault(ErrorKind::Status(500)))));
        }
    }

    fn fault(kind: ErrorKind) -> Fault {
        Fault::new(kind, "")
    }

    #[test]
    fn it_opens_after_repeated_failures_and_says_why() {
        let scene = Scene::new();
        scene.fails(FAILURES_MAX - 1);
        assert!(scene.enters());
        scene.fails(1);
        let refused = scene.breakers.enter(HOST, scene.now).unwrap_err();
        assert_eq!(
            refused.kind,
            ErrorKind::Spared(Box::new(ErrorKind::Status(500)))
        );
        assert!(scene.breakers.enter("quay.io", scene.now).is_ok());
    }

    #[test]
    fn an_answer_begins_the_count_anew() {
        let scene = Scene::new();
        for answer in [
            Ok(()),
            Err(fault(ErrorKind::Forbidden)),
            Err(fault(ErrorKind::Status(404))),
        ] {
            scene.fails(FAILURES_MAX - 1);
            scene.asks(answer);
        }
        assert!(scene.enters());
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut scene = Scene::new();
        scene.fails(FAILURES_MAX);
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            scene.wait(Duration::from_millis(seconds * 1000 - 1));
            assert!(!scene.enters(), "{seconds}");
            scene.wait(Duration::from_millis(1));
            scene.fails(1);
        }
        scene.wait(PAUSE_MAX);
        scene.asks(Ok(()));
        scene.fails(FAILURES_MAX - 1);
        assert!(scene.enters());
    }

    #[test]
    fn one_trial_at_a_time() {
        let mut scene = Scene::new();
        scene.fails(FAILURES_MAX);
        scene.wait(PAUSE_MIN);
        let trial = scene.breakers.enter(HOST, scene.now).unwrap();
        assert!(!scene.enters());
        // one that is given up leaves the place to the next
        drop(trial);
        assert!(scene.enters());
    }

    #[test]
    fn failures_of_requests_under_way_are_not_counted_twice() {
        let mut scene = Scene::new();
        let late = scene.breakers.enter(HOST, scene.now).unwrap();
        scene.fails(FAILURES_MAX);
        late.settle(&Err::<(), _>(fault(ErrorKind::TimedOut)), scene.now);
        scene.wait(PAUSE_MIN);
        assert!(scene.enters());
    }

    #[test]
    fn a_registry_may_ask_to_be_left_alone_for_so_long() {
        for (asked, granted) in [(0, 1), (7, 7), (30, 30), (3600, 30)] {
            let mut scene = Scene::new();
            let mut limited = fault(ErrorKind::RateLimited);
            limited.retry_after = Some(Duration::from_secs(asked));
            scene.asks(Err(limited));
            scene.wait(Duration::from_millis(granted * 1000 - 1));
            assert!(!scene.enters(), "{asked}");
            scene.wait(Duration::from_millis(1));
            assert!(scene.enters(), "{asked}");
        }
    }
}
