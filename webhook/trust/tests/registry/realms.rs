use gatehouse_test_registry::{Access as Wants, Authorization, Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ErrorKind, HostRules};

use crate::scene::{
    MANIFESTS, PATH, client, failure, loopback, password, repository, settings, tagged,
};

/// A registry, and a token service on another address that it names.
fn apart() -> (Registry, Registry) {
    let service = Registry::builder()
        .listen([127, 0, 0, 2])
        .access(Wants::Bearer(None))
        .start();
    let registry = Registry::builder().access(Wants::Bearer(None)).start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    let realm = format!(
        r#"Bearer realm="http://{}/token",service="x""#,
        service.host()
    );
    registry.misbehave_times(
        MANIFESTS,
        Fault::StatusWith(401, "www-authenticate", realm),
        1,
    );
    (registry, service)
}

#[tokio::test]
async fn another_host_gets_no_credentials() {
    let (registry, service) = apart();
    let access = password(&registry.host(), "user", "secret");
    let error = failure(&client(&[&registry, &service]), &registry.host(), &access).await;
    assert_eq!(*error.kind(), ErrorKind::Realm(service.host()));
    assert!(error.to_string().contains("tokenRealms"), "{error}");
    assert_eq!(service.requests(), []);
}

#[tokio::test]
async fn another_host_may_give_tokens_to_anyone() {
    let (registry, service) = apart();
    let client = client(&[&registry, &service]);
    let found = client
        .manifest(
            &repository(&registry.host()),
            &tagged(),
            &Access::anonymous(),
        )
        .await;
    assert!(found.unwrap().is_some());
    assert_eq!(service.requests()[0].authorization, Authorization::None);
}

#[tokio::test]
async fn a_host_that_is_named_gets_the_credentials() {
    let (registry, service) = apart();
    let mut settings = settings(&[&registry, &service]);
    let rules = HostRules {
        token_realms: vec![service.host()],
        ..loopback()
    };
    settings.hosts.insert(registry.host(), rules);
    let access = password(&registry.host(), "user", "secret");
    let client = Client::new(settings).unwrap();
    let found = client
        .manifest(&repository(&registry.host()), &tagged(), &access)
        .await;
    assert!(found.unwrap().is_some());
    assert_eq!(service.requests()[0].authorization, Authorization::Basic);
}

#[tokio::test]
async fn a_realm_over_plain_http_must_be_named_for_that() {
    let (registry, service) = apart();
    let error = failure(
        &client(&[&registry]),
        &registry.host(),
        &Access::anonymous(),
    )
    .await;
    assert_eq!(*error.kind(), ErrorKind::PlainHttp);
    assert_eq!(service.requests(), []);
}

#[tokio::test]
async fn a_realm_that_must_not_be_asked_is_not() {
    let registry = Registry::start();
    let client = client(&[&registry]);
    let cases = [
        ("https://169.254.169.254/token", ErrorKind::Address),
        ("https://[::ffff:169.254.169.254]/token", ErrorKind::Address),
        ("https://localhost/token", ErrorKind::Address),
        (
            "https://0x7f.1/token",
            ErrorKind::Malformed("a realm that is no address"),
        ),
        (
            "https://user@ghcr.io/token",
            ErrorKind::Malformed("a realm that is no address"),
        ),
        (
            "file:///etc/passwd",
            ErrorKind::Malformed("a realm that is no address"),
        ),
    ];
    for (realm, expected) in cases {
        let challenge = format!(r#"Bearer realm="{realm}""#);
        registry.misbehave(
            MANIFESTS,
            Fault::StatusWith(401, "www-authenticate", challenge),
        );
        let error = failure(&client, &registry.host(), &Access::anonymous()).await;
        assert_eq!(*error.kind(), expected, "{realm}");
    }
}
