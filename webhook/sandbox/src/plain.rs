/// Text of a module as it may stand in a message: without control characters and characters that change
/// the direction of what follows, and at most `max` characters long.
pub(crate) fn plain(text: &str, max: usize) -> String {
    let mut shown = text.chars().filter(|c| is_plain(*c));
    let mut plain: String = shown.by_ref().take(max).collect();
    if shown.next().is_some() {
        plain.push('…');
    }
    plain
}

fn is_plain(c: char) -> bool {
    let invisible = matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    !c.is_control() && !invisible
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        assert_eq!(plain("a\u{1b}[31mb\r\n\u{202e}c\u{0}", 9), "a[31mbc");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(plain("ééé", 3), "ééé");
        assert_eq!(plain("éééé", 3), "ééé…");
    }
}
