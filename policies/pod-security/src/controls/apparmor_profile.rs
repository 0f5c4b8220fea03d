//! Pod Security Standards, baseline, "AppArmor": by field, and by the annotations that came before it.
//!
//! The API server copies the one into the other, so both are one finding at the field's place; only an
//! annotation for a container that the pod does not have is one of its own.

use gatehouse_sdk::{Container, Edit, Finding, FindingBuilder, Node, Path};

use crate::{
    level::Level,
    settings::Tuning,
    subject::{ContainerView, PodView, member},
};

pub(super) const CODE: &str = "apparmor-profile";

const FIELD: &str = "appArmorProfile";
const POD: &str = "spec.securityContext.appArmorProfile";
const CONTAINER: &str = "securityContext.appArmorProfile";
const ANNOTATIONS: &str = "container.apparmor.security.beta.kubernetes.io/";

pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    let of_pod = pod.security.set(FIELD).map(Profile::of_field);
    let of_pod = of_pod.filter(|profile| !profile.is_allowed(pod.tuning(CODE)));
    let mut by_field = of_pod.map(|profile| {
        let at = pod.finding(CODE, Path::dotted(POD).key("type"));
        finding(at, profile, pod).remove(POD).into()
    });
    for (name, profile) in forbidden_annotations(pod) {
        let container = pod.container_named(name);
        match (container, &mut by_field) {
            (None, _) => found.push(orphan(name, profile, pod)),
            // found, and its annotation removed, with its field
            (Some(container), _) if has_forbidden_field(container, pod) => {}
            (Some(container), Some(by_field)) if follows_pod(container, profile, of_pod) => {
                remove_annotation(by_field, pod, name);
            }
            (Some(container), _) => found.push(of_container(container, profile, pod)),
        }
    }
    found.extend(by_field);
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    if let Some(field) = view.security.set(FIELD) {
        let profile = Profile::of_field(field);
        if !profile.is_allowed(view.pod.tuning(CODE)) {
            found.push(of_container(view.container, profile, view.pod));
        }
    }
}

/// A profile in the words of the field.
#[derive(Clone, Copy, PartialEq)]
enum Profile<'a> {
    RuntimeDefault,
    Localhost(&'a str),
    Other(&'a str),
}

impl<'a> Profile<'a> {
    fn of_field(profile: Node<'a>) -> Self {
        match member(profile, "type").as_str().unwrap_or_default() {
            "RuntimeDefault" => Self::RuntimeDefault,
            "Localhost" => Self::Localhost(
                member(profile, "localhostProfile")
                    .as_str()
                    .unwrap_or_default(),
            ),
            other => Self::Other(other),
        }
    }

    fn of_annotation(value: Node<'a>) -> Self {
        match value.as_str() {
            Some("" | "runtime/default") => Self::RuntimeDefault,
            Some("unconfined") => Self::Other("Unconfined"),
            Some(text) => text
                .strip_prefix("localhost/")
                .map_or(Self::Other(text), Self::Localhost),
            // the API takes null for an empty text, and refuses anything else
            None if value.is_null() => Self::RuntimeDefault,
            None => Self::Other("not text"),
        }
    }

    fn is_allowed(self, tuning: &Tuning) -> bool {
        match self {
            Self::RuntimeDefault => true,
            Self::Localhost(file) => tuning.allows_localhost_profile(file),
            Self::Other(_) => false,
        }
    }

    fn text(self) -> &'a str {
        match self {
            Self::RuntimeDefault => "RuntimeDefault",
            Self::Localhost(text) | Self::Other(text) if !text.is_empty() => text,
            _ => "not set",
        }
    }
}

/// The containers that annotations give a forbidden profile, and which.
fn forbidden_annotations<'a>(pod: &PodView<'a>) -> impl Iterator<Item = (&'a str, Profile<'a>)> {
    let tuning = pod.tuning(CODE);
    pod.annotations.members().filter_map(move |(key, value)| {
        let container = key.strip_prefix(ANNOTATIONS)?;
        let profile = Profile::of_annotation(value);
        (!profile.is_allowed(tuning)).then_some((container, profile))
    })
}

fn has_forbidden_field(container: Container<'_>, pod: &PodView<'_>) -> bool {
    let field = own_field(container).map(Profile::of_field);
    field.is_some_and(|profile| !profile.is_allowed(pod.tuning(CODE)))
}

/// Whether a container's annotation says what the pod's field does: the API server writes it there.
fn follows_pod(
    container: Container<'_>,
    profile: Profile<'_>,
    of_pod: Option<Profile<'_>>,
) -> bool {
    own_field(container).is_none() && of_pod == Some(profile)
}

fn own_field(container: Container<'_>) -> Option<Node<'_>> {
    member(container.node(), "securityContext").set(FIELD)
}

fn of_container(container: Container<'_>, profile: Profile<'_>, pod: &PodView<'_>) -> Finding {
    let at = container.finding(CODE, Path::dotted(CONTAINER).key("type"));
    let mut finding = finding(at, profile, pod).remove(CONTAINER).into();
    remove_annotation(&mut finding, pod, container.name());
    finding
}

fn orphan(container: &str, profile: Profile<'_>, pod: &PodView<'_>) -> Finding {
    let at = annotation(container);
    let finding = finding(pod.finding(CODE, at.clone()), profile, pod);
    finding.remove(at).into()
}

fn finding<'a>(
    at: FindingBuilder<'a>,
    profile: Profile<'_>,
    pod: &PodView<'_>,
) -> FindingBuilder<'a> {
    at.message("the runtime's AppArmor profile is replaced or switched off, by field or annotation")
        .found(profile.text())
        .required(required(pod))
        .risk("what the runtime's default profile forbids fails")
}

fn required(pod: &PodView<'_>) -> String {
    match &pod.tuning(CODE).localhost_profiles {
        None => "RuntimeDefault, Localhost or not set".to_owned(),
        Some(profiles) if profiles.is_empty() => "RuntimeDefault or not set".to_owned(),
        Some(profiles) => {
            format!(
                "RuntimeDefault, Localhost with {}, or not set",
                profiles.join(", ")
            )
        }
    }
}

fn annotation(container: &str) -> Path {
    Path::dotted("metadata.annotations").key(format!("{ANNOTATIONS}{container}"))
}

fn remove_annotation(finding: &mut Finding, pod: &PodView<'_>, container: &str) {
    if let Some(fix) = &mut finding.fix {
        let path = pod.pod.path(annotation(container));
        fix.edits.push(Edit::Remove { path });
    }
}
