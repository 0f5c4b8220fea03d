use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Authority, ImagePattern, SignatureRule, TagPattern, Unmatched};

/// What the operator asks of images; the form is described in `policy.json`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Whether every image needs a digest.
    pub digest: DigestRule,
    /// The repositories that images may come from; all of them where there is no list.
    pub allowed_images: Option<Vec<ImagePattern>>,
    /// The tags that no image may have, unless a digest decides what is pulled.
    pub forbidden_tags: Vec<TagPattern>,
    /// Who can sign or attest, by name.
    pub authorities: BTreeMap<String, Authority>,
    /// Whose signatures images need, in order: the first rule that matches an image decides. Without this
    /// list nobody asks.
    pub signatures: Option<Vec<SignatureRule>>,
    /// What becomes of images that none of `signatures` matches; refused where it is not said.
    pub unmatched: Option<Unmatched>,
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
