//! References that are refused by themselves, and hosts that must not be asked.

use gatehouse_test_registry::Registry;
use gatehouse_trust::{
    ImageFact,
    registry::{Client, ClientSettings},
};

use crate::scene::{PATH, Scene, only, settings};

#[tokio::test]
async fn a_reference_that_is_refused_by_itself_makes_no_request() {
    let scene = Scene::new();
    scene.push_signed();
    let host = scene.registry.host();
    let references = [
        String::new(),
        format!("{host}/"),
        format!("{host}/Acme/app:1.0"),
        format!("{host}/{PATH}:"),
        format!("{host}/{PATH}:1.0@"),
        format!("{host}/{PATH}@sha256:abc"),
        format!("{host}/{PATH}@md5:d41d8cd98f00b204e9800998ecf8427e"),
        format!("{host}/{PATH}:{}", "a".repeat(129)),
        format!("{host}/../{PATH}"),
        format!("{host}/{PATH}:1.0\n"),
        format!("http://{host}/{PATH}:1.0"),
        format!("user@{host}/{PATH}:1.0"),
        format!("127.0.0.1:99999/{PATH}:1.0"),
        format!("0x7f.1:{}/{PATH}:1.0", scene.registry.address().port()),
        format!("[::ffff:127.0.0.1/{PATH}:1.0"),
    ];
    for reference in &references {
        let fact = scene.ask_about(reference, &["release"], &scene.access);
        let ImageFact::Unavailable(why) = fact.await else {
            panic!("`{reference}` was asked for");
        };
        assert!(!why.is_empty() && !why.contains(char::is_control), "{why}");
    }
    assert_eq!(scene.lines(), [""; 0]);
    assert_eq!(scene.trust.counts(), Default::default());
}

#[tokio::test]
async fn the_digest_counts_whatever_tag_stands_beside_it() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    scene.push("2.0", "unsigned");
    let fact = scene.ask(&format!(":2.0@{digest}")).await;
    assert_eq!(crate::scene::digest_of(&fact), digest);
    assert_eq!(*only(&fact), scene.verified(&scene.release));
    assert!(!scene.lines().iter().any(|line| line.contains("2.0")));
}

#[tokio::test]
async fn loopback_is_not_asked_unless_it_is_named() {
    let mut scene = Scene::new();
    let digest = scene.push_signed();
    let port = scene.registry.address().port();
    let mut named = settings(&scene.registry);
    named
        .hosts
        .values_mut()
        .for_each(|rules| rules.addresses.clear());
    for (settings, host) in [
        (named, scene.registry.host()),
        (ClientSettings::default(), format!("localhost:{port}")),
        (ClientSettings::default(), format!("127.0.0.1:{port}")),
        (ClientSettings::default(), "169.254.169.254".to_owned()),
    ] {
        scene.client = Client::new(settings).unwrap();
        let why = format!("registry {host}: address not allowed");
        let by_tag = format!("{host}/{PATH}:1.0");
        let fact = scene.ask_about(&by_tag, &["release"], &scene.access);
        assert_eq!(fact.await, ImageFact::Unavailable(why.clone()));
        let by_digest = format!("{host}/{PATH}@{digest}");
        let fact = scene.ask_about(&by_digest, &["release"], &scene.access);
        let unavailable = gatehouse_trust::Verdict::Unavailable(why);
        assert_eq!(*only(&fact.await), unavailable);
    }
    assert_eq!(scene.lines(), [""; 0]);
}

#[tokio::test]
async fn a_registry_that_is_gone_is_not_one_without_signatures() {
    let mut scene = Scene::new();
    let digest = scene.push_signed();
    let gone = Registry::start();
    let host = gone.host();
    scene.client = Client::new(settings(&gone)).unwrap();
    drop(gone);
    let reference = format!("{host}/{PATH}@{digest}");
    let fact = scene.ask_about(&reference, &["release"], &scene.access);
    let why = format!("registry {host}: unreachable");
    assert_eq!(
        *only(&fact.await),
        gatehouse_trust::Verdict::Unavailable(why)
    );
}
