use std::{
    io,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

/// A small task, given to the workers over and over: whether it runs shows that they do.
///
/// While requests are judged it does more. The worker that waits for the network also judges what it
/// receives, and if a policy holds it for its 20 ms, the other workers sleep on, and nobody waits for the
/// network. A task from outside wakes one of them. Measured on two cores with 4 connections on an endless
/// policy: of other answers, one in a hundred took 25 ms or more without this, 7 ms with it.
#[derive(Debug)]
pub(crate) struct Pulse {
    start: Instant,
    /// Milliseconds after `start`.
    last: AtomicU64,
    under_way: AtomicBool,
    judging: AtomicUsize,
}

/// A request that is being judged, until it is dropped.
#[derive(Debug)]
pub(crate) struct Judging<'a>(&'a Pulse);

/// How often the workers are woken while they judge.
const TICK: Duration = Duration::from_millis(5);

/// After so many ticks they are woken in any case: once a second.
const TICKS_AT_REST: u32 = 200;

impl Pulse {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
            under_way: AtomicBool::new(false),
            judging: AtomicUsize::new(0),
        }
    }

    /// Begins, on a thread of its own that ends when nobody else has the pulse.
    ///
    /// # Errors
    /// When the machine has no thread left.
    pub(crate) fn start(self: &Arc<Self>, workers: Handle) -> io::Result<()> {
        let pulse = Arc::downgrade(self);
        let thread = thread::Builder::new().name("pulse".to_owned());
        thread.spawn(move || tick(&pulse, &workers)).map(drop)
    }

    /// How long the workers did nothing.
    pub(crate) fn silent_for(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Relaxed));
        self.start.elapsed().saturating_sub(last)
    }

    /// Counts a request that is being judged.
    pub(crate) fn judging(&self) -> Judging<'_> {
        self.judging.fetch_add(1, Relaxed);
        Judging(self)
    }

    fn beat(self: &Arc<Self>, workers: &Handle) {
        if self.under_way.swap(true, Relaxed) {
            return;
        }
        let pulse = self.clone();
        workers.spawn(async move {
            let now = u64::try_from(pulse.start.elapsed().as_millis());
            pulse.last.store(now.unwrap_or(u64::MAX), Relaxed);
            pulse.under_way.store(false, Relaxed);
        });
    }
}

impl Drop for Judging<'_> {
    fn drop(&mut self) {
        self.0.judging.fetch_sub(1, Relaxed);
    }
}

fn tick(pulse: &Weak<Pulse>, workers: &Handle) {
    let mut ticks = 0;
    while let Some(pulse) = pulse.upgrade() {
        if ticks % TICKS_AT_REST == 0 || pulse.judging.load(Relaxed) > 0 {
            pulse.beat(workers);
        }
        drop(pulse);
        ticks = (ticks + 1) % TICKS_AT_REST;
        thread::sleep(TICK);
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn workers_that_run_beat_and_others_do_not() {
        let mut workers = runtime::Builder::new_multi_thread();
        let workers = workers.worker_threads(1).build().unwrap();
        let pulse = Arc::new(Pulse::new());
        pulse.start(workers.handle().clone()).unwrap();
        let beats = || pulse.last.load(Relaxed);
        let first = beats();
        let _judging = pulse.judging();
        let until = Instant::now() + LONG;
        while beats() == first {
            assert!(Instant::now() < until, "no beat");
            thread::sleep(TICK);
        }

        let (release, hold) = std::sync::mpsc::channel::<()>();
        workers.spawn(async move { hold.recv() });
        while pulse.silent_for() < 20 * TICK {
            assert!(
                Instant::now() < until,
                "it beats although the worker is held"
            );
            thread::sleep(TICK);
        }
        drop(release);
        while pulse.silent_for() > 10 * TICK {
            assert!(Instant::now() < until, "no beat any more");
            thread::sleep(TICK);
        }
    }
}
