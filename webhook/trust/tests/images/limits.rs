//! How much is looked at, each limit from both sides.

use gatehouse_trust::{
    Reason,
    format::{CANDIDATES, MANIFEST_BYTES},
};
use serde_json::json;

use crate::{
    kit::{Layer, padded},
    scene::{PATH, Scene, failed, not_signed, only, signature_tag},
};

/// Referrers that are looked into.
const REFERRERS: usize = 64;
const SIGSTORE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

fn refer(scene: &Scene, digest: &str, kind: &str, referrers: usize) {
    for n in 0..referrers {
        let layer = json!({"mediaType": "text/plain", "digest": digest, "size": n});
        scene.put_referrer(digest, kind, &json!([layer]));
    }
}

#[tokio::test]
async fn so_many_referrers_are_looked_into_and_no_more() {
    let more = "more manifests refer to the image than are looked at";
    for (referrers, expected) in [(REFERRERS, None), (REFERRERS + 1, Some(more))] {
        let scene = Scene::new();
        let digest = scene.push("1.0", "");
        refer(&scene, &digest, SIGSTORE, referrers);
        let fact = scene.ask(&format!("@{digest}")).await;
        let expected = expected.map_or_else(not_signed, |why| scene.unavailable(why));
        assert_eq!(*only(&fact), expected, "{referrers}");
        assert_eq!(scene.lines().len(), 2 + REFERRERS);
    }
}

#[tokio::test]
async fn what_verifies_among_the_first_counts() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    refer(&scene, &digest, SIGSTORE, REFERRERS + 1);
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn what_says_that_it_is_something_else_is_not_counted() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    refer(&scene, &digest, "application/spdx+json", REFERRERS + 1);
    let bundle = scene.refer(&scene.release, &digest);
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
    assert!(
        scene
            .lines()
            .contains(&format!("GET manifests/{}", bundle.manifest))
    );
    assert_eq!(scene.lines().len(), 4);
}

/// Layers that a stranger signed.
fn layers(scene: &Scene, digest: &str, count: usize) -> Vec<Layer> {
    vec![scene.layer(&scene.stranger, digest); count]
}

#[tokio::test]
async fn so_many_signatures_of_one_manifest_are_looked_at_and_no_more() {
    let more = "more signatures are in one manifest than are looked at";
    for (count, is_too_many) in [(CANDIDATES, false), (CANDIDATES + 1, true)] {
        let scene = Scene::new();
        let digest = scene.push("1.0", "");
        scene.attach(&digest, &layers(&scene, &digest, count));
        let text = "it is signed by another key";
        let expected = match is_too_many {
            false => failed(Reason::OtherSigner, text, &[]),
            true => scene.unavailable(more),
        };
        let fact = scene.ask(&format!("@{digest}")).await;
        assert_eq!(*only(&fact), expected, "{count}");
    }
}

#[tokio::test]
async fn so_many_signatures_of_one_image_are_looked_at_and_no_more() {
    let more = "more signatures are offered than are looked at";
    for (count, is_too_many) in [(CANDIDATES - 1, false), (CANDIDATES, true)] {
        let scene = Scene::new();
        let digest = scene.push("1.0", "");
        scene.attach(&digest, &layers(&scene, &digest, count));
        scene.refer(&scene.release, &digest);
        let expected = match is_too_many {
            false => scene.verified(&scene.release),
            true => scene.unavailable(more),
        };
        let fact = scene.ask(&format!("@{digest}")).await;
        assert_eq!(*only(&fact), expected, "{count}");
    }
}

#[tokio::test]
async fn a_manifest_may_be_so_long_and_no_longer() {
    let more = format!("the manifest of a signature is longer than {MANIFEST_BYTES} bytes");
    for (length, is_too_long) in [(MANIFEST_BYTES, false), (MANIFEST_BYTES + 1, true)] {
        let scene = Scene::new();
        let digest = scene.push("1.0", "");
        let layer = scene.layer(&scene.release, &digest);
        let manifest = padded(&scene.signatures(&[layer]).to_string(), length);
        let (tag, media_type) = (signature_tag(&digest), gatehouse_test_registry::MANIFEST);
        let bytes = manifest.as_bytes();
        scene.registry.put_manifest(PATH, &tag, media_type, bytes);
        let expected = match is_too_long {
            false => scene.verified(&scene.release),
            true => scene.unavailable(&more),
        };
        let fact = scene.ask(&format!("@{digest}")).await;
        assert_eq!(*only(&fact), expected, "{length}");
    }
}
