use std::sync::Arc;

use gatehouse_test_registry::{Access as Wants, Authorization, Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, ErrorKind};

use crate::scene::{
    MANIFESTS, PATH, access, client, failure, in_namespace, lines, password, repository, tag,
    tagged,
};

fn locked() -> Option<(String, String)> {
    Some(("user".to_owned(), "secret".to_owned()))
}

fn registry(wants: Wants) -> Registry {
    let registry = Registry::builder().access(wants).start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    registry
}

async fn pulls(registry: &Registry, access: &Access) -> bool {
    let found = client(&[registry])
        .manifest(&repository(&registry.host()), &tagged(), access)
        .await;
    found.is_ok_and(|found| found.is_some())
}

#[tokio::test]
async fn a_password_is_shown_when_asked_for_and_remembered() {
    let registry = registry(Wants::Basic("user".to_owned(), "secret".to_owned()));
    let access = password(&registry.host(), "user", "secret");
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    for _ in 0..2 {
        let found = client.resolve(&repository, &tag("1.0"), &access).await;
        assert!(found.unwrap().is_some());
    }
    let shown: Vec<_> = registry
        .requests()
        .iter()
        .map(|r| r.authorization)
        .collect();
    assert_eq!(
        shown,
        [
            Authorization::None,
            Authorization::Basic,
            Authorization::Basic
        ]
    );
    assert!(!pulls(&registry, &Access::anonymous()).await);
    assert!(
        !pulls(
            &registry,
            &self::password(&registry.host(), "user", "wrong")
        )
        .await
    );
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_again() {
    for (wants, access) in [(None, false), (locked(), true)] {
        let registry = registry(Wants::Bearer(wants));
        let access = match access {
            true => password(&registry.host(), "user", "secret"),
            false => Access::anonymous(),
        };
        let (client, repository) = (client(&[&registry]), repository(&registry.host()));
        for _ in 0..2 {
            let found = client.resolve(&repository, &tag("1.0"), &access).await;
            assert!(found.unwrap().is_some());
        }
        let head = "HEAD /v2/acme/app/manifests/1.0";
        assert_eq!(lines(&registry), [head, "GET /token", head, head]);
        let scope = "service=test&scope=repository%3Aacme%2Fapp%3Apull";
        assert_eq!(registry.requests()[1].query, scope);
    }
}

#[tokio::test]
async fn many_at_once_fetch_one_token() {
    let registry = registry(Wants::Bearer(locked()));
    let access = password(&registry.host(), "user", "secret");
    let client = client(&[&registry]);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (client, access) = (client.clone(), access.clone());
            let repository = repository(&registry.host());
            tokio::spawn(async move { client.resolve(&repository, &tag("1.0"), &access).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap().is_some());
    }
    let tokens = lines(&registry)
        .iter()
        .filter(|line| *line == "GET /token")
        .count();
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn namespaces_share_no_tokens() {
    let registry = registry(Wants::Bearer(locked()));
    let own = password(&registry.host(), "user", "secret");
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    for access in [
        &own,
        &in_namespace(&own, "a"),
        &in_namespace(&own, "b"),
        &own,
    ] {
        let found = client.resolve(&repository, &tag("1.0"), access).await;
        assert!(found.unwrap().is_some());
    }
    let tokens = lines(&registry)
        .iter()
        .filter(|line| *line == "GET /token")
        .count();
    assert_eq!(tokens, 3);
    // one without credentials gets nothing from what the others were granted
    let nobody = in_namespace(&Access::anonymous(), "a");
    let refused = client.resolve(&repository, &tag("1.0"), &nobody).await;
    assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Unauthorised);
}

#[tokio::test]
async fn refresh_tokens_and_ready_tokens() {
    let registry = registry(Wants::Bearer(locked()));
    let entry = |entry: &str| {
        access(&format!(
            r#"{{"auths": {{"{}": {entry}}}}}"#,
            registry.host()
        ))
    };
    assert!(pulls(&registry, &entry(r#"{"identitytoken": "secret"}"#)).await);
    assert!(lines(&registry).contains(&"POST /token".to_owned()));
    assert!(!pulls(&registry, &entry(r#"{"identitytoken": "wrong"}"#)).await);
    registry.forget_requests();
    assert!(pulls(&registry, &entry(r#"{"registrytoken": "the-token"}"#)).await);
    assert!(!lines(&registry).iter().any(|line| line.ends_with("/token")));
    assert!(!pulls(&registry, &entry(r#"{"registrytoken": "wrong"}"#)).await);
}

#[tokio::test]
async fn credentials_are_tried_in_turn() {
    let registry = registry(Wants::Bearer(locked()));
    let host = registry.host();
    let wrong = password(&format!("{host}/{PATH}"), "user", "wrong");
    let right = password(&host, "user", "secret");
    let both = (*wrong.keychain)
        .clone()
        .joined_with((*right.keychain).clone());
    let both = Access {
        keychain: Arc::new(both),
        ..Access::anonymous()
    };
    assert!(pulls(&registry, &both).await);
    assert!(!pulls(&registry, &wrong).await);
}

#[tokio::test]
async fn a_token_that_no_longer_holds_is_replaced_once() {
    let registry = registry(Wants::Bearer(None));
    let (client, repository) = (client(&[&registry]), repository(&registry.host()));
    let access = Access::anonymous();
    assert!(
        client
            .resolve(&repository, &tag("1.0"), &access)
            .await
            .unwrap()
            .is_some()
    );
    registry.forget_requests();
    let challenge = format!(r#"Bearer realm="http://{}/token""#, registry.host());
    let revoked = Fault::StatusWith(401, "www-authenticate", challenge);
    registry.misbehave_times(MANIFESTS, revoked.clone(), 1);
    assert!(
        client
            .resolve(&repository, &tag("1.0"), &access)
            .await
            .unwrap()
            .is_some()
    );
    let head = "HEAD /v2/acme/app/manifests/1.0";
    assert_eq!(lines(&registry), [head, "GET /token", head]);
    registry.misbehave(MANIFESTS, revoked);
    let refused = client.resolve(&repository, &tag("1.0"), &access).await;
    assert_eq!(*refused.unwrap_err().kind(), ErrorKind::Unauthorised);
}

#[tokio::test]
async fn a_challenge_that_cannot_be_met_is_unauthorised() {
    let registry = registry(Wants::Anyone);
    let client = client(&[&registry]);
    for challenge in ["", "Digest realm=x", "Bearer", "Basic realm=x"] {
        let refusal = Fault::StatusWith(401, "www-authenticate", challenge.to_owned());
        registry.misbehave(MANIFESTS, refusal);
        let error = failure(&client, &registry.host(), &Access::anonymous()).await;
        assert_eq!(*error.kind(), ErrorKind::Unauthorised, "{challenge}");
        assert_eq!(
            error.to_string(),
            format!("registry {}: unauthorised", registry.host())
        );
    }
}

#[tokio::test]
async fn what_a_token_service_says_is_never_taken_for_not_found() {
    let cases = [
        (Fault::Status(404), ErrorKind::TokenService(404)),
        (Fault::Status(401), ErrorKind::Unauthorised),
        (Fault::Status(403), ErrorKind::Forbidden),
        (
            Fault::Bytes(b"{}".to_vec()),
            ErrorKind::Malformed("no token from its token service"),
        ),
        (
            Fault::Redirect("/elsewhere".to_owned()),
            ErrorKind::TokenService(307),
        ),
        (Fault::GzipBomb, ErrorKind::Compressed),
        (Fault::EndlessBody, ErrorKind::TooLarge(64 * 1024)),
    ];
    for (fault, expected) in cases {
        let registry = registry(Wants::Bearer(None));
        registry.misbehave("/token", fault);
        let error = failure(
            &client(&[&registry]),
            &registry.host(),
            &Access::anonymous(),
        )
        .await;
        assert_eq!(*error.kind(), expected);
    }
}

#[tokio::test]
async fn credentials_are_not_shown() {
    let access = password("ghcr.io", "the-user", "the-password");
    let shown = format!("{access:?}");
    assert!(
        !shown.contains("the-user") && !shown.contains("the-password"),
        "{shown}"
    );
}
