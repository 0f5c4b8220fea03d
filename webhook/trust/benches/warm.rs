//! What an image costs that is known already: what image trust adds to a request, as a rule.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::{sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use gatehouse_abi::Path;
use gatehouse_test_registry::{MANIFEST, Registry};
use gatehouse_trust::{
    Authorities, ImageFact, ImageTrust, Lifetimes, Question, Verdict,
    registry::{Access, Client, ClientSettings, HostRules},
};
use kit::{Key, Layer, payload};
use serde_json::json;
use tokio::{runtime::Runtime, time::Instant};

#[allow(
    dead_code,
    unused_imports,
    clippy::panic,
    reason = "the tests of signatures use all of it"
)]
#[path = "../tests/verification/kit.rs"]
mod kit;

/// Both authorities of the policy signed.
const WANTED: [&str; 2] = ["builds", "release"];

fn warm(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let _entered = runtime.enter();
    let registry = Registry::start();
    let keys = WANTED.map(|_| Key::p256());
    let digest = push(&registry, &keys);
    let (authorities, client) = (authorities(&keys), client(&registry));
    let trust = ImageTrust::new(Lifetimes {
        verified: Duration::MAX,
        tag: Duration::MAX,
        ..Lifetimes::default()
    });
    let host = registry.host();
    for (name, version) in [
        ("by digest", format!("@{digest}")),
        ("by tag", ":1.0".to_owned()),
    ] {
        let question = Question {
            reference: &format!("{host}/acme/app{version}"),
            wanted: &WANTED.map(str::to_owned),
            authorities: &authorities,
            client: &client,
            access: &Access::anonymous(),
        };
        let deadline = Instant::now() + Duration::from_secs(3600);
        assert_verified(&runtime.block_on(trust.image(question, deadline)));
        registry.forget_requests();
        c.bench_function(&format!("warm image {name}"), |b| {
            // what is in memory never waits
            b.iter(|| trust.image(question, deadline).now_or_never().unwrap());
        });
        assert_eq!(registry.requests(), []);
    }
}

/// An image that everybody signed; its digest.
fn push(registry: &Registry, keys: &[Key]) -> String {
    let repository = "acme/app";
    let digest = registry.put_manifest(repository, "1.0", MANIFEST, b"{}");
    let layers = keys.iter().map(|key| {
        let layer = Layer::over(
            key,
            payload(&digest, "registry.example/acme/app").to_string(),
        );
        json!({
            "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
            "digest": registry.put_blob(repository, &layer.payload),
            "size": layer.payload.len(),
            "annotations": layer.annotations,
        })
    });
    let manifest = json!({"schemaVersion": 2, "layers": layers.collect::<Vec<_>>()}).to_string();
    let tag = format!("{}.sig", digest.replace(':', "-"));
    registry.put_manifest(repository, &tag, MANIFEST, manifest.as_bytes());
    digest
}

fn authorities(keys: &[Key; 2]) -> Arc<Authorities> {
    let [builds, release] = keys.each_ref().map(|key| json!({"key": key.pem()}));
    let documents = json!({"builds": builds, "release": release});
    let files = |_: &str| Err(String::new());
    Arc::new(Authorities::parse(&documents, &Path::dotted("authorities"), &files).unwrap())
}

fn client(registry: &Registry) -> Client {
    let rules = HostRules {
        plain_http: true,
        addresses: vec!["127.0.0.0/8".parse().unwrap()],
        ..HostRules::default()
    };
    let settings = ClientSettings {
        hosts: [(registry.host(), rules)].into(),
        ..ClientSettings::default()
    };
    Client::new(settings).unwrap()
}

fn assert_verified(fact: &ImageFact) {
    let is_verified = |verdict: &Verdict| matches!(verdict, Verdict::Verified(_));
    assert!(
        matches!(fact, ImageFact::Found { verdicts, .. } if verdicts.values().all(is_verified)),
        "{fact:?}"
    );
}

criterion_group!(benches, warm);
criterion_main!(benches);
