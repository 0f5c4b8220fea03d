//! Types of predicates, and the short names that `cosign attest --type` has for some.

use std::borrow::Cow;

use crate::text::plain;

/// Cosign's short names (pkg/cosign/attestation and cmd/cosign/cli/options in cosign 2.5 and 3.1). Where one
/// type has two, the first is the one whose predicate is JSON, or is version 1 of what it is.
const SHORT_NAMES: [(&str, &str); 10] = [
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("spdx", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
];

/// The type by its short name, if it has one, as it stands in a sentence.
pub(crate) fn in_words(predicate_type: &str) -> Cow<'static, str> {
    match short_name(predicate_type) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(plain(predicate_type)),
    }
}

/// The type as `cosign attest --type` takes it in a line of a shell.
pub(crate) fn in_shell(predicate_type: &str) -> Cow<'_, str> {
    let needs_no_quotes = |b: u8| b.is_ascii_alphanumeric() || b":/._-@%+=,".contains(&b);
    match short_name(predicate_type) {
        Some(name) => Cow::Borrowed(name),
        None if predicate_type.bytes().all(needs_no_quotes) => Cow::Borrowed(predicate_type),
        None => Cow::Owned(format!("'{predicate_type}'")),
    }
}

/// Why no statement can have the type, and what would be right.
pub(crate) fn problem(predicate_type: &str) -> Option<String> {
    if let Some((name, uri)) = SHORT_NAMES.iter().find(|(name, _)| *name == predicate_type) {
        return Some(format!(
            "`{name}` is cosign's short name for the type: write `{uri}`"
        ));
    }
    let in_uri = |b: u8| b.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&b);
    let is_uri = predicate_type.contains(':') && predicate_type.bytes().all(in_uri);
    (!is_uri).then(|| {
        "a predicate type is a URI, such as `https://slsa.dev/provenance/v1`: write it as the \
         `predicateType` of the statements has it"
            .to_owned()
    })
}

fn short_name(predicate_type: &str) -> Option<&'static str> {
    let named = SHORT_NAMES.iter().find(|(_, uri)| *uri == predicate_type);
    named.map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_cosigns() {
        for (name, uri) in SHORT_NAMES {
            assert!(problem(name).unwrap().ends_with(&format!("write `{uri}`")));
            assert_eq!(problem(uri), None);
        }
        assert_eq!(in_shell("https://spdx.dev/Document"), "spdxjson");
        assert_eq!(
            in_words("https://slsa.dev/provenance/v0.2"),
            "slsaprovenance"
        );
        // a version or a slash more is another type
        assert_eq!(
            in_words("https://slsa.dev/provenance/v1/"),
            "https://slsa.dev/provenance/v1/"
        );
    }

    #[test]
    fn a_type_can_stand_in_a_line_of_a_shell() {
        assert_eq!(in_shell("https://a.example/t@1"), "https://a.example/t@1");
        assert_eq!(
            in_shell("https://a.example/?t&u"),
            "'https://a.example/?t&u'"
        );
        assert_eq!(in_shell("urn:a;b$(c)"), "'urn:a;b$(c)'");
        for wrong in [
            "",
            "a",
            "a b:",
            "a:'",
            "a:`",
            "a:\n",
            "a:é",
            "a:\"",
            "a:\\",
            "a:\u{202e}",
        ] {
            assert!(problem(wrong).unwrap().contains("is a URI"), "{wrong}");
        }
    }
}
