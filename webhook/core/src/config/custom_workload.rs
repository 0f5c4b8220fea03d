use gatehouse_abi::{Path, Segment};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::clean;

/// A custom resource that creates pods. It is judged as Kubernetes' own workloads are: by the pod that it
/// would create.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomWorkload {
    /// Its API group; all versions of it are meant.
    #[serde(deserialize_with = "group")]
    pub group: String,
    /// Its kind.
    #[serde(deserialize_with = "kind")]
    pub kind: String,
    /// Where in the object the pod template stands, which is what holds a pod's `metadata` and `spec`; as a
    /// rule `spec.template`. A path of members, at most [`MAX_STEPS`].
    #[serde(deserialize_with = "pod_template")]
    pub pod_template: Path,
}

/// Members that a path to a template may have; a CronJob's has four.
const MAX_STEPS: usize = 16;

/// Longest group and longest kind.
/// Source: Kubernetes, "Object Names and IDs": DNS subdomains and labels.
const GROUP_CHARS: usize = 253;
const KIND_CHARS: usize = 63;

/// Longest piece of input that an error repeats.
const SHOWN_CHARS: usize = 80;

/// A domain name with a dot, which the API server demands of the groups of custom resources. So no document
/// can speak of Kubernetes' own workloads.
fn group<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let shown = clean(&text, SHOWN_CHARS);
    if let Some((group, _)) = shown.split_once('/') {
        return Err(D::Error::custom(format_args!(
            "write the group without a version, as in `{group}`: all versions are meant"
        )));
    }
    let is_label = |label: &str| {
        let label = label.as_bytes();
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        label.iter().all(|b| plain(b) || *b == b'-')
            && label.first().is_some_and(plain)
            && label.last().is_some_and(plain)
    };
    if text.len() > GROUP_CHARS || !text.contains('.') || !text.split('.').all(is_label) {
        return Err(D::Error::custom(format_args!(
            "`{shown}` is not the group of a custom resource: that is a domain name, as in `argoproj.io` (Kubernetes' own workloads need no document)"
        )));
    }
    Ok(text)
}

/// A resource's name (`rollouts`) is no kind, and would match nothing: a kind begins with a capital letter,
/// by the API conventions.
fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_kind = text.len() <= KIND_CHARS
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_kind {
        let shown = clean(&text, SHOWN_CHARS);
        return Err(D::Error::custom(format_args!(
            "`{shown}` is not a kind: write it as manifests do, as in `Rollout`"
        )));
    }
    Ok(text)
}

fn pod_template<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
    let text = String::deserialize(deserializer)?;
    let shown = clean(&text, SHOWN_CHARS);
    let is_member = |step: &Segment| matches!(step, Segment::Key(_));
    let path: Option<Path> = text.parse().ok();
    let path = path.filter(|path| path.segments().iter().all(is_member));
    let Some(path) = path else {
        return Err(D::Error::custom(format_args!(
            "`{shown}` is no path of members, as in `spec.template`: the template stands at one place, in no list"
        )));
    };
    match path.segments() {
        steps if steps.is_empty() || steps.len() > MAX_STEPS => Err(D::Error::custom(
            format_args!("a path has one to {MAX_STEPS} members, as in `spec.template`"),
        )),
        [.., Segment::Key(last)] if last == "spec" => Err(D::Error::custom(format_args!(
            "`{shown}` is the pod's spec: name what holds it and the pod's metadata, as in `spec.template`"
        ))),
        _ => Ok(path),
    }
}
