//! Which file an object was rendered from, where what rendered it says so.

use gatehouse_abi::tree::Node;
use gatehouse_manifest::{Manifest, Object};

/// Longest name that is believed, in characters.
const NAME_CHARS: usize = 300;

/// The file: from the comment `# Source: CHART/templates/FILE` that `helm template` writes before an object,
/// or from the annotation that `kubectl kustomize` adds under `buildMetadata: [originAnnotations]`.
pub(super) fn of(manifest: Option<&Manifest>, object: &Object) -> Option<String> {
    let comment = manifest.and_then(|manifest| helm(manifest, object.line()));
    comment.or_else(|| kustomize(object.root()))
}

fn helm(manifest: &Manifest, line: usize) -> Option<String> {
    let above = (1..line).rev().map(|line| manifest.line_text(line).trim());
    let mut comments = above.take_while(|line| line.is_empty() || line.starts_with('#'));
    comments.find_map(|line| named(line.strip_prefix("# Source: ")?))
}

/// The annotation is YAML: `path: base/web.yaml`, and where that was fetched from.
fn kustomize(root: Node<'_>) -> Option<String> {
    let annotations = root.at("metadata.annotations")?;
    let origin = annotations.get("config.kubernetes.io/origin")?.as_str()?;
    let mut lines = origin.lines();
    lines.find_map(|line| named(line.strip_prefix("path: ")?))
}

fn named(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty() && name.chars().count() <= NAME_CHARS).then(|| name.to_owned())
}
