use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use gatehouse_abi::{Need, tree::Node};
use gatehouse_core::CONTAINER_LISTS;
use gatehouse_reference::Reference;
use lru::LruCache;

/// What one policy asked about images before. The same image will need the same facts again, so they can be
/// there before the policy runs: an evaluation that only says what it needs is saved.
///
/// Nothing depends on it but time. A policy that needs more asks for it; one that needs less passes it over.
pub(crate) struct ExpectedNeeds(Mutex<LruCache<String, Need>>);

/// Images that are remembered for one policy, as their authors write them.
const IMAGES: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

impl ExpectedNeeds {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(IMAGES)))
    }

    /// What the policy will need for this request, as far as it is known.
    pub(crate) fn of(&self, request: Node<'_>) -> Vec<Need> {
        let mut known = self.known();
        let mut needs: Vec<Need> = Vec::new();
        for image in images(request) {
            match known.get(image) {
                Some(need) if !needs.contains(need) => needs.push(need.clone()),
                _ => {}
            }
        }
        needs
    }

    /// Remembers that the policy needs this for that request.
    pub(crate) fn learn(&self, need: &Need, request: Node<'_>) {
        let mut known = self.known();
        for image in images(request) {
            let names = |image| Reference::parse(image).is_ok_and(|i| i.to_string() == need.key);
            if known.peek(image) != Some(need) && names(image) {
                known.put(image.to_owned(), need.clone());
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, LruCache<String, Need>> {
        // an insertion is whole before a panic could come
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ExpectedNeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpectedNeeds")
    }
}

/// The images of the pod in a request, as they are written.
fn images<'a>(request: Node<'a>) -> impl Iterator<Item = &'a str> {
    let spec = request.at("pod.spec").unwrap_or(Node::NULL);
    let list = move |name| spec.get(name).unwrap_or(Node::NULL).items();
    let of_containers = CONTAINER_LISTS.into_iter().flat_map(list);
    let of_containers = of_containers.filter_map(|container| container.get("image")?.as_str());
    let of_volumes = list("volumes");
    let of_volumes =
        of_volumes.filter_map(|volume| volume.set("image")?.get("reference")?.as_str());
    of_containers.chain(of_volumes)
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::tree::TreeBuf;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_asked_of_an_image_is_expected_again() {
        let request = |image: &str| {
            let spec = json!({
                "initContainers": [{"image": image}, {}],
                "containers": [{"image": image}],
                "volumes": [{"image": {"reference": "other"}}, {"emptyDir": {}}],
            });
            TreeBuf::from_value(&json!({"pod": {"spec": spec}})).unwrap()
        };
        let need = Need {
            authorities: vec!["release".into()],
            ..Need::new("image", "docker.io/library/nginx:latest")
        };
        let expected = ExpectedNeeds::new();
        assert!(expected.of(request("nginx").root()).is_empty());
        expected.learn(&need, request("nginx").root());
        assert_eq!(expected.of(request("nginx").root()), [need]);
        assert!(expected.of(request("nginx:1").root()).is_empty());
        assert!(expected.of(Node::NULL).is_empty());
    }
}
