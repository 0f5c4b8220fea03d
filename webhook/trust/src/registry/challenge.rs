//! `WWW-Authenticate`, by RFC 9110, section 11.6.1.

use std::collections::BTreeMap;

/// What a registry wants to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A user name and a password.
    Basic,
    /// A token, by the [token authentication] of distribution.
    ///
    /// [token authentication]: https://distribution.github.io/distribution/spec/auth/token/
    Bearer {
        /// Where tokens are given out.
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// Longest value that is read, in bytes. No registry is known to come near.
const VALUE_MAX_BYTES: usize = 4 * 1024;
/// How many parameters all challenges of a value may have together.
const PARAMETERS_MAX: usize = 32;

/// The challenges in one header's value that Gatehouse can meet. What cannot be read ends the list: a
/// registry whose challenge cannot be met has said "unauthorised".
pub(super) fn challenges(value: &str) -> Vec<Challenge> {
    let mut rest = &value[..value.floor_char_boundary(VALUE_MAX_BYTES)];
    let mut found = Vec::new();
    let mut schemes: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for _ in 0..PARAMETERS_MAX {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = token(rest);
        if word.is_empty() {
            break;
        }
        let name = word.to_ascii_lowercase();
        match (parameter(after), schemes.last_mut()) {
            (Some((value, after)), Some((_, parameters))) => {
                parameters.entry(name).or_insert(value);
                rest = after;
            }
            _ => {
                schemes.push((name, BTreeMap::new()));
                rest = after;
            }
        }
    }
    for (scheme, parameters) in schemes {
        found.extend(Challenge::of(&scheme, parameters));
    }
    found
}

impl Challenge {
    fn of(scheme: &str, mut parameters: BTreeMap<String, String>) -> Option<Self> {
        match scheme {
            "basic" => Some(Challenge::Basic),
            "bearer" => Some(Challenge::Bearer {
                realm: parameters.remove("realm")?,
                service: parameters.remove("service"),
                scope: parameters.remove("scope"),
            }),
            _ => None,
        }
    }
}

/// A token of RFC 9110, and what follows it.
fn token(text: &str) -> (&str, &str) {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// The value behind `=`, quoted or not, and what follows it.
fn parameter(text: &str) -> Option<(String, &str)> {
    let value = text.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    let value = value.trim_start_matches([' ', '\t']);
    match value.strip_prefix('"') {
        Some(quoted) => unquote(quoted),
        None => {
            let end = value.find([' ', '\t', ',']).unwrap_or(value.len());
            let (value, rest) = value.split_at(end);
            Some((value.to_owned(), rest))
        }
    }
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn what_registries_send() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push""#;
        let expected = bearer(
            "https://auth.docker.io/token",
            Some("registry.docker.io"),
            Some("repository:library/nginx:pull,push"),
        );
        assert_eq!(challenges(hub), [expected]);
        assert_eq!(
            challenges(r#"Basic realm="Registry, \"inner\"""#),
            [Challenge::Basic]
        );
        assert_eq!(challenges("basic"), [Challenge::Basic]);
        assert_eq!(
            challenges("BEARER  realm = https://a/t"),
            [bearer("https://a/t", None, None)]
        );
    }

    #[test]
    fn several_in_one_value() {
        let both = r#"Negotiate, Bearer realm="https://a/t", scope="x" , Basic realm=b"#;
        assert_eq!(
            challenges(both),
            [bearer("https://a/t", None, Some("x")), Challenge::Basic]
        );
    }

    #[test]
    fn what_cannot_be_met_is_no_challenge() {
        for wrong in [
            "",
            "Bearer",
            "Bearer service=x",
            "Digest realm=a",
            "\"",
            "Bearer realm=\"open",
            "=,=",
        ] {
            assert_eq!(challenges(wrong), [], "{wrong}");
        }
        // a parameter that is said twice keeps its first value
        assert_eq!(
            challenges("Bearer realm=a, realm=b"),
            [bearer("a", None, None)]
        );
    }

    #[test]
    fn parameters_are_counted() {
        let many = |n: usize| format!("Basic {}, Bearer realm=a", "x=y,".repeat(n));
        assert_eq!(challenges(&many(PARAMETERS_MAX - 3)).len(), 2);
        assert_eq!(challenges(&many(PARAMETERS_MAX - 2)).len(), 1);
    }

    #[test]
    fn values_have_a_limit() {
        let padded = |bytes: usize| format!("{}Basic", " ".repeat(bytes - 5));
        assert_eq!(challenges(&padded(VALUE_MAX_BYTES)), [Challenge::Basic]);
        assert_eq!(challenges(&padded(VALUE_MAX_BYTES + 1)), []);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,60}|[a-z=\", \\\\]{0,60}") {
            challenges(&text);
        }

        #[test]
        fn quoting_hides_nothing(realm in "[ -~]{1,40}", scope in "[ -~]{0,40}") {
            let quote = |text: &str| text.replace('\\', r"\\").replace('"', r#"\""#);
            let value = format!("Bearer realm=\"{}\",scope=\"{}\"", quote(&realm), quote(&scope));
            prop_assert_eq!(challenges(&value), [bearer(&realm, None, Some(&scope))]);
        }
    }
}
