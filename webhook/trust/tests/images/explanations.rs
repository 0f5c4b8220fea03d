//! What is shown of an image to people, and told of it to policies.

use std::time::UNIX_EPOCH;

use gatehouse_test_registry::Fault;
use gatehouse_trust::{Explanation, Question, SeenSignature};
use serde_json::json;

use crate::scene::{PATH, Scene, within};

async fn explain(scene: &Scene, version: &str) -> Result<Explanation, String> {
    let question = Question {
        reference: &format!("{}/{PATH}{version}", scene.registry.host()),
        wanted: &[],
        authorities: &scene.authorities,
        client: &scene.client,
        access: &scene.access,
    };
    within(Explanation::of(question)).await
}

/// Which authorities a signature is of.
fn of(signature: &SeenSignature) -> Vec<&str> {
    let verdicts = signature.verdicts.iter();
    let verified = verdicts.filter(|(_, verdict)| verdict.is_ok());
    verified.map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn every_signature_is_shown_with_what_each_authority_makes_of_it() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    let attached = scene.attach(&digest, &[scene.layer(&scene.release, &digest)]);
    let bundle = scene.refer(&scene.builds, &digest);
    let seen = explain(&scene, ":1.0").await.unwrap();
    assert_eq!(seen.registry, scene.registry.host());
    assert_eq!(
        (seen.repository.as_str(), seen.tag.as_deref()),
        (PATH, Some("1.0"))
    );
    assert_eq!(seen.digest.unwrap().to_string(), digest);
    assert_eq!(seen.unavailable, None);
    let [two, three] = seen.signatures.as_slice() else {
        panic!("{:?}", seen.signatures);
    };
    assert_eq!(
        (two.form, &two.manifest),
        ("signature of cosign 2", &attached)
    );
    assert_eq!(
        (three.form, &three.manifest),
        ("Sigstore bundle of cosign 3", &bundle.manifest)
    );
    assert_eq!((of(two), of(three)), (vec!["release"], vec!["builds"]));
    assert_eq!(two.verdicts.len(), 2);
}

#[tokio::test]
async fn nothing_is_remembered_for_an_explanation() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    for _ in 0..2 {
        scene.registry.forget_requests();
        explain(&scene, &format!("@{digest}")).await.unwrap();
        assert_eq!(scene.lines().len(), 3);
    }
}

#[tokio::test]
async fn what_is_not_known_is_said() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    assert_eq!(explain(&scene, ":2.0").await.unwrap().digest, None);
    let refused = explain(&scene, ":1.0@").await.unwrap_err();
    assert!(refused.contains("`"), "{refused}");
    scene
        .registry
        .misbehave("*/referrers/*", Fault::Status(403));
    let seen = explain(&scene, &format!("@{digest}")).await.unwrap();
    let forbidden = format!("registry {}: forbidden", scene.registry.host());
    assert_eq!(
        (seen.signatures.len(), seen.unavailable),
        (1, Some(forbidden.clone()))
    );
    scene.registry.misbehave("*", Fault::Status(403));
    assert_eq!(explain(&scene, ":1.0").await.unwrap_err(), forbidden);
}

#[tokio::test]
async fn facts_have_the_form_that_policies_read() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    let fact = scene.ask_for(":1.0", &["builds", "release"]).await;
    let failed = json!({
        "reason": "other-signer",
        "text": "it is signed by another key",
        "signedBy": ["release"],
    });
    let verified = json!([{"signer": scene.release.fingerprint()}]);
    let expected = json!({
        "digest": digest,
        "authorities": {"builds": {"failed": failed}, "release": {"verified": verified}},
    });
    assert_eq!(fact.to_value(UNIX_EPOCH), expected);
    assert!(fact.is_known());

    let missing = scene.ask(":2.0").await;
    assert_eq!(
        (missing.to_value(UNIX_EPOCH), missing.is_known()),
        (json!({"missing": true}), true)
    );

    scene.registry.misbehave("*", Fault::Status(403));
    let forbidden = format!("registry {}: forbidden", scene.registry.host());
    let refused = scene.ask(":2.0").await;
    let expected = json!({"unavailable": forbidden});
    let told = refused.to_value(UNIX_EPOCH);
    assert_eq!((told, refused.is_known()), (expected, false));
}
