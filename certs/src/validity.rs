//! From when until when a certificate is valid, and when to replace it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

use crate::{Error, Item};

/// How far a new certificate's start lies in the past: 5 minutes.
///
/// A certificate is used seconds after it was issued, by machines whose clocks differ. One that is a
/// little behind would find a certificate that starts "now" not yet valid, and refuse every
/// admission until its clock has caught up. Five minutes is what Kerberos and cert-manager allow
/// for. For a certificate that lives under 20 minutes it is a quarter of its life, so that the
/// back-dating does not use up the time until [rotation](crate::ServingCertificate::rotation_due).
pub const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// The shortest time that a certificate can be issued for: one second, the resolution of X.509.
pub const MIN_VALID_FOR: Duration = Duration::from_secs(1);

/// The longest time that a certificate can be issued for: 100 years of 365 days.
pub const MAX_VALID_FOR: Duration = Duration::from_hours(100 * 365 * 24);

/// The two moments between which a certificate is valid, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
}

impl Validity {
    /// The validity of a certificate that is issued `now`.
    pub(crate) fn starting(now: SystemTime, valid_for: Duration) -> Result<Self, Error> {
        if !(MIN_VALID_FOR..=MAX_VALID_FOR).contains(&valid_for) {
            return Err(Error::Lifetime { asked: valid_for });
        }
        unix_time(now)?;
        let skew = CLOCK_SKEW.min(valid_for / 4);
        Ok(Self {
            not_before: now.checked_sub(skew).ok_or(Error::Clock)?,
            not_after: now.checked_add(valid_for).ok_or(Error::Clock)?,
        })
    }

    /// Reads the validity out of a parsed certificate; `None` if the machine cannot represent it.
    pub(crate) fn read(validity: &x509_parser::certificate::Validity) -> Option<Self> {
        Some(Self {
            not_before: from_timestamp(validity.not_before.timestamp())?,
            not_after: from_timestamp(validity.not_after.timestamp())?,
        })
    }

    /// The same, but over at `end` if that is sooner.
    pub(crate) fn until(self, end: SystemTime) -> Self {
        Self {
            not_after: self.not_after.min(end),
            ..self
        }
    }

    /// Refuses an `item` that is not valid `now`.
    pub(crate) fn check(self, item: Item, now: SystemTime) -> Result<(), Error> {
        let Self {
            not_before,
            not_after,
        } = self;
        if now > not_after {
            return Err(Error::Expired {
                item,
                not_after,
                now,
            });
        }
        if now < not_before {
            return Err(Error::NotYetValid {
                item,
                not_before,
                now,
            });
        }
        Ok(())
    }

    /// The moment when two thirds of the life are over.
    pub(crate) fn rotation_due(self) -> SystemTime {
        let life = self
            .not_after
            .duration_since(self.not_before)
            .unwrap_or_default();
        // Not after `not_after`, so it cannot overflow.
        self.not_before + life / 3 * 2
    }
}

/// The seconds since 1970 that rustls compares validities with.
pub(crate) fn unix_time(now: SystemTime) -> Result<rustls::pki_types::UnixTime, Error> {
    let since_1970 = now.duration_since(UNIX_EPOCH).map_err(|_| Error::Clock)?;
    Ok(rustls::pki_types::UnixTime::since_unix_epoch(since_1970))
}

/// The moment as rcgen wants it, cut to whole seconds.
pub(crate) fn to_datetime(moment: SystemTime) -> Result<OffsetDateTime, Error> {
    timestamp(moment)
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or(Error::Clock)
}

/// The moment as RFC 3339 in UTC, for messages.
pub(crate) fn describe(moment: SystemTime) -> String {
    let Ok(at) = to_datetime(moment) else {
        return "a time outside the calendar".to_owned();
    };
    let (hour, minute, second) = at.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", at.date())
}

fn from_timestamp(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

fn timestamp(moment: SystemTime) -> Option<i64> {
    match moment.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs())
            .ok()?
            .checked_neg(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn noon() -> SystemTime {
        UNIX_EPOCH + 498_684 * HOUR
    }

    #[test]
    fn starts_five_minutes_ago_and_ends_when_asked() {
        let validity = Validity::starting(noon(), HOUR).unwrap();
        assert_eq!(validity.not_before, noon() - CLOCK_SKEW);
        assert_eq!(validity.not_after, noon() + HOUR);
    }

    #[test]
    fn a_short_life_is_not_used_up_by_the_back_dating() {
        let validity = Validity::starting(noon(), Duration::from_mins(1)).unwrap();
        assert_eq!(validity.not_before, noon() - Duration::from_secs(15));
        assert_eq!(validity.rotation_due(), noon() + Duration::from_secs(35));
    }

    #[test]
    fn lifetimes_outside_the_limits_are_refused() {
        let just_over = MAX_VALID_FOR + Duration::from_nanos(1);
        for asked in [Duration::ZERO, Duration::from_millis(999), just_over] {
            let refused = Validity::starting(noon(), asked);
            assert_eq!(refused, Err(Error::Lifetime { asked }));
        }
        for asked in [MIN_VALID_FOR, MAX_VALID_FOR] {
            assert!(Validity::starting(noon(), asked).is_ok());
        }
    }

    #[test]
    fn both_ends_are_included() {
        let validity = Validity::starting(noon(), HOUR).unwrap();
        let second = Duration::from_secs(1);
        let check = |now| validity.check(Item::Certificate, now);
        assert_eq!(check(validity.not_before), Ok(()));
        assert_eq!(check(validity.not_after), Ok(()));
        assert!(matches!(
            check(validity.not_before - second),
            Err(Error::NotYetValid { .. })
        ));
        assert!(matches!(
            check(validity.not_after + second),
            Err(Error::Expired { .. })
        ));
    }

    #[test]
    fn an_end_before_the_start_is_due_at_once() {
        let validity = Validity::starting(noon(), HOUR).unwrap();
        let backwards = validity.until(noon() - 2 * HOUR);
        assert_eq!(backwards.rotation_due(), validity.not_before);
    }

    #[test]
    fn moments_are_written_as_rfc_3339() {
        assert_eq!(describe(noon()), "2026-11-21T12:00:00Z");
        assert_eq!(describe(UNIX_EPOCH - HOUR), "1969-12-31T23:00:00Z");
        let far = UNIX_EPOCH + Duration::from_secs(1 << 50);
        assert_eq!(describe(far), "a time outside the calendar");
        assert_eq!(to_datetime(far), Err(Error::Clock));
    }

    #[test]
    fn timestamps_go_both_ways_around_1970() {
        for seconds in [-86_400, -1, 0, 1, 253_402_300_799] {
            assert_eq!(from_timestamp(seconds).and_then(timestamp), Some(seconds));
        }
    }
}
