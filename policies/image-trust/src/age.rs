//! How long ago something may have been.

use std::{fmt, str::FromStr};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// How far in the future a time may lie, in seconds: no two clocks are the same.
pub(crate) const FUTURE_MAX_SECONDS: i64 = 5 * 60;

/// The longest time that something may be ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxAge {
    text: String,
    seconds: i64,
}

/// What becomes of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Young,
    TooOld,
    InFuture,
    /// It is no time that RFC 3339 describes.
    NoTime,
}

impl MaxAge {
    /// Judges a time of RFC 3339 by the time that it is now, in seconds since 1970; fractions of a second
    /// are left out.
    pub(crate) fn judge(&self, time: &str, now: i64) -> Age {
        let Ok(time) = OffsetDateTime::parse(time, &Rfc3339) else {
            return Age::NoTime;
        };
        match now.saturating_sub(time.unix_timestamp()) {
            ..0 if now.saturating_add(FUTURE_MAX_SECONDS) < time.unix_timestamp() => Age::InFuture,
            age if age > self.seconds => Age::TooOld,
            _ => Age::Young,
        }
    }
}

impl FromStr for MaxAge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = seconds(text).ok_or_else(|| {
            format!("`{text}` is not a duration: write whole numbers with units, as in `72h`, `30m`, `7d` or `1h30m`")
        })?;
        if seconds == 0 {
            return Err("nothing is that young: write a longer duration, such as `72h`".to_owned());
        }
        let text = text.to_owned();
        Ok(Self { text, seconds })
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As Go writes durations, but for fractions; and with days, which are 24 hours.
fn seconds(text: &str) -> Option<i64> {
    let (mut total, mut rest) = (0_i64, text);
    loop {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let unit = match after.as_bytes().first()? {
            b'd' => 24 * 60 * 60,
            b'h' => 60 * 60,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        rest = &after[1..];
        if rest.is_empty() {
            return Some(total);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let cases = [
            ("1s", 1),
            ("30m", 1800),
            ("72h", 259_200),
            ("7d", 604_800),
            ("1h30m", 5400),
            ("1h0m0s", 3600),
            ("09m", 540),
        ];
        for (text, seconds) in cases {
            let age: MaxAge = text.parse().unwrap();
            assert_eq!((age.seconds, age.to_string()), (seconds, text.to_owned()));
        }
        for wrong in [
            "",
            "72",
            "h",
            "72 h",
            " 72h",
            "72h ",
            "-1h",
            "+1h",
            "1.5h",
            "1w",
            "1h30",
            "1H",
            "500ms",
            "1é",
            "٣h",
            "9223372036854775807h",
            "9223372036854775808s",
            "9223372036854775807s1s",
        ] {
            let problem = wrong.parse::<MaxAge>().unwrap_err();
            assert!(
                problem.ends_with("as in `72h`, `30m`, `7d` or `1h30m`"),
                "{wrong}: {problem}"
            );
        }
        assert!(
            "0h0s"
                .parse::<MaxAge>()
                .unwrap_err()
                .starts_with("nothing is that young")
        );
    }

    /// 2026-11-22T00:00:00Z
    const NOW: i64 = 1_795_305_600;

    #[test]
    fn a_time_is_judged_by_the_second() {
        let age: MaxAge = "1h".parse().unwrap();
        let cases = [
            ("2026-11-21T23:00:00Z", Age::Young),
            ("2026-11-21T22:59:59Z", Age::TooOld),
            ("2026-11-21T22:59:59.999999999Z", Age::TooOld),
            ("2026-11-22T00:00:00Z", Age::Young),
            ("2026-11-22T00:05:00Z", Age::Young),
            ("2026-11-22T00:05:01Z", Age::InFuture),
            ("9999-12-31T23:59:59Z", Age::InFuture),
            ("0000-01-01T00:00:00Z", Age::TooOld),
            // the same moment, told elsewhere
            ("2026-11-22T01:00:00+02:00", Age::Young),
            ("2026-11-22T00:59:59+02:00", Age::TooOld),
            ("2026-11-21T15:00:00-08:00", Age::Young),
            // what a reader that leaves the offset out would take for young
            ("2026-11-22T00:00:00+05:00", Age::TooOld),
            ("2026-11-22T00:00:00-05:00", Age::InFuture),
        ];
        for (time, expected) in cases {
            assert_eq!(age.judge(time, NOW), expected, "{time}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_neither_young_nor_old() {
        let age: MaxAge = "1h".parse().unwrap();
        for wrong in [
            "",
            "now",
            "2026-11-22",
            "2026-11-22T00:00:00",
            "2026-11-22T00:00Z",
            "1795305600",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T00:00:00Z ",
            " 2026-11-22T00:00:00Z",
            "2026-11-22T00:00:00+24:00",
            "Sun, 22 Nov 2026 00:00:00 GMT",
            "+12026-11-22T00:00:00Z",
        ] {
            assert_eq!(age.judge(wrong, NOW), Age::NoTime, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_time_panics(text in ".{0,40}", now in any::<i64>()) {
            let age: MaxAge = "9223372036854775807s".parse().unwrap();
            let _ = age.judge(&text, now);
            let _ = age.judge("0000-01-01T00:00:00Z", now);
            let _ = text.parse::<MaxAge>();
        }
    }
}
