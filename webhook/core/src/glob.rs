use serde::Deserialize;

/// A pattern for names and image references: `*` stands for any text without a `/`, `**` for any text.
/// It matches from the first character to the last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    /// Whether the pattern matches all of `text`.
    pub fn matches(&self, text: &str) -> bool {
        matches(self.0.as_bytes(), text.as_bytes())
    }
}

impl From<&str> for Glob {
    fn from(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }
}

/// Where a star stands and what it last took, so that it can take one byte more.
#[derive(Clone, Copy)]
struct Star {
    after: usize,
    taken: usize,
    crosses_slash: bool,
}

/// Goes back only to the latest star of each kind, so the time is bounded by pattern × text.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let (mut single, mut double): (Option<Star>, Option<Star>) = (None, None);
    loop {
        if pattern[p..].starts_with(b"*") {
            let crosses_slash = pattern[p..].starts_with(b"**");
            p += if crosses_slash { 2 } else { 1 };
            let star = Star {
                after: p,
                taken: t,
                crosses_slash,
            };
            if crosses_slash {
                (single, double) = (None, Some(star));
            } else {
                single = Some(star);
            }
        } else if p < pattern.len() && t < text.len() && pattern[p] == text[t] {
            (p, t) = (p + 1, t + 1);
        } else if p == pattern.len() && t == text.len() {
            return true;
        } else {
            let Some(star) = take_more(&mut single, text).or_else(|| {
                single = None;
                take_more(&mut double, text)
            }) else {
                return false;
            };
            (p, t) = (star.after, star.taken);
        }
    }
}

fn take_more(star: &mut Option<Star>, text: &[u8]) -> Option<Star> {
    let star = star.as_mut()?;
    let next = *text.get(star.taken)?;
    if next == b'/' && !star.crosses_slash {
        return None;
    }
    star.taken += 1;
    Some(*star)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stop_at_slashes_and_double_stars_do_not() {
        let cases = [
            ("kube-*", "kube-system", true),
            ("kube-*", "my-kube-system", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("docker.io/*/x", "docker.io/a/x", true),
            ("docker.io/*/x", "docker.io/a/b/x", false),
            ("docker.io/**/x", "docker.io/a/b/x", true),
            ("docker.io/acme", "docker.io/acme-evil", false),
            ("**a*b", "x/a/ayb", true),
            ("*a*b", "aab/b", false),
            ("**@*", "r/i@sha256:1", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                Glob::from(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    /// The definition, without regard for time.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', rest @ ..] => (0..=text.len()).any(|i| plainly(rest, &text[i..])),
            [b'*', rest @ ..] => (0..=text.len())
                .take_while(|i| !text[..*i].contains(&b'/'))
                .any(|i| plainly(rest, &text[i..])),
            [byte, rest @ ..] => text.first() == Some(byte) && plainly(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab/*]{0,8}", text in "[ab/]{0,10}") {
            let expected = plainly(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(Glob(pattern).matches(&text), expected);
        }
    }
}
