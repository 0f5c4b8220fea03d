use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take; only what is broken takes it.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Tries until `attempt` succeeds; what it was told last is shown when it never does.
///
/// # Panics
/// When it takes longer than anything should.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(got) if start.elapsed() > PATIENCE => {
                panic!("{what}: not within {} s, but: {got}", PATIENCE.as_secs())
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}
