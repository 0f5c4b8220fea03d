//! Words from outside, as they may stand in a message.

/// Characters of the host's words that a message holds.
const WORDS_MAX_CHARS: usize = 200;

/// Words from outside as they may stand in a message: without characters that are not seen, and bounded.
pub(crate) fn plain(text: &str) -> String {
    excerpt(text, WORDS_MAX_CHARS)
}

/// The same with a bound of its own.
pub(crate) fn excerpt(text: &str, max_chars: usize) -> String {
    let invisible = |c: char| {
        let mark = matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        c.is_control() || mark
    };
    let mut shown = text.trim().chars().filter(|c| !invisible(*c));
    let mut plain: String = shown.by_ref().take(max_chars).collect();
    if shown.next().is_some() {
        plain.push('…');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_made_plain_and_bounded() {
        assert_eq!(plain(" a\u{1b}[31m\nb\u{202e}c "), "a[31mbc");
        assert_eq!(plain(&"é".repeat(WORDS_MAX_CHARS)).chars().count(), 200);
        assert!(plain(&"é".repeat(WORDS_MAX_CHARS + 1)).ends_with("é…"));
    }
}
