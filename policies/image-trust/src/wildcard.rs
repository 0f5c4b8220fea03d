//! Wildcards, at the three levels at which a name is made of parts. None of them takes more than
//! quadratic time, whatever a manifest names.

/// Whether the text fits a pattern in which `*` stands for any characters, or none.
pub(crate) fn text_fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    text.strip_prefix(start)
        .and_then(|text| text.strip_suffix(end))
        .is_some_and(|text| has_in_order(text, middle.split('*')))
}

/// The leftmost place for each piece leaves the most room for the next.
fn has_in_order<'a>(text: &str, mut pieces: impl Iterator<Item = &'a str>) -> bool {
    pieces
        .try_fold(text, |text, piece| Some(text.split_once(piece)?.1))
        .is_some()
}

/// Whether the parts of a repository fit a pattern in which `**` stands for one or more of them.
pub(crate) fn parts_fit<'p, 't>(
    mut pattern: impl Iterator<Item = &'p str> + Clone,
    mut parts: impl Iterator<Item = &'t str> + Clone,
) -> bool {
    // what follows the last `**`, and the parts that are left after those it stands for
    let mut last = None;
    loop {
        match (pattern.next(), parts.next()) {
            (None, None) => return true,
            (Some("**"), Some(_)) => last = Some((pattern.clone(), parts.clone())),
            (Some(wanted), Some(part)) if text_fits(wanted, part) => {}
            _ => {
                let Some((after, left)) = &mut last else {
                    return false;
                };
                if left.next().is_none() {
                    return false;
                }
                (pattern, parts) = (after.clone(), left.clone());
            }
        }
    }
}

/// Whether a registry fits a pattern in which `*` stands for one part between dots.
pub(crate) fn labels_fit(pattern: &str, registry: &str) -> bool {
    let (wanted_host, wanted_port) = host_and_port(pattern);
    let (host, port) = host_and_port(registry);
    let as_many = wanted_host.split('.').count() == host.split('.').count();
    let mut labels = wanted_host.split('.').zip(host.split('.'));
    as_many && wanted_port == port && labels.all(|(wanted, label)| wanted == "*" || wanted == label)
}

fn host_and_port(registry: &str) -> (&str, &str) {
    registry.split_at(registry.find(':').unwrap_or(registry.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by trying everything: slow, and plainly right.
    fn text_fits_slowly(pattern: &str, text: &str) -> bool {
        match (pattern.chars().next(), text.chars().next()) {
            (None, first) => first.is_none(),
            (Some('*'), first) => {
                text_fits_slowly(&pattern[1..], text)
                    || first.is_some() && text_fits_slowly(pattern, &text[1..])
            }
            (wanted, first) => wanted == first && text_fits_slowly(&pattern[1..], &text[1..]),
        }
    }

    fn parts_fit_slowly(pattern: &[&str], parts: &[&str]) -> bool {
        match (pattern, parts) {
            ([], rest) => rest.is_empty(),
            (["**", after @ ..], [_, rest @ ..]) => {
                parts_fit_slowly(after, rest) || parts_fit_slowly(pattern, rest)
            }
            ([wanted, after @ ..], [part, rest @ ..]) => {
                text_fits_slowly(wanted, part) && parts_fit_slowly(after, rest)
            }
            _ => false,
        }
    }

    #[test]
    fn a_hostile_name_is_refused_in_time() {
        let pattern = "**/a/".repeat(20) + "b";
        let name = "a/".repeat(127) + "a";
        assert!(!parts_fit(pattern.split('/'), name.split('/')));
        assert!(!text_fits(&("*a".repeat(60) + "b"), &"a".repeat(255)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn texts_fit_as_by_trying_everything(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            prop_assert_eq!(text_fits(&pattern, &text), text_fits_slowly(&pattern, &text));
        }

        #[test]
        fn parts_fit_as_by_trying_everything(
            pattern in r"(\*\*|\*|a|b|a\*)(/(\*\*|\*|a|b|a\*)){0,4}",
            name in "[ab]{1,2}(/[ab]{1,2}){0,5}",
        ) {
            let (wanted, parts): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), name.split('/').collect());
            let slowly = parts_fit_slowly(&wanted, &parts);
            prop_assert_eq!(parts_fit(pattern.split('/'), name.split('/')), slowly);
        }
    }
}
