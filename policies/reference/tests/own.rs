//! What this crate decides by itself: errors in people's words, what it refuses beyond upstream, and
//! that no text at all makes it panic.

use gatehouse_reference::{Algorithm, Digest, DigestError, Reference, ReferenceError};
use proptest::prelude::*;

fn error(text: &str) -> String {
    let read = |reference: Reference<'_>| format!("was read as {reference}");
    Reference::parse(text).map_or_else(|error| error.to_string(), read)
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let cases = [
        (
            "",
            "there is no image reference: write one such as `ghcr.io/acme/app:1.25`",
        ),
        ("nginx ", "`nginx ` has white space in it: remove it"),
        ("nginx\n", "`nginx\\n` has white space in it: remove it"),
        (
            "\u{1b}[31mnginx",
            "`\\u{1b}[31mnginx` has `\\u{1b}` in it: write only ASCII letters, digits and `.`, `_`, `-`, `/`, `:`, `@`",
        ),
        (
            "ngin\u{445}",
            "`ngin\\u{445}` has `\\u{445}` in it: write only ASCII letters, digits and `.`, `_`, `-`, `/`, `:`, `@`",
        ),
        (
            "https://ghcr.io/acme/app",
            "`https://ghcr.io/acme/app` begins with the scheme of a web address: leave that out",
        ),
        (
            "sha256:0123",
            "`sha256:0123` is the id that an image has on a node: write the registry and repository that it comes from",
        ),
        (
            "foo_bar.com/app",
            "`foo_bar.com` is not a registry: write a host name, an IPv4 address or an IPv6 address in brackets, and a port number if need be",
        ),
        (
            "ghcr.io/",
            "`ghcr.io/` names no repository: write one such as `ghcr.io/acme/app`",
        ),
        (
            "ghcr.io/Acme/app",
            "the repository `Acme/app` has upper-case letters: write it in lower case",
        ),
        (
            "ghcr.io/acme//app",
            "the repository `acme//app` has an empty part: leave out the `/` that is too many",
        ),
        (
            "acme/app-",
            "`app-` cannot be a part of the repository `acme/app-`: write lower-case letters and digits, joined by `.`, `_`, `__` or `-`",
        ),
        (
            "app:-1",
            "`-1` is not a tag: write at most 128 letters, digits, `_`, `.` and `-`, with no `.` or `-` at the beginning",
        ),
        (
            "app@latest",
            "`latest` is not a digest: write `sha256:` and 64 hexadecimal digits",
        ),
        (
            "app@md5:00",
            "`md5` is not the algorithm of an image's digest: write `sha256`, `sha384` or `sha512`",
        ),
        (
            "app@sha256:0123",
            "the digest has 4 digits: write all 64 of a sha256 digest",
        ),
        (
            "app@sha256:ABCD",
            "the digest `sha256:ABCD` has characters other than `0` to `9` and `a` to `f`: copy it anew",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

#[test]
fn lengths_are_said() {
    assert_eq!(
        error(&format!("ghcr.io/{}", "a".repeat(256))),
        "the name of the repository has 256 characters: shorten it to 255"
    );
    assert_eq!(
        error(&format!("{}.io/app", "a".repeat(253))),
        "the name of the registry has 256 characters: no host has more than 255"
    );
    assert!(Reference::parse(&format!("{}.io/app", "a".repeat(252))).is_ok());
}

#[test]
fn errors_can_be_compared() {
    let digest = DigestError::Length {
        algorithm: Algorithm::Sha256,
        found: 4,
    };
    assert_eq!(
        Reference::parse("app@sha256:0123"),
        Err(ReferenceError::Digest(digest))
    );
}

#[test]
fn an_id_of_a_node_is_no_reference() {
    let hex = "0123456789abcdef".repeat(4);
    // the CRI plugin finds an image by a part of its id, too
    for text in [&format!("sha256:{hex}"), "sha256:0", "sha512:ff", &hex] {
        assert!(
            matches!(Reference::parse(text), Err(ReferenceError::Identifier(_))),
            "{text}"
        );
    }
    // these it looks for in a registry
    assert!(Reference::parse("sha256").is_ok());
    assert!(Reference::parse("sha256:latest").is_ok());
    assert!(Reference::parse("library/sha256:0").is_ok());
    assert!(Reference::parse("docker.io/library/sha256:0").is_ok());
}

#[test]
fn a_user_is_no_part_of_a_reference() {
    for text in [
        "docker.io@evil",
        "docker.io@evil/app",
        "docker.io@evil.example/app",
        "docker.io:pass@evil.example/app",
        "docker.io/library@evil.example/app",
        "docker.io/acme@sha256:evil.example/app",
    ] {
        assert!(Reference::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_same_image_is_equal_however_it_is_written() {
    let same = [
        "nginx",
        "nginx:latest",
        "library/nginx",
        "docker.io/nginx",
        "docker.io/library/nginx",
        "index.docker.io/nginx:latest",
        "index.docker.io/library/nginx",
    ];
    let nginx = Reference::parse("nginx").unwrap();
    for text in same {
        let reference = Reference::parse(text).unwrap();
        assert_eq!(reference, nginx, "{text}");
        assert_eq!(reference.repository(), "library/nginx");
        assert_eq!(reference.parts().collect::<Vec<_>>(), ["library", "nginx"]);
    }
    for text in [
        "nginx:Latest",
        "docker.io/x/nginx",
        "Docker.io/library/nginx",
        "docker.io:443/library/nginx",
    ] {
        assert_ne!(Reference::parse(text).unwrap(), nginx, "{text}");
    }
}

#[test]
fn parts_can_be_asked_for() {
    let text = format!("localhost:5000/acme/web/app:1@sha512:{}", "0".repeat(128));
    let reference = Reference::parse(&text).unwrap();
    assert_eq!(reference.registry(), "localhost:5000");
    assert_eq!(reference.repository(), "acme/web/app");
    assert_eq!(
        reference.parts().collect::<Vec<_>>(),
        ["acme", "web", "app"]
    );
    assert_eq!(reference.tag(), None);
    let digest = reference.digest().unwrap();
    assert_eq!(digest.algorithm(), Algorithm::Sha512);
    assert_eq!(digest.hex(), "0".repeat(128));
    assert_eq!(Digest::parse(&digest.to_string()), Ok(digest));
}

/// Text that is nearly a reference, of the pieces that decide how it is read.
fn nearly_a_reference() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("docker.io".to_owned()),
        Just("index.docker.io".to_owned()),
        Just("localhost".to_owned()),
        Just("library".to_owned()),
        Just("[::1]".to_owned()),
        Just("sha256".to_owned()),
        Just(format!("@sha256:{}", "a".repeat(64))),
        "[a-zA-Z0-9]{1,3}",
        "[/:@._-]{1,2}",
        "[/:.]",
        "[ -~é]",
    ];
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// A registry or none, a repository, and a tag, a digest, both or neither.
fn reference() -> impl Strategy<Value = String> {
    let registry = r"((docker\.io|index\.docker\.io|localhost|[a-z]{1,4}\.io|[A-Z]{1,3}|\[::[0-9a-f]{1,4}\]|reg:[0-9]{1,5})/)?";
    let repository =
        r"[a-z0-9]{1,4}((_|__|-{1,3})[a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,4}(\.[a-z]{1,3})?){0,3}";
    let version = r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9})?(@sha256:[0-9a-f]{64})?";
    (registry, repository, version).prop_map(|(a, b, c)| a + &b + &c)
}

fn assert_reads_back(text: &str) -> Result<(), TestCaseError> {
    if let Ok(reference) = Reference::parse(text) {
        let normal = reference.to_string();
        prop_assert_eq!(Reference::parse(&normal), Ok(reference));
        prop_assert!(reference.tag().is_some() != reference.digest().is_some());
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_panics_and_errors_stay_short(text in "(?s).{0,400}") {
        if let Err(error) = Reference::parse(&text) {
            let message = error.to_string();
            prop_assert!(message.chars().count() < 400);
            prop_assert!(!message.chars().any(char::is_control));
        }
    }

    #[test]
    fn nearly_references_read_back(text in nearly_a_reference()) {
        assert_reads_back(&text)?;
    }

    #[test]
    fn references_read_back(text in reference()) {
        prop_assert!(Reference::parse(&text).is_ok(), "{}", text);
        assert_reads_back(&text)?;
    }
}
