//! What a mirror, or whoever stands between, may try. Nothing of it gives a trust root, and none takes the
//! last good one away.

use gatehouse_test_sigstore::{Key, Sigstore, TufRepository};
use gatehouse_trust::{TRUST_ROOT_BYTES, TUF_TIMESTAMP_BYTES};
use serde_json::json;

use crate::{
    mirrors::{Scene, TIME},
    server::{Reply, Server},
};

/// After a good refresh this is served. What is said of it, and that the old trust root is still the one.
async fn attack(prepare: impl FnOnce(&mut Scene, &Sigstore)) -> String {
    let (honest, evil) = (Sigstore::new(), Sigstore::new());
    let mut scene = Scene::of(&honest).await;
    scene.fetch().await;
    prepare(&mut scene, &evil);
    scene.roots.fetch(&scene.server.impatient(), TIME).await;
    assert_eq!(scene.fault(), None);
    assert!(scene.trusts(&honest) && !scene.trusts(&evil));
    assert_eq!(scene.counts(), (1, 1));
    first(&scene, &evil).await
}

/// What is said where the first refresh meets the same.
async fn first(scene: &Scene, evil: &Sigstore) -> String {
    let late = gatehouse_trust::TrustRoots::default();
    let fresh = late.follow(crate::kit::authorities(
        &json!({"ci": crate::mirrors::following(&scene.server, &scene.repository)}),
    ));
    late.fetch(&scene.server.impatient(), TIME).await;
    let current = fresh.current();
    let authority = crate::kit::only(&current);
    assert!(crate::kit::judge(authority, evil).is_err());
    let fault = authority.trust_root_fault(std::time::SystemTime::now());
    let fault = fault.unwrap_or_default();
    let why = fault.split_once("yet: ").map(|(_, why)| why.to_owned());
    why.unwrap_or(fault)
}

#[tokio::test]
async fn an_older_version_is_refused() {
    let (old, new) = (Sigstore::new(), Sigstore::new());
    let mut scene = Scene::of(&old).await;
    let old_files = scene.repository.files();
    scene.repository.publish(&new.trust_root());
    scene.fetch().await;
    assert!(scene.trusts(&new));
    scene.server.serve(old_files);
    scene.roots.fetch(&scene.server.client(), TIME).await;
    assert_eq!(scene.counts(), (1, 1));
    assert!(scene.trusts(&new) && !scene.trusts(&old));
}

#[tokio::test]
async fn an_older_snapshot_or_target_under_a_new_timestamp_is_refused() {
    for role in ["snapshot", "targets"] {
        let (old, new) = (Sigstore::new(), Sigstore::new());
        let mut scene = Scene::of(&new).await;
        scene.repository.publish(&new.trust_root());
        scene.fetch().await;
        scene.repository.publish(&old.trust_root());
        scene.repository.versions.insert(role, 1);
        scene.fetch().await;
        assert_eq!(scene.counts(), (1, 1), "{role}");
        assert!(scene.trusts(&new) && !scene.trusts(&old), "{role}");
    }
}

#[tokio::test]
async fn metadata_that_ended_are_refused() {
    for role in ["timestamp", "snapshot", "targets"] {
        let said = attack(|scene, evil| {
            scene.repository.publish(&evil.trust_root());
            scene
                .repository
                .ends
                .insert(role, "2026-01-01T00:00:00Z".to_owned());
            scene.server.serve(scene.repository.files());
        })
        .await;
        assert_eq!(
            said,
            format!("{role} metadata expired at 2026-01-01T00:00:00Z")
        );
    }
}

#[tokio::test]
async fn a_root_that_ended_is_refused() {
    let sigstore = Sigstore::new();
    let mut repository = TufRepository::of(&sigstore.trust_root());
    repository
        .ends
        .insert("root", "2026-01-01T00:00:00Z".to_owned());
    let scene = Scene::with(repository).await;
    scene.fetch().await;
    let fault = scene.fault().unwrap();
    assert!(
        fault.ends_with("root metadata expired at 2026-01-01T00:00:00Z"),
        "{fault}"
    );
    assert!(!scene.trusts(&sigstore));
}

#[tokio::test]
async fn signatures_of_others_are_refused() {
    for role in ["timestamp", "snapshot", "targets"] {
        let said = attack(|scene, evil| {
            scene.repository.publish(&evil.trust_root());
            // the key is not the one of the root that is trusted
            let root = scene.repository.root();
            let honest = scene.repository.keys.insert(role, vec![Key::p256()]);
            let mut files = scene.repository.files();
            files.insert("1.root.json".to_owned(), root);
            scene.server.serve(files);
            scene.repository.keys.insert(role, honest.unwrap());
        })
        .await;
        assert_eq!(
            said,
            format!("signature threshold not met for role {role}: 0/1 valid signatures")
        );
    }
}

#[tokio::test]
async fn as_many_have_to_sign_as_the_root_says() {
    let sigstore = Sigstore::new();
    for (signers, trusted) in [(1, false), (2, true)] {
        let mut repository = TufRepository::of(&sigstore.trust_root());
        repository
            .keys
            .insert("targets", vec![Key::p256(), Key::p256()]);
        repository.thresholds.insert("targets", 2);
        let scene = Scene::with(repository).await;
        let mut files = scene.repository.files();
        let targets: serde_json::Value = serde_json::from_slice(&files["1.targets.json"]).unwrap();
        let keys: Vec<&Key> = scene.repository.keys["targets"]
            .iter()
            .take(signers)
            .collect();
        let signed = scene
            .repository
            .signed_by("targets", targets["signed"].clone(), &keys);
        files.insert("1.targets.json".to_owned(), signed);
        scene.server.serve(files);
        scene.roots.fetch(&scene.server.client(), TIME).await;
        assert_eq!(scene.trusts(&sigstore), trusted, "{signers}");
    }
}

#[tokio::test]
async fn a_signature_counts_once() {
    let sigstore = Sigstore::new();
    let mut repository = TufRepository::of(&sigstore.trust_root());
    repository
        .keys
        .insert("timestamp", vec![Key::p256(), Key::p256()]);
    repository.thresholds.insert("timestamp", 2);
    let scene = Scene::with(repository).await;
    let mut files = scene.repository.files();
    let timestamp: serde_json::Value = serde_json::from_slice(&files["timestamp.json"]).unwrap();
    let key = &scene.repository.keys["timestamp"][0];
    let signed = scene
        .repository
        .signed_by("timestamp", timestamp["signed"].clone(), &[key, key]);
    files.insert("timestamp.json".to_owned(), signed);
    scene.server.serve(files);
    scene.roots.fetch(&scene.server.client(), TIME).await;
    assert!(scene.fault().is_some() && !scene.trusts(&sigstore));
}

#[tokio::test]
async fn a_root_that_the_old_keys_did_not_sign_is_refused() {
    let (honest, evil) = (Sigstore::new(), Sigstore::new());
    let mut scene = Scene::of(&honest).await;
    scene.fetch().await;
    scene.repository.rotate(false);
    scene.repository.publish(&evil.trust_root());
    scene.server.serve(scene.repository.rotated_files());
    scene.roots.fetch(&scene.server.client(), TIME).await;
    assert_eq!(scene.counts(), (1, 1));
    assert!(scene.trusts(&honest) && !scene.trusts(&evil));
}

#[tokio::test]
async fn a_target_with_another_digest_or_length_is_refused() {
    let said = attack(|scene, evil| {
        scene.repository.publish(&evil.trust_root());
        let mut files = scene.repository.files();
        let is_target = |(name, _): &(&String, _)| name.starts_with("targets/");
        let (_, bytes) = files.iter_mut().find(is_target).unwrap();
        // another one of the same length, which says nothing else
        let end = bytes.last_mut().unwrap();
        *end = if *end == b'}' { b']' } else { b'}' };
        scene.server.serve(files);
    })
    .await;
    assert!(
        said.starts_with("integrity check failed: trusted_root.json"),
        "{said}"
    );
    let said = attack(|scene, _| {
        scene.repository.publish(&json!({}));
        let digest = "0".repeat(64);
        let targets = scene.repository.targets(&digest, TRUST_ROOT_BYTES + 1);
        scene.server.serve(scene.repository.files_with(targets));
    })
    .await;
    let limit = format!("exceeds configured max {TRUST_ROOT_BYTES}");
    assert!(said.ends_with(&limit), "{said}");
}

#[tokio::test]
async fn a_target_that_is_no_trust_root_is_refused() {
    let said = attack(|scene, _| {
        scene.repository.publish(&json!({"tlogs": []}));
        scene.server.serve(scene.repository.files());
    })
    .await;
    assert_eq!(
        said,
        "its `trusted_root.json` is not a Sigstore `trusted_root.json`"
    );
}

#[tokio::test]
async fn answers_are_bounded() {
    for path in [
        "2.root.json",
        "timestamp.json",
        "2.snapshot.json",
        "2.targets.json",
    ] {
        let said = attack(|scene, evil| {
            scene.repository.publish(&evil.trust_root());
            scene.server.serve(scene.repository.files());
            scene.server.reply(path, Reply::Endless);
        })
        .await;
        assert!(
            said.contains("answer too large: more than"),
            "{path}: {said}"
        );
    }
}

#[tokio::test]
async fn a_timestamp_may_be_as_long_as_the_limit() {
    let sigstore = Sigstore::new();
    for (length, fits) in [
        (TUF_TIMESTAMP_BYTES, true),
        (TUF_TIMESTAMP_BYTES + 1, false),
    ] {
        let scene = Scene::of(&sigstore).await;
        let mut files = scene.repository.files();
        files
            .get_mut("timestamp.json")
            .unwrap()
            .resize(length, b' ');
        scene.server.serve(files);
        scene.roots.fetch(&scene.server.client(), TIME).await;
        assert_eq!(scene.trusts(&sigstore), fits, "{length}");
    }
}

#[tokio::test]
async fn a_mirror_that_hangs_is_given_up() {
    let said = attack(|scene, _| scene.server.reply("timestamp.json", Reply::Silence)).await;
    assert!(said.ends_with(": timed out"), "{said}");
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let evil = Sigstore::new();
    let other = Scene::of(&evil).await;
    other.server.serve(other.repository.files());
    let elsewhere = format!("{}/timestamp.json", other.server.url());
    let said = attack(|scene, _| {
        scene
            .server
            .reply("timestamp.json", Reply::RedirectTo(elsewhere));
    })
    .await;
    assert!(said.ends_with(": answered 302"), "{said}");
    assert_eq!(other.server.asked("timestamp.json"), 0);
}

#[tokio::test]
async fn a_mirror_has_the_rules_of_its_host() {
    let scene = Scene::of(&Sigstore::new()).await;
    scene.server.serve(scene.repository.files());
    scene.roots.fetch(&Server::stranger(), TIME).await;
    let fault = scene.fault().unwrap();
    assert!(fault.ends_with(": plain http not allowed"), "{fault}");
    assert_eq!(scene.server.asked("2.root.json"), 0);
}
