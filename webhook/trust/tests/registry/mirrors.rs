use gatehouse_test_registry::{Access as Wants, Authorization, Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ErrorKind, HostRules, Mirror, OwnedDigest};

use crate::scene::{PATH, failure, lines, loopback, password, repository, settings, tag, tagged};

/// A client for which `registry` has this mirror.
fn mirrored(registry: &Registry, mirror: &Registry, prefix: &str) -> Client {
    let mut settings = settings(&[registry, mirror]);
    let rules = HostRules {
        mirrors: vec![Mirror::parse(&format!("{}{prefix}", mirror.host())).unwrap()],
        ..loopback()
    };
    settings.hosts.insert(registry.host(), rules);
    Client::new(settings).unwrap()
}

#[tokio::test]
async fn a_mirror_is_asked_first_under_its_prefix() {
    let (registry, mirror) = (Registry::start(), Registry::start());
    mirror.put_manifest("hub/acme/app", "1.0", MANIFEST, b"{}");
    let client = mirrored(&registry, &mirror, "/hub");
    let repository = repository(&registry.host());
    let access = Access::anonymous();
    assert!(
        client
            .resolve(&repository, &tag("1.0"), &access)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        client
            .manifest(&repository, &tagged(), &access)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(registry.requests(), []);
    assert_eq!(lines(&mirror)[0], "HEAD /v2/hub/acme/app/manifests/1.0");
    assert_eq!(
        mirror.requests()[0].query,
        format!("ns={}", registry.host())
    );
}

#[tokio::test]
async fn what_a_mirror_lacks_or_refuses_the_registry_answers() {
    for fault in [None, Some(500), Some(401), Some(403), Some(429)] {
        let (registry, mirror) = (Registry::start(), Registry::start());
        registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
        if let Some(status) = fault {
            mirror.misbehave("/v2/*", Fault::Status(status));
        }
        let client = mirrored(&registry, &mirror, "");
        let repository = repository(&registry.host());
        let access = Access::anonymous();
        assert!(
            client
                .resolve(&repository, &tag("1.0"), &access)
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            client
                .manifest(&repository, &tagged(), &access)
                .await
                .unwrap()
                .is_some()
        );
        assert!(!mirror.requests().is_empty());
    }
}

#[tokio::test]
async fn the_registry_has_the_last_word() {
    let (registry, mirror) = (Registry::start(), Registry::start());
    let client = mirrored(&registry, &mirror, "");
    let repository = repository(&registry.host());
    let access = Access::anonymous();
    // the mirror does not have it, the registry cannot say
    registry.misbehave("/v2/*", Fault::Status(500));
    let error = failure(&client, &registry.host(), &access).await;
    assert_eq!(*error.kind(), ErrorKind::Status(500));
    assert_eq!(error.registry(), registry.host());
    // the mirror cannot say, the registry does not have it
    registry.behave();
    mirror.misbehave("/v2/*", Fault::Status(500));
    assert_eq!(
        client.manifest(&repository, &tagged(), &access).await,
        Ok(None)
    );
}

#[tokio::test]
async fn a_mirror_that_knows_no_referrers_leaves_the_question() {
    let (registry, mirror) = (Registry::start(), Registry::start());
    let subject = mirror.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let signature = format!(r#"{{"subject":{{"digest":"{subject}"}}}}"#);
    registry.put_manifest(PATH, "signature", MANIFEST, signature.as_bytes());
    let client = mirrored(&registry, &mirror, "");
    let subject = OwnedDigest::parse(&subject).unwrap();
    let found = client
        .referrers(
            &repository(&registry.host()),
            &subject,
            &Access::anonymous(),
        )
        .await;
    assert_eq!(found.unwrap().descriptors.len(), 1);
}

#[tokio::test]
async fn a_mirror_gets_its_own_credentials_only() {
    let wants = Wants::Basic("user".to_owned(), "secret".to_owned());
    let registry = Registry::builder().access(wants.clone()).start();
    let mirror = Registry::builder().access(wants).start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let client = mirrored(&registry, &mirror, "");
    let access = password(&registry.host(), "user", "secret");
    let found = client
        .manifest(&repository(&registry.host()), &tagged(), &access)
        .await;
    assert!(found.unwrap().is_some());
    let shown: Vec<_> = mirror.requests().iter().map(|r| r.authorization).collect();
    assert_eq!(shown, [Authorization::None]);
}
