//! Verdicts last no longer than the trust root that they are by.

use gatehouse_trust::{Explanation, Question, Verdict};
use serde_json::{Value, json};

use crate::{
    kit::Log,
    scene::{PATH, Scene, authorities, only, within},
};

const OVER: &str = "the trust root has expired: the last transparency log (Rekor) in it ended on 2025-01-01 00:00 UTC";

/// An image that `release` signed before the eyes of a log, which was trusted then, until the end of `end`.
fn scene(end: &str) -> (Scene, String) {
    let (log, mut scene) = (Log::new(), Scene::new());
    let mut root: Value = serde_json::from_str(&log.trust_root()).unwrap();
    root["tlogs"][0]["publicKey"]["validFor"]["end"] = json!(end);
    let key = scene.release.pem();
    scene.authorities = authorities(&json!({
        "release": {"key": key, "requireTlog": true, "trustRoot": root.to_string()},
    }));
    let digest = scene.push("1.0", "");
    let layer = scene.layer(&scene.release, &digest);
    let entry = log.annotation(&layer, &key);
    scene.attach(&digest, &[layer.annotate("bundle", entry)]);
    (scene, format!("@{digest}"))
}

#[tokio::test]
async fn what_was_verified_counts_while_the_trust_root_lasts() {
    let (scene, digest) = scene("2090-01-01T00:00:00Z");
    for _ in 0..2 {
        assert_eq!(
            *only(&scene.ask(&digest).await),
            scene.verified(&scene.release)
        );
    }
}

#[tokio::test]
async fn what_was_verified_ends_with_the_trust_root_remembered_or_not() {
    let (scene, digest) = scene("2025-01-01T00:00:00Z");
    for hits in [0, 1] {
        let fact = scene.ask(&digest).await;
        assert_eq!(*only(&fact), Verdict::Unavailable(OVER.to_owned()));
        assert!(!fact.is_known(), "it must not be recorded");
        assert_eq!(scene.trust.counts().hits, hits);
    }
}

#[tokio::test]
async fn an_explanation_says_which_authority_cannot_verify() {
    let (scene, digest) = scene("2025-01-01T00:00:00Z");
    let question = Question {
        reference: &format!("{}/{PATH}{digest}", scene.registry.host()),
        wanted: &[],
        authorities: &scene.authorities,
        client: &scene.client,
        access: &scene.access,
    };
    let explanation = within(Explanation::of(question)).await.unwrap();
    assert_eq!(
        explanation.cannot_verify,
        [("release".to_owned(), OVER.to_owned())]
    );
    assert!(
        explanation
            .signatures
            .iter()
            .all(|one| one.verdicts.is_empty())
    );
}
