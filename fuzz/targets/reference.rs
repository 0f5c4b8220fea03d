//! Image references: one that is read has a normal form, which names the same.
#![no_main]

use gatehouse_reference::{Digest, Reference};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.hex().len(), digest.algorithm().hex_len());
    }
    match Reference::parse(text) {
        Ok(reference) => check(&reference, text),
        Err(error) => check_error(&error.to_string()),
    }
});

fn check(reference: &Reference<'_>, text: &str) {
    let normal = reference.to_string();
    let again = Reference::parse(&normal).expect("a normal form is a reference");
    assert_eq!(again, *reference);
    assert_eq!(again.to_string(), normal);
    assert_ne!(reference.tag().is_some(), reference.digest().is_some());
    let parts: Vec<_> = reference.parts().collect();
    assert_eq!(parts.join("/"), reference.repository());
    assert!(normal.starts_with(&format!("{}/{}", reference.registry(), parts.join("/"))));
    assert!(text.is_ascii() && normal.len() <= 1024, "{}", normal.len());
}

/// An error stands in a denial: it is short, and nothing in it garbles a terminal.
fn check_error(error: &str) {
    assert!(error.chars().count() < 500, "{error}");
    assert!(!error.contains(char::is_control), "{error:?}");
}
