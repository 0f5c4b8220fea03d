//! Every verdict, from what a registry has.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use gatehouse_test_registry::{Fault, INDEX, MANIFEST, Registry};
use gatehouse_trust::{Failed, ImageFact, Reason, Verdict, signature::Signer};
use serde_json::json;
use tokio::sync::Barrier;

use crate::{
    kit::{Ca, Key, Layer, Leaf},
    scene::{PATH, Scene, authorities, digest_of, failed, not_signed, only, signature_tag, within},
};

#[tokio::test]
async fn nobody_signed() {
    let scene = Scene::new();
    scene.push("1.0", "");
    assert_eq!(*only(&scene.ask(":1.0").await), not_signed());
    // what is not there is not signed either: whether it exists is for the runtime to say
    let missing = gatehouse_test_registry::digest(b"missing");
    assert_eq!(
        *only(&scene.ask(&format!("@{missing}")).await),
        not_signed()
    );
}

#[tokio::test]
async fn the_wanted_authority_signed() {
    let without_api = Registry::builder().without_referrers_api();
    for registry in [Registry::start(), without_api.start()] {
        let scene = Scene::of(registry);
        let (two, three) = (scene.push("2", "cosign 2"), scene.push("3", "cosign 3"));
        scene.attach(&two, &[scene.layer(&scene.release, &two)]);
        let bundle = scene.refer(&scene.release, &three);
        scene.list(&three, &[bundle.manifest]);
        for version in [":2".to_owned(), ":3".to_owned(), format!("@{three}")] {
            let fact = scene.ask(&version).await;
            assert_eq!(*only(&fact), scene.verified(&scene.release), "{version}");
        }
    }
}

#[tokio::test]
async fn another_authority_of_the_policy_signed() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    scene.attach(&digest, &[scene.layer(&scene.builds, &digest)]);
    let text = "it is signed by another key";
    let expected = failed(Reason::OtherSigner, text, &["builds"]);
    assert_eq!(*only(&scene.ask(":1.0").await), expected);
}

#[tokio::test]
async fn a_stranger_signed() {
    let scene = Scene::new();
    let (two, three) = (scene.push("2", "cosign 2"), scene.push("3", "cosign 3"));
    scene.attach(&two, &[scene.layer(&scene.stranger, &two)]);
    scene.refer(&scene.stranger, &three);
    let text = "it is signed by another key";
    let expected = failed(Reason::OtherSigner, text, &[]);
    assert_eq!(*only(&scene.ask(":2").await), expected);
    let fact = scene.ask(":3").await;
    assert!(matches!(
        only(&fact),
        Verdict::Failed(Failed {
            reason: Reason::OtherSigner,
            ..
        })
    ));
}

#[tokio::test]
async fn both_signed_and_each_counts() {
    let scene = Scene::new();
    let digest = scene.push("1.0", "");
    scene.attach(&digest, &[scene.layer(&scene.builds, &digest)]);
    scene.refer(&scene.release, &digest);
    let fact = scene.ask_for(":1.0", &["builds", "release"]).await;
    let ImageFact::Found { verdicts, .. } = fact else {
        panic!("{fact:?}")
    };
    assert_eq!(verdicts["builds"], scene.verified(&scene.builds));
    assert_eq!(verdicts["release"], scene.verified(&scene.release));
}

#[tokio::test]
async fn one_signer_counts_once_and_two_count_twice() {
    let mut scene = Scene::new();
    let ca = Ca::new("builds");
    scene.authorities = authorities(&json!({"release": {"certificate": ca.pem}}));
    let digest = scene.push("1.0", "");
    let (one, two) = (Key::p256(), Key::p256());
    let layers = [&one, &one, &two].map(|key| certified(&scene, &ca, key, &digest));
    scene.attach(&digest, &layers);
    let signer = |key: &Key| Signer {
        id: key.fingerprint(),
        identity: Some("builds@acme.example".to_owned()),
        issuer: None,
    };
    let expected = Verdict::Verified(vec![signer(&one), signer(&two)]);
    assert_eq!(*only(&scene.ask(":1.0").await), expected);
}

/// A layer with a certificate that is valid today.
fn certified(scene: &Scene, ca: &Ca, key: &Key, digest: &str) -> Layer {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    let leaf = Leaf {
        from: now - 3600,
        until: now + 3600,
        ..Leaf::default()
    };
    let certificate = ca.issue(key, leaf);
    scene
        .layer(key, digest)
        .annotate("certificate", certificate)
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_today_does_not_count() {
    let mut scene = Scene::new();
    let (ca, key) = (Ca::new("builds"), Key::p256());
    scene.authorities = authorities(&json!({"release": {"certificate": ca.pem}}));
    let digest = scene.push("1.0", "");
    let certificate = ca.issue(&key, Leaf::default());
    let layer = scene
        .layer(&key, &digest)
        .annotate("certificate", certificate);
    scene.attach(&digest, &[layer]);
    let fact = scene.ask(":1.0").await;
    assert!(matches!(
        only(&fact),
        Verdict::Failed(Failed {
            reason: Reason::Certificate,
            ..
        })
    ));
}

#[tokio::test]
async fn a_signature_that_is_copied_to_another_image_does_not_count() {
    let scene = Scene::new();
    let signed = scene.push_signed();
    let other = scene.push("2.0", "other");
    let manifest = scene.signatures(&[scene.layer(&scene.release, &signed)]);
    scene.put(&signature_tag(&other), MANIFEST, &manifest);
    let text = format!("it is for another image, `{signed}`");
    let expected = failed(Reason::OtherDigest, &text, &[]);
    assert_eq!(*only(&scene.ask(":2.0").await), expected);
}

#[tokio::test]
async fn a_signature_that_is_copied_to_another_repository_counts_unless_it_is_bound() {
    let mut scene = Scene::new();
    let digest = scene.push("1.0", "");
    let elsewhere = crate::kit::payload(&digest, "registry.example/acme/other").to_string();
    scene.attach(&digest, &[Layer::over(&scene.release, elsewhere)]);
    assert_eq!(
        *only(&scene.ask(":1.0").await),
        scene.verified(&scene.release)
    );
    let bound = json!({"release": {"key": scene.release.pem(), "bindReference": true}});
    scene.authorities = authorities(&bound);
    let text = "it is for another repository, `registry.example/acme/other`";
    let expected = failed(Reason::OtherRepository, text, &[]);
    assert_eq!(*only(&scene.ask(":1.0").await), expected);
    // one that was made for this repository counts
    let here = scene.push("2.0", "here");
    scene.attach(&here, &[scene.layer(&scene.release, &here)]);
    let verified = scene.verified(&scene.release);
    assert_eq!(*only(&scene.ask(":2.0").await), verified);
}

#[tokio::test]
async fn an_index_and_its_children_are_signed_each_for_itself() {
    for signs_index in [true, false] {
        let scene = Scene::new();
        let child = scene.push("child", "");
        let entry = json!({"mediaType": MANIFEST, "digest": child, "size": 2});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
        let index = scene.put("1.0", INDEX, &index);
        let (signed, unsigned) = match signs_index {
            true => (&index, &child),
            false => (&child, &index),
        };
        scene.attach(signed, &[scene.layer(&scene.release, signed)]);
        let fact = scene.ask(&format!("@{signed}")).await;
        assert_eq!(*only(&fact), scene.verified(&scene.release));
        let fact = scene.ask(&format!("@{unsigned}")).await;
        assert_eq!(*only(&fact), not_signed());
        // the tag is the index's
        assert_eq!(digest_of(&scene.ask(":1.0").await), index);
    }
}

#[tokio::test]
async fn a_tag_that_moves_meanwhile_changes_nothing() {
    let scene = Scene::new();
    let signed = scene.push_signed();
    let gate = Arc::new(Barrier::new(2));
    let referrers = format!("/v2/{PATH}/referrers/{signed}");
    let together = Fault::Together(Arc::clone(&gate));
    scene.registry.misbehave(&referrers, together);
    let moved = async {
        while scene.lines().len() < 2 {
            tokio::task::yield_now().await;
        }
        scene.push("1.0", "moved");
        within(gate.wait()).await;
    };
    let (fact, ()) = tokio::join!(scene.ask(":1.0"), moved);
    assert_eq!(digest_of(&fact), signed);
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn manifests_that_do_not_have_their_digest_are_not_looked_at() {
    let scene = Scene::new();
    let (two, three) = (scene.push("2", "cosign 2"), scene.push("3", "cosign 3"));
    scene.attach(&two, &[scene.layer(&scene.release, &two)]);
    let bundle = scene.refer(&scene.release, &three);
    let expected = scene.unavailable("sent other content than the digest names");
    for (version, manifest) in [(":2", signature_tag(&two)), (":3", bundle.manifest)] {
        let path = format!("/v2/{PATH}/manifests/{manifest}");
        scene
            .registry
            .misbehave(&path, Fault::Bytes(b"{}".to_vec()));
        assert_eq!(*only(&scene.ask(version).await), expected);
    }
}

#[tokio::test]
async fn a_signature_that_should_be_there_and_is_not_is_not_a_missing_one() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    let blobs = format!("/v2/{PATH}/blobs/*");
    scene.registry.misbehave(&blobs, Fault::Status(404));
    let expected = scene.unavailable("has no blob that one of its manifests names");
    assert_eq!(*only(&scene.ask(&format!("@{digest}")).await), expected);
}

#[tokio::test]
async fn what_verifies_counts_though_more_could_not_be_looked_at() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    let referrers = format!("/v2/{PATH}/referrers/*");
    scene.registry.misbehave(&referrers, Fault::Status(403));
    let fact = scene
        .ask_for(&format!("@{digest}"), &["builds", "release"])
        .await;
    let ImageFact::Found { verdicts, .. } = &fact else {
        panic!("{fact:?}")
    };
    assert_eq!(verdicts["release"], scene.verified(&scene.release));
    assert_eq!(verdicts["builds"], scene.unavailable("forbidden"));
    assert!(!fact.is_known());
}

#[tokio::test]
async fn junk_beside_a_signature_does_not_hide_it() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    scene.put_referrer(&digest, "application/vnd.dev.sigstore.junk", &json!(7));
    scene.put_referrer(&digest, "", &json!([]));
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
}

#[tokio::test]
async fn an_image_that_is_not_there_is_missing() {
    let scene = Scene::new();
    assert_eq!(scene.ask(":1.0").await, ImageFact::Missing);
    assert_eq!(scene.lines(), ["HEAD manifests/1.0"]);
}
