//! Seconds since 1970.

use std::time::{Duration, SystemTime};

/// Seconds since 1970; a clock before that is at its beginning.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}

/// The same the other way round; what is before 1970 is its beginning.
pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since)
}
