/// Longest excerpt of what a registry said, in characters.
const EXCERPT_MAX_CHARS: usize = 200;

/// Text from outside, fit to be shown anywhere: what is not printable ASCII is escaped, and what is too long
/// is cut.
pub(super) fn excerpt(text: &str) -> String {
    let mut escaped = text.chars().flat_map(char::escape_default);
    let mut shown: String = escaped.by_ref().take(EXCERPT_MAX_CHARS).collect();
    if escaped.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_length_is_bounded() {
        assert_eq!(excerpt("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(
            excerpt(&"x".repeat(EXCERPT_MAX_CHARS)).len(),
            EXCERPT_MAX_CHARS
        );
        assert!(excerpt(&"x".repeat(EXCERPT_MAX_CHARS + 1)).ends_with("x…"));
    }
}
