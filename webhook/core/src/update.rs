use gatehouse_abi::{
    Operation,
    tree::{Kind, Node},
};

use crate::Request;

/// How much of a request is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Nothing: it changes nothing that is judged.
    Nothing,
    /// Everything.
    Everything,
    /// Only findings that the old object does not have.
    WhatIsNew,
}

/// Members of an object's metadata that change without anybody's doing, or that end its life.
const BOOKKEEPING: [&str; 6] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "finalizers",
    "ownerReferences",
    "deletionTimestamp",
];

/// Decides by what the update changes.
///
/// An update that leaves the judged part alone is allowed as it is: otherwise a fixed Deployment can
/// never scale down its old ReplicaSet, and jobs and deletions hang on their finalizers. For a Pod that
/// runs already and whose spec stays as it is, apart from ephemeral containers that are added, refusing
/// what was there before would mend nothing, and would stop controllers and network plugins from
/// labelling and annotating it: only what the update brings is judged. Neither `deletionTimestamp` nor a
/// smaller `replicas` ever allows anything.
pub(crate) fn judged(request: &Request) -> Judged {
    match request.operation() {
        Operation::Delete | Operation::Connect => Judged::Nothing,
        Operation::Create => Judged::Everything,
        Operation::Update => judged_of_update(request),
    }
}

fn judged_of_update(request: &Request) -> Judged {
    let (new, old) = (request.object(), request.old_object());
    let Some(path) = request.pod_path() else {
        return if same_object(new, old) {
            Judged::Nothing
        } else {
            Judged::Everything
        };
    };
    let (Some(new), Some(old)) = (path.find(new), path.find(old)) else {
        return Judged::Everything;
    };
    let (spec, meta) = (same_spec(new, old), same_metadata(new, old));
    match (spec, meta) {
        (true, true) => Judged::Nothing,
        _ if request.is_pod() && same_but_ephemeral(new, old) => Judged::WhatIsNew,
        _ => Judged::Everything,
    }
}

fn same_spec(new: Node<'_>, old: Node<'_>) -> bool {
    new.get("spec") == old.get("spec")
}

fn same_metadata(new: Node<'_>, old: Node<'_>) -> bool {
    ["metadata.labels", "metadata.annotations"]
        .iter()
        .all(|path| same_member(new.at(path), old.at(path)))
}

/// Absent, `null` and `{}` are the same.
fn same_member(new: Option<Node<'_>>, old: Option<Node<'_>>) -> bool {
    let filled = |node: &Node<'_>| node.kind() != Kind::Object || node.count() > 0;
    new.filter(filled) == old.filter(filled)
}

/// Whether the specs differ in nothing but ephemeral containers, of which none was changed or removed.
fn same_but_ephemeral(new: Node<'_>, old: Node<'_>) -> bool {
    let rest = |spec| members_without(spec, &["ephemeralContainers"]);
    let (Some(new_spec), Some(old_spec)) = (new.get("spec"), old.get("spec")) else {
        return false;
    };
    same_members(&rest(new_spec), &rest(old_spec))
        && ephemeral(old_spec).all(|old| ephemeral(new_spec).any(|new| new == old))
}

fn ephemeral(spec: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    spec.get("ephemeralContainers")
        .unwrap_or(Node::NULL)
        .items()
}

/// Objects of other kinds: all but status and bookkeeping.
fn same_object<'a>(new: Node<'a>, old: Node<'a>) -> bool {
    let metadata = |object: Node<'a>| match object.get("metadata") {
        Some(metadata) => members_without(metadata, &BOOKKEEPING),
        None => Vec::new(),
    };
    let rest = |object| members_without(object, &["metadata", "status"]);
    same_members(&rest(new), &rest(old)) && same_members(&metadata(new), &metadata(old))
}

type Members<'a> = Vec<(&'a str, Node<'a>)>;

fn members_without<'a>(node: Node<'a>, left_out: &[&str]) -> Members<'a> {
    node.members()
        .filter(|(key, _)| !left_out.contains(key))
        .collect()
}

fn same_members(a: &Members<'_>, b: &Members<'_>) -> bool {
    a.len() == b.len() && a.iter().all(|member| b.contains(member))
}
