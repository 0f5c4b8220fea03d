use gatehouse_test_registry::{Fault, INDEX, MANIFEST, Registry};
use gatehouse_trust::registry::{
    Access, Client, ErrorKind, Limits, OwnedDigest, Referrers, RegistryError,
};

use crate::scene::{PATH, client, lines, repository, settings};

const REFERRERS: &str = "/v2/acme/app/referrers/*";

/// A manifest, and how many others refer to it.
fn referred(registry: &Registry, referrers: usize) -> OwnedDigest {
    let subject = registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    for n in 0..referrers {
        let manifest = format!(
            r#"{{"artifactType":"type","annotations":{{"n":"{n}"}},"subject":{{"digest":"{subject}"}}}}"#
        );
        let digest = gatehouse_test_registry::digest(manifest.as_bytes());
        registry.put_manifest(PATH, &digest, MANIFEST, manifest.as_bytes());
    }
    OwnedDigest::parse(&subject).unwrap()
}

async fn found(
    client: &Client,
    registry: &Registry,
    of: &OwnedDigest,
) -> Result<Referrers, RegistryError> {
    client
        .referrers(&repository(&registry.host()), of, &Access::anonymous())
        .await
}

#[tokio::test]
async fn they_are_found_by_the_api_page_by_page() {
    for (referrers, requests) in [(0, 1), (2, 1), (3, 2), (5, 3)] {
        let registry = Registry::builder().page(2).start();
        let subject = referred(&registry, referrers);
        let found = found(&client(&[&registry]), &registry, &subject)
            .await
            .unwrap();
        assert_eq!(
            (found.descriptors.len(), found.truncated),
            (referrers, false)
        );
        assert_eq!(lines(&registry).len(), requests);
        for descriptor in found.descriptors {
            assert_eq!(descriptor.artifact_type.as_deref(), Some("type"));
            assert!(descriptor.annotations.contains_key("n"));
        }
    }
}

#[tokio::test]
async fn without_the_api_the_tag_is_read() {
    let without = Registry::builder().without_referrers_api().start();
    let subject = referred(&without, 0);
    let tag = format!("sha256-{}", subject.hex());
    let client_of_it = client(&[&without]);
    assert!(
        found(&client_of_it, &without, &subject)
            .await
            .unwrap()
            .descriptors
            .is_empty()
    );
    let index = format!(r#"{{"mediaType":"{INDEX}","manifests":[{{"digest":"{subject}"}}]}}"#);
    without.put_manifest(PATH, &tag, INDEX, index.as_bytes());
    without.forget_requests();
    assert_eq!(
        found(&client_of_it, &without, &subject)
            .await
            .unwrap()
            .descriptors
            .len(),
        1
    );
    let expected = [
        format!("GET /v2/acme/app/referrers/{subject}"),
        format!("GET /v2/acme/app/manifests/{tag}"),
    ];
    assert_eq!(lines(&without), expected);
}

#[tokio::test]
async fn other_ways_to_have_no_api() {
    let faults = [
        Fault::Status(400),
        Fault::Status(405),
        Fault::Status(406),
        Fault::Other(404, "text/plain", "404 page not found\n"),
        Fault::Other(200, "text/html", "<html>"),
        Fault::Other(200, "application/json", "{}"),
    ];
    for fault in faults {
        let registry = Registry::start();
        let subject = referred(&registry, 0);
        let index = format!(r#"{{"manifests":[{{"digest":"{subject}"}}]}}"#);
        registry.put_manifest(
            PATH,
            &format!("sha256-{}", subject.hex()),
            INDEX,
            index.as_bytes(),
        );
        registry.misbehave(REFERRERS, fault);
        let found = found(&client(&[&registry]), &registry, &subject)
            .await
            .unwrap();
        assert_eq!(found.descriptors.len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_not_an_empty_list() {
    for (status, expected) in [
        (401, ErrorKind::Unauthorised),
        (403, ErrorKind::Forbidden),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Status(500)),
    ] {
        let registry = Registry::start();
        let subject = referred(&registry, 1);
        registry.misbehave(REFERRERS, Fault::Status(status));
        let refused = found(&client(&[&registry]), &registry, &subject).await;
        assert_eq!(*refused.unwrap_err().kind(), expected);
        assert_eq!(lines(&registry).len(), 1);
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_not_an_empty_one() {
    let registry = Registry::start();
    let subject = referred(&registry, 1);
    registry.misbehave(REFERRERS, Fault::ContentLength(20));
    let refused = found(&client(&[&registry]), &registry, &subject).await;
    let kind = ErrorKind::Malformed("a page of referrers that is none");
    assert_eq!(*refused.unwrap_err().kind(), kind);
}

#[tokio::test]
async fn something_else_under_the_tag_is_not_an_empty_list() {
    let registry = Registry::builder().without_referrers_api().start();
    let subject = referred(&registry, 0);
    registry.put_manifest(PATH, &format!("sha256-{}", subject.hex()), MANIFEST, b"{}");
    let refused = found(&client(&[&registry]), &registry, &subject)
        .await
        .unwrap_err();
    assert!(
        matches!(refused.kind(), ErrorKind::Malformed(_)),
        "{refused}"
    );
}

#[tokio::test]
async fn entries_are_counted() {
    let limits = Limits::default();
    for (entries, truncated) in [
        (limits.referrers_entries, false),
        (limits.referrers_entries + 1, true),
    ] {
        let registry = Registry::builder().page(300).start();
        let subject = referred(&registry, entries);
        let found = found(&client(&[&registry]), &registry, &subject)
            .await
            .unwrap();
        assert_eq!(found.descriptors.len(), limits.referrers_entries);
        assert_eq!(found.truncated, truncated);
    }
    let registry = Registry::start();
    let subject = referred(&registry, 0);
    registry.misbehave(REFERRERS, Fault::Referrers(10_000));
    let found = found(&client(&[&registry]), &registry, &subject)
        .await
        .unwrap();
    assert_eq!(
        (found.descriptors.len(), found.truncated),
        (limits.referrers_entries, true)
    );
    assert_eq!(lines(&registry).len(), 1);
}

#[tokio::test]
async fn pages_and_their_bytes_are_counted() {
    let registry = Registry::start();
    let subject = referred(&registry, 0);
    // each page names itself as the next
    registry.misbehave(REFERRERS, Fault::Referrers(1));
    let found_all = found(&client(&[&registry]), &registry, &subject)
        .await
        .unwrap();
    let pages = Limits::default().referrers_pages;
    assert_eq!(
        (found_all.descriptors.len(), found_all.truncated),
        (pages, true)
    );
    assert_eq!(lines(&registry).len(), pages);

    for (referrers, truncated) in [(pages, false), (pages + 1, true)] {
        let registry = Registry::builder().page(1).start();
        let subject = referred(&registry, referrers);
        let found = found(&client(&[&registry]), &registry, &subject)
            .await
            .unwrap();
        assert_eq!(
            (found.descriptors.len(), found.truncated),
            (pages, truncated)
        );
    }

    registry.forget_requests();
    let mut settings = settings(&[&registry]);
    settings.limits.referrers_bytes = 1;
    let found = found(&Client::new(settings).unwrap(), &registry, &subject)
        .await
        .unwrap();
    assert_eq!((found.descriptors.len(), found.truncated), (1, true));
    assert_eq!(lines(&registry).len(), 1);
}

#[tokio::test]
async fn a_page_has_a_limit_of_its_own() {
    let registry = Registry::start();
    let subject = referred(&registry, 0);
    registry.misbehave(REFERRERS, Fault::EndlessBody);
    let refused = found(&client(&[&registry]), &registry, &subject)
        .await
        .unwrap_err();
    assert_eq!(
        *refused.kind(),
        ErrorKind::TooLarge(Limits::default().referrers_page_bytes)
    );
}
