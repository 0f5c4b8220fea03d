//! Text from outside and times, made fit to be shown.

use time::OffsetDateTime;

/// How many characters of a text from outside a message shows.
pub(crate) const EXCERPT_CHARS: usize = 200;

/// The beginning of a text, escaped where a terminal or a log would not show it as it is.
pub(crate) fn excerpt(text: &str) -> String {
    let mut escaped = text.chars().flat_map(char::escape_default);
    let mut shown: String = escaped.by_ref().take(EXCERPT_CHARS).collect();
    if escaped.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A second since 1970, for people: `2026-11-22 00:35 UTC`.
pub(crate) fn moment(seconds: i64) -> String {
    match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(time) => format!(
            "{} {:02}:{:02} UTC",
            time.date(),
            time.hour(),
            time.minute()
        ),
        Err(_) => "a day beyond the calendar".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_invisible_text_is_tamed() {
        assert_eq!(excerpt("builds@acme.example"), "builds@acme.example");
        assert_eq!(excerpt("a\u{1b}[31m\u{202e}"), "a\\u{1b}[31m\\u{202e}");
        let just = "x".repeat(EXCERPT_CHARS);
        assert_eq!(excerpt(&just), just);
        assert_eq!(excerpt(&format!("{just}x")), format!("{just}…"));
    }
}
