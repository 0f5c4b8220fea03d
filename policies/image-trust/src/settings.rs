use gatehouse_sdk::{Path, SettingsError};
use serde::Deserialize;

use crate::{ImagePattern, TagPattern};

/// What the operator asks of images; the form is described in `policy.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Whether every image needs a digest.
    pub digest: DigestRule,
    /// The repositories that images may come from; all of them where there is no list.
    pub allowed_images: Option<Vec<ImagePattern>>,
    /// The tags that no image may have, unless a digest decides what is pulled.
    pub forbidden_tags: Vec<TagPattern>,
}

/// Whether an image needs a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestRule {
    /// Every image needs one.
    #[default]
    Required,
    /// A tag may decide what is pulled.
    Optional,
}

/// The settings' mistakes: patterns that nothing could ever match.
pub fn configure(settings: &Settings) -> Vec<SettingsError> {
    let mut errors = Vec::new();
    if let Some(allowed) = &settings.allowed_images {
        errors.extend(no_image_could_pass(allowed));
        errors.extend(located("allowedImages", allowed, ImagePattern::problem));
    }
    errors.extend(located(
        "forbiddenTags",
        &settings.forbidden_tags,
        TagPattern::problem,
    ));
    errors
}

fn no_image_could_pass(allowed: &[ImagePattern]) -> Option<SettingsError> {
    allowed.is_empty().then(|| SettingsError {
        path: Path::from("allowedImages"),
        message:
            "no image could pass an empty list: name repositories, as in `ghcr.io/acme/**`, or \
                  leave `allowedImages` out to allow all"
                .to_owned(),
    })
}

fn located<P>(
    list: &str,
    patterns: &[P],
    problem: fn(&P) -> Option<String>,
) -> impl Iterator<Item = SettingsError> {
    patterns
        .iter()
        .enumerate()
        .filter_map(move |(index, pattern)| {
            Some(SettingsError {
                path: Path::from(list).index(index),
                message: problem(pattern)?,
            })
        })
}

#[cfg(test)]
mod tests {
    use gatehouse_sdk::{read_settings, tree::TreeBuf};

    use super::*;

    fn errors(json: &str) -> Vec<String> {
        let tree = TreeBuf::from_json(json).unwrap();
        let errors = match read_settings(tree.root()) {
            Ok(settings) => configure(&settings),
            Err(error) => vec![error],
        };
        errors
            .into_iter()
            .map(|error| format!("{}: {}", error.path, error.message))
            .collect()
    }

    #[test]
    fn no_settings_require_a_digest_and_nothing_else() {
        let tree = TreeBuf::from_json("null").unwrap();
        let settings: Settings = read_settings(tree.root()).unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.digest, DigestRule::Required);
        assert!(errors("{}").is_empty());
    }

    #[test]
    fn good_settings_have_no_errors() {
        let json = r#"{"digest": "optional", "forbiddenTags": ["latest", "dev-*", "*"],
            "allowedImages": ["docker.io/library/*", "docker.io/**", "ghcr.io/acme/**", "localhost:5000/app",
                "*.example.com:443/a-*/**/b", "[::1]:5000/app", "docker.io/acme/*"]}"#;
        assert_eq!(errors(json), [""; 0]);
    }

    #[test]
    fn shapes_are_checked() {
        let cases = [
            (r#"{"digest": "requird"}"#, "digest: "),
            (r#"{"digests": "required"}"#, "digests: "),
            (r#"{"allowedImages": "ghcr.io/acme/**"}"#, "allowedImages: "),
            (
                r#"{"allowedImages": ["ghcr.io/a/**", 1]}"#,
                "allowedImages[1]: ",
            ),
            (r#"{"forbiddenTags": [null]}"#, "forbiddenTags[0]: "),
        ];
        for (json, start) in cases {
            let errors = errors(json);
            assert!(errors[0].starts_with(start), "{json}: {errors:?}");
        }
    }

    #[test]
    fn all_mistakes_are_located_at_once() {
        let json = r#"{"allowedImages": ["ghcr.io/acme/**", "nginx", "ghcr.io/acme/"], "forbiddenTags": ["latest", "-x"]}"#;
        let places: Vec<_> = errors(json)
            .iter()
            .filter_map(|error| Some(error.split_once(':')?.0.to_owned()))
            .collect();
        assert_eq!(
            places,
            ["allowedImages[1]", "allowedImages[2]", "forbiddenTags[1]"]
        );
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        assert_eq!(
            errors(r#"{"allowedImages": []}"#),
            [
                "allowedImages: no image could pass an empty list: name repositories, as in `ghcr.io/acme/**`, or leave `allowedImages` out to allow all"
            ]
        );
    }
}
