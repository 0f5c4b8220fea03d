use gatehouse_sdk::{Container, ContainerKind, FindingBuilder, Node, Path, Pod};

use crate::{
    level::Version,
    settings::{Settings, Tuning},
};

/// A pod as the controls see it: what several of them need is looked up once.
pub(crate) struct PodView<'a> {
    pub(crate) pod: Pod<'a>,
    pub(crate) spec: Node<'a>,
    /// The pod's securityContext; null where it has none.
    pub(crate) security: Node<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) version: Version,
    /// Whether `spec.os.name` is `windows`: then the API forbids most of the fields that harden a pod.
    pub(crate) is_windows: bool,
    has_own_users: bool,
}

/// A container as the controls see it.
pub(crate) struct ContainerView<'a> {
    pub(crate) pod: &'a PodView<'a>,
    pub(crate) container: Container<'a>,
    /// The container's securityContext; null where it has none.
    pub(crate) security: Node<'a>,
}

impl<'a> PodView<'a> {
    pub(crate) fn new(pod: Pod<'a>, settings: &'a Settings, version: Version) -> Self {
        let spec = pod.spec();
        Self {
            pod,
            spec,
            security: member(spec, "securityContext"),
            settings,
            version,
            is_windows: member(member(spec, "os"), "name").as_str() == Some("windows"),
            has_own_users: member(spec, "hostUsers").as_bool() == Some(false),
        }
    }

    pub(crate) fn tuning(&self, code: &str) -> &'a Tuning {
        self.settings.tuning(code)
    }

    /// Since 1.25 Windows pods need not set what the API forbids them to set.
    pub(crate) fn is_exempt_as_windows(&self) -> bool {
        self.is_windows && self.version.is_since(25)
    }

    /// Since 1.35 root counts as harmless in a pod whose users are not the node's (`hostUsers: false`).
    pub(crate) fn may_run_as_root(&self) -> bool {
        self.has_own_users && self.version.is_since(35)
    }

    /// The pod's annotations. The API takes null for an empty text.
    pub(crate) fn annotations(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        member(member(self.pod.node(), "metadata"), "annotations").members()
    }

    pub(crate) fn volumes(&self) -> impl Iterator<Item = Node<'a>> {
        member(self.spec, "volumes").items()
    }

    pub(crate) fn container_named(&self, name: &str) -> Option<Container<'a>> {
        self.pod
            .containers()
            .find(|container| container.name() == name)
    }

    /// Whether a container that starts with the pod leaves this securityContext field to the pod.
    /// Ephemeral containers are added later, when the pod's own fields cannot be changed any more.
    pub(crate) fn is_left_to_pod(&self, field: &str) -> bool {
        let leaves = |container: Container<'_>| {
            let security = member(container.node(), "securityContext");
            container.kind() != ContainerKind::Ephemeral && security.set(field).is_none()
        };
        self.pod.containers().any(leaves)
    }

    pub(crate) fn finding(&self, code: &str, at: impl Into<Path>) -> FindingBuilder<'a> {
        self.pod.finding(code, at)
    }
}

impl<'a> ContainerView<'a> {
    pub(crate) fn new(pod: &'a PodView<'a>, container: Container<'a>) -> Self {
        Self {
            pod,
            container,
            security: member(container.node(), "securityContext"),
        }
    }

    pub(crate) fn is_ephemeral(&self) -> bool {
        self.container.kind() == ContainerKind::Ephemeral
    }

    pub(crate) fn finding(&self, code: &str, at: impl Into<Path>) -> FindingBuilder<'a> {
        self.container.finding(code, at)
    }
}

/// The member with this key; null where there is none.
pub(crate) fn member<'a>(node: Node<'a>, key: &str) -> Node<'a> {
    node.get(key).unwrap_or(Node::NULL)
}

/// Whether a switch is off: `false` or not set. Anything else, text too, is not known to be off.
pub(crate) fn is_off(switch: Node<'_>) -> bool {
    switch.is_null() || switch.as_bool() == Some(false)
}

/// Whether a text is empty or not set.
pub(crate) fn is_empty(text: Node<'_>) -> bool {
    text.is_null() || text.as_str() == Some("")
}

/// A whole number, however it is written: YAML's `1000.0` reaches the API as 1000.
pub(crate) fn whole(number: Node<'_>) -> Option<i64> {
    let float = |text: &str| text.parse::<f64>().ok();
    let whole = |float: f64| (float.fract() == 0.0).then_some(float as i64);
    number
        .as_i64()
        .or_else(|| number.as_number().and_then(float).and_then(whole))
}
