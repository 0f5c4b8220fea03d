use std::fmt;

use gatehouse_reference::Reference;
use serde::Deserialize;

use crate::wildcard::{labels_fit, parts_fit, text_fits};

/// Which images are meant: a registry, a `/` and a repository, as in `ghcr.io/acme/**`.
///
/// The whole name of an image has to fit, its tag and digest aside. In the repository `*` stands for any
/// characters but `/`, and `**` between slashes for one or more parts; in the registry `*` stands for one
/// whole part between dots. Registries are compared with port and case: `GHCR.io` and `ghcr.io:443` are
/// other names than `ghcr.io`, with credentials and mirrors of their own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ImagePattern(String);

/// Which tags are meant; `*` stands for any characters, which no tag has itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TagPattern(String);

impl ImagePattern {
    /// Whether the image is meant.
    pub fn matches(&self, image: &Reference<'_>) -> bool {
        self.0
            .split_once('/')
            .is_some_and(|(registry, repository)| {
                labels_fit(registry, image.registry())
                    && parts_fit(repository.split('/'), image.parts())
            })
    }

    /// Whether every image that `other` matches is certainly matched by this pattern, too. Where it is not
    /// certain, as among patterns with wildcards in the middle, the answer is no.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let below = |ancestor| other.0.strip_prefix(ancestor).is_some_and(is_below);
        let is_wider = self.0.strip_suffix("/**").is_some_and(below);
        let names_one = || !other.0.contains('*');
        let takes_it = || Reference::parse(&other.0).is_ok_and(|image| self.matches(&image));
        self == other || is_wider || names_one() && takes_it()
    }

    /// Whether it names no registry, so that it would be about all of them.
    pub(crate) fn names_no_registry(&self) -> bool {
        let registry = self.0.split_once('/').map_or(&*self.0, |(first, _)| first);
        matches!(registry, "*" | "**")
    }

    /// Why the pattern can match no image, or not what it seems to, and what would be right.
    pub fn problem(&self) -> Option<String> {
        self.problem_of_form()
            .or_else(|| self.problem_of_registry())
            .or_else(|| self.problem_of_name())
    }

    fn problem_of_form(&self) -> Option<String> {
        let pattern = &self.0;
        let repository = pattern.split_once('/').map(|(_, repository)| repository);
        if self.names_no_registry() {
            return Some(format!(
                "`{pattern}` names no registry: write one, as in `ghcr.io/acme/**`"
            ));
        }
        if repository.is_none() && pattern.contains('.') && !pattern.contains(':') {
            return Some(format!(
                "`{pattern}` names no repository: write `{pattern}/**` for all of the registry"
            ));
        }
        if pattern.ends_with('/') {
            return Some(format!(
                "`{pattern}` ends with `/`: write `{pattern}**` for all that is below it"
            ));
        }
        if repository.unwrap_or(pattern).contains([':', '@']) {
            return Some(format!(
                "`{pattern}` has a tag or a digest: write only registry and repository"
            ));
        }
        None
    }

    fn problem_of_registry(&self) -> Option<String> {
        let (registry, _) = self.0.split_once('/')?;
        if registry.bytes().any(|b| b.is_ascii_uppercase()) {
            return Some(format!(
                "the registry `{registry}` has upper-case letters: write `{}`",
                registry.to_ascii_lowercase()
            ));
        }
        let mut labels = registry.split('.').rev();
        let in_last = labels.next().is_some_and(|label| label.contains('*'));
        let in_part = labels.any(|label| label.contains('*') && label != "*");
        (in_last || in_part).then(|| {
            format!(
                "the registry `{registry}` has a `*` where none can be: it stands for one whole part \
                 between dots, not the last, as in `*.example.com`"
            )
        })
    }

    /// Tries the pattern on an image that it should match.
    fn problem_of_name(&self) -> Option<String> {
        let pattern = &self.0;
        if pattern
            .split('/')
            .any(|part| part.contains("**") && part != "**")
        {
            return Some(format!(
                "`{pattern}` has a `**` beside other characters: write it alone between slashes, as in \
                 `ghcr.io/acme/**`, or write `*`"
            ));
        }
        let sample = pattern.replace("**", "x/x").replace('*', "x");
        match Reference::parse(&sample) {
            Err(error) => Some(format!("no image can match `{pattern}`: {error}")),
            Ok(image) if self.matches(&image) => None,
            Ok(_) => Some(format!(
                "no image can match `{pattern}`, for images are compared by their full names: write {}",
                self.in_full()
            )),
        }
    }

    /// The pattern as it would match what it seems to mean: something in the default registry.
    fn in_full(&self) -> String {
        let short = ["index.docker.io/", "docker.io/"]
            .iter()
            .find_map(|registry| self.0.strip_prefix(registry))
            .unwrap_or(&self.0);
        if short.contains('/') || short == "**" {
            format!("`docker.io/{short}`")
        } else if short.contains('*') {
            format!("`docker.io/library/{short}`")
        } else {
            format!("`docker.io/library/{short}`, or `docker.io/{short}/**` for all of an account")
        }
    }
}

/// Whether text goes on with parts after a `/`.
fn is_below(tail: &str) -> bool {
    tail.starts_with('/') && tail.len() > 1
}

impl TagPattern {
    /// Whether the tag is meant.
    pub fn matches(&self, tag: &str) -> bool {
        text_fits(&self.0, tag)
    }

    /// Why the pattern can match no tag, and what would be right.
    pub fn problem(&self) -> Option<String> {
        let sample = format!("x/x:{}", self.0.replace('*', "x"));
        let is_tag = Reference::parse(&sample).is_ok_and(|image| image.tag().is_some());
        (!is_tag).then(|| {
            format!(
                "no tag can match `{}`: write at most 128 letters, digits, `_`, `.` and `-`, with no `.` \
                 or `-` at the beginning, and `*` for any of them",
                self.0
            )
        })
    }
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, image: &str) -> bool {
        ImagePattern(pattern.to_owned()).matches(&Reference::parse(image).unwrap())
    }

    fn problem(pattern: &str) -> String {
        ImagePattern(pattern.to_owned())
            .problem()
            .unwrap_or_default()
    }

    #[test]
    fn the_whole_name_has_to_fit() {
        let cases = [
            ("docker.io/library/*", "nginx", true),
            (
                "docker.io/library/*",
                "index.docker.io/library/nginx:1",
                true,
            ),
            ("docker.io/library/*", "library/deep/nginx", false),
            ("docker.io/library/nginx", "nginx", true),
            ("docker.io/library/nginx", "nginx2", false),
            ("docker.io/**", "nginx", true),
            ("docker.io/acme/**", "acme/app", true),
            ("docker.io/acme/**", "acme/a/b/c", true),
            ("docker.io/acme/**", "acme-evil/app", false),
            ("docker.io/acme/**", "acme", false),
            ("docker.io/acme/**", "docker.io.evil/acme/app", false),
            ("docker.io/acme/**", "evil.io/docker.io/acme/app", false),
            ("docker.io/acme/**", "registry-docker.io/acme/app", false),
            ("ghcr.io/acme/web-*", "ghcr.io/acme/web-shop", true),
            ("ghcr.io/acme/web-*", "ghcr.io/acme/web-shop/x", false),
            ("ghcr.io/**/app", "ghcr.io/a/b/app", true),
            ("ghcr.io/**/app", "ghcr.io/app", false),
            ("ghcr.io/**/app/**/x", "ghcr.io/a/app/b/app/c/x", true),
            ("ghcr.io/acme/app", "ghcr.io/acme/app/evil", false),
        ];
        for (pattern, image, expected) in cases {
            assert_eq!(matches(pattern, image), expected, "{pattern} {image}");
        }
    }

    #[test]
    fn a_registry_is_compared_with_case_and_port() {
        let cases = [
            ("ghcr.io/**", "GHCR.io/acme/app", false),
            ("ghcr.io/**", "ghcr.io:443/acme/app", false),
            ("ghcr.io:443/**", "ghcr.io:443/acme/app", true),
            ("ghcr.io:443/**", "ghcr.io/acme/app", false),
            ("localhost/**", "localhost:5000/app", false),
            ("[::1]:5000/**", "[::1]:5000/app", true),
            ("[::1]:5000/**", "[0::1]:5000/app", false),
            ("*.example.com/**", "eu.example.com/app", true),
            ("*.example.com/**", "example.com/app", false),
            ("*.example.com/**", "a.b.example.com/app", false),
            ("*.example.com/**", "eu.example.com:5000/app", false),
            ("*.example.com/**", "eu.example.com.evil/app", false),
            ("*.example.com/**", "evil.com/example.com/app", false),
            ("*.ecr.*.aws.com:80/**", "1.ecr.eu.aws.com:80/app", true),
            ("*.*/**", "[::1]/app", false),
        ];
        for (pattern, image, expected) in cases {
            assert_eq!(matches(pattern, image), expected, "{pattern} {image}");
        }
    }

    #[test]
    fn problems_say_what_would_be_right() {
        let cases = [
            (
                "*",
                "`*` names no registry: write one, as in `ghcr.io/acme/**`",
            ),
            ("**", "names no registry"),
            ("*/**", "names no registry"),
            ("*/app", "names no registry"),
            ("ghcr.io", "write `ghcr.io/**` for all of the registry"),
            (
                "ghcr.io/acme/",
                "write `ghcr.io/acme/**` for all that is below it",
            ),
            ("ghcr.io/acme/app:1", "has a tag or a digest"),
            ("nginx:1.25", "has a tag or a digest"),
            ("ghcr.io/acme/app@sha256:0", "has a tag or a digest"),
            ("GHCR.io/acme/**", "write `ghcr.io`"),
            ("ghcr.*/acme/**", "as in `*.example.com`"),
            ("gh*.io/acme/**", "as in `*.example.com`"),
            ("**.example.com/acme", "as in `*.example.com`"),
            ("ghcr.io*/acme", "as in `*.example.com`"),
            ("ghcr.io:*/acme", "as in `*.example.com`"),
            ("ghcr.io/acme**", "write it alone between slashes"),
            ("ghcr.io/***", "write it alone between slashes"),
            ("ghcr.io/Acme/*", "write it in lower case"),
            ("ghcr.io//app", "has an empty part"),
            ("https://ghcr.io/**", "leave that out"),
            ("", "there is no image reference"),
            ("ghcr.io/a b", "white space"),
            (
                "nginx",
                "write `docker.io/library/nginx`, or `docker.io/nginx/**` for all of an account",
            ),
            (
                "docker.io/acme",
                "or `docker.io/acme/**` for all of an account",
            ),
            ("docker.io/*", "write `docker.io/library/*`"),
            ("acme/**", "write `docker.io/acme/**`"),
            ("index.docker.io/**", "write `docker.io/**`"),
            ("index.docker.io/acme/*", "write `docker.io/acme/*`"),
        ];
        for (pattern, part) in cases {
            let problem = problem(pattern);
            assert!(problem.contains(part), "{pattern}: {problem}");
        }
    }

    #[test]
    fn only_what_is_certain_is_covered() {
        let cases = [
            ("ghcr.io/acme/**", "ghcr.io/acme/**", true),
            ("ghcr.io/acme/**", "ghcr.io/acme/app", true),
            ("ghcr.io/acme/**", "ghcr.io/acme/prod/**", true),
            ("ghcr.io/acme/**", "ghcr.io/acme/*/app", true),
            ("ghcr.io/**", "ghcr.io/acme/**", true),
            ("ghcr.io/*/**", "ghcr.io/*/app", true),
            ("ghcr.io/acme/*", "ghcr.io/acme/app", true),
            ("*.a.io/**", "eu.a.io/app", true),
            ("ghcr.io/acme/**", "ghcr.io/acme", false),
            ("ghcr.io/acme/**", "ghcr.io/acme-evil/**", false),
            ("ghcr.io/acme/**", "ghcr.io/**", false),
            ("ghcr.io/acme/*", "ghcr.io/acme/a-*", false),
            ("ghcr.io/acme/*", "ghcr.io/acme/**", false),
            ("ghcr.io/acme/app", "ghcr.io/acme/app2", false),
            ("ghcr.io/**", "quay.io/**", false),
        ];
        for (wide, narrow, expected) in cases {
            let [wide, narrow] = [wide, narrow].map(|p| ImagePattern(p.to_owned()));
            assert_eq!(wide.covers(&narrow), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn tags_are_compared_with_case() {
        let forbids = |pattern: &str, tag| TagPattern(pattern.to_owned()).matches(tag);
        assert!(forbids("latest", "latest") && !forbids("latest", "Latest"));
        assert!(forbids("dev-*", "dev-1") && !forbids("dev-*", "my-dev-1"));
        for wrong in [
            "",
            "-x",
            ".*",
            "a b",
            "a:b",
            "a@b",
            "é",
            "a/b",
            &"a".repeat(129),
        ] {
            assert!(TagPattern(wrong.to_owned()).problem().is_some(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in ".*", image in "[a-z.:/-]{1,9}") {
            let pattern = ImagePattern(pattern);
            let _ = pattern.problem();
            if let Ok(image) = Reference::parse(&image) {
                let _ = pattern.matches(&image);
            }
        }

        #[test]
        fn what_is_covered_is_matched(
            wide in r"a\.io(/(\*\*|\*|x|x\*)){1,3}",
            narrow in r"a\.io(/(\*\*|\*|x|x\*)){1,3}",
            image in r"a\.io(/(x|xx|y)){1,4}",
        ) {
            let [wide, narrow] = [wide, narrow].map(ImagePattern);
            let image = Reference::parse(&image).unwrap();
            if wide.covers(&narrow) && narrow.matches(&image) {
                prop_assert!(wide.matches(&image));
            }
        }

        /// A pattern without wildcards means one repository and no other.
        #[test]
        fn a_name_means_itself(
            a in r"[a-z]{1,2}(\.io)?(:1)?/[a-z]{1,2}(/[a-z]{1,2}){0,2}",
            b in r"[a-z]{1,2}(\.io)?(:1)?/[a-z]{1,2}(/[a-z]{1,2}){0,2}",
        ) {
            let (a, b) = (Reference::parse(&a).unwrap(), Reference::parse(&b).unwrap());
            let name = |image: Reference| format!("{}/{}", image.registry(), image.repository());
            prop_assert!(matches(&name(a), &a.to_string()));
            prop_assert_eq!(matches(&name(a), &b.to_string()), name(a) == name(b));
        }
    }
}
