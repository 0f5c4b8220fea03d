//! Many who ask at once, and those who have no time to wait.

use std::{sync::Arc, time::Duration};

use gatehouse_test_registry::Fault;
use gatehouse_trust::{ImageFact, ImageTrust, Lifetimes, registry::Client};
use tokio::{sync::Barrier, time::Instant};

use crate::scene::{PATH, Scene, only, settings, until, within};

/// Pods that start at once.
const PODS: u64 = 100;
/// So long that only something else can end a wait.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// Holds the answers of the referrers API until the test waits at the barrier, too.
fn hold(scene: &Scene) -> Arc<Barrier> {
    let gate = Arc::new(Barrier::new(2));
    let together = Fault::Together(Arc::clone(&gate));
    let referrers = format!("/v2/{PATH}/referrers/*");
    scene.registry.misbehave_times(&referrers, together, 1);
    gate
}

fn pods(scene: &Arc<Scene>, version: &str) -> Vec<tokio::task::JoinHandle<ImageFact>> {
    let pod = |_| {
        let (scene, version) = (Arc::clone(scene), version.to_owned());
        tokio::spawn(async move { scene.ask(&version).await })
    };
    (0..PODS).map(pod).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_pods_of_a_cold_image_cause_one_set_of_requests() {
    let scene = Arc::new(Scene::new());
    let digest = scene.push_signed();
    let gate = hold(&scene);
    let pods = pods(&scene, &format!("@{digest}"));
    until(|| scene.trust.counts().misses == PODS).await;
    within(gate.wait()).await;
    for pod in pods {
        assert_eq!(*only(&pod.await.unwrap()), scene.verified(&scene.release));
    }
    // the manifest of the signature, the referrers, the signature
    assert_eq!(scene.lines().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pods_that_come_while_the_answers_do_ask_nothing_more() {
    for _ in 0..10 {
        let scene = Arc::new(Scene::new());
        scene.push_signed();
        for pod in pods(&scene, ":1.0") {
            assert_eq!(*only(&pod.await.unwrap()), scene.verified(&scene.release));
        }
        // the tag, too
        assert_eq!(scene.lines().len(), 4);
        let counts = scene.trust.counts();
        assert_eq!(counts.hits + counts.misses, PODS);
    }
}

#[tokio::test]
async fn who_has_no_time_is_told_so_and_the_next_finds_the_answer() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    let gate = hold(&scene);
    let reference = format!("{}/{PATH}@{digest}", scene.registry.host());
    let deadline = Instant::now();
    let fact = scene.ask_until(&reference, &["release"], &scene.access, deadline);
    let late = format!("registry {}: did not answer in time", scene.registry.host());
    assert_eq!(fact.await, ImageFact::Unavailable(late));

    within(gate.wait()).await;
    until(|| scene.trust.counts().entries == 1).await;
    let asked = scene.lines();
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
    assert_eq!(scene.lines(), asked);
    assert_eq!(scene.trust.counts().hits, 1);
}

#[tokio::test]
async fn memory_answers_who_has_no_time() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    scene.ask(&format!("@{digest}")).await;
    let reference = format!("{}/{PATH}@{digest}", scene.registry.host());
    let deadline = Instant::now();
    let fact = scene.ask_until(&reference, &["release"], &scene.access, deadline);
    assert_eq!(*only(&fact.await), scene.verified(&scene.release));
}

/// A scene whose registry client would wait for ever, where a search may not.
fn patient(search: Duration) -> Scene {
    let mut scene = Scene::new();
    let mut settings = settings(&scene.registry);
    settings.limits.stall_time = FOR_EVER;
    settings.limits.exchange_time = FOR_EVER;
    scene.client = Client::new(settings).unwrap();
    scene.trust = ImageTrust::new(Lifetimes {
        search,
        ..Lifetimes::default()
    });
    scene
}

#[tokio::test]
async fn a_search_does_not_go_on_for_ever() {
    let scene = patient(Duration::from_millis(100));
    let digest = scene.push_signed();
    scene.registry.misbehave("*", Fault::StallBeforeHeaders);
    let by_digest = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&by_digest), scene.unavailable("timed out"));
    let why = format!("registry {}: timed out", scene.registry.host());
    assert_eq!(scene.ask(":1.0").await, ImageFact::Unavailable(why));
    assert_eq!(scene.trust.counts().entries, 0);
}

#[tokio::test]
async fn any_length_of_time_may_be_said() {
    let scene = patient(Duration::MAX);
    scene.push_signed();
    let fact = scene.ask(":1.0").await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}
