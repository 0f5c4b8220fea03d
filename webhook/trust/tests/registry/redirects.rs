use gatehouse_test_registry::{Access as Wants, Authorization, Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ClientSettings, ErrorKind, OwnedDigest};

use crate::scene::{
    BLOBS, MANIFESTS, PATH, client, failure_kind, lines, password, repository, settings,
};

#[tokio::test]
async fn a_blob_may_be_elsewhere_but_credentials_do_not_go_there() {
    let cdn = Registry::builder().listen([127, 0, 0, 2]).start();
    cdn.put_blob("cdn", b"content");
    let wants = Wants::Basic("user".to_owned(), "secret".to_owned());
    let registry = Registry::builder().access(wants).start();
    let digest = OwnedDigest::parse(&registry.put_blob(PATH, b"content")).unwrap();
    let (client, repository) = (client(&[&registry, &cdn]), repository(&registry.host()));
    let access = password(&registry.host(), "user", "secret");
    client
        .blob(&repository, &digest, 99, &access)
        .await
        .unwrap();
    registry.forget_requests();
    let to = format!("http://{}/v2/cdn/blobs/{digest}?signature=x", cdn.host());
    registry.misbehave(BLOBS, Fault::Redirect(to));
    let blob = client
        .blob(&repository, &digest, 99, &access)
        .await
        .unwrap();
    assert_eq!(&blob[..], b"content");
    assert_eq!(registry.requests()[0].authorization, Authorization::Basic);
    assert_eq!(cdn.requests()[0].authorization, Authorization::None);
}

#[tokio::test]
async fn on_the_same_host_credentials_stay() {
    let wants = Wants::Basic("user".to_owned(), "secret".to_owned());
    let registry = Registry::builder().access(wants).start();
    let digest = OwnedDigest::parse(&registry.put_blob(PATH, b"content")).unwrap();
    registry.put_blob("other", b"content");
    registry.misbehave(BLOBS, Fault::Redirect(format!("/v2/other/blobs/{digest}")));
    let access = password(&registry.host(), "user", "secret");
    let blob = client(&[&registry])
        .blob(&repository(&registry.host()), &digest, 99, &access)
        .await;
    // the 401 comes from behind the redirect, but from the same host
    assert_eq!(&blob.unwrap()[..], b"content");
}

#[tokio::test]
async fn three_redirects_are_followed_and_no_fourth() {
    for (redirects, followed) in [(3, true), (4, false)] {
        let registry = Registry::start();
        registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
        let again = Fault::Redirect(format!("/v2/{PATH}/manifests/1.0"));
        registry.misbehave_times(MANIFESTS, again, redirects);
        let client = client(&[&registry]);
        let tag = crate::scene::tagged();
        let found = client
            .manifest(&repository(&registry.host()), &tag, &Access::anonymous())
            .await;
        match followed {
            true => assert!(found.unwrap().is_some()),
            false => assert_eq!(*found.unwrap_err().kind(), ErrorKind::Redirects),
        }
        assert_eq!(lines(&registry).len(), 4);
    }
}

#[tokio::test]
async fn nothing_is_redirected_to_where_it_must_not_go() {
    let registry = Registry::start();
    let other = Registry::builder().listen([127, 0, 0, 2]).start();
    let client = client(&[&registry]);
    let cases = [
        (
            "https://169.254.169.254/latest/meta-data",
            ErrorKind::Address,
        ),
        ("https://[64:ff9b::a9fe:a9fe]/", ErrorKind::Address),
        ("https://localhost:1/", ErrorKind::Address),
        ("https://127.0.0.2:1/", ErrorKind::Address),
        ("https://2130706433/", ErrorKind::NotAHost),
        ("https://0177.0.0.1/", ErrorKind::NotAHost),
        ("https://user@127.0.0.1/", ErrorKind::NotAHost),
        (
            &format!("http://{}/v2/", other.host()),
            ErrorKind::PlainHttp,
        ),
        (
            "ftp://ghcr.io/",
            ErrorKind::Malformed("a redirect to nowhere"),
        ),
        ("", ErrorKind::Malformed("a redirect to nowhere")),
    ];
    for (to, expected) in cases {
        let fault = match to {
            "" => Fault::Status(302),
            to => Fault::Redirect(to.to_owned()),
        };
        registry.misbehave(MANIFESTS, fault);
        assert_eq!(
            failure_kind(&client, &registry.host()).await,
            expected,
            "{to}"
        );
    }
    assert_eq!(other.requests(), []);
}

#[tokio::test]
async fn another_hosts_refusal_is_not_met_with_credentials() {
    let other = Registry::builder().listen([127, 0, 0, 2]);
    let other = other
        .access(Wants::Basic("user".to_owned(), "secret".to_owned()))
        .start();
    let registry = Registry::start();
    registry.misbehave(
        MANIFESTS,
        Fault::Redirect(format!("http://{}/v2/{PATH}/manifests/1.0", other.host())),
    );
    let access = password(&registry.host(), "user", "secret");
    let settings: ClientSettings = settings(&[&registry, &other]);
    let client = Client::new(settings).unwrap();
    let error = crate::scene::failure(&client, &registry.host(), &access).await;
    assert_eq!(*error.kind(), ErrorKind::Unauthorised);
    let shown: Vec<_> = other.requests().iter().map(|r| r.authorization).collect();
    assert_eq!(shown, [Authorization::None]);
}
