use gatehouse_test_registry::{Fault, INDEX, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, ErrorKind, OwnedDigest, Version};

use crate::scene::{BLOBS, MANIFESTS, PATH, client, failure_kind, lines, repository, tag, tagged};

#[tokio::test]
async fn a_tag_is_resolved_by_one_head() {
    let registry = Registry::start();
    let digest = registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    let found = client
        .resolve(&repository, &tag("1.0"), &Access::anonymous())
        .await;
    assert_eq!(found.unwrap().unwrap().to_string(), digest);
    assert_eq!(lines(&registry), ["HEAD /v2/acme/app/manifests/1.0"]);
    assert_eq!(registry.requests()[0].accept_encoding, "identity");
}

#[tokio::test]
async fn without_a_digest_header_or_head_the_manifest_is_hashed() {
    let silent = Registry::builder().without_digest_header().start();
    let no_head = Registry::start();
    no_head.misbehave_times(MANIFESTS, Fault::Status(405), 1);
    for registry in [silent, no_head] {
        let digest = registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
        let (client, repository) = (client(&[&registry]), repository(&registry.host()));
        let found = client
            .resolve(&repository, &tag("1.0"), &Access::anonymous())
            .await;
        assert_eq!(found.unwrap().unwrap().to_string(), digest);
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    let access = Access::anonymous();
    let missing = OwnedDigest::of(b"missing");
    assert_eq!(
        client.resolve(&repository, &tag("2.0"), &access).await,
        Ok(None)
    );
    let by_tag = Version::Tag(tag("2.0"));
    assert_eq!(
        client.manifest(&repository, &by_tag, &access).await,
        Ok(None)
    );
    let by_digest = Version::Digest(missing.clone());
    assert_eq!(
        client.manifest(&repository, &by_digest, &access).await,
        Ok(None)
    );
    // but a blob that a manifest names should be there
    let blob = client
        .blob(&repository, &missing, 9, &access)
        .await
        .unwrap_err();
    assert_eq!(*blob.kind(), ErrorKind::NoSuchBlob);
}

#[tokio::test]
async fn a_manifest_has_the_digest_that_it_was_asked_for_by() {
    let registry = Registry::start();
    let digest = registry.put_manifest(PATH, "1.0", INDEX, b"{\"an\":\"index\"}");
    let digest = OwnedDigest::parse(&digest).unwrap();
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    for version in [tagged(), Version::Digest(digest.clone())] {
        let found = client
            .manifest(&repository, &version, &Access::anonymous())
            .await;
        let found = found.unwrap().unwrap();
        assert_eq!((&found.digest, found.media_type.as_str()), (&digest, INDEX));
        assert_eq!(&found.bytes[..], b"{\"an\":\"index\"}");
    }
    registry.misbehave(MANIFESTS, Fault::Bytes(b"{}".to_vec()));
    for version in [tagged(), Version::Digest(digest)] {
        let refused = client
            .manifest(&repository, &version, &Access::anonymous())
            .await;
        assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Digest, "{version}");
    }
}

#[tokio::test]
async fn a_blob_has_its_digest_and_at_most_the_size_wanted() {
    let registry = Registry::start();
    let digest = OwnedDigest::parse(&registry.put_blob(PATH, b"twelve bytes")).unwrap();
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    let access = Access::anonymous();
    let blob = client
        .blob(&repository, &digest, 12, &access)
        .await
        .unwrap();
    assert_eq!(&blob[..], b"twelve bytes");
    let refused = client
        .blob(&repository, &digest, 11, &access)
        .await
        .unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::TooLarge(11));
    registry.misbehave(BLOBS, Fault::Bytes(b"other bytes!".to_vec()));
    let refused = client
        .blob(&repository, &digest, 12, &access)
        .await
        .unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::Digest);
}

#[tokio::test]
async fn a_length_that_is_a_lie_is_not_believed() {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{\"some\":\"thing\"}");
    let client = client(&[&registry]);
    // cut short it does not have its digest; announced too long it never arrives
    registry.misbehave(MANIFESTS, Fault::ContentLength(3));
    assert_eq!(
        failure_kind(&client, &registry.host()).await,
        ErrorKind::Digest
    );
    let lies = [
        (17, ErrorKind::Interrupted),
        (1 << 40, ErrorKind::Interrupted),
        (u64::MAX, ErrorKind::HeadTooLarge),
    ];
    for (length, expected) in lies {
        registry.misbehave(MANIFESTS, Fault::ContentLength(length));
        assert_eq!(failure_kind(&client, &registry.host()).await, expected);
    }
}

#[test]
fn calls_can_be_spawned() {
    fn is_spawnable<T: Send + 'static>(_: T) {}
    let client = client(&[]);
    let repository = repository("ghcr.io");
    let digest = OwnedDigest::of(b"");
    is_spawnable(async move {
        let access = Access::anonymous();
        let manifest = client.manifest(&repository, &tagged(), &access).await;
        let blob = client.blob(&repository, &digest, 0, &access).await;
        let referrers = client.referrers(&repository, &digest, &access).await;
        (manifest, blob, referrers)
    });
}
