//! What a run knows of namespaces: their documents among the files, and the command line.

use std::collections::BTreeMap;

use gatehouse_abi::tree::Node;
use gatehouse_manifest::Object;

use super::input::{Input, Item};

type Labels = BTreeMap<String, String>;

/// The labels of every namespace that the files or the command line name. A document wins over the
/// command line: it is what will be applied.
pub(super) fn known(
    inputs: &[Input],
    namespace: &str,
    labels: Option<&[(String, String)]>,
) -> BTreeMap<String, Labels> {
    let mut known = BTreeMap::new();
    if let Some(labels) = labels {
        known.insert(namespace.to_owned(), labels.iter().cloned().collect());
    }
    for item in inputs.iter().flat_map(Input::items) {
        if let Item::Object { object, .. } = item
            && let Some((name, labels)) = namespace_of(object)
        {
            known.insert(name, labels);
        }
    }
    known
}

/// Reads `key=value`.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is no label: write KEY=VALUE")),
    }
}

fn namespace_of(object: &Object) -> Option<(String, Labels)> {
    if object.kind() != "Namespace" || object.api_version() != "v1" {
        return None;
    }
    let metadata = object.root().get("metadata")?;
    let name = metadata.get("name")?.as_str()?.to_owned();
    let labels = metadata.get("labels").unwrap_or(Node::NULL).members();
    // the API server sets this one on every namespace
    let own = ("kubernetes.io/metadata.name".to_owned(), name.clone());
    let text = |(key, value): (&str, Node<'_>)| Some((key.to_owned(), value.as_str()?.to_owned()));
    Some((name, labels.filter_map(text).chain([own]).collect()))
}
