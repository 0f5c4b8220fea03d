//! Attestations of images, as a registry keeps them and as policies are told of them.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use gatehouse_test_registry::{Fault, MANIFEST, Registry};
use gatehouse_trust::{Explanation, ImageFact, ImageTrust, Lifetimes, Question, Reason, Verdict};
use serde_json::{Value, json};

use crate::{
    kit::{Key, bundle_over, statement},
    scene::{BUNDLE, PATH, Scene, authorities, failed, only, signature_tag, until, within},
};

const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const TOLD: Duration = Duration::from_secs(1_750_000_000);

/// Whose scans are wanted: those of `release`, which is an authority of attestations here, and `builds`
/// signs.
fn scene() -> Scene {
    of(Registry::start())
}

fn of(registry: Registry) -> Scene {
    let mut scene = Scene::of(registry);
    scene.authorities = authorities(&json!({
        "builds": {"key": scene.builds.pem()},
        "release": scanned(&scene.release),
    }));
    scene
}

fn scanned(key: &Key) -> Value {
    json!({"key": key.pem(), "attestation": {
        "predicateType": VULN,
        "conditions": [{"path": "severity", "noneOf": ["CRITICAL"]}],
    }})
}

/// A bundle around the scan of an image.
fn scan(key: &Key, digest: &str, severity: &str) -> Value {
    attested(
        key,
        digest,
        VULN,
        &json!({"severity": severity, "log": "…"}),
    )
}

fn attested(key: &Key, digest: &str, kind: &str, predicate: &Value) -> Value {
    let mut statement = statement(digest);
    statement["predicateType"] = json!(kind);
    statement["predicate"] = predicate.clone();
    bundle_over(key, &statement.to_string())
}

/// The layer of a bundle as cosign 3 keeps it.
fn bundle_layer(scene: &Scene, bundle: &Value) -> Value {
    layer(scene, BUNDLE, bundle)
}

/// The layer of its envelope as cosign 2 keeps it, with an annotation that nobody signed.
fn envelope_layer(scene: &Scene, bundle: &Value) -> Value {
    let mut layer = layer(scene, ENVELOPE, &bundle["dsseEnvelope"]);
    layer["annotations"] = json!({"predicateType": VULN});
    layer
}

fn layer(scene: &Scene, media_type: &str, content: &Value) -> Value {
    let bytes = content.to_string();
    let digest = scene.registry.put_blob(PATH, bytes.as_bytes());
    json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
}

/// Keeps layers as cosign 2 does, under the tag `sha256-HEX.att`.
fn attach(scene: &Scene, digest: &str, layers: &[Value]) -> String {
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers});
    scene.put(&attestation_tag(digest), MANIFEST, &manifest)
}

fn attestation_tag(digest: &str) -> String {
    signature_tag(digest).replace(".sig", ".att")
}

fn refer(scene: &Scene, digest: &str, bundle: &Value) -> String {
    let layers = json!([bundle_layer(scene, bundle)]);
    scene.put_referrer(digest, BUNDLE, &layers)
}

async fn ask(scene: &Scene, digest: &str) -> Value {
    told(&scene.ask(&format!("@{digest}")).await)
}

/// What a policy reads of `release`.
fn told(fact: &ImageFact) -> Value {
    fact.to_value(UNIX_EPOCH + TOLD)["authorities"]["release"].clone()
}

/// The fact with these severities, in any order.
fn with(scene: &Scene, severities: &[&str]) -> Value {
    let attestation = |severity: &&str| json!({"signer": scene.release.fingerprint(), "predicate": {"severity": severity}});
    let attestations: Vec<_> = severities.iter().map(attestation).collect();
    json!({"attested": {"now": TOLD.as_secs(), "attestations": attestations}})
}

#[tokio::test]
async fn wherever_an_attestation_is_kept_it_is_told_with_the_time() {
    let without_api = Registry::builder().without_referrers_api();
    for registry in [Registry::start(), without_api.start()] {
        let scene = of(registry);
        let (two, three) = (scene.push("2", "cosign 2"), scene.push("3", "cosign 3"));
        let layer = envelope_layer(&scene, &scan(&scene.release, &two, "LOW"));
        attach(&scene, &two, &[layer]);
        let manifest = refer(&scene, &three, &scan(&scene.release, &three, "LOW"));
        scene.list(&three, &[manifest]);
        for digest in [&two, &three] {
            let fact = scene.ask(&format!("@{digest}")).await;
            assert_eq!(told(&fact), with(&scene, &["LOW"]));
            assert!(fact.is_known());
        }
    }
}

#[tokio::test]
async fn what_is_not_wanted_is_not_asked_for() {
    let (both, mut scans, signatures) = (scene(), scene(), Scene::new());
    scans.authorities = authorities(&json!({"release": scanned(&scans.release)}));
    for (scene, sig, att) in [
        (both, true, true),
        (scans, false, true),
        (signatures, true, false),
    ] {
        let digest = scene.push("1.0", "");
        scene.ask(&format!("@{digest}")).await;
        let asked = |tag: String| scene.lines().contains(&format!("GET manifests/{tag}"));
        assert_eq!(asked(signature_tag(&digest)), sig);
        assert_eq!(asked(attestation_tag(&digest)), att);
        assert_eq!(scene.lines().len(), 1 + usize::from(sig) + usize::from(att));
    }
}

#[tokio::test]
async fn the_tag_of_attestations_takes_no_further_round_trip() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let layer = envelope_layer(&scene, &scan(&scene.release, &digest, "LOW"));
    attach(&scene, &digest, &[layer]);
    // none of the three is answered before all were asked
    let all = Arc::new(tokio::sync::Barrier::new(3));
    for path in [
        format!("/v2/{PATH}/manifests/{}", signature_tag(&digest)),
        format!("/v2/{PATH}/manifests/{}", attestation_tag(&digest)),
        format!("/v2/{PATH}/referrers/{digest}"),
    ] {
        let together = Fault::Together(Arc::clone(&all));
        scene.registry.misbehave_times(&path, together, 1);
    }
    assert_eq!(ask(&scene, &digest).await, with(&scene, &["LOW"]));
    assert_eq!(scene.lines().len(), 4);
}

#[tokio::test]
async fn several_of_one_signer_all_stay_and_the_same_is_told_once() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let (low, high) = (
        scan(&scene.release, &digest, "LOW"),
        scan(&scene.release, &digest, "HIGH"),
    );
    let layers = [&low, &high, &low].map(|bundle| envelope_layer(&scene, bundle));
    attach(&scene, &digest, &layers);
    refer(&scene, &digest, &high);
    refer(&scene, &digest, &scan(&scene.release, &digest, "NONE"));
    let expected = with(&scene, &["LOW", "HIGH", "NONE"]);
    assert_eq!(ask(&scene, &digest).await, expected);
}

#[tokio::test]
async fn a_right_one_among_wrong_ones_is_the_only_one_told() {
    let scene = scene();
    let (digest, other) = (scene.push("1.0", ""), scene.push("2.0", "other"));
    let slsa = "https://slsa.dev/provenance/v1";
    let predicate = json!({"severity": "NONE"});
    let two = bundle_over(&scene.release, "{}");
    let mut twice = scan(&scene.release, &digest, "NONE");
    let signatures = &mut twice["dsseEnvelope"]["signatures"];
    *signatures = json!([signatures[0], signatures[0]]);
    let wrong = [
        scan(&scene.stranger, &digest, "NONE"),
        scan(&scene.builds, &digest, "NONE"),
        scan(&scene.release, &other, "NONE"),
        attested(&scene.release, &digest, slsa, &predicate),
        bundle_over(&scene.release, &statement(&digest).to_string()),
        two,
        twice,
    ];
    let mut layers: Vec<_> = wrong
        .iter()
        .map(|one| envelope_layer(&scene, one))
        .collect();
    layers.push(envelope_layer(
        &scene,
        &scan(&scene.release, &digest, "LOW"),
    ));
    attach(&scene, &digest, &layers);
    for one in &wrong {
        refer(&scene, &digest, one);
    }
    assert_eq!(ask(&scene, &digest).await, with(&scene, &["LOW"]));
    // and `builds` signed nothing by any of it
    let fact = scene.ask_for(&format!("@{digest}"), &["builds"]).await;
    assert!(matches!(only(&fact), Verdict::Failed(_)), "{fact:?}");
}

#[tokio::test]
async fn without_one_of_the_type_it_is_not_attested_whatever_else_there_is() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), failed(Reason::NotAttested, "", &[]));
    let fact = told(&fact);
    assert_eq!(fact["failed"]["reason"], "not-attested");

    let signed = scene.push("2.0", "signed");
    scene.attach(&signed, &[scene.layer(&scene.builds, &signed)]);
    let fact = scene.ask(&format!("@{signed}")).await;
    let text = "it is a signature, not an attestation";
    // who signed has not attested
    assert_eq!(*only(&fact), failed(Reason::NotAttested, text, &[]));

    let built = scene.push("3.0", "built");
    let slsa = "https://slsa.dev/provenance/v1";
    refer(
        &scene,
        &built,
        &attested(&scene.release, &built, slsa, &json!({})),
    );
    let text = format!("it is an attestation of the type `{slsa}`");
    let fact = scene.ask(&format!("@{built}")).await;
    assert_eq!(*only(&fact), failed(Reason::NotAttested, &text, &[]));
}

#[tokio::test]
async fn somebody_elses_and_another_images_are_told_apart() {
    let scene = scene();
    let (digest, other) = (scene.push("1.0", ""), scene.push("2.0", "other"));
    let layer = envelope_layer(&scene, &scan(&scene.stranger, &digest, "LOW"));
    attach(&scene, &digest, &[layer]);
    let text = "it is signed by another key";
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), failed(Reason::OtherSigner, text, &[]));
    refer(&scene, &other, &scan(&scene.release, &digest, "LOW"));
    let text = format!("it is for another image, `{digest}`");
    let fact = scene.ask(&format!("@{other}")).await;
    assert_eq!(*only(&fact), failed(Reason::OtherDigest, &text, &[]));
}

#[tokio::test]
async fn what_could_not_be_looked_at_is_said_beside_what_was() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let layer = envelope_layer(&scene, &scan(&scene.release, &digest, "LOW"));
    attach(&scene, &digest, &[layer]);
    let referrers = format!("/v2/{PATH}/referrers/*");
    scene.registry.misbehave(&referrers, Fault::Status(403));
    let fact = scene.ask(&format!("@{digest}")).await;
    let mut expected = with(&scene, &["LOW"]);
    let forbidden = format!("registry {}: forbidden", scene.registry.host());
    expected["attested"]["unavailable"] = json!(forbidden);
    assert_eq!(told(&fact), expected);
    assert!(!fact.is_known());
    assert_eq!(scene.trust.counts().entries, 0);
    let unattested = scene.push("2.0", "unattested");
    let fact = scene.ask(&format!("@{unattested}")).await;
    assert_eq!(*only(&fact), scene.unavailable("forbidden"));
}

#[tokio::test]
async fn a_tag_of_attestations_that_cannot_be_read_is_not_an_absent_one() {
    for fault in [Fault::Status(403), Fault::Other(404, "text/plain", "404")] {
        let scene = scene();
        let digest = scene.push("1.0", "");
        let tag = format!("/v2/{PATH}/manifests/*.att");
        scene.registry.misbehave(&tag, fault);
        let fact = scene.ask(&format!("@{digest}")).await;
        assert!(matches!(only(&fact), Verdict::Unavailable(_)), "{fact:?}");
    }
}

#[tokio::test]
async fn a_newer_scan_is_found_while_the_older_is_used() {
    let mut scene = scene();
    let lifetimes = Lifetimes {
        attested: Duration::ZERO,
        ..Lifetimes::default()
    };
    scene.trust = ImageTrust::new(lifetimes);
    let digest = scene.push("1.0", "");
    let old = envelope_layer(&scene, &scan(&scene.release, &digest, "HIGH"));
    attach(&scene, &digest, std::slice::from_ref(&old));
    assert_eq!(ask(&scene, &digest).await, with(&scene, &["HIGH"]));
    let new = envelope_layer(&scene, &scan(&scene.release, &digest, "LOW"));
    attach(&scene, &digest, &[old, new]);
    assert_eq!(ask(&scene, &digest).await, with(&scene, &["HIGH"]));
    let look = async {
        while ask(&scene, &digest).await != with(&scene, &["HIGH", "LOW"]) {
            tokio::task::yield_now().await;
        }
    };
    within(look).await;
    assert_eq!(scene.trust.counts().misses, 1);
}

#[tokio::test]
async fn until_then_what_is_known_costs_no_request() {
    let mut scene = scene();
    let lifetimes = Lifetimes {
        attested: Duration::MAX,
        verified: Duration::MAX,
        ..Lifetimes::default()
    };
    scene.trust = ImageTrust::new(lifetimes);
    let digest = scene.push("1.0", "");
    refer(&scene, &digest, &scan(&scene.release, &digest, "LOW"));
    ask(&scene, &digest).await;
    scene.registry.forget_requests();
    assert_eq!(ask(&scene, &digest).await, with(&scene, &["LOW"]));
    assert_eq!(scene.lines(), [""; 0]);
}

/// A megabyte of something, in JSON that is no envelope.
fn filler(scene: &Scene, media_type: &str, megabytes: u64) -> Value {
    json!({
        "mediaType": media_type,
        "digest": scene.registry.put_blob(PATH, b"{}"),
        "size": megabytes * 1024 * 1024,
    })
}

#[tokio::test]
async fn so_many_bytes_are_collected_of_one_image_and_no_more() {
    let more = "more bytes of signatures are offered than are looked at";
    for (extra, is_too_much) in [(0, false), (1, true)] {
        let scene = scene();
        let digest = scene.push("1.0", "");
        // what is declared counts, 32 MiB in all
        let mut layers = vec![filler(&scene, ENVELOPE, 8); 4];
        layers[3]["size"] = json!(8 * 1024 * 1024 + extra - 1);
        layers.push(json!({
            "mediaType": ENVELOPE,
            "digest": scene.registry.put_blob(PATH, b"0"),
            "size": 1,
        }));
        attach(&scene, &digest, &layers);
        let fact = scene.ask(&format!("@{digest}")).await;
        let verdict = only(&fact);
        match is_too_much {
            false => assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}"),
            true => assert_eq!(*verdict, scene.unavailable(more)),
        }
    }
}

#[tokio::test]
async fn what_is_too_large_by_itself_is_not_fetched_and_hides_nothing() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let mut layer = filler(&scene, BUNDLE, 8);
    layer["size"] = json!(8 * 1024 * 1024 + 1);
    scene.put_referrer(&digest, BUNDLE, &json!(vec![layer; 10]));
    let fact = scene.ask(&format!("@{digest}")).await;
    let text = "its bundle exceeds the limit of 8388608";
    assert_eq!(*only(&fact), failed(Reason::Malformed, text, &[]));
    assert!(!scene.lines().iter().any(|line| line.contains("blobs")));
    let attestation = envelope_layer(&scene, &scan(&scene.release, &digest, "LOW"));
    attach(&scene, &digest, &[attestation]);
    let fresh = ImageTrust::new(Lifetimes::default());
    let scene = Scene {
        trust: fresh,
        ..scene
    };
    assert_eq!(ask(&scene, &digest).await, with(&scene, &["LOW"]));
}

#[tokio::test]
async fn no_blob_is_read_beyond_the_size_that_is_declared() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let mut layer = envelope_layer(&scene, &scan(&scene.release, &digest, "LOW"));
    let size = layer["size"].as_u64().unwrap();
    layer["size"] = json!(size - 1);
    attach(&scene, &digest, &[layer]);
    let fact = scene.ask(&format!("@{digest}")).await;
    let why = format!("answer too large: more than {} bytes", size - 1);
    assert_eq!(*only(&fact), scene.unavailable(&why));
}

#[tokio::test]
async fn a_large_attestation_leaves_policies_of_signatures_as_they_are() {
    let scene = Scene::new();
    let digest = scene.push_signed();
    let bundle = filler(&scene, BUNDLE, 1);
    scene.put_referrer(&digest, BUNDLE, &json!([bundle]));
    let fact = scene.ask(&format!("@{digest}")).await;
    assert_eq!(*only(&fact), scene.verified(&scene.release));
    // and it is remembered
    assert_eq!(scene.trust.counts().entries, 1);
    until(|| scene.lines().len() == 4).await;
}

#[tokio::test]
async fn explanations_say_of_which_type_an_attestation_says_it_is() {
    let scene = scene();
    let digest = scene.push("1.0", "");
    let bundles = [&scene.release, &scene.stranger].map(|key| scan(key, &digest, "LOW"));
    let layers = bundles.map(|bundle| envelope_layer(&scene, &bundle));
    attach(&scene, &digest, &layers);
    refer(&scene, &digest, &scan(&scene.release, &digest, "LOW"));
    scene.attach(&digest, &[scene.layer(&scene.builds, &digest)]);
    let question = Question {
        reference: &format!("{}/{PATH}@{digest}", scene.registry.host()),
        wanted: &[],
        authorities: &scene.authorities,
        client: &scene.client,
        access: &scene.access,
    };
    let seen = within(Explanation::of(question)).await.unwrap().signatures;
    let seen: Vec<_> = seen
        .iter()
        .map(|seen| {
            let of = seen.verdicts.iter().filter(|(_, verdict)| verdict.is_ok());
            let of: Vec<_> = of.map(|(name, _)| name.as_str()).collect();
            (seen.form, seen.predicate_type.as_deref(), of)
        })
        .collect();
    let expected = [
        ("signature of cosign 2", None, vec!["builds"]),
        ("attestation of cosign 2", Some(VULN), vec!["release"]),
        ("attestation of cosign 2", Some(VULN), vec![]),
        ("Sigstore bundle of cosign 3", Some(VULN), vec!["release"]),
    ];
    assert_eq!(seen, expected);
}
