use gatehouse_sdk::{Container, ContainerKind, FindingBuilder, Node, Path, Pod};

use crate::{
    level::Version,
    settings::{Settings, Tuning},
};

/// A pod as the controls see it. What is looked at in every pod is looked up once; a node is null where
/// there is nothing.
pub(crate) struct PodView<'a> {
    pub(crate) pod: Pod<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) version: Version,
    pub(crate) spec: Node<'a>,
    pub(crate) annotations: Node<'a>,
    pub(crate) volumes: Node<'a>,
    pub(crate) host_network: Node<'a>,
    /// Whether `spec.os.name` is `windows`: then the API forbids most of the fields that harden a pod.
    pub(crate) is_windows: bool,
    pub(crate) security: SecurityContext<'a>,
    pub(crate) sysctls: Node<'a>,
    has_own_users: bool,
}

/// A container as the controls see it, likewise.
pub(crate) struct ContainerView<'a> {
    pub(crate) pod: &'a PodView<'a>,
    pub(crate) container: Container<'a>,
    pub(crate) ports: Node<'a>,
    pub(crate) probes: [Node<'a>; 3],
    pub(crate) lifecycle: Node<'a>,
    pub(crate) security: SecurityContext<'a>,
    pub(crate) capabilities: Node<'a>,
    pub(crate) added: Node<'a>,
    pub(crate) dropped: Node<'a>,
}

/// The securityContext of a pod or of a container.
pub(crate) struct SecurityContext<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) selinux: Node<'a>,
    pub(crate) windows: Node<'a>,
}

/// The probes of a container.
pub(crate) const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

impl<'a> PodView<'a> {
    pub(crate) fn new(pod: Pod<'a>, settings: &'a Settings, version: Version) -> Self {
        let spec = pod.spec();
        let security = SecurityContext::of(spec);
        Self {
            pod,
            settings,
            version,
            spec,
            annotations: member(member(pod.node(), "metadata"), "annotations"),
            volumes: member(spec, "volumes"),
            host_network: member(spec, "hostNetwork"),
            is_windows: member(member(spec, "os"), "name").as_str() == Some("windows"),
            sysctls: member(security.node, "sysctls"),
            security,
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
        let node = container.node();
        let security = SecurityContext::of(node);
        let capabilities = member(security.node, "capabilities");
        Self {
            pod,
            container,
            ports: member(node, "ports"),
            probes: PROBES.map(|probe| member(node, probe)),
            lifecycle: member(node, "lifecycle"),
            security,
            capabilities,
            added: member(capabilities, "add"),
            dropped: member(capabilities, "drop"),
        }
    }

    pub(crate) fn is_ephemeral(&self) -> bool {
        self.container.kind() == ContainerKind::Ephemeral
    }

    pub(crate) fn finding(&self, code: &str, at: impl Into<Path>) -> FindingBuilder<'a> {
        self.container.finding(code, at)
    }
}

impl<'a> SecurityContext<'a> {
    fn of(owner: Node<'a>) -> Self {
        let node = member(owner, "securityContext");
        Self {
            node,
            selinux: member(node, "seLinuxOptions"),
            windows: member(node, "windowsOptions"),
        }
    }

    pub(crate) fn get(&self, field: &str) -> Node<'a> {
        member(self.node, field)
    }

    /// The field, unless it is null or not there.
    pub(crate) fn set(&self, field: &str) -> Option<Node<'a>> {
        self.node.set(field)
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
