use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

use crate::text::excerpt;

/// The longest text of a pattern for issuers, subjects and claims, in bytes.
pub const PATTERN_BYTES: usize = 1024;

/// The largest that a regular expression may become when it is compiled, in bytes.
pub const COMPILED_PATTERN_BYTES: usize = 256 * 1024;

/// Texts that nobody means: `.invalid` is nobody's domain (RFC 2606). A pattern that matches one of them
/// names nobody.
const STRANGERS: [&str; 3] = [
    "nobody",
    "nobody@example.invalid",
    "https://example.invalid/nobody",
];

/// A text, or a pattern that has to match all of one.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    kind: &'static str,
    source: String,
    /// `None` for a text that is compared as it is.
    regex: Option<Regex>,
}

impl Pattern {
    /// Reads a text, `{glob: …}` or `{regex: …}`.
    pub(super) fn read(document: &Value) -> Result<Self, String> {
        const EXPECTED: &str = "expected text, `{glob: …}` or `{regex: …}`";
        let (kind, source) = match document {
            Value::String(text) => ("text", text),
            Value::Object(members) if members.len() == 1 => {
                match (members.get("glob"), members.get("regex")) {
                    (Some(Value::String(glob)), _) => ("glob", glob),
                    (_, Some(Value::String(regex))) => ("regex", regex),
                    _ => return Err(EXPECTED.to_owned()),
                }
            }
            _ => return Err(EXPECTED.to_owned()),
        };
        check_length(source)?;
        let regex = match kind {
            "glob" => Some(compile(&glob_as_regex(source))?),
            "regex" => Some(whole_regex(source)?),
            _ => None,
        };
        let source = source.clone();
        let pattern = Self {
            kind,
            source,
            regex,
        };
        pattern.refuse_strangers()
    }

    /// Whether it matches from the first byte to the last.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.regex {
            Some(regex) => regex.is_match(text.as_bytes()),
            None => self.source == text,
        }
    }

    /// Its kind and its text, which together are its meaning.
    pub(super) fn meaning(&self) -> [&str; 2] {
        [self.kind, &self.source]
    }

    fn refuse_strangers(self) -> Result<Self, String> {
        match STRANGERS.iter().find(|text| self.matches(text)) {
            Some(stranger) if self.regex.is_some() => Err(format!(
                "matches anybody, `{stranger}` for one: name a domain, an organisation or a repository"
            )),
            _ => Ok(self),
        }
    }
}

/// A text that is not empty and not too long.
pub(super) fn check_length(text: &str) -> Result<(), String> {
    match text.len() {
        0 => Err("is empty, which matches nothing".to_owned()),
        1..=PATTERN_BYTES => Ok(()),
        _ => Err(format!("is longer than {PATTERN_BYTES} bytes")),
    }
}

/// `*` stands for any text without a `/`, `**` for any text.
fn glob_as_regex(glob: &str) -> String {
    let parts = glob.split("**").map(|part| {
        let literals = part.split('*').map(literal);
        literals.collect::<Vec<_>>().join("[^/]*")
    });
    whole(&parts.collect::<Vec<_>>().join("(?s:.*)"))
}

fn literal(text: &str) -> String {
    let escaped = regex::escape(text);
    let bytes = escaped.bytes().map(|byte| match byte {
        0..0x80 => char::from(byte).to_string(),
        _ => format!(r"\x{byte:02x}"),
    });
    bytes.collect()
}

/// Whoever leaves the anchors out may mean a part: that is said, not guessed.
fn whole_regex(source: &str) -> Result<Regex, String> {
    if !source.starts_with('^') || !source.ends_with('$') || source.ends_with("\\$") {
        return Err(
            "is not anchored: a regular expression begins with `^` and ends with `$`".to_owned(),
        );
    }
    // by itself first: a bracket too many would end the group around it
    compile(source)?;
    compile(&whole(source))
}

/// The anchors of `a|b` stand outside of both.
fn whole(regex: &str) -> String {
    format!(r"\A(?:{regex})\z")
}

/// On bytes, not characters: so `\w` and `.` mean the same whatever features the crate was built with.
fn compile(regex: &str) -> Result<Regex, String> {
    RegexBuilder::new(regex)
        .unicode(false)
        .size_limit(COMPILED_PATTERN_BYTES)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => {
                format!("is too large: it takes more than {limit} bytes when it is compiled")
            }
            other => format!(
                "is not a regular expression: {}",
                reason(&other.to_string())
            ),
        })
}

/// The crate draws the place over several lines; the last one says what is wrong.
fn reason(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    excerpt(last.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pattern(document: Value) -> Pattern {
        Pattern::read(&document).unwrap()
    }

    fn mistake(document: Value) -> String {
        Pattern::read(&document).unwrap_err()
    }

    #[test]
    fn a_text_is_compared_as_it_is() {
        let exact = pattern(json!("you@example.com"));
        assert!(exact.matches("you@example.com"));
        for other in [
            "you@example.com.evil",
            "evil-you@example.com",
            "you@example.co",
            "You@example.com",
            "you%40example.com",
            "you@example.com\n",
            "",
        ] {
            assert!(!exact.matches(other), "{other}");
        }
    }

    #[test]
    fn stars_stop_at_slashes_and_double_stars_do_not() {
        let one = pattern(json!({"glob": "https://github.com/acme/*/release.yaml@refs/tags/*"}));
        assert!(one.matches("https://github.com/acme/app/release.yaml@refs/tags/v1"));
        for other in [
            "https://github.com/acme/a/b/release.yaml@refs/tags/v1",
            "https://github.com/acme/app/release.yaml@refs/tags/v1/x",
            "https://github.com/acme/app/releaseXyaml@refs/tags/v1",
            "https://github.com/ACME/app/release.yaml@refs/tags/v1",
            "https://github.com/acme%2Fapp/release.yaml@refs/tags/v1",
            "xhttps://github.com/acme/app/release.yaml@refs/tags/v1",
        ] {
            assert!(!one.matches(other), "{other}");
        }
        let all = pattern(json!({"glob": "https://github.com/acme/**@refs/tags/*"}));
        assert!(all.matches("https://github.com/acme/a/b/c.yaml@refs/tags/v1"));
        assert!(all.matches("https://github.com/acme/a\nb@refs/tags/v1"));
        assert!(!all.matches("https://github.com/acme-evil/a@refs/tags/v1"));
        assert!(pattern(json!({"glob": "bücher-*"})).matches("bücher-ä"));
        assert!(pattern(json!({"glob": "a?.c"})).matches("a?.c"));
        assert!(!pattern(json!({"glob": "a?.c"})).matches("ab.c"));
    }

    #[test]
    fn a_regex_matches_the_whole_text() {
        let emails = pattern(json!({"regex": r"^[a-z]+@example\.com$"}));
        assert!(emails.matches("you@example.com"));
        for other in [
            "you@example.com.evil",
            "you@exampleXcom",
            "YOU@example.com",
            "x\nyou@example.com",
            "you@example.com\n",
            "",
        ] {
            assert!(!emails.matches(other), "{other}");
        }
        let either = pattern(json!({"regex": "^a|b$"}));
        assert!(either.matches("a") && either.matches("b"));
        assert!(!either.matches("a-evil") && !either.matches("evil-b"));
        let lines = pattern(json!({"regex": "^(?m)a$"}));
        assert!(lines.matches("a") && !lines.matches("evil\na"));
    }

    #[test]
    fn a_regex_says_its_anchors() {
        for unanchored in ["a", "^a", "a$", r"^a\$", "x^a$"] {
            let message = mistake(json!({"regex": unanchored}));
            assert!(message.starts_with("is not anchored"), "{unanchored}");
        }
    }

    #[test]
    fn no_bracket_ends_the_anchors() {
        for escape in ["^a)|(?:.*$", "^(?x)a#$", "^(a$", "^a{1$"] {
            assert!(
                Pattern::read(&json!({"regex": escape})).is_err(),
                "{escape}"
            );
        }
        assert_eq!(
            mistake(json!({"regex": "^(a$"})),
            "is not a regular expression: unclosed group"
        );
    }

    #[test]
    fn patterns_that_match_anybody_are_refused() {
        for anybody in ["*", "**", "*@*", "https://**", "*****", "**/**", "no*"] {
            let message = mistake(json!({"glob": anybody}));
            assert!(
                message.starts_with("matches anybody"),
                "{anybody}: {message}"
            );
        }
        for anybody in [
            "^.*$",
            "^.+$",
            "^[^@]+$",
            "^https://.*$",
            "^(a|.*)$",
            "^$|^.*$",
        ] {
            let message = mistake(json!({"regex": anybody}));
            assert!(
                message.starts_with("matches anybody"),
                "{anybody}: {message}"
            );
        }
    }

    #[test]
    fn lengths_and_sizes_are_limited() {
        let long = |length| json!("x".repeat(length));
        assert!(Pattern::read(&long(PATTERN_BYTES)).is_ok());
        assert_eq!(
            mistake(long(PATTERN_BYTES + 1)),
            format!("is longer than {PATTERN_BYTES} bytes")
        );
        assert!(Pattern::read(&json!({"regex": "^(a{100}){10}$"})).is_ok());
        assert_eq!(
            mistake(json!({"regex": "^(a{1000}){1000}$"})),
            format!(
                "is too large: it takes more than {COMPILED_PATTERN_BYTES} bytes when it is compiled"
            )
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for empty in [json!(""), json!({"glob": ""}), json!({"regex": ""})] {
            assert_eq!(mistake(empty), "is empty, which matches nothing");
        }
        for other in [
            json!(null),
            json!(7),
            json!(["a"]),
            json!({}),
            json!({"glob": 7}),
            json!({"prefix": "a"}),
            json!({"glob": "a", "regex": "^a$"}),
        ] {
            assert!(
                mistake(other.clone()).starts_with("expected text"),
                "{other}"
            );
        }
    }
}
