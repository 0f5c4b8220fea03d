//! Fields that a person plainly meant, but that stand where they have no effect or are misspelt: said next to
//! the finding that they cause. The API server drops unknown fields, so only a file still has them.

use gatehouse_abi::{Finding, Path, Segment, tree::Node};
use gatehouse_core::{CONTAINER_LISTS, clean};
use gatehouse_manifest::Object;

/// What explains a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    /// The index of the finding that it explains.
    pub(super) finding: usize,
    /// The field that has no effect.
    pub(super) path: Path,
    /// Where it stands in the file.
    pub(super) line: usize,
    pub(super) column: usize,
    /// What is wrong with it.
    pub(super) sentence: String,
}

/// A field of the API, and the code whose finding is there because the field is not.
struct Field {
    code: &'static str,
    name: &'static str,
    homes: &'static [Place],
    /// Whether this value would satisfy the policy; another one explains nothing.
    helps: fn(Node<'_>) -> bool,
}

/// What kind of thing holds a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    PodSpec,
    PodSecurity,
    Container,
    ContainerSecurity,
    Capabilities,
    /// Nothing that has any of these fields.
    Elsewhere,
}

use Place::{Capabilities, Container, ContainerSecurity, PodSecurity, PodSpec};

/// Source: the Kubernetes API reference, "PodSpec", "PodSecurityContext" and "SecurityContext".
#[rustfmt::skip]
const FIELDS: [Field; 11] = [
    Field::new("drop-all-capabilities", "capabilities", &[ContainerSecurity], is_set),
    Field::new("drop-all-capabilities", "drop", &[Capabilities], is_set),
    Field::new("host-ipc", "hostIPC", &[PodSpec], is_false),
    Field::new("host-network", "hostNetwork", &[PodSpec], is_false),
    Field::new("host-pid", "hostPID", &[PodSpec], is_false),
    Field::new("privilege-escalation", "allowPrivilegeEscalation", &[ContainerSecurity], is_false),
    Field::new("privileged-container", "privileged", &[ContainerSecurity], is_false),
    Field::new("read-only-root-filesystem", "readOnlyRootFilesystem", &[ContainerSecurity], is_true),
    Field::new("run-as-non-root", "runAsNonRoot", &[PodSecurity, ContainerSecurity], is_true),
    Field::new("run-as-user", "runAsUser", &[PodSecurity, ContainerSecurity], is_not_root),
    Field::new("seccomp-profile", "seccompProfile", &[PodSecurity, ContainerSecurity], is_set),
];

const SECURITY_CONTEXT: &str = "securityContext";

/// Fields of the same objects that are like one of [`FIELDS`], and right.
const ALIKE: [&str; 2] = ["hostIP", "hostUsers"];

/// Longest name and path that a hint repeats.
const SHOWN_CHARS: usize = 100;

/// Members of one object that are looked at; no object of the API has so many.
const MEMBERS: usize = 100;

/// Hints on one finding.
const HINTS: usize = 8;

/// The hints for these findings, in their order; they are all about one pod.
pub(super) fn hints(object: &Object, findings: &[&Finding]) -> Vec<Hint> {
    let explained = findings.iter().enumerate();
    let explained = explained.filter(|(_, f)| FIELDS.iter().any(|field| field.code == f.code));
    let Some(pod_spec) = explained.clone().find_map(|(_, f)| pod_spec(&f.path)) else {
        return Vec::new();
    };
    let spots = spots(object, &pod_spec);
    let of_finding = |(index, finding): (usize, &&Finding)| {
        let fields = FIELDS.iter().filter(|field| field.code == finding.code);
        let spots = spots.iter().filter(|spot| spot.concerns(finding));
        let pairs = fields.flat_map(|field| spots.clone().map(move |spot| (spot, field)));
        let mistakes = pairs.flat_map(|(spot, field)| spot.mistakes(field));
        let hints = mistakes.map(|(path, sentence)| Hint::new(object, index, path, sentence));
        hints.take(HINTS).collect::<Vec<_>>()
    };
    explained.flat_map(of_finding).collect()
}

impl Hint {
    fn new(object: &Object, finding: usize, path: Path, sentence: String) -> Self {
        let span = object.span(&path).span();
        Self {
            finding,
            line: span.line,
            column: span.column,
            path,
            sentence,
        }
    }

    /// Where it stands.
    pub(super) fn place(&self) -> String {
        format!("line {}, column {}", self.line, self.column)
    }

    /// The line that says it beside a finding.
    pub(super) fn note(&self) -> String {
        format!("= note: {}: {}", self.place(), self.sentence)
    }
}

impl Field {
    const fn new(
        code: &'static str,
        name: &'static str,
        homes: &'static [Place],
        helps: fn(Node<'_>) -> bool,
    ) -> Self {
        Self {
            code,
            name,
            homes,
            helps,
        }
    }

    fn belongs_to_containers(&self) -> bool {
        !self.homes.contains(&PodSecurity)
    }

    /// What has the field, as seen from a place.
    fn home(&self, from: Place) -> &'static str {
        let inside = matches!(from, Container | ContainerSecurity | Capabilities);
        match self.homes {
            [PodSpec] => "the pod's spec",
            [Capabilities] => "the `capabilities` of the container's securityContext",
            _ if inside => "the container's securityContext",
            [ContainerSecurity] => "each container's securityContext",
            _ => "the pod's securityContext",
        }
    }
}

/// An object in which people write such fields.
struct Spot<'a> {
    place: Place,
    path: Path,
    node: Node<'a>,
    /// The container that it is in.
    container: Option<Path>,
}

impl<'a> Spot<'a> {
    fn around_pod(root: Node<'a>, place: Place, path: Path) -> Option<Self> {
        Some(Self {
            place,
            node: path.find(root)?,
            path,
            container: None,
        })
    }

    /// The container, its security context, and the capabilities in that.
    fn in_container(list: &Path, index: usize, item: Node<'a>) -> Vec<Self> {
        let container = match item.get("name").and_then(Node::as_str) {
            Some(name) => list.clone().item("name", name),
            None => list.clone().index(index),
        };
        let security = item.get(SECURITY_CONTEXT).unwrap_or(Node::NULL);
        let capabilities = security.get("capabilities").unwrap_or(Node::NULL);
        let at_security = container.clone().key(SECURITY_CONTEXT);
        let spot = |place, path, node| Self {
            place,
            path,
            node,
            container: Some(container.clone()),
        };
        vec![
            spot(Container, container.clone(), item),
            spot(ContainerSecurity, at_security.clone(), security),
            spot(Capabilities, at_security.key("capabilities"), capabilities),
        ]
    }

    fn concerns(&self, finding: &Finding) -> bool {
        let of_pod = finding.container.is_none();
        let inside = |container: &Path| of_pod || container.contains(&finding.path);
        self.container.as_ref().is_none_or(inside)
    }

    /// The members that were meant to be this field, or a security context that has it, and what is wrong with
    /// them.
    fn mistakes(&self, field: &Field) -> Vec<(Path, String)> {
        let mistake = |(key, value): (&str, Node<'_>)| {
            let sentence = if is_meant(key, field.name) && (field.helps)(value) {
                self.about_field(key, field)
            } else if is_meant(key, SECURITY_CONTEXT) {
                let inner = value.get(field.name)?;
                (field.helps)(inner).then(|| self.about_context(key, field))?
            } else {
                None
            };
            Some((self.path.clone().key(key), sentence?))
        };
        let members = self.node.members().take(MEMBERS);
        members.filter_map(mistake).collect()
    }

    fn about_field(&self, key: &str, field: &Field) -> Option<String> {
        let (name, home) = (field.name, field.home(self.place));
        let at_home = field.homes.contains(&self.place);
        match (at_home, key == name) {
            (true, true) => None,
            (true, false) => Some(self.no_effect(key, format_args!("is `{name}` meant?"))),
            (false, true) => Some(self.no_effect(key, format_args!("it is a field of {home}"))),
            (false, false) => Some(self.no_effect(
                key,
                format_args!("is `{name}` meant? That is a field of {home}"),
            )),
        }
    }

    /// A security context that no pod and no container has.
    fn about_context(&self, key: &str, field: &Field) -> Option<String> {
        let at_home = match self.place {
            PodSpec => !field.belongs_to_containers(),
            Container => true,
            _ => false,
        };
        let is_exact = key == SECURITY_CONTEXT;
        let home = match self.place {
            Container => "the container",
            _ if field.belongs_to_containers() => "each container",
            _ => "the pod's spec",
        };
        match (at_home, is_exact) {
            (true, true) => None,
            // the pod's own, which is told of by its member
            (false, true) if self.place == PodSpec => None,
            (_, true) => Some(self.no_effect(key, format_args!("it is a field of {home}"))),
            (true, false) => {
                Some(self.no_effect(key, format_args!("is `{SECURITY_CONTEXT}` meant?")))
            }
            (false, false) => Some(self.no_effect(
                key,
                format_args!("is `{SECURITY_CONTEXT}` meant? That is a field of {home}"),
            )),
        }
    }

    fn no_effect(&self, key: &str, why: std::fmt::Arguments<'_>) -> String {
        let key = clean(key, SHOWN_CHARS);
        let path = format!("{:#}", self.path);
        let at = match &*clean(&path, SHOWN_CHARS) {
            "" => "the top of the object".to_owned(),
            path => path.to_owned(),
        };
        format!("`{key}` at {at} has no effect: {why}")
    }
}

/// Where a finding's pod has its spec: what the built-in policies name inside it has no member `spec`.
fn pod_spec(path: &Path) -> Option<Path> {
    let segments = path.segments();
    let is_spec = |segment: &Segment| matches!(segment, Segment::Key(key) if key == "spec");
    let at = segments.iter().rposition(is_spec)?;
    Some(segments[..=at].iter().cloned().collect())
}

/// The pod's spec with what is in it, and the objects around it. Around the template of a custom resource
/// anything may have a meaning.
fn spots<'a>(object: &'a Object, pod_spec: &Path) -> Vec<Spot<'a>> {
    let root = object.root();
    let template = pod_spec.segments().len() - 1;
    let first = match is_custom(object.api_version()) {
        true => template,
        false => 0,
    };
    let mut spots = Vec::new();
    for depth in first..=template {
        let path: Path = pod_spec.segments()[..depth].iter().cloned().collect();
        let metadata = path.clone().key("metadata");
        spots.extend(Spot::around_pod(root, Place::Elsewhere, path));
        spots.extend(Spot::around_pod(root, Place::Elsewhere, metadata));
    }
    spots.extend(Spot::around_pod(root, PodSpec, pod_spec.clone()));
    let security = pod_spec.clone().key(SECURITY_CONTEXT);
    spots.extend(Spot::around_pod(root, PodSecurity, security));
    for list in CONTAINER_LISTS {
        let path = pod_spec.clone().key(list);
        let items = path.find(root).unwrap_or(Node::NULL).items().enumerate();
        spots.extend(items.flat_map(|(index, item)| Spot::in_container(&path, index, item)));
    }
    spots
}

/// Kubernetes' own workloads are of groups without a dot, which custom resources must have.
fn is_custom(api_version: &str) -> bool {
    let group = api_version.split_once('/').map(|(group, _)| group);
    group.is_some_and(|group| group.contains('.'))
}

fn is_set(value: Node<'_>) -> bool {
    !value.is_null()
}

fn is_true(value: Node<'_>) -> bool {
    value.as_bool() == Some(true)
}

fn is_false(value: Node<'_>) -> bool {
    value.as_bool() == Some(false)
}

fn is_not_root(value: Node<'_>) -> bool {
    value.as_i64().is_some_and(|user| user != 0)
}

/// Whether `key` is this field, or a slip of the pen for it.
fn is_meant(key: &str, field: &str) -> bool {
    if key == field {
        return true;
    }
    let is_other = ALIKE.contains(&key) || FIELDS.iter().any(|other| other.name == key);
    // of names that are much longer the distance would take long, and mean nothing
    if is_other || key.len() > 2 * field.len() {
        return false;
    }
    let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let (key, slips) = (plain(key), field.len() / 5);
    // a slip changes the length by one at most
    key.chars().count().abs_diff(field.len()) <= slips
        && strsim::osa_distance(&key, &plain(field)) <= slips
}

#[cfg(test)]
mod tests;
