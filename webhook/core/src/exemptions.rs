use gatehouse_abi::{Finding, tree::Node};
use time::Date;

use crate::{
    Request,
    config::{Exemption, Subjects, WorkloadPattern},
    glob::Glob,
    workload::CONTAINER_LISTS,
};

/// What a request's pod belongs to, as exemptions see it.
struct Workload<'a> {
    kind: &'a str,
    name: String,
}

/// The name of the exemption that covers this finding, if one does.
pub(crate) fn exemption<'s>(
    exemptions: &'s [(String, Exemption)],
    policy: &str,
    finding: &Finding,
    request: &Request,
    today: Date,
) -> Option<&'s str> {
    let covers = |exemption: &Exemption| {
        exemption.policy == policy
            && today < exemption.expires
            && exemption.codes.contains(&finding.code)
            && includes(&exemption.subjects, request)
            && exemption
                .workloads
                .iter()
                .any(|pattern| matches(pattern, finding, request))
    };
    let found = exemptions.iter().find(|(_, exemption)| covers(exemption));
    found.map(|(name, _)| name.as_str())
}

fn includes(subjects: &Subjects, request: &Request) -> bool {
    if subjects.is_empty() {
        return true;
    }
    let user = request.user();
    let account = user
        .strip_prefix("system:serviceaccount:")
        .and_then(|account| account.split_once(':'));
    let is_account = |account: (&str, &str)| {
        let name = format!("{}/{}", account.0, account.1);
        subjects.service_accounts.contains(&name)
    };
    subjects.users.iter().any(|u| u == user)
        || request
            .user_groups()
            .any(|g| subjects.groups.iter().any(|s| s == g))
        || account.is_some_and(is_account)
}

fn matches(pattern: &WorkloadPattern, finding: &Finding, request: &Request) -> bool {
    let is_workload = |w: &Workload<'_>| w.kind == pattern.kind && pattern.name.matches(&w.name);
    pattern.namespace.matches(request.namespace())
        && workloads(request).iter().any(is_workload)
        && matches_container(pattern, finding, request)
}

/// A pattern that names containers or images covers only findings about such a container: one about the
/// pod as a whole concerns the others, too.
fn matches_container(pattern: &WorkloadPattern, finding: &Finding, request: &Request) -> bool {
    if pattern.containers.is_empty() && pattern.images.is_empty() {
        return true;
    }
    let Some(name) = finding.container.as_deref() else {
        return false;
    };
    let any =
        |globs: &[Glob], text: &str| globs.is_empty() || globs.iter().any(|g| g.matches(text));
    any(&pattern.containers, name)
        && image_of(request, name).is_some_and(|image| any(&pattern.images, &image))
}

/// The full reference of a container's image; none where two containers share the name, since the one
/// that is exempted must not cover the other.
fn image_of(request: &Request, container: &str) -> Option<String> {
    let spec = request.node().at("pod.spec")?;
    let named = |node: &Node<'_>| node.get("name").and_then(|n| n.as_str()) == Some(container);
    let mut found = CONTAINER_LISTS
        .iter()
        .filter_map(|list| spec.get(list))
        .flat_map(Node::items)
        .filter(named);
    let (Some(only), None) = (found.next(), found.next()) else {
        return None;
    };
    let image = only.get("image")?.as_str()?;
    let reference = gatehouse_reference::Reference::parse(image).ok()?;
    Some(reference.to_string())
}

/// The object itself, and, where a controller of Kubernetes creates a pod, the workload behind it.
fn workloads(request: &Request) -> Vec<Workload<'_>> {
    let mut workloads = vec![Workload {
        kind: request.kind(),
        name: request.display_name(),
    }];
    if request.is_pod() && is_controller(request.user()) {
        workloads.extend(owner(request));
    }
    workloads
}

/// Whether this user is Kubernetes' own controller manager. Anyone may write any owner reference into a
/// pod, so they count only from those who make pods for workloads.
fn is_controller(user: &str) -> bool {
    let account = user.strip_prefix("system:serviceaccount:kube-system:");
    user == "system:kube-controller-manager"
        || account.is_some_and(|name| CONTROLLERS.contains(&name))
}

/// Service accounts of the controllers that create pods, or the workloads that do.
/// Source: Kubernetes, "Using RBAC Authorization", "Roles for built-in controllers".
const CONTROLLERS: [&str; 7] = [
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "job-controller",
    "replicaset-controller",
    "replication-controller",
    "statefulset-controller",
];

fn owner(request: &Request) -> Option<Workload<'_>> {
    let metadata = request.object().get("metadata")?;
    let is_controller = |r: &Node<'_>| r.get("controller").and_then(|c| c.as_bool()) == Some(true);
    let owner = metadata
        .get("ownerReferences")?
        .items()
        .find(is_controller)?;
    let kind = owner.get("kind")?.as_str()?;
    let name = owner.get("name")?.as_str()?;
    Some(deployment(metadata, kind, name).unwrap_or(Workload {
        kind,
        name: name.to_owned(),
    }))
}

/// A Deployment's ReplicaSet has the Deployment's name and the hash that its pods carry as a label.
fn deployment<'a>(metadata: Node<'a>, kind: &str, name: &str) -> Option<Workload<'a>> {
    let hash = metadata.at("labels")?.get("pod-template-hash")?.as_str()?;
    let name = name.strip_suffix(hash)?.strip_suffix('-')?;
    (kind == "ReplicaSet").then(|| Workload {
        kind: "Deployment",
        name: name.to_owned(),
    })
}
