use std::borrow::Cow;

/// Text from a manifest or a module, safe to show: control characters and the marks that change the
/// direction of text become `\u{…}`, and what is longer than `max` characters is cut with `…`.
pub fn clean(text: &str, max: usize) -> Cow<'_, str> {
    let too_long = text.char_indices().nth(max).map(|(end, _)| end);
    if too_long.is_none() && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text[..too_long.unwrap_or(text.len())].chars() {
        if is_unsafe(c) {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    if too_long.is_some() {
        clean.push('…');
    }
    Cow::Owned(clean)
}

/// Longest prefix of `text` of at most `max` bytes that ends between characters.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_shown_not_obeyed() {
        assert_eq!(
            clean("a\u{1b}[31mb\n\u{202e}", 99),
            "a\\u{1b}[31mb\\n\\u{202e}"
        );
        assert_eq!(clean("plain é", 99), "plain é");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(clean("ééé", 3), "ééé");
        assert_eq!(clean("éééé", 3), "ééé…");
        assert_eq!(prefix("éé", 3), "é");
    }
}
