use gatehouse_abi::{Path, tree::Node};

use crate::FindingBuilder;

/// A pod, or the template that a workload makes its pods from.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    template: Node<'a>,
    /// Where the template stands in the object, as an exact [`Path`].
    place: &'a str,
}

/// A container of a [`Pod`].
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    pod: Pod<'a>,
    kind: ContainerKind,
    index: usize,
    node: Node<'a>,
}

/// The four kinds of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// Runs to its end before the others start.
    Init,
    /// An init container with `restartPolicy: Always`, which goes on running.
    Sidecar,
    /// One of `spec.containers`.
    Regular,
    /// Added to a running pod, for example by `kubectl debug`.
    Ephemeral,
}

impl<'a> Pod<'a> {
    pub(crate) fn new(template: Node<'a>, place: &'a str) -> Self {
        Self { template, place }
    }

    /// The template: `metadata` and `spec`.
    pub fn node(self) -> Node<'a> {
        self.template
    }

    /// The pod's spec; null where it has none.
    pub fn spec(self) -> Node<'a> {
        self.template.get("spec").unwrap_or(Node::NULL)
    }

    /// The value at a path of plain keys below the template, as in `spec.securityContext.runAsUser`;
    /// `None` where any part is absent or null.
    pub fn at(self, dotted: &str) -> Option<Node<'a>> {
        self.template.at(dotted)
    }

    /// The value of an annotation.
    pub fn annotation(self, name: &str) -> Option<&'a str> {
        self.at("metadata.annotations")?.set(name)?.as_str()
    }

    /// Whether `spec.os.name` says that the pod runs on Windows.
    pub fn is_windows(self) -> bool {
        self.at("spec.os.name").and_then(Node::as_str) == Some("windows")
    }

    /// All containers: init and sidecar, then regular, then ephemeral ones.
    pub fn containers(self) -> impl Iterator<Item = Container<'a>> {
        let lists = [
            ContainerKind::Init,
            ContainerKind::Regular,
            ContainerKind::Ephemeral,
        ];
        lists.into_iter().flat_map(move |kind| {
            let items = self.spec().get(kind.list()).unwrap_or(Node::NULL).items();
            items
                .enumerate()
                .map(move |(index, node)| Container::new(self, kind, index, node))
        })
    }

    /// Where `tail`, a path below the template, stands in the object.
    pub fn path(self, tail: impl Into<Path>) -> Path {
        // the host wrote `place` from a path
        self.place
            .parse::<Path>()
            .unwrap_or_default()
            .join(&tail.into())
    }

    /// A finding about the pod as a whole, at a path below the template.
    pub fn finding(self, code: &str, at: impl Into<Path>) -> FindingBuilder<'a> {
        FindingBuilder::new(code, self.template, self.path(""), at.into())
    }
}

impl<'a> Container<'a> {
    fn new(pod: Pod<'a>, kind: ContainerKind, index: usize, node: Node<'a>) -> Self {
        let always = |node: Node<'_>| node.as_str() == Some("Always");
        let kind = match kind {
            ContainerKind::Init if node.get("restartPolicy").is_some_and(always) => {
                ContainerKind::Sidecar
            }
            other => other,
        };
        Self {
            pod,
            kind,
            index,
            node,
        }
    }

    /// The pod that it belongs to.
    pub fn pod(self) -> Pod<'a> {
        self.pod
    }

    /// Which kind of container it is.
    pub fn kind(self) -> ContainerKind {
        self.kind
    }

    /// The container's own tree.
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its name; empty where it has none.
    pub fn name(self) -> &'a str {
        self.node
            .get("name")
            .and_then(Node::as_str)
            .unwrap_or_default()
    }

    /// Its image; empty where it has none.
    pub fn image(self) -> &'a str {
        self.node
            .get("image")
            .and_then(Node::as_str)
            .unwrap_or_default()
    }

    /// The value at a path of plain keys, as in `securityContext.privileged`; `None` where any part is
    /// absent or null.
    pub fn at(self, dotted: &str) -> Option<Node<'a>> {
        self.node.at(dotted)
    }

    /// Where `tail`, a path below the container, stands in the object. The container is named by its
    /// name; by its index where it has none or shares it with another.
    pub fn path(self, tail: impl Into<Path>) -> Path {
        let list = self.pod.path("spec").key(self.kind.list());
        let container = if self.has_a_name_of_its_own() {
            list.item("name", self.name())
        } else {
            list.index(self.index)
        };
        container.join(&tail.into())
    }

    /// A finding about this container, at a path below it.
    pub fn finding(self, code: &str, at: impl Into<Path>) -> FindingBuilder<'a> {
        FindingBuilder::new(code, self.node, self.path(""), at.into()).container(self.name())
    }

    fn has_a_name_of_its_own(self) -> bool {
        let same_list = self.pod.spec().get(self.kind.list());
        let same_name =
            |node: &Node<'_>| node.get("name").and_then(|n| n.as_str()) == Some(self.name());
        !self.name().is_empty()
            && same_list.map_or(0, |list| list.items().filter(same_name).count()) == 1
    }
}

impl ContainerKind {
    /// The list of the pod's spec that holds such containers.
    pub fn list(self) -> &'static str {
        match self {
            ContainerKind::Init | ContainerKind::Sidecar => "initContainers",
            ContainerKind::Regular => "containers",
            ContainerKind::Ephemeral => "ephemeralContainers",
        }
    }
}
