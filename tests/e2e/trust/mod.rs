//! Images that cosign signed, or did not, in registries that are asked through the API server; and what cosign
//! and `gatehouse trust verify-bundle` say of the same without one.
//!
//! Each refusal here stands beside an admission that differs in the signature alone, so that neither a
//! verifier that accepts everything nor one that accepts nothing passes.

mod attestations;
mod cosign_agrees;
mod formats;
mod indexes;
mod keyless;
mod outage;
mod pinning;
mod places;
mod signers;
mod verify_bundle;

use gatehouse_test_sigstore::Workload;
use gatehouse_tests::{
    PrivateSigstore, Scene, SigningKey, eventually,
    objects::{bare_spec, pod},
    policy,
};
use serde_json::{Value, json};

/// The policy, with these settings.
pub(crate) fn image_trust(mode: &str, settings: &Value) -> Value {
    let spec = json!({
        "module": "builtin:image-trust",
        "mode": mode,
        "facts": ["image"],
        "settings": settings,
    });
    policy("image-trust", &spec)
}

/// That all images of a registry have to be signed with one key.
pub(crate) fn signed_by(key: &SigningKey, host: &str) -> Value {
    json!({
        "authorities": {"release": {"key": key.public()}},
        "signatures": [{"images": [format!("{host}/**")], "anyOf": ["release"]}],
    })
}

/// The authority of workloads for which a Sigstore vouches.
fn keyless(sigstore: &PrivateSigstore, subject: &Value) -> Value {
    json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": subject},
        "trustRoot": sigstore.sigstore().trust_root().to_string(),
    })
}

/// Lets a registry be asked on loopback and without TLS.
fn loopback(host: &str) -> Value {
    json!({
        "apiVersion": "gatehouse.dev/v1alpha1",
        "kind": "Registry",
        "metadata": {"name": host.replace(':', "-")},
        "spec": {"host": host, "plainHttp": true, "addresses": ["127.0.0.0/8"]},
    })
}

/// A scene in which the images of one registry are judged by these settings.
pub(crate) fn judged(subject: &str, host: &str, mode: &str, settings: &Value) -> Scene {
    Scene::new(subject)
        .with(image_trust(mode, settings))
        .with(loopback(host))
        .judged()
}

/// A pod of one container with this image.
fn pod_of(name: &str, image: &str) -> Value {
    pod(name, bare_spec(image))
}

/// Creates a pod that must be refused for its image, for this alone, and in the words of `check`. Returns
/// them.
#[track_caller]
fn refused(scene: &Scene, pod: &Value, code: &str) -> String {
    let text = scene.kubectl().create(pod).refused().denial();
    let first = text.lines().next().unwrap_or_default();
    assert!(first.ends_with(&format!(", 1 problem: {code}")), "{text}");
    assert_eq!(text, scene.check(&pod.to_string()).text());
    text
}

/// Creates a pod that must be admitted, at once.
#[track_caller]
fn admitted(scene: &Scene, pod: &Value) {
    scene.kubectl().create(pod).succeeded();
    assert_eq!(scene.check(&pod.to_string()).code(), 0);
}

/// Creates a pod that was refused before its image was signed: that nobody signed is remembered for a while.
fn admitted_in_the_end(scene: &Scene, pod: &Value) {
    eventually("the image counts as signed", || {
        let ran = scene.kubectl().create(pod);
        if ran.code == 0 {
            Ok(())
        } else {
            Err(ran.to_string())
        }
    });
}

#[track_caller]
fn assert_says(text: &str, words: &str) {
    assert!(text.contains(words), "`{words}` is not in: {text}");
}
