//! What the first question about an image costs: which requests, and how many of them one after another.
//!
//! The registry holds the answers of a level until all requests of that level have come. So a question that
//! is answered at all needed no more sequential round trips than there are levels.

use std::sync::Arc;

use gatehouse_test_registry::{Access as Wants, Fault, Registry};
use gatehouse_trust::ImageFact;
use tokio::sync::Barrier;

use crate::scene::{PATH, Scene, not_signed, only, signature_tag};

/// Requests that are under way together.
type Level = Vec<String>;

fn path(line: &str) -> String {
    match line.split_once(' ').unwrap().1 {
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/v2/{PATH}/{path}"),
    }
}

/// Asks while every level is held until it is complete, and checks that nothing else was asked.
async fn ask_in(scene: &Scene, version: &str, levels: &[Level]) -> ImageFact {
    // of two faults for one path the later counts, until it is used up
    for level in levels.iter().rev() {
        let all = Arc::new(Barrier::new(level.len()));
        for line in level {
            let together = Fault::Together(Arc::clone(&all));
            scene.registry.misbehave_times(&path(line), together, 1);
        }
    }
    let fact = scene.ask(version).await;
    let asked = scene.lines();
    let mut rest = asked.as_slice();
    for level in levels {
        let (now, later) = rest.split_at_checked(level.len()).unwrap_or((rest, &[]));
        assert_eq!(sorted(now), sorted(level), "all requests: {asked:#?}");
        rest = later;
    }
    assert_eq!(rest, [""; 0], "more requests than levels");
    fact
}

fn sorted(lines: &[String]) -> Level {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}

/// The requests that begin all searches.
fn first(digest: &str) -> Level {
    vec![
        format!("GET manifests/{}", signature_tag(digest)),
        format!("GET referrers/{digest}"),
    ]
}

fn blob(bytes: &[u8]) -> String {
    format!("GET blobs/{}", gatehouse_test_registry::digest(bytes))
}

#[tokio::test]
async fn nothing_signed_takes_one_round_trip() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let fact = ask_in(&scene, &format!("@{digest}"), &[first(&digest)]).await;
    assert_eq!(*only(&fact), not_signed());
}

#[tokio::test]
async fn a_signature_of_cosign_2_takes_two() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let layer = scene.layer(&scene.release, &digest);
    scene.attach(&digest, std::slice::from_ref(&layer));
    let levels = [first(&digest), vec![blob(&layer.payload)]];
    let fact = ask_in(&scene, &format!("@{digest}"), &levels).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn a_bundle_behind_the_referrers_api_takes_three() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let bundle = scene.refer(&scene.release, &digest);
    let levels = [
        first(&digest),
        vec![format!("GET manifests/{}", bundle.manifest)],
        vec![format!("GET blobs/{}", bundle.blob)],
    ];
    let fact = ask_in(&scene, &format!("@{digest}"), &levels).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn a_bundle_behind_the_fallback_tag_takes_four() {
    let scene = Scene::of(Registry::builder().without_referrers_api().start());
    let digest = scene.push("1.0", "");
    let bundle = scene.refer(&scene.release, &digest);
    scene.list(&digest, std::slice::from_ref(&bundle.manifest));
    let levels = [
        first(&digest),
        vec![format!("GET manifests/{}", digest.replace(':', "-"))],
        vec![format!("GET manifests/{}", bundle.manifest)],
        vec![format!("GET blobs/{}", bundle.blob)],
    ];
    let fact = ask_in(&scene, &format!("@{digest}"), &levels).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn many_signatures_take_no_more_than_one() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let layer = scene.layer(&scene.builds, &digest);
    scene.attach(&digest, std::slice::from_ref(&layer));
    let keys = [&scene.release, &scene.builds, &scene.stranger];
    let bundles = keys.map(|key| scene.refer(key, &digest));
    let mut manifests = Level::new();
    let mut blobs = vec![blob(&layer.payload)];
    for bundle in bundles {
        manifests.push(format!("GET manifests/{}", bundle.manifest));
        blobs.push(format!("GET blobs/{}", bundle.blob));
    }
    let levels = [first(&digest), manifests, blobs];
    let fact = ask_in(&scene, &format!("@{digest}"), &levels).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn a_tag_takes_one_more() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let layer = scene.layer(&scene.release, &digest);
    scene.attach(&digest, std::slice::from_ref(&layer));
    let levels = [
        vec!["HEAD manifests/1.0".to_owned()],
        first(&digest),
        vec![blob(&layer.payload)],
    ];
    let fact = ask_in(&scene, ":1.0", &levels).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn a_token_takes_two_more_and_is_fetched_once() {
    let scene = Scene::of(Registry::builder().access(Wants::Bearer(None)).start());
    let digest = scene.push("1.0", "");
    let layer = scene.layer(&scene.release, &digest);
    scene.attach(&digest, std::slice::from_ref(&layer));
    let levels = [
        first(&digest),
        vec!["GET /token".to_owned()],
        first(&digest),
        vec![blob(&layer.payload)],
    ];
    let fact = ask_in(&scene, &format!("@{digest}"), &levels).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn a_digest_about_which_nothing_is_wanted_takes_none() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let fact = scene.ask_for(&format!("@{digest}"), &[]).await;
    assert_eq!(crate::scene::digest_of(&fact), digest);
    assert_eq!(scene.lines(), [""; 0]);
}
