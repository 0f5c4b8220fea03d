//! Wherever a pod names an image.

use gatehouse_tests::{
    Algorithm, Cosign, DockerRegistry, ImageRepository, Ran, Scene, SigningKey, creation,
    objects::bare_spec, review, skipped,
};
use serde_json::{Value, json};

use super::{admitted, assert_says, judged, pod_of, refused, signed_by};

/// A registry with images that are signed and one that is not, and a scene that judges them.
struct Images {
    _registry: DockerRegistry,
    signed: String,
    also_signed: String,
    unsigned: String,
    scene: Scene,
}

impl Images {
    fn new(subject: &str) -> Self {
        let registry = DockerRegistry::start();
        let repository = ImageRepository::new(registry.host(), "acme/app");
        let key = SigningKey::generate(Algorithm::Ecdsa);
        let image = |tag: &str| repository.reference(&repository.push(tag, tag));
        let [signed, also_signed, unsigned] = ["signed", "also-signed", "unsigned"].map(image);
        Cosign::V2.sign(&key, &signed);
        Cosign::V3.sign(&key, &also_signed);
        let scene = judged(
            subject,
            registry.host(),
            "deny",
            &signed_by(&key, registry.host()),
        );
        Self {
            _registry: registry,
            signed,
            also_signed,
            unsigned,
            scene,
        }
    }

    /// A signed pod with one more image: the signed one is admitted, the other refused.
    #[track_caller]
    fn assert_are_judged_in(&self, place: impl Fn(&mut Value, &str)) {
        let pod = |name: &str, image: &str| {
            let mut pod = pod_of(name, &self.signed);
            place(&mut pod["spec"], image);
            pod
        };
        refused(&self.scene, &pod("bad", &self.unsigned), "image-not-signed");
        admitted(&self.scene, &pod("good", &self.also_signed));
    }

    /// What Gatehouse answers to a review that this server cannot send.
    #[track_caller]
    fn assert_refuses(&self, review: &Value, place: &str) {
        let response = self
            .scene
            .gatehouse()
            .post("/validate", review.to_string().as_bytes());
        let answer = response.expect(200).json();
        let message = answer["response"]["status"]["message"].as_str();
        let message = message.unwrap_or_else(|| panic!("not refused: {answer}"));
        assert_says(message, "image-not-signed");
        assert_says(message, place);
    }

    #[track_caller]
    fn assert_allows(&self, review: &Value) {
        let response = self
            .scene
            .gatehouse()
            .post("/validate", review.to_string().as_bytes());
        let answer = response.expect(200).json();
        assert_eq!(answer["response"]["allowed"], true, "{answer}");
    }
}

#[test]
fn an_init_container_is_judged() {
    let images = Images::new("init");
    images.assert_are_judged_in(|spec, image| {
        spec["initContainers"] = json!([{"name": "init", "image": image}]);
    });
}

#[test]
fn a_second_container_is_judged() {
    let images = Images::new("second");
    images.assert_are_judged_in(|spec, image| {
        let mut second = bare_spec(image)["containers"][0].clone();
        second["name"] = "second".into();
        let containers = spec["containers"].as_array_mut();
        containers.expect("a list").push(second);
    });
}

#[test]
fn an_update_that_swaps_an_image_is_refused() {
    let images = Images::new("swap-image");
    let kubectl = images.scene.kubectl();
    admitted(&images.scene, &pod_of("app", &images.signed));
    let set = |image: &str| kubectl.line(&format!("set image pod/app app={image}"));
    let text = set(&images.unsigned).refused().denial();
    let swapped = pod_of("app", &images.unsigned).to_string();
    assert_eq!(text, images.scene.check(&swapped).text());
    assert_says(&text, "image-not-signed");
    set(&images.also_signed).succeeded();
    let stored = kubectl.get("pod app");
    assert_eq!(stored["spec"]["containers"][0]["image"], images.also_signed);
}

#[test]
fn an_ephemeral_container_is_judged() {
    let images = Images::new("ephemeral-image");
    let with = |image: &str| {
        let mut pod = pod_of("app", &images.signed);
        pod["spec"]["ephemeralContainers"] = json!([{"name": "debug", "image": image}]);
        pod
    };
    let old = pod_of("app", &images.signed);
    let added = |image: &str| review("UPDATE", "ephemeralcontainers", &old, &with(image));
    images.assert_refuses(&added(&images.unsigned), "spec.ephemeralContainers[debug]");
    images.assert_allows(&added(&images.also_signed));

    if !images
        .scene
        .cluster
        .serves("api/v1", "pods/ephemeralcontainers")
    {
        return skipped("ephemeral containers");
    }
    admitted(&images.scene, &old);
    let text = add_ephemeral(&images.scene, &images.unsigned)
        .refused()
        .denial();
    assert_says(&text, "spec.ephemeralContainers[debug]");
    add_ephemeral(&images.scene, &images.also_signed).succeeded();
}

#[test]
fn an_image_volume_is_judged() {
    let images = Images::new("image-volume");
    let with = |image: &str| {
        let mut pod = pod_of("app", &images.signed);
        pod["spec"]["volumes"] = json!([{"name": "model", "image": {"reference": image}}]);
        pod
    };
    images.assert_refuses(&creation(&with(&images.unsigned)), "spec.volumes[model]");
    images.assert_allows(&creation(&with(&images.also_signed)));

    let try_out = "create --dry-run=server --validate=false -o json -f -";
    let ran = images
        .scene
        .kubectl()
        .give(try_out, &with(&images.also_signed));
    if ran.succeeded().json()["spec"]["volumes"][0]["image"].is_null() {
        return skipped("image volumes");
    }
    refused(&images.scene, &with(&images.unsigned), "image-not-signed");
    admitted(&images.scene, &with(&images.also_signed));
}

/// Adds an ephemeral container to the pod `app` as `kubectl debug` does.
fn add_ephemeral(scene: &Scene, image: &str) -> Ran {
    let mut pod = scene.kubectl().get("pod app");
    pod["spec"]["ephemeralContainers"] = json!([{"name": "debug", "image": image}]);
    let path = format!(
        "/api/v1/namespaces/{}/pods/app/ephemeralcontainers",
        scene.namespace()
    );
    scene
        .kubectl()
        .give(&format!("replace --raw {path} -f -"), &pod)
}
