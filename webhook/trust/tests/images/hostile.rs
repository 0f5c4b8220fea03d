//! A registry that misbehaves: "could not check" each time, with a reason, never an answer and never a hang.

use std::{sync::Arc, time::Duration};

use gatehouse_test_registry::{Access as Wants, Fault, Registry};
use gatehouse_trust::{
    ImageFact, Verdict,
    registry::{Access, Client, Keychain, Limits, Scope},
};

use crate::scene::{PATH, Scene, not_signed, only, settings};

/// Limits that are crossed soon; short times only where they are to be crossed, as machines may be slow.
fn small(fault: &Fault) -> Limits {
    let mut limits = Limits {
        manifest_bytes: 64 * 1024,
        referrers_page_bytes: 64 * 1024,
        ..Limits::default()
    };
    if matches!(fault, Fault::StallBeforeHeaders | Fault::StallAfterHeaders) {
        limits.connect_time = Duration::from_millis(200);
        limits.stall_time = Duration::from_millis(200);
    }
    limits
}

/// An image that `release` signed in both forms, at a registry that misbehaves where the pattern fits.
fn scene(pattern: &str, fault: &Fault) -> (Scene, String) {
    let mut scene = Scene::new();
    let mut settings = settings(&scene.registry);
    settings.limits = small(fault);
    scene.client = Client::new(settings).unwrap();
    let digest = scene.push_signed();
    scene.refer(&scene.release, &digest);
    let pattern = format!("/v2/{PATH}/{pattern}");
    scene.registry.misbehave(&pattern, fault.clone());
    (scene, digest)
}

/// Why it could not be checked, without the registry's name before it.
fn why(scene: &Scene, verdict: &Verdict) -> String {
    let prefix = format!("registry {}: ", scene.registry.host());
    match verdict {
        Verdict::Unavailable(why) => why.strip_prefix(&prefix).unwrap().to_owned(),
        other => panic!("not unavailable but {other:?}"),
    }
}

/// What a registry does instead of answering, and what is said of it.
fn faults() -> Vec<(Fault, &'static str)> {
    let away = "https://169.254.169.254/latest/meta-data";
    vec![
        (Fault::StallBeforeHeaders, "timed out"),
        (Fault::StallAfterHeaders, "timed out"),
        (
            Fault::EndlessBody,
            "answer too large: more than 65536 bytes",
        ),
        (Fault::ContentLength(1 << 40), "broke off its answer"),
        (
            Fault::GzipBomb,
            "answered in a compressed form, which is not read",
        ),
        (Fault::Headers(1 << 20), "answer too large: its headers"),
        (Fault::Redirect(away.to_owned()), "address not allowed"),
        (
            Fault::Redirect("https://localhost:1/".to_owned()),
            "address not allowed",
        ),
        (Fault::Status(401), "unauthorised"),
        (Fault::Status(403), "forbidden"),
        (Fault::Status(429), "rate limited"),
        (Fault::Status(500), "answered 500"),
        (Fault::EndlessRefusal(500), "answered 500"),
    ]
}

#[tokio::test]
async fn wherever_it_misbehaves_nothing_is_verified_or_failed() {
    for (fault, words) in faults() {
        let (scene, digest) = scene("*", &fault);
        let fact = scene.ask(&format!("@{digest}")).await;
        assert_eq!(why(&scene, only(&fact)), words, "{fault:?}");
        assert_eq!(scene.trust.counts().entries, 0);
    }
}

#[tokio::test]
async fn wherever_it_misbehaves_an_image_without_signatures_is_not_called_unsigned() {
    for (fault, words) in faults() {
        for pattern in ["manifests/*.sig", "referrers/*"] {
            // a refusal that is cut off is a refusal of which little is known
            let words = match (pattern, &fault) {
                ("manifests/*.sig", Fault::ContentLength(_)) => "answered 404",
                _ => words,
            };
            let (scene, _) = scene(pattern, &fault);
            let unsigned = scene.push("2.0", "unsigned");
            let fact = scene.ask(&format!("@{unsigned}")).await;
            assert_eq!(why(&scene, only(&fact)), words, "{pattern} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_signature_that_cannot_be_fetched_is_not_a_missing_one() {
    for (fault, words) in faults() {
        let (scene, digest) = scene("blobs/*", &fault);
        let fact = scene.ask(&format!("@{digest}")).await;
        // no more is read than the manifest declares
        let why = why(&scene, only(&fact)).replace("more than 240 bytes", "more than 65536 bytes");
        assert_eq!(why, words, "{fault:?}");
    }
}

#[tokio::test]
async fn a_tag_that_cannot_be_resolved_is_not_a_missing_one() {
    for (fault, words) in faults() {
        // a HEAD has no body
        if matches!(
            fault,
            Fault::StallAfterHeaders
                | Fault::EndlessBody
                | Fault::ContentLength(_)
                | Fault::GzipBomb
        ) {
            continue;
        }
        let (scene, _) = scene("manifests/1.0", &fault);
        let expected = format!("registry {}: {words}", scene.registry.host());
        assert_eq!(scene.ask(":1.0").await, ImageFact::Unavailable(expected));
    }
}

#[tokio::test]
async fn a_body_that_is_shorter_than_its_length_is_not_what_was_asked_for() {
    for (pattern, words) in [
        ("manifests/*", "sent other content than the digest names"),
        ("blobs/*", "sent other content than the digest names"),
    ] {
        let (scene, digest) = scene(pattern, &Fault::ContentLength(20));
        let fact = scene.ask(&format!("@{digest}")).await;
        assert_eq!(why(&scene, only(&fact)), words, "{pattern}");
    }
    let (scene, _) = scene("referrers/*", &Fault::ContentLength(20));
    let unsigned = scene.push("2.0", "unsigned");
    let fact = scene.ask(&format!("@{unsigned}")).await;
    let words = "answered what a registry should not: a page of referrers that is none";
    assert_eq!(why(&scene, only(&fact)), words);
}

#[tokio::test]
async fn not_found_is_not_signed_where_a_registry_says_it_and_nowhere_else() {
    let (scene, digest) = self::scene("*", &Fault::Status(404));
    assert_eq!(*only(&scene.ask(&format!("@{digest}")).await), not_signed());
    assert_eq!(scene.ask(":1.0").await, ImageFact::Missing);
    let lost = Fault::Other(404, "text/plain", "default backend - 404");
    let (scene, digest) = self::scene("*", &lost);
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(why(&scene, only(&fact)), "answered 404");
    let expected = format!("registry {}: answered 404", scene.registry.host());
    assert_eq!(scene.ask(":1.0").await, ImageFact::Unavailable(expected));
}

#[tokio::test]
async fn ten_thousand_referrers_are_not_looked_into() {
    let (scene, _) = scene("referrers/*", &Fault::Referrers(10_000));
    let mut settings = settings(&scene.registry);
    settings.limits = Limits::default();
    let scene = Scene {
        client: Client::new(settings).unwrap(),
        ..scene
    };
    let unsigned = scene.push("2.0", "unsigned");
    let fact = scene.ask(&format!("@{unsigned}")).await;
    let words = "more manifests refer to the image than are looked at";
    assert_eq!(why(&scene, only(&fact)), words);
    assert_eq!(scene.lines().len(), 2 + 64);
}

#[tokio::test]
async fn credentials_do_not_go_to_a_foreign_realm() {
    let service = Registry::builder().listen([127, 0, 0, 2]);
    let service = service.access(Wants::Bearer(None)).start();
    let realm = format!(
        r#"Bearer realm="http://{}/token",service="x""#,
        service.host()
    );
    let fault = Fault::StatusWith(401, "www-authenticate", realm);
    let (mut scene, digest) = scene("*", &fault);
    let config = format!(
        r#"{{"auths": {{"{}": {{"username": "user", "password": "secret"}}}}}}"#,
        scene.registry.host()
    );
    scene.access = Access {
        keychain: Arc::new(Keychain::from_docker_config(config.as_bytes()).unwrap()),
        scope: Scope::Own,
    };
    let fact = scene.ask(&format!("@{digest}")).await;
    let why = why(&scene, only(&fact));
    let words = format!(
        "wants its credentials sent to `{}`, which is refused",
        service.host()
    );
    assert!(why.starts_with(&words), "{why}");
    assert_eq!(service.requests(), []);
}
