//! Whose signature it is, and of what.

use gatehouse_tests::{Algorithm, Cosign, DockerRegistry, ImageRepository, Scene, SigningKey};
use serde_json::{Value, json};

use super::{admitted, assert_says, image_trust, judged, loopback, pod_of, refused, signed_by};

/// One registry with one repository and a key.
struct Parts {
    registry: DockerRegistry,
    repository: ImageRepository,
    key: SigningKey,
}

impl Parts {
    fn new() -> Self {
        let registry = DockerRegistry::start();
        Self {
            repository: ImageRepository::new(registry.host(), "acme/app"),
            key: SigningKey::generate(Algorithm::Ecdsa),
            registry,
        }
    }

    fn judged(&self, subject: &str, settings: &Value) -> Scene {
        judged(subject, self.registry.host(), "deny", settings)
    }

    fn all(&self) -> String {
        format!("{}/**", self.registry.host())
    }

    /// A new image, referred to by its digest.
    fn image(&self, label: &str) -> String {
        self.repository
            .reference(&self.repository.push(label, label))
    }
}

#[test]
fn another_key_that_is_known_is_named() {
    let parts = Parts::new();
    let other = SigningKey::generate(Algorithm::Ecdsa);
    let tools = format!("{}/tools/**", parts.registry.host());
    let settings = json!({
        "authorities": {"release": {"key": parts.key.public()}, "security": {"key": other.public()}},
        "signatures": [
            {"images": [tools], "anyOf": ["security"]},
            {"images": [parts.all()], "anyOf": ["release"]},
        ],
    });
    let scene = parts.judged("other", &settings);
    for (label, cosign) in [("two", Cosign::V2), ("three", Cosign::V3)] {
        let image = parts.image(label);
        cosign.sign(&other, &image);
        let text = refused(&scene, &pod_of(label, &image), "image-signed-by-other");
        assert_says(&text, "`security` signed the image, but `release` has to");
    }
    let image = parts.image("both");
    Cosign::V2.sign(&other, &image);
    Cosign::V3.sign(&parts.key, &image);
    admitted(&scene, &pod_of("both", &image));
}

#[test]
fn another_key_that_nobody_knows_is_not_enough() {
    let parts = Parts::new();
    let scene = parts.judged("stranger", &signed_by(&parts.key, parts.registry.host()));
    let stranger = SigningKey::generate(Algorithm::Ecdsa);
    for (label, cosign) in [("two", Cosign::V2), ("three", Cosign::V3)] {
        let image = parts.image(label);
        cosign.sign(&stranger, &image);
        let text = refused(&scene, &pod_of(label, &image), "image-signed-by-other");
        assert_says(
            &text,
            "a key that this configuration does not know signed the image",
        );
    }
}

#[test]
fn a_signature_that_is_hung_onto_another_image_does_not_count() {
    let parts = Parts::new();
    let good = parts.repository.push("good", "good");
    let evil = parts.repository.push("evil", "evil");
    Cosign::V2.sign(&parts.key, &parts.repository.reference(&good));
    let [from, to] = [&good, &evil].map(|digest| ImageRepository::signature_tag(digest));
    parts.repository.copy(&from, &parts.repository, &to);

    let scene = parts.judged("hung", &signed_by(&parts.key, parts.registry.host()));
    admitted(&scene, &pod_of("good", &parts.repository.reference(&good)));
    let evil = pod_of("evil", &parts.repository.reference(&evil));
    let text = refused(&scene, &evil, "image-signature-invalid");
    assert_says(&text, &format!("it is for another image, `{good}`"));
}

#[test]
fn a_bundle_that_is_hung_onto_another_image_does_not_count() {
    let parts = Parts::new();
    let good = parts.repository.push("good", "good");
    let evil = parts.repository.push("evil", "evil");
    Cosign::V3.sign(&parts.key, &parts.repository.reference(&good));
    let [from, to] = [&good, &evil].map(|digest| ImageRepository::fallback_tag(digest));
    parts.repository.copy_index(&from, &to);

    let scene = parts.judged("hung-bundle", &signed_by(&parts.key, parts.registry.host()));
    admitted(&scene, &pod_of("good", &parts.repository.reference(&good)));
    let evil = pod_of("evil", &parts.repository.reference(&evil));
    let text = refused(&scene, &evil, "image-signature-invalid");
    assert_says(&text, &format!("it is for another image, `{good}`"));
}

#[test]
fn a_signature_that_is_copied_to_another_repository_counts_unless_it_is_bound() {
    let parts = Parts::new();
    let digest = parts.repository.push("1.0", "copied");
    Cosign::V2.sign(&parts.key, &parts.repository.reference(&digest));
    let host = parts.registry.host();
    let [bound, free] = ["bound/app", "free/app"].map(|name| ImageRepository::new(host, name));
    let signature = ImageRepository::signature_tag(&digest);
    for copy in [&bound, &free] {
        parts.repository.copy(&digest, copy, "1.0");
        parts.repository.copy(&signature, copy, &signature);
    }
    let own = bound.reference(&bound.push("own", "own"));
    Cosign::V2.sign(&parts.key, &own);
    let bundle = bound.reference(&bound.push("bundle", "bundle"));
    Cosign::V3.sign(&parts.key, &bundle);

    let scene = parts.judged("bound", &bound_and_free(host, &parts.key));
    admitted(&scene, &pod_of("free", &free.reference(&digest)));
    let copied = pod_of("copied", &bound.reference(&digest));
    let text = refused(&scene, &copied, "image-signature-invalid");
    assert_says(&text, "it is for another repository");
    admitted(&scene, &pod_of("own", &own));
    let text = refused(
        &scene,
        &pod_of("bundle", &bundle),
        "image-signature-invalid",
    );
    assert_says(&text, "cosign 3 records none");
}

fn bound_and_free(host: &str, key: &SigningKey) -> Value {
    json!({
        "authorities": {
            "bound": {"key": key.public(), "bindReference": true},
            "free": {"key": key.public()},
        },
        "signatures": [
            {"images": [format!("{host}/bound/**")], "anyOf": ["bound"]},
            {"images": [format!("{host}/free/**")], "anyOf": ["free"]},
        ],
    })
}

#[test]
fn two_names_of_one_key_are_one_signer() {
    let parts = Parts::new();
    let other = SigningKey::generate(Algorithm::Rsa);
    let settings = json!({
        "authorities": {
            "monday": {"key": parts.key.public()},
            "friday": {"key": parts.key.public()},
            "security": {"key": other.public()},
        },
        "signatures": [
            {"images": [parts.all()], "atLeast": 2, "of": ["monday", "friday", "security"]},
        ],
    });
    let scene = parts.judged("threshold", &settings);
    let once = parts.image("once");
    Cosign::V2.sign(&parts.key, &once);
    Cosign::V3.sign(&parts.key, &once);
    let text = refused(&scene, &pod_of("once", &once), "image-signed-by-other");
    assert_says(&text, "with one key between them");

    let twice = parts.image("twice");
    Cosign::V2.sign(&parts.key, &twice);
    Cosign::V3.sign(&other, &twice);
    admitted(&scene, &pod_of("twice", &twice));
}

#[test]
fn all_who_have_to_sign_have_to_sign() {
    let parts = Parts::new();
    let other = SigningKey::generate(Algorithm::Ecdsa);
    let settings = json!({
        "authorities": {"release": {"key": parts.key.public()}, "security": {"key": other.public()}},
        "signatures": [{"images": [parts.all()], "allOf": ["release", "security"]}],
    });
    let scene = parts.judged("all", &settings);
    let image = parts.image("half");
    Cosign::V3.sign(&parts.key, &image);
    let text = refused(&scene, &pod_of("half", &image), "image-signed-by-other");
    assert_says(&text, "`release` signed the image, but `security` has to");

    let image = parts.image("whole");
    Cosign::V3.sign(&parts.key, &image);
    Cosign::V3.sign(&other, &image);
    admitted(&scene, &pod_of("whole", &image));
}

#[test]
fn an_image_that_no_rule_matches_is_refused_and_nobody_is_asked() {
    let parts = Parts::new();
    let ours = format!("{}/acme/**", parts.registry.host());
    let settings = json!({
        "authorities": {"release": {"key": parts.key.public()}},
        "signatures": [{"images": [ours], "anyOf": ["release"]}],
    });
    let unasked = gatehouse_test_registry::Registry::start();
    let scene = Scene::new("unmatched")
        .with(image_trust("deny", &settings))
        .with(loopback(parts.registry.host()))
        .with(loopback(&unasked.host()))
        .judged();
    let elsewhere = ImageRepository::new(&unasked.host(), "acme/app");
    let digest = elsewhere.push("1.0", "elsewhere");
    unasked.forget_requests();
    let pod = pod_of("app", &elsewhere.reference(&digest));
    refused(&scene, &pod, "image-unmatched");
    assert_eq!(unasked.requests(), []);

    let ours = parts.image("unsigned");
    refused(&scene, &pod_of("ours", &ours), "image-not-signed");
    Cosign::V3.sign(&parts.key, &parts.image("signed"));
    admitted(&scene, &pod_of("signed", &parts.image("signed")));
}
