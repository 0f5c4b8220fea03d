use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::{Failure, engine::TICK};

/// How long one call may run: until its limit, or until the request's deadline.
///
/// The first half of the limit passes as the clock goes. If a call takes longer, only what its thread
/// really ran counts towards the second half: a good policy must not fail because the machine is busy.
/// (To ask for a thread's running time is a system call that takes a third of a whole evaluation, so it
/// isn't done before there is reason to.)
#[derive(Debug)]
pub(crate) struct Time {
    limit: Duration,
    deadline: Option<Instant>,
    /// What the thread had run when the first half was over.
    first_half: Option<Duration>,
}

impl Time {
    /// The time of a call that begins now.
    pub(crate) fn new(limit: Duration, deadline: Option<Instant>) -> Result<Self, Failure> {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Failure::Deadline);
        }
        Ok(Self {
            limit,
            deadline,
            first_half: None,
        })
    }

    /// Ticks after which the first half is over.
    pub(crate) fn first_half(&self) -> u64 {
        self.ticks(self.limit / 2)
    }

    /// Looks again once the ticks are over: so many more, or what the call has failed by.
    pub(crate) fn look(&mut self) -> Result<u64, Failure> {
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Err(Failure::Deadline);
        }
        let limit = self.limit;
        let ran = thread_time();
        let second_half = ran.saturating_sub(*self.first_half.get_or_insert(ran));
        match (limit - limit / 2).checked_sub(second_half) {
            None | Some(Duration::ZERO) => Err(Failure::TimedOut { limit }),
            Some(left) => Ok(self.ticks(left)),
        }
    }

    /// One more than fits, as the first may come at once.
    fn ticks(&self, time: Duration) -> u64 {
        let until_deadline = |at: Instant| at.saturating_duration_since(Instant::now());
        let left = self
            .deadline
            .map_or(time, |at| until_deadline(at).min(time));
        (left.as_nanos() / TICK.as_nanos()) as u64 + 1
    }
}

fn thread_time() -> Duration {
    let ran = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(ran.tv_sec.unsigned_abs(), ran.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(20);

    #[test]
    fn time_in_which_the_thread_does_not_run_counts_at_most_half() {
        let mut time = Time::new(LIMIT, None).unwrap();
        assert_eq!(time.first_half(), 11);
        for _ in 0..4 {
            std::thread::sleep(LIMIT);
            assert!(time.look().is_ok());
        }
    }

    #[test]
    fn time_in_which_the_thread_runs_is_limited() {
        let mut time = Time::new(LIMIT, None).unwrap();
        let begin = thread_time();
        assert_eq!(time.look(), Ok(11), "the second half begins");
        let failure = loop {
            if let Err(failure) = time.look() {
                break failure;
            }
        };
        assert_eq!(failure, Failure::TimedOut { limit: LIMIT });
        assert!(thread_time() - begin >= LIMIT / 2);
    }

    #[test]
    fn the_deadline_is_the_clocks() {
        let deadline = Instant::now() + Duration::from_millis(3);
        let mut time = Time::new(LIMIT, Some(deadline)).unwrap();
        assert!(time.first_half() <= 4);
        std::thread::sleep(Duration::from_millis(3));
        assert_eq!(time.look(), Err(Failure::Deadline));
        assert!(Time::new(LIMIT, Some(deadline)).is_err());
    }
}
