//! A signature counts for the digest that it names: that of an index, or of one platform's image.

use gatehouse_tests::{Algorithm, Cosign, DockerRegistry, ImageRepository, SigningKey};

use super::{admitted, judged, pod_of, refused, signed_by};

#[test]
fn an_index_and_its_images_are_signed_each_by_itself() {
    let registry = DockerRegistry::start();
    let repository = ImageRepository::new(registry.host(), "acme/app");
    let children =
        ["for amd64", "for arm64"].map(|label| repository.push(&label.replace(' ', "-"), label));
    let [amd64, arm64] = &children;
    let index = repository.push_index("1.0", &[amd64, arm64]);
    let key = SigningKey::generate(Algorithm::Ecdsa);
    for digest in [&index, arm64] {
        Cosign::V3.sign(&key, &repository.reference(digest));
    }

    let host = registry.host();
    let scene = judged("index", host, "deny", &signed_by(&key, host));
    let pod = |name: &str, digest: &str| pod_of(name, &repository.reference(digest));
    admitted(&scene, &pod("by-index", &index));
    refused(&scene, &pod("by-child", amd64), "image-not-signed");
    admitted(&scene, &pod("by-signed-child", arm64));
}
