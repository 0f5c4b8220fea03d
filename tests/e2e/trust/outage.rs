//! A registry that does not answer, and one that should not be asked a hundred times.

use std::thread;

use gatehouse_test_registry::Registry;
use gatehouse_tests::{
    Algorithm, Cosign, DockerRegistry, Gatehouse, ImageRepository, SigningKey, creation,
};
use serde_json::{Value, json};

use super::{admitted, assert_says, image_trust, judged, loopback, pod_of, refused, signed_by};

/// Pods of one Deployment that start at once.
const PODS: usize = 100;

#[test]
fn while_a_registry_is_down_what_is_known_starts_and_the_rest_could_not_be_checked() {
    let mut registry = DockerRegistry::start();
    let host = registry.host().to_owned();
    let repository = ImageRepository::new(&host, "acme/app");
    let key = SigningKey::generate(Algorithm::Ecdsa);
    let push = |tag: &str| repository.reference(&repository.push(tag, tag));
    let [warm, cold, unsigned] = ["warm", "cold", "unsigned"].map(push);
    for image in [&warm, &cold] {
        Cosign::V3.sign(&key, image);
    }
    let scene = judged("down", &host, "deny", &signed_by(&key, &host));
    admitted(&scene, &pod_of("before", &warm));
    refused(&scene, &pod_of("unsigned", &unsigned), "image-not-signed");
    registry.stop();

    scene.kubectl().create(&pod_of("warm", &warm)).succeeded();
    let cold = pod_of("cold", &cold);
    let text = scene.kubectl().create(&cold).refused().denial();
    assert_says(&text, "Pod cold could not be checked by image-trust");
    assert_says(&text, &format!("registry {host}: unreachable"));
    assert_says(&text, "This may pass by itself: try again");
    assert!(!text.contains("signed"), "nobody knows: {text}");
    let checked = scene.check(&cold.to_string());
    assert_eq!((checked.code(), checked.text()), (3, text.as_str()));
}

#[test]
fn a_hundred_pods_of_one_image_ask_its_registry_once() {
    let registry = Registry::start();
    let repository = ImageRepository::new(&registry.host(), "acme/app");
    let image = repository.reference(&repository.push("1.0", "app"));
    let unsigned = repository.reference(&repository.push("2.0", "nobody's"));
    let key = SigningKey::generate(Algorithm::Ecdsa);
    Cosign::V3.sign(&key, &image);
    let settings = signed_by(&key, &registry.host());
    let documents = [image_trust("deny", &settings), loopback(&registry.host())];
    let asked = |image: &str, pods: usize, allowed: bool| {
        let cold = Gatehouse::start(&documents);
        let review = creation(&pod_of("app", image)).to_string();
        registry.forget_requests();
        for answer in answers(&cold, &review, pods) {
            assert_eq!(answer["response"]["allowed"], allowed, "{answer}");
        }
        let mut lines: Vec<_> = registry.requests().iter().map(|r| r.line()).collect();
        lines.sort_unstable();
        lines
    };
    let for_one = asked(&image, 1, true);
    assert!(!for_one.is_empty());
    assert_eq!(asked(&image, PODS, true), for_one);
    let for_one = asked(&unsigned, 1, false);
    assert_eq!(asked(&unsigned, PODS, false), for_one);
}

/// The answers to so many equal reviews at once.
fn answers(gatehouse: &Gatehouse, review: &str, count: usize) -> Vec<Value> {
    thread::scope(|scope| {
        let ask = || {
            gatehouse
                .post("/validate", review.as_bytes())
                .expect(200)
                .json()
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(ask)).collect();
        let answers = threads.into_iter().map(|t| t.join().expect("an answer"));
        answers.collect()
    })
}

#[test]
fn what_cannot_be_asked_may_be_admitted_where_the_operator_says_so() {
    let mut registry = DockerRegistry::start();
    let host = registry.host().to_owned();
    let repository = ImageRepository::new(&host, "acme/app");
    let key = SigningKey::generate(Algorithm::Ecdsa);
    let [unsigned, cold] = ["unsigned", "cold"].map(|tag| repository.push(tag, tag));
    let mut trust = image_trust("deny", &signed_by(&key, &host));
    trust["spec"]["onError"] = json!("allow");
    let gatehouse = Gatehouse::start(&[trust, loopback(&host)]);
    let allowed = |digest: &str| {
        let review = creation(&pod_of("app", &repository.reference(digest))).to_string();
        let answers = answers(&gatehouse, &review, 1);
        answers[0]["response"]["allowed"] == true
    };
    assert!(!allowed(&unsigned), "that nobody signed is no failure");
    registry.stop();
    assert!(allowed(&cold));
}
