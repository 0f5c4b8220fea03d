use std::time::Duration;

use gatehouse_test_registry::{Fault, MANIFEST, Registry};
use gatehouse_trust::registry::{Access, Client, ErrorKind, Limits};

use crate::scene::{
    MANIFESTS, PATH, client, failure_kind, impatient, repository, settings, tagged,
};

fn registry(fault: Fault) -> Registry {
    let registry = Registry::start();
    registry.put_manifest(PATH, "1.0", MANIFEST, b"{}");
    registry.misbehave(MANIFESTS, fault);
    registry
}

fn limited(registry: &Registry, limits: Limits) -> Client {
    let mut settings = settings(&[registry]);
    settings.limits = limits;
    Client::new(settings).unwrap()
}

#[tokio::test]
async fn a_registry_that_stalls_times_out() {
    for fault in [Fault::StallBeforeHeaders, Fault::StallAfterHeaders] {
        let registry = registry(fault);
        let client = limited(&registry, impatient());
        assert_eq!(
            failure_kind(&client, &registry.host()).await,
            ErrorKind::TimedOut
        );
    }
}

#[tokio::test]
async fn all_of_a_call_has_one_time() {
    let registry = registry(Fault::StallBeforeHeaders);
    let limits = Limits {
        exchange_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let client = limited(&registry, limits);
    assert_eq!(
        failure_kind(&client, &registry.host()).await,
        ErrorKind::TimedOut
    );
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_times_out() {
    // bound and listening, but nobody accepts
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let mut rules = crate::scene::loopback();
    rules.plain_http = false;
    let mut settings = settings(&[]);
    settings.hosts.insert(host.clone(), rules);
    settings.limits = impatient();
    let client = Client::new(settings).unwrap();
    assert_eq!(failure_kind(&client, &host).await, ErrorKind::TimedOut);
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let registry = registry(Fault::EndlessBody);
    let kind = failure_kind(&client(&[&registry]), &registry.host()).await;
    assert_eq!(kind, ErrorKind::TooLarge(4 * 1024 * 1024));
}

#[tokio::test]
async fn a_refusal_with_an_endless_body_is_a_refusal() {
    let registry = registry(Fault::EndlessRefusal(403));
    let kind = failure_kind(&client(&[&registry]), &registry.host()).await;
    assert_eq!(kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn nothing_is_unpacked() {
    let registry = registry(Fault::GzipBomb);
    let kind = failure_kind(&client(&[&registry]), &registry.host()).await;
    assert_eq!(kind, ErrorKind::Compressed);
}

#[tokio::test]
async fn a_manifest_may_have_the_limit_and_no_byte_more() {
    let limit = Limits::default().manifest_bytes;
    for (bytes, expected) in [(limit, None), (limit + 1, Some(ErrorKind::TooLarge(limit)))] {
        let registry = Registry::start();
        registry.put_manifest(PATH, "1.0", MANIFEST, &vec![b' '; bytes]);
        let client = client(&[&registry]);
        let found = client
            .manifest(
                &repository(&registry.host()),
                &tagged(),
                &Access::anonymous(),
            )
            .await;
        assert_eq!(found.err().map(|error| error.kind().clone()), expected);
    }
}

#[tokio::test]
async fn a_head_may_not_be_too_long() {
    let limit = Limits::default().head_bytes;
    for (bytes, expected) in [
        (limit / 2, None),
        (limit * 2, Some(ErrorKind::HeadTooLarge)),
    ] {
        let registry = registry(Fault::Headers(bytes));
        let client = client(&[&registry]);
        let found = client
            .manifest(
                &repository(&registry.host()),
                &tagged(),
                &Access::anonymous(),
            )
            .await;
        assert_eq!(found.err().map(|error| error.kind().clone()), expected);
    }
}
