use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// How many instances may still be made. The pool itself would refuse at once where this waits.
pub(crate) struct Permits {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    free: u32,
    waiting: u32,
}

/// The right to one instance.
pub(crate) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(crate) fn new(free: u32) -> Self {
        Self {
            state: Mutex::new(State { free, waiting: 0 }),
            returned: Condvar::new(),
        }
    }

    /// Waits for a permit until `deadline`; without one, as long as it takes, which is bounded by what
    /// those who run are given.
    pub(crate) fn acquire(&self, deadline: Option<Instant>) -> Option<Permit<'_>> {
        let mut state = self.lock();
        while state.free == 0 {
            state = self.wait(state, deadline)?;
        }
        state.free -= 1;
        Some(Permit(self))
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        deadline: Option<Instant>,
    ) -> Option<MutexGuard<'a, State>> {
        let left = match deadline {
            Some(deadline) => Some(deadline.checked_duration_since(Instant::now())?),
            None => None,
        };
        state.waiting += 1;
        let mut state = match left {
            Some(left) => {
                let waited = self.returned.wait_timeout(state, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
        };
        state.waiting -= 1;
        Some(state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.free += 1;
        let someone_waits = state.waiting > 0;
        drop(state);
        // A wake-up is a system call, whether or not anyone waits.
        if someone_waits {
            self.0.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn a_permit_that_is_returned_wakes_who_waits() {
        let permits = Permits::new(1);
        thread::scope(|scope| {
            let first = permits.acquire(None);
            let second = scope.spawn(|| permits.acquire(None).is_some());
            while permits.lock().waiting == 0 {
                thread::yield_now();
            }
            drop(first);
            assert!(second.join().unwrap());
        });
        assert_eq!(permits.lock().free, 1);
    }

    #[test]
    fn who_waits_does_so_until_the_deadline() {
        let permits = Permits::new(1);
        let _first = permits.acquire(None);
        let deadline = Instant::now() + Duration::from_millis(5);
        assert!(permits.acquire(Some(deadline)).is_none());
        assert!(permits.acquire(Some(deadline)).is_none(), "long past");
        assert!(Instant::now() >= deadline);
    }

    #[test]
    fn a_permit_that_is_free_needs_no_time() {
        let permits = Permits::new(1);
        assert!(permits.acquire(Some(Instant::now())).is_some());
    }
}
