//! How far a long run is, on the terminal of the person who waits.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Counts what is done, and says it now and then on standard error where that is a terminal.
pub(super) struct Progress {
    total: usize,
    done: AtomicUsize,
    /// When to say it next; `None` where nobody reads it.
    next: Option<Mutex<Instant>>,
}

/// Shorter runs say nothing.
const QUIET: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_millis(100);

/// Back to the line's beginning, and nothing behind.
const CLEAR: &str = "\r\u{1b}[2K";

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let is_seen = io::stderr().is_terminal();
        Self {
            total,
            done: AtomicUsize::new(0),
            next: is_seen.then(|| Mutex::new(Instant::now() + QUIET)),
        }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(next) = &self.next else { return };
        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
        if Instant::now() >= *next {
            *next = Instant::now() + EVERY;
            say(&format!("{CLEAR}judged {done} of {} objects", self.total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.next.is_some() {
            say(CLEAR);
        }
    }
}

/// Nobody needs it: what goes wrong with it is left at that.
fn say(text: &str) {
    let mut terminal = io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes());
    let _ = terminal.flush();
}
