//! Durations as Go writes them, which is how the API server says how long it waits.

use std::time::Duration;

/// Reads `10s`, `1m30s`, `1.5s`, `500ms`, `0`; `None` where that is not what `text` says.
///
/// A duration is never negative, and never longer than a [`Duration`].
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = None;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c| !in_number(c))?);
        let (unit, after) = after.split_at(after.find(in_number).unwrap_or(after.len()));
        let term = term(number, unit)?;
        total = Some(total.unwrap_or(Duration::ZERO).checked_add(term)?);
        rest = after;
    }
    total
}

/// As [`parse`], with words for a command line.
pub(crate) fn parse_argument(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| "not a duration such as `10s`, `1m30s` or `500ms`".to_owned())
}

fn in_number(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}

fn term(number: &str, unit: &str) -> Option<Duration> {
    let seconds = match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_writes_is_read() {
        let cases = [
            ("10s", 10_000_000_000),
            ("1m", 60_000_000_000),
            ("1m0s", 60_000_000_000),
            ("1h1m1s", 3_661_000_000_000),
            ("500ms", 500_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("+2s", 2_000_000_000),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("250μs", 250_000),
            ("7ns", 7),
            ("0", 0),
            ("0s", 0),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(
                parse(text).map(|d| d.as_nanos()),
                Some(nanoseconds),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_duration() {
        let cases = [
            "",
            "+",
            "10",
            "s",
            ".s",
            "-1s",
            "1.2.3s",
            "10 s",
            "10S",
            "1d",
            "ten",
            "1e3s",
            "NaNs",
            "infs",
            "10s,",
            "1s1",
            "00",
            "99999999999999999999h",
            "10%73",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
