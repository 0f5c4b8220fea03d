//! Where an answer sends its reader: `Link` for the next page, `Location` for a redirect.

use hyper::Uri;

/// Longest reference that is followed, in bytes: signed addresses of content networks have 2 KiB.
const REFERENCE_MAX_BYTES: usize = 16 * 1024;

/// The target of the `rel="next"` in a value of `Link`, by RFC 8288.
pub(super) fn next_page(value: &str) -> Option<&str> {
    let mut rest = &value[..value.floor_char_boundary(REFERENCE_MAX_BYTES)];
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let (parameters, others) = after.split_at(end);
        if parameters.split(';').any(is_next) {
            return Some(target);
        }
        rest = others;
    }
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    let relations = value.trim_matches([' ', '\t', ',', '"']);
    let is_next = |relation: &str| relation.eq_ignore_ascii_case("next");
    name.trim().eq_ignore_ascii_case("rel") && relations.split(' ').any(is_next)
}

/// The address that `reference` means on a page of `base`, by RFC 3986, section 5.2. Dots in a path are
/// left for the server.
pub(super) fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let reference = reference.split('#').next().unwrap_or_default();
    if reference.len() > REFERENCE_MAX_BYTES {
        return None;
    }
    let scheme = base.scheme_str()?;
    let origin = format!("{scheme}://{}", base.authority()?);
    let (folder, _) = base.path().rsplit_once('/').unwrap_or_default();
    let absolute = if has_scheme(reference) {
        reference.to_owned()
    } else if reference.starts_with("//") {
        format!("{scheme}:{reference}")
    } else if reference.starts_with('/') {
        format!("{origin}{reference}")
    } else if reference.starts_with('?') {
        format!("{origin}{}{reference}", base.path())
    } else {
        format!("{origin}{folder}/{reference}")
    };
    let uri: Uri = absolute.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_web && uri.authority().is_some()).then_some(uri)
}

fn has_scheme(reference: &str) -> bool {
    let end = reference.find([':', '/', '?']);
    end.is_some_and(|end| end > 0 && reference[end..].starts_with(':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_among_other_links() {
        let cases = [
            (
                r#"</v2/a/referrers/x?last=y>; rel="next""#,
                Some("/v2/a/referrers/x?last=y"),
            ),
            ("<a>;rel=next", Some("a")),
            (
                r#"<a>; rel="prev", <b>; title="x"; rel="last next""#,
                Some("b"),
            ),
            (r#"<a>; rel="prev""#, None),
            ("<a>", None),
            ("<a; rel=next", None),
            ("", None),
        ];
        for (value, expected) in cases {
            assert_eq!(next_page(value), expected, "{value}");
        }
    }

    #[test]
    fn references_are_resolved() {
        let base: Uri = "https://r.example:5000/v2/a/blobs/x?y=z".parse().unwrap();
        let cases = [
            ("https://cdn.example/x?y", Some("https://cdn.example/x?y")),
            ("//cdn.example/x", Some("https://cdn.example/x")),
            ("/x", Some("https://r.example:5000/x")),
            ("?n=2", Some("https://r.example:5000/v2/a/blobs/x?n=2")),
            ("w#fragment", Some("https://r.example:5000/v2/a/blobs/w")),
            ("file:///etc/passwd", None),
            ("ftp://x/y", None),
            ("https://", None),
            ("https:// x/", None),
        ];
        for (reference, expected) in cases {
            let found = resolve(&base, reference).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{reference}");
        }
    }

    #[test]
    fn references_have_a_limit() {
        let base = "https://r.example/v2/".parse().unwrap();
        let path = |bytes: usize| format!("/{}", "x".repeat(bytes - 1));
        assert!(resolve(&base, &path(REFERENCE_MAX_BYTES)).is_some());
        assert!(resolve(&base, &path(REFERENCE_MAX_BYTES + 1)).is_none());
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,60}|[a-z=\"<>;,:/?# ]{0,60}") {
            let base = "http://r.example/v2/".parse().unwrap();
            next_page(&text);
            if let Some(uri) = resolve(&base, &text) {
                prop_assert!(uri.authority().is_some());
            }
        }
    }
}
