//! No control of the standards: a pod that is not built as the API demands hides fields from all of
//! them. The API server refuses it, so only a manifest that was never sent can look like that.

use gatehouse_sdk::{Finding, FindingBuilder, Kind, Node, Path};

use crate::{
    level::Level,
    subject::{ContainerView, PodView},
};
use Shape::{List, Object};

pub(super) const CODE: &str = "malformed-pod";

/// What must stand at a place, if anything does.
enum Shape {
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
    /// Judged by others.
    Anything,
}

const POD: Shape = Object(&[
    ("metadata", Object(&[("annotations", Object(&[]))])),
    ("spec", SPEC),
]);

const SPEC: Shape = Object(&[
    ("os", Object(&[])),
    ("securityContext", SECURITY_CONTEXT),
    ("volumes", List(&Object(&[]))),
    ("initContainers", List(&Shape::Anything)),
    ("containers", List(&Shape::Anything)),
    ("ephemeralContainers", List(&Shape::Anything)),
]);

const CONTAINER: Shape = Object(&[
    ("securityContext", SECURITY_CONTEXT),
    ("ports", List(&Object(&[]))),
    ("livenessProbe", HANDLER),
    ("readinessProbe", HANDLER),
    ("startupProbe", HANDLER),
    (
        "lifecycle",
        Object(&[("postStart", HANDLER), ("preStop", HANDLER)]),
    ),
]);

const SECURITY_CONTEXT: Shape = Object(&[
    (
        "capabilities",
        Object(&[
            ("add", List(&Shape::Anything)),
            ("drop", List(&Shape::Anything)),
        ]),
    ),
    ("seLinuxOptions", Object(&[])),
    ("sysctls", List(&Object(&[]))),
    ("windowsOptions", Object(&[])),
]);

const HANDLER: Shape = Object(&[("httpGet", Object(&[])), ("tcpSocket", Object(&[]))]);

pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    POD.each_misfit(pod.pod.node(), &Place::Root, &mut |place, expected| {
        found.push(finding(pod.finding(CODE, place), expected));
    });
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    CONTAINER.each_misfit(
        view.container.node(),
        &Place::Root,
        &mut |place, expected| {
            found.push(finding(view.finding(CODE, place), expected));
        },
    );
}

fn finding(at: FindingBuilder<'_>, expected: &str) -> Finding {
    at.message("nothing in this place can be judged, because it is not built as the API demands")
        .required(expected)
        .help("no fix: only its author knows what was meant")
        .into()
}

/// The way to a value, built without allocating: hardly any pod needs it.
enum Place<'p> {
    Root,
    Key(&'p Place<'p>, &'static str),
    Index(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn path(&self) -> Path {
        match self {
            Place::Root => Path::root(),
            Place::Key(parent, key) => parent.path().key(*key),
            Place::Index(parent, index) => parent.path().index(*index),
        }
    }
}

impl Shape {
    fn each_misfit(&self, node: Node<'_>, place: &Place<'_>, report: &mut dyn FnMut(Path, &str)) {
        match (self, node.kind()) {
            (_, Kind::Null) | (Shape::Anything, _) => {}
            (Object(members), Kind::Object) => {
                for (key, shape) in *members {
                    if let Some(value) = node.get(key) {
                        shape.each_misfit(value, &Place::Key(place, key), report);
                    }
                }
            }
            (List(item), Kind::Array) => {
                for (index, value) in node.items().enumerate() {
                    item.each_misfit(value, &Place::Index(place, index), report);
                }
            }
            (Object(_), _) => report(place.path(), "an object"),
            (List(_), _) => report(place.path(), "a list"),
        }
    }
}
