use gatehouse_test_registry::{Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, ErrorKind};

use crate::scene::{
    MANIFESTS, PATH, client, failure, failure_kind, lines, loopback, repository, settings, tagged,
};

fn registry(fault: Fault) -> Registry {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    registry.misbehave(MANIFESTS, fault);
    registry
}

#[tokio::test]
async fn each_status_has_its_word() {
    let cases = [
        (401, "unauthorised"),
        (403, "forbidden"),
        (429, "rate limited"),
        (500, "answered 500"),
        (204, "answered 204"),
        (206, "answered 206"),
        (410, "answered 410"),
    ];
    for (status, words) in cases {
        let registry = registry(Fault::Status(status));
        let error = failure(
            &client(&[&registry]),
            &registry.host(),
            &Access::anonymous(),
        )
        .await;
        assert_eq!(
            error.to_string(),
            format!("registry {}: {words}", registry.host())
        );
    }
    let registry = registry(Fault::Status(404));
    let client = client(&[&registry]);
    let found = client
        .manifest(
            &repository(&registry.host()),
            &tagged(),
            &Access::anonymous(),
        )
        .await;
    assert_eq!(found, Ok(None));
}

#[tokio::test]
async fn what_a_registry_says_reaches_the_log_made_harmless() {
    let registry = registry(Fault::StatusWith(403, "x-note", "\u{9f}".to_owned()));
    let error = failure(
        &client(&[&registry]),
        &registry.host(),
        &Access::anonymous(),
    )
    .await;
    assert!(
        error.detail().contains("the test registry says so"),
        "{}",
        error.detail()
    );
    assert!(error.detail().chars().all(|c| !c.is_control()));
}

#[tokio::test]
async fn a_registry_that_fails_is_spared() {
    let registry = registry(Fault::Status(503));
    let client = client(&[&registry]);
    for _ in 0..3 {
        assert_eq!(
            failure_kind(&client, &registry.host()).await,
            ErrorKind::Status(503)
        );
    }
    // under load a second may pass between two calls, and then one trial is made
    let spared = ErrorKind::Spared(Box::new(ErrorKind::Status(503)));
    let mut kinds = Vec::new();
    for _ in 0..10 {
        kinds.push(failure_kind(&client, &registry.host()).await);
    }
    assert!(kinds.contains(&spared), "{kinds:?}");
    assert!(lines(&registry).len() < 13);
}

#[tokio::test]
async fn a_registry_that_asks_for_it_is_left_alone_at_once() {
    let registry = registry(Fault::StatusWith(429, "retry-after", "30".to_owned()));
    let client = client(&[&registry]);
    assert_eq!(
        failure_kind(&client, &registry.host()).await,
        ErrorKind::RateLimited
    );
    let spared = ErrorKind::Spared(Box::new(ErrorKind::RateLimited));
    assert_eq!(failure_kind(&client, &registry.host()).await, spared);
    assert_eq!(lines(&registry).len(), 1);
}

#[tokio::test]
async fn refusals_do_not_let_a_registry_be_spared() {
    for (status, expected) in [(401, ErrorKind::Unauthorised), (403, ErrorKind::Forbidden)] {
        let registry = registry(Fault::Status(status));
        let client = client(&[&registry]);
        for _ in 0..10 {
            assert_eq!(failure_kind(&client, &registry.host()).await, expected);
        }
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut settings = settings(&[]);
    let missing = "there-is-no-such-host.invalid".to_owned();
    settings.hosts.insert(port.to_string(), loopback());
    settings.hosts.insert(missing.clone(), loopback());
    let client = gatehouse_trust::registry::Client::new(settings).unwrap();
    assert_eq!(
        failure_kind(&client, &port.to_string()).await,
        ErrorKind::Unreachable
    );
    let kind = failure_kind(&client, &missing).await;
    // a resolver that answers nothing may take its time
    assert!(
        matches!(kind, ErrorKind::Unreachable | ErrorKind::TimedOut),
        "{kind}"
    );
}
