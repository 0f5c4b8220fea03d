//! What it costs to ask a policy that has nothing to say: instance, copy of 6 KB, call, drop.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use criterion::{Criterion, criterion_group, criterion_main};
use gatehouse_abi::{METADATA_SECTION, tree::TreeBuf};
use gatehouse_sandbox::{Limits, Policy, Sandbox};
use serde_json::json;

const GUEST: &str = include_str!("../tests/guests/silent.wat");

fn evaluate(c: &mut Criterion) {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let module = sandbox.load(&guest()).unwrap();
    let null = TreeBuf::from_json("null").unwrap();
    let policy = Policy::new(module, null.clone());
    let request = request();
    c.bench_function("evaluate 6 KB", |b| {
        b.iter(|| policy.evaluate(&request, &null, None));
    });
}

/// A tree of about 6 KB.
fn request() -> TreeBuf {
    let container = |i| json!({"name": format!("app-{i}"), "image": "registry.example/app:1.0"});
    let containers: Vec<_> = (0..74).map(container).collect();
    let request = TreeBuf::from_value(&json!({"object": {"spec": {"containers": containers}}}));
    let request = request.unwrap();
    assert!(
        (5_500..6_500).contains(&request.byte_len()),
        "{}",
        request.byte_len()
    );
    request
}

fn guest() -> Vec<u8> {
    let metadata = json!({
        "name": "silent", "version": "1.0.0", "title": "", "description": "", "abi": 1,
        "kinds": [], "operations": [], "settings": {}, "codes": {},
    });
    let text = metadata.to_string().replace('"', "\\\"");
    let section = format!("(@custom \"{METADATA_SECTION}\" \"{text}\")");
    let end = GUEST.rfind(')').unwrap();
    wat::parse_str(format!("{}{section})", &GUEST[..end])).unwrap()
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
