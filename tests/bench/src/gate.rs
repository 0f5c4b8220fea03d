//! Limits, and measuring until they hold.

use std::time::Duration;

/// Other load only ever makes a run slower: what fails is measured again.
const TRIES: usize = 3;

/// What was measured in one run.
pub(crate) struct Measured {
    /// For people, in Markdown.
    pub(crate) table: String,
    pub(crate) gates: Vec<Gate>,
}

/// A limit that was kept or not.
pub(crate) struct Gate {
    pub(crate) text: String,
    pub(crate) kept: bool,
}

/// Measures until all gates hold, a few times at most, and prints that; whether they do.
pub(crate) fn hold(measure: impl Fn() -> Result<Measured, String>) -> Result<bool, String> {
    for left in (0..TRIES).rev() {
        let measured = measure()?;
        let kept = measured.gates.iter().all(|gate| gate.kept);
        if kept || left == 0 {
            println!("{}", measured.table);
            measured.gates.iter().for_each(Gate::print);
            return Ok(kept);
        }
    }
    Ok(false)
}

impl Gate {
    fn print(&self) {
        println!("{} {}", if self.kept { "ok  " } else { "FAIL" }, self.text);
    }
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
