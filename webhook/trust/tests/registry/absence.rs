//! What counts as a registry's word that a manifest does not exist.

use gatehouse_test_registry::{Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, ErrorKind, OwnedDigest, RegistryError};

use crate::scene::{MANIFESTS, PATH, client, lines, repository, settings, tag, tagged};

const JSON: &str = "application/json";
const UNKNOWN: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;

/// Whether a manifest was found, asked by GET, and its digest, asked by HEAD, under one fault.
async fn both(fault: &Fault) -> (Result<bool, RegistryError>, Result<bool, RegistryError>) {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    registry.misbehave(MANIFESTS, fault.clone());
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    let access = Access::anonymous();
    let manifest = client.manifest(&repository, &tagged(), &access).await;
    let digest = client.resolve(&repository, &tag("1.0"), &access).await;
    (
        manifest.map(|found| found.is_some()),
        digest.map(|found| found.is_some()),
    )
}

#[tokio::test]
async fn what_registries_say() {
    for fault in [
        Fault::Other(404, JSON, UNKNOWN),
        Fault::Other(404, "application/json; charset=utf-8", UNKNOWN),
        Fault::Other(404, "text/plain", UNKNOWN),
        Fault::Other(404, "", UNKNOWN),
        Fault::Other(404, JSON, "\n{\"errors\": []}\n"),
        Fault::Other(404, "text/plain", ""),
        Fault::Other(404, "", ""),
        Fault::Status(404),
    ] {
        assert_eq!(both(&fault).await, (Ok(false), Ok(false)), "{fault:?}");
    }
}

#[tokio::test]
async fn what_stands_before_a_registry_says() {
    for fault in [
        Fault::Other(404, "text/plain", "default backend - 404"),
        Fault::Other(404, "text/html", "<html>404 Not Found</html>"),
        Fault::Other(404, "text/plain", "404 page not found\n"),
        Fault::Other(404, "text/plain", r#"{"message":"no route matched"}"#),
        Fault::EndlessRefusal(404),
    ] {
        let (manifest, digest) = both(&fault).await;
        assert_eq!(
            *manifest.unwrap_err().kind(),
            ErrorKind::Status(404),
            "{fault:?}"
        );
        // HEAD without a type that tells nothing is believed
        if !matches!(fault, Fault::EndlessRefusal(_)) {
            assert_eq!(
                *digest.unwrap_err().kind(),
                ErrorKind::Status(404),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_that_is_cut_off_is_not_an_empty_one() {
    let registry = Registry::start();
    registry.misbehave(MANIFESTS, Fault::ContentLength(1 << 20));
    let client = client(&[&registry]);
    let refused = client
        .manifest(
            &repository(&registry.host()),
            &tagged(),
            &Access::anonymous(),
        )
        .await;
    assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Status(404));
}

#[tokio::test]
async fn head_is_believed_where_its_headers_are_a_registrys_and_get_is_asked_otherwise() {
    let version = ("docker-distribution-api-version", "registry/2.0".to_owned());
    let cases = [
        (Fault::StatusWith(404, version.0, version.1), 1),
        (Fault::Other(404, "application/problem+json", ""), 1),
        (Fault::Other(404, "", ""), 1),
        (Fault::Other(404, "text/html", "<html>"), 2),
        (Fault::Other(404, "text/plain", ""), 2),
    ];
    for (fault, requests) in cases {
        let registry = Registry::start();
        registry.misbehave(MANIFESTS, fault.clone());
        let client = client(&[&registry]);
        // the outcome is the other tests' business
        let _ = client
            .resolve(
                &repository(&registry.host()),
                &tag("1.0"),
                &Access::anonymous(),
            )
            .await;
        assert_eq!(lines(&registry).len(), requests, "{fault:?}");
    }
}

#[tokio::test]
async fn a_mirror_that_has_lost_its_registry_leaves_the_question_to_the_next() {
    let (mirror, registry) = (Registry::start(), Registry::start());
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    mirror.misbehave(
        "*",
        Fault::Other(404, "text/plain", "default backend - 404"),
    );
    let mut settings = settings(&[&mirror, &registry]);
    let rules = settings.hosts.get_mut(&registry.host()).unwrap();
    rules.mirrors = vec![gatehouse_trust::registry::Mirror::parse(&mirror.host()).unwrap()];
    let client = gatehouse_trust::registry::Client::new(settings).unwrap();
    let (repository, access) = (repository(&registry.host()), Access::anonymous());
    let found = client.manifest(&repository, &tagged(), &access).await;
    assert_eq!(found.unwrap().unwrap().digest, OwnedDigest::of(b"{}"));
}

#[tokio::test]
async fn without_a_referrers_api_any_404_leads_to_the_tag_and_the_tag_is_judged_as_all_manifests() {
    let registry = Registry::start();
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    let (digest, access) = (OwnedDigest::of(b"{}"), Access::anonymous());
    let lost = Fault::Other(404, "text/plain", "404 page not found\n");
    registry.misbehave("/v2/acme/app/referrers/*", lost.clone());
    let none = client.referrers(&repository, &digest, &access).await;
    assert_eq!(none.unwrap().descriptors, []);
    registry.misbehave(MANIFESTS, lost);
    let refused = client.referrers(&repository, &digest, &access).await;
    assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Status(404));
}
