//! No control of the standards: a pod that is not built as the API demands hides fields from all of
//! them. The API server refuses it, so only a manifest that was never sent can look like that.

use gatehouse_sdk::{Finding, FindingBuilder, Kind, Node, Path};

use crate::{
    level::Level,
    subject::{ContainerView, PROBES, PodView, SecurityContext, member},
};

pub(super) const CODE: &str = "malformed-pod";

/// What must stand at a place, if anything does.
enum Shape {
    /// An object; what of its members must have a shape.
    Object(&'static [(&'static str, Shape)]),
    /// A list, and what its items must be.
    List(Option<&'static Shape>),
}

const OBJECT: Shape = Shape::Object(&[]);
const OBJECTS: Shape = Shape::List(Some(&OBJECT));
const LIST: Shape = Shape::List(None);
const HANDLER: Shape = Shape::Object(&[("httpGet", OBJECT), ("tcpSocket", OBJECT)]);
const LIFECYCLE: Shape = Shape::Object(&[("postStart", HANDLER), ("preStop", HANDLER)]);

pub(super) fn judge_pod(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    let list = |name: &str| member(pod.spec, name);
    let parts = [
        ("", pod.pod.node(), OBJECT),
        ("metadata", member(pod.pod.node(), "metadata"), OBJECT),
        ("metadata.annotations", pod.annotations, OBJECT),
        ("spec", pod.spec, OBJECT),
        ("spec.os", member(pod.spec, "os"), OBJECT),
        ("spec.volumes", pod.volumes, OBJECTS),
        ("spec.initContainers", list("initContainers"), LIST),
        ("spec.containers", list("containers"), LIST),
        (
            "spec.ephemeralContainers",
            list("ephemeralContainers"),
            LIST,
        ),
        ("spec.securityContext.sysctls", pod.sysctls, OBJECTS),
    ];
    let mut report = |at: Path, expected: &str| {
        found.push(finding(pod.finding(CODE, at), expected));
    };
    judge_parts(&parts, "", &mut report);
    judge_parts(&security_parts(&pod.security), "spec", &mut report);
}

pub(super) fn judge_container(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let [liveness, readiness, startup] = view.probes;
    let parts = [
        ("", view.container.node(), OBJECT),
        ("securityContext.capabilities", view.capabilities, OBJECT),
        ("securityContext.capabilities.add", view.added, LIST),
        ("securityContext.capabilities.drop", view.dropped, LIST),
        ("ports", view.ports, OBJECTS),
        (PROBES[0], liveness, HANDLER),
        (PROBES[1], readiness, HANDLER),
        (PROBES[2], startup, HANDLER),
        ("lifecycle", view.lifecycle, LIFECYCLE),
    ];
    let mut report = |at: Path, expected: &str| {
        found.push(finding(view.finding(CODE, at), expected));
    };
    judge_parts(&parts, "", &mut report);
    judge_parts(&security_parts(&view.security), "", &mut report);
}

/// Where something stands, what stands there, and what must.
type Part<'a> = (&'static str, Node<'a>, Shape);

fn security_parts<'a>(security: &SecurityContext<'a>) -> [Part<'a>; 3] {
    [
        ("securityContext", security.node, OBJECT),
        ("securityContext.seLinuxOptions", security.selinux, OBJECT),
        ("securityContext.windowsOptions", security.windows, OBJECT),
    ]
}

fn judge_parts(parts: &[Part<'_>], base: &'static str, report: &mut dyn FnMut(Path, &str)) {
    for (at, node, shape) in parts {
        shape.judge(*node, &Place::Part(base, at), report);
    }
}

fn finding(at: FindingBuilder<'_>, expected: &str) -> Finding {
    at.message("nothing in this place can be judged, because it is not built as the API demands")
        .required(expected)
        .help("no fix: only its author knows what was meant")
        .into()
}

/// The way to a value, built without allocating: hardly any pod needs it.
enum Place<'p> {
    Part(&'static str, &'static str),
    Key(&'p Place<'p>, &'static str),
    Index(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn path(&self) -> Path {
        match self {
            Place::Part(base, at) => Path::dotted(base).join(&Path::dotted(at)),
            Place::Key(parent, key) => parent.path().key(*key),
            Place::Index(parent, index) => parent.path().index(*index),
        }
    }
}

impl Shape {
    fn judge(&self, node: Node<'_>, place: &Place<'_>, report: &mut dyn FnMut(Path, &str)) {
        match (self, node.kind()) {
            (_, Kind::Null) | (Shape::List(None), Kind::Array) => {}
            (Shape::Object(members), Kind::Object) => {
                for (key, shape) in *members {
                    shape.judge(member(node, key), &Place::Key(place, key), report);
                }
            }
            (Shape::List(Some(item)), Kind::Array) => {
                for (index, value) in node.items().enumerate() {
                    item.judge(value, &Place::Index(place, index), report);
                }
            }
            (Shape::Object(_), _) => report(place.path(), "an object"),
            (Shape::List(_), _) => report(place.path(), "a list"),
        }
    }
}
