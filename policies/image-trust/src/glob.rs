//! Patterns for texts of predicates, with the wildcards that an authority's `keyless` has, too.

use std::{fmt, str::FromStr};

/// A pattern that a whole text has to fit: `*` stands for any characters but `/`, `**` for any characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `*`
    Part,
    /// `**`
    Any,
}

/// The ways to fit what was read so far, each by the token that is next: rising, each once.
type Places = Vec<usize>;

impl Glob {
    /// Whether the whole text fits. The time is at most the product of both lengths.
    pub(crate) fn fits(&self, text: &str) -> bool {
        let (mut places, mut next) = (Vec::new(), Vec::new());
        self.reach(0, &mut places);
        for byte in text.bytes() {
            for &place in &places {
                match self.tokens.get(place) {
                    Some(Token::Byte(wanted)) if *wanted == byte => {
                        self.reach(place + 1, &mut next)
                    }
                    Some(Token::Part) if byte != b'/' => self.reach(place, &mut next),
                    Some(Token::Any) => self.reach(place, &mut next),
                    _ => {}
                }
            }
            (places, next) = (next, places);
            next.clear();
        }
        places.last() == Some(&self.tokens.len())
    }

    /// Adds a place, and the one after it where a wildcard may stand for nothing. No wildcard follows
    /// another, so what is not past the last place is there already.
    fn reach(&self, place: usize, places: &mut Places) {
        let is_wildcard = matches!(self.tokens.get(place), Some(Token::Part | Token::Any));
        for place in place..=place + usize::from(is_wildcard) {
            if places.last().is_none_or(|last| *last < place) {
                places.push(place);
            }
        }
    }
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("only an empty text fits an empty pattern: write `*` for any characters but `/`, and \
                        `**` for any characters".to_owned());
        }
        if !text.contains('*') {
            return Err(format!(
                "`{text}` has no `*`: write `equals: {text}` instead"
            ));
        }
        if text.contains("***") {
            return Err(format!(
                "`{text}` has a `***`: write `*` for any characters but `/`, and `**` for any characters"
            ));
        }
        let (mut tokens, mut bytes) = (Vec::new(), text.bytes().peekable());
        while let Some(byte) = bytes.next() {
            tokens.push(match byte {
                b'*' if bytes.next_if_eq(&b'*').is_some() => Token::Any,
                b'*' => Token::Part,
                byte => Token::Byte(byte),
            });
        }
        let text = text.to_owned();
        Ok(Self { text, tokens })
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(glob: &str, text: &str) -> bool {
        glob.parse::<Glob>().unwrap().fits(text)
    }

    #[test]
    fn the_whole_text_has_to_fit() {
        const RELEASE: &str =
            "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/**";
        let cases = [
            (
                RELEASE,
                "https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1/2",
                true,
            ),
            (
                RELEASE,
                "https://github.com/acme/app/x/.github/workflows/release.yaml@refs/tags/v1",
                false,
            ),
            (
                RELEASE,
                "https://github.com/acme-evil/app/.github/workflows/release.yaml@refs/tags/v1",
                false,
            ),
            (
                RELEASE,
                "http://x/https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1",
                false,
            ),
            ("https://a.io/*", "https://a.io/b", true),
            ("https://a.io/*", "https://a.io/", true),
            ("https://a.io/*", "https://a.io/b/c", false),
            ("https://a.io/*", "https://a.io.evil/b", false),
            ("*@acme.example", "you@acme.example", true),
            ("*@acme.example", "you@acme.example.evil", false),
            ("*@acme.example", "a/you@acme.example", false),
            ("**/b", "a/b", true),
            ("**/b", "b", false),
            ("é*", "éa", true),
            ("*a", "A", false),
            ("*", "", true),
            ("**", "a/b\n", true),
        ];
        for (glob, text, expected) in cases {
            assert_eq!(fits(glob, text), expected, "{glob} {text}");
        }
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for (glob, part) in [
            ("", "an empty pattern"),
            ("https://a.io/b", "write `equals: https://a.io/b` instead"),
            ("a***", "has a `***`"),
        ] {
            let problem = glob.parse::<Glob>().unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn a_hostile_text_is_refused_in_time() {
        let glob: Glob = ("**a*a".repeat(40) + "b").parse().unwrap();
        assert!(!glob.fits(&"a".repeat(20_000)));
    }

    /// The same by trying everything: slow, and plainly right.
    fn fits_slowly(tokens: &[Token], text: &[u8]) -> bool {
        match (tokens, text) {
            ([], rest) => rest.is_empty(),
            ([Token::Byte(wanted), after @ ..], [byte, rest @ ..]) => {
                wanted == byte && fits_slowly(after, rest)
            }
            ([Token::Byte(_), ..], []) => false,
            ([wildcard, after @ ..], text) => {
                let takes = |byte: &u8| *wildcard == Token::Any || *byte != b'/';
                fits_slowly(after, text)
                    || text
                        .split_first()
                        .is_some_and(|(byte, rest)| takes(byte) && fits_slowly(tokens, rest))
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn texts_fit_as_by_trying_everything(
            glob in r"(\*|\*\*)?([ab/]{1,2}(\*|\*\*)){0,4}[ab]{0,1}", text in "[ab/]{0,9}",
        ) {
            if let Ok(glob) = glob.parse::<Glob>() {
                prop_assert_eq!(glob.fits(&text), fits_slowly(&glob.tokens, text.as_bytes()), "{}", glob);
            }
        }
    }
}
