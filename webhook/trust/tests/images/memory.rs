//! What is remembered, how long, and for whom.

use std::time::Duration;

use gatehouse_test_registry::Fault;
use gatehouse_trust::{CacheCounts, ImageFact, Lifetimes};

use crate::scene::{
    PATH, Scene, digest_of, failed, namespace, not_signed, only, until, verified, within,
};

/// Lifetimes of which one is over at once.
fn forgetting(forget: impl FnOnce(&mut Lifetimes)) -> Lifetimes {
    let mut lifetimes = Lifetimes {
        verified: Duration::MAX,
        failed: Duration::MAX,
        tag: Duration::MAX,
        ..Lifetimes::default()
    };
    forget(&mut lifetimes);
    lifetimes
}

#[tokio::test]
async fn what_is_known_costs_no_request() {
    let scene = Scene::with_lifetimes(forgetting(|_| ()));
    scene.push_signed();
    let cold = scene.ask(":1.0").await;
    scene.registry.forget_requests();
    assert_eq!(scene.ask(":1.0").await, cold);
    assert_eq!(*only(&cold), scene.verified(&scene.release));
    assert_eq!(scene.lines(), [""; 0]);
}

#[tokio::test]
async fn counts_say_what_memory_was_worth() {
    let scene = Scene::new();
    let signed = scene.push_signed();
    let unsigned = scene.push("2.0", "unsigned");
    assert_eq!(scene.trust.counts(), CacheCounts::default());
    for digest in [&signed, &unsigned, &signed, &signed] {
        scene.ask(&format!("@{digest}")).await;
    }
    let counts = scene.trust.counts();
    assert_eq!((counts.hits, counts.misses, counts.entries), (2, 2, 2));
    // the clock goes on: sooner or later an answer is used that has some age
    while scene.trust.counts().age_millis == 0 {
        scene.ask(&format!("@{signed}")).await;
    }
}

#[tokio::test]
async fn verified_is_asked_again_after_its_lifetime_and_not_before() {
    for (lifetime, requests) in [(Duration::MAX, 3), (Duration::ZERO, 6)] {
        let scene = Scene::with_lifetimes(forgetting(|l| l.verified = lifetime));
        let digest = scene.push_signed();
        for _ in 0..2 {
            let fact = scene.ask(&format!("@{digest}")).await;
            assert_eq!(*only(&fact), scene.verified(&scene.release));
        }
        assert_eq!(scene.lines().len(), requests, "{lifetime:?}");
    }
}

#[tokio::test]
async fn failed_is_asked_again_after_its_lifetime_and_not_before() {
    for (lifetime, requests) in [(Duration::MAX, 2), (Duration::ZERO, 5)] {
        let scene = Scene::with_lifetimes(forgetting(|l| l.failed = lifetime));
        let digest = scene.push("1.0", "");
        let version = format!("@{digest}");
        assert_eq!(*only(&scene.ask(&version).await), not_signed());
        scene.push_signed();
        let expected = match lifetime {
            Duration::ZERO => scene.verified(&scene.release),
            _ => not_signed(),
        };
        assert_eq!(*only(&scene.ask(&version).await), expected);
        assert_eq!(scene.lines().len(), requests, "{lifetime:?}");
    }
}

#[tokio::test]
async fn where_one_of_two_signed_memory_answers_and_looks_again_meanwhile() {
    let scene = Scene::with_lifetimes(forgetting(|l| l.failed = Duration::ZERO));
    let digest = scene.push_signed();
    let version = format!("@{digest}");
    let both = ["builds", "release"];
    let first = scene.ask_for(&version, &both).await;
    // now `builds` signs, too, and the registry can for now not be asked
    let layers = [&scene.release, &scene.builds].map(|key| scene.layer(key, &digest));
    scene.attach(&digest, &layers);
    scene.registry.misbehave("*", Fault::Status(403));
    scene.registry.forget_requests();
    assert_eq!(scene.ask_for(&version, &both).await, first);
    until(|| !scene.lines().is_empty()).await;
    scene.registry.behave();
    // what memory says changes without anybody having waited for it
    let look = async {
        while scene.ask_for(&version, &both).await == first {
            tokio::task::yield_now().await;
        }
    };
    within(look).await;
    let ImageFact::Found { verdicts, .. } = scene.ask_for(&version, &both).await else {
        panic!("it was there before");
    };
    assert_eq!(verdicts["builds"], verified(&[&scene.builds]));
    assert_eq!(verdicts["release"], verified(&[&scene.release]));
    assert_eq!(scene.trust.counts().misses, 1);
}

#[tokio::test]
async fn who_asks_only_for_the_one_that_did_not_sign_waits_for_a_new_look() {
    let scene = Scene::with_lifetimes(forgetting(|l| l.failed = Duration::ZERO));
    let digest = scene.push_signed();
    let version = format!("@{digest}");
    scene.ask_for(&version, &["builds", "release"]).await;
    scene.attach(&digest, &[scene.layer(&scene.builds, &digest)]);
    let fact = scene.ask_for(&version, &["builds"]).await;
    assert_eq!(*only(&fact), scene.verified(&scene.builds));
    // and what was found replaced the rest
    let fact = scene.ask_for(&version, &["release"]).await;
    assert!(
        matches!(only(&fact), gatehouse_trust::Verdict::Failed(f) if f.signed_by == ["builds"])
    );
}

#[tokio::test]
async fn one_look_answers_for_all_authorities() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    let version = format!("@{digest}");
    scene.ask_for(&version, &["release"]).await;
    scene.registry.forget_requests();
    let fact = scene.ask_for(&version, &["builds"]).await;
    let text = only(&fact).clone();
    assert!(matches!(text, gatehouse_trust::Verdict::Failed(f) if f.signed_by == ["release"]));
    assert_eq!(scene.lines(), [""; 0]);
}

#[tokio::test]
async fn what_could_not_be_checked_is_never_kept() {
    let scene = Scene::with_lifetimes(forgetting(|_| ()));
    let digest = scene.push_signed();
    let version = format!("@{digest}");
    scene.registry.misbehave("*", Fault::Status(403));
    let refused = scene.ask(&version).await;
    assert_eq!(*only(&refused), scene.unavailable("forbidden"));
    let why = format!("registry {}: forbidden", scene.registry.host());
    assert_eq!(scene.ask(":1.0").await, ImageFact::Unavailable(why));
    assert_eq!(scene.trust.counts().entries, 0);
    scene.registry.behave();
    for version in [":1.0", version.as_str()] {
        let fact = scene.ask(version).await;
        assert_eq!(*only(&fact), scene.verified(&scene.release));
    }
}

#[tokio::test]
async fn a_tag_that_does_not_exist_is_never_kept() {
    let scene = Scene::with_lifetimes(forgetting(|_| ()));
    assert_eq!(scene.ask(":1.0").await, ImageFact::Missing);
    let digest = scene.push_signed();
    assert_eq!(digest_of(&scene.ask(":1.0").await), digest);
}

#[tokio::test]
async fn a_tag_that_moves_is_followed_after_its_lifetime_and_not_before() {
    for (lifetime, moves) in [(Duration::MAX, false), (Duration::ZERO, true)] {
        let scene = Scene::with_lifetimes(forgetting(|l| l.tag = lifetime));
        let old = scene.push_signed();
        assert_eq!(digest_of(&scene.ask(":1.0").await), old);
        let new = scene.push("1.0", "moved");
        let fact = scene.ask(":1.0").await;
        // whichever it is, the verdict is about that digest
        if moves {
            assert_eq!((digest_of(&fact), only(&fact)), (new, &not_signed()));
        } else {
            let verified = scene.verified(&scene.release);
            assert_eq!((digest_of(&fact), only(&fact)), (old, &verified));
        }
    }
}

#[tokio::test]
async fn no_scope_sees_what_another_one_found() {
    let scene = Scene::new();
    scene.push_signed();
    let reference = format!("{}/{PATH}:1.0", scene.registry.host());
    let scopes = [namespace("a"), namespace("b"), scene.access.clone()];
    let mut lists = Vec::new();
    for access in &scopes {
        scene.registry.forget_requests();
        let fact = scene.ask_about(&reference, &["release"], access).await;
        assert_eq!(*only(&fact), scene.verified(&scene.release));
        lists.push(scene.lines());
    }
    // the tag, the manifest of the signature, the referrers, the signature
    assert!(lists.iter().all(|list| list.len() == 4), "{lists:#?}");
    scene.registry.misbehave("*", Fault::Status(403));
    for access in &scopes {
        let fact = scene.ask_about(&reference, &["release"], access).await;
        assert_eq!(*only(&fact), scene.verified(&scene.release));
    }
    let access = namespace("c");
    let refused = scene.ask_about(&reference, &["release"], &access).await;
    assert!(matches!(refused, ImageFact::Unavailable(_)));
}

#[tokio::test]
async fn other_authorities_are_another_question() {
    let mut scene = Scene::new();
    let digest = scene.push_signed();
    let version = format!("@{digest}");
    scene.ask(&version).await;
    let documents = serde_json::json!({"release": {"key": scene.stranger.pem()}});
    scene.authorities = crate::scene::authorities(&documents);
    let fact = scene.ask(&version).await;
    let text = "it is signed by another key";
    assert_eq!(
        *only(&fact),
        failed(gatehouse_trust::Reason::OtherSigner, text, &[])
    );
}
