use gatehouse_sdk::{Container, FindingBuilder, Node, Path, Pod};

/// A place in a pod that names an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image<'a> {
    text: &'a str,
    place: Place<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Container(Container<'a>),
    Volume {
        pod: Pod<'a>,
        index: usize,
        volume: Node<'a>,
    },
}

/// Every image that the pod names: of its containers, then of its volumes.
pub(crate) fn images<'a>(pod: Pod<'a>) -> impl Iterator<Item = Image<'a>> {
    let of_container = |container: Container<'a>| Image {
        text: container.image(),
        place: Place::Container(container),
    };
    let of_volume = move |(index, volume): (usize, Node<'a>)| {
        let image = volume.set("image")?;
        let text = image.get("reference").and_then(Node::as_str);
        Some(Image {
            text: text.unwrap_or_default(),
            place: Place::Volume { pod, index, volume },
        })
    };
    let volumes = volumes(pod).items().enumerate();
    pod.containers()
        .map(of_container)
        .chain(volumes.filter_map(of_volume))
}

impl<'a> Image<'a> {
    /// The reference as its author wrote it; empty where there is none.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// A finding about the reference.
    pub(crate) fn finding(&self, code: &str) -> FindingBuilder<'a> {
        match self.place {
            Place::Container(container) => container.finding(code, self.path()),
            Place::Volume { pod, .. } => pod.finding(code, self.path()),
        }
    }

    /// Repairs what was found by naming another image.
    pub(crate) fn name_instead(
        &self,
        finding: FindingBuilder<'a>,
        text: &str,
    ) -> FindingBuilder<'a> {
        finding.set(self.path(), text)
    }

    /// Where the reference stands, below its container or the pod.
    fn path(&self) -> Path {
        match self.place {
            Place::Container(_) => Path::from("image"),
            Place::Volume { pod, index, volume } => volume_reference(pod, index, volume),
        }
    }
}

/// Names the volume by its name; by its index where it has none or shares it with another.
fn volume_reference(pod: Pod<'_>, index: usize, volume: Node<'_>) -> Path {
    let name_of = |volume: Node<'_>| volume.get("name").and_then(Node::as_str).map(str::to_owned);
    let list = Path::from("spec.volumes");
    let volume = match name_of(volume).filter(|name| !name.is_empty()) {
        Some(name) if is_unique(&name, pod) => list.item("name", name),
        _ => list.index(index),
    };
    volume.key("image").key("reference")
}

fn is_unique(name: &str, pod: Pod<'_>) -> bool {
    let has_name = |volume: &Node<'_>| volume.get("name").and_then(|n| n.as_str()) == Some(name);
    volumes(pod).items().filter(has_name).count() == 1
}

fn volumes(pod: Pod<'_>) -> Node<'_> {
    pod.spec().get("volumes").unwrap_or(Node::NULL)
}
