use gatehouse_abi::{Operation, tree::Node};
use serde::Serialize;

use crate::clean;

/// What a request is about, as logs and denials say it; known even where the object is malformed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// What is done with the object.
    pub operation: Operation,
    /// API group of the kind.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The subresource; empty for the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// The namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// The object's name, or `PREFIX*` where it is to be generated.
    pub name: String,
    /// Who asks.
    pub user: String,
    /// Whether nothing will come of it.
    pub dry_run: bool,
}

/// Longest text; more is cut.
const TEXT_CHARS: usize = 300;

impl Subject {
    /// Reads it from an AdmissionRequest, of which nothing but the operation need be right.
    pub fn of(request: Node<'_>, operation: Operation) -> Self {
        let text = |path: &str| clean(text(request, path), TEXT_CHARS).into_owned();
        let dry_run = request.get("dryRun").and_then(Node::as_bool);
        Self {
            operation,
            group: text("kind.group"),
            kind: text("kind.kind"),
            subresource: text("subResource"),
            namespace: text("namespace"),
            name: clean(&display_name(request), TEXT_CHARS).into_owned(),
            user: text("userInfo.username"),
            dry_run: dry_run.unwrap_or_default(),
        }
    }
}

/// The name to show: a generated name is random, so its prefix and `*` stand for it, and the text of a
/// denial stays the same from pod to pod.
pub(crate) fn display_name(request: Node<'_>) -> String {
    let metadata = request.at("object.metadata").unwrap_or(Node::NULL);
    match (text(metadata, "generateName"), text(metadata, "name")) {
        ("", "") => text(request, "name").to_owned(),
        ("", name) => name.to_owned(),
        (prefix, _) => format!("{prefix}*"),
    }
}

/// The text at a path of plain keys; empty where there is none.
pub(crate) fn text<'a>(node: Node<'a>, path: &str) -> &'a str {
    node.at(path).and_then(Node::as_str).unwrap_or_default()
}
