use std::{fs, path::Path, sync::LazyLock, time::Duration};

use gatehouse_abi::{Answer, METADATA_SECTION, Metadata, SettingsError, tree::TreeBuf};
use gatehouse_sandbox::{Failure, Limits, Module, Policy, Sandbox};
use serde_json::json;

pub(crate) const GUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests");

/// What a policy needs whose only task is to end, however busy the machine is.
pub(crate) const PLENTY: Duration = Duration::from_secs(30);

/// What a policy gets that never ends.
pub(crate) const LITTLE: Duration = Duration::from_millis(100);

/// One sandbox for many tests. It has room for one instance, so each runs where another has been.
static SHARED: LazyLock<Sandbox> = LazyLock::new(|| sandbox(|limits| limits.instances = 1));

/// A sandbox with limits that differ from the defaults by time, and as `change` says.
pub(crate) fn sandbox(change: impl FnOnce(&mut Limits)) -> Sandbox {
    let mut limits = Limits {
        evaluate_time: LITTLE,
        configure_time: LITTLE,
        ..Limits::default()
    };
    change(&mut limits);
    Sandbox::new(limits).unwrap()
}

/// The WebAssembly of a guest, with metadata if it brings none.
pub(crate) fn wasm(guest: &str) -> Vec<u8> {
    let text = fs::read_to_string(Path::new(GUESTS).join(guest).with_extension("wat")).unwrap();
    let mut wasm = wat::parse_str(&text).unwrap();
    if !text.contains("@custom") {
        let metadata = serde_json::to_vec(&metadata()).unwrap();
        add_section(&mut wasm, METADATA_SECTION, &metadata);
    }
    wasm
}

/// The metadata of guests that bring none.
pub(crate) fn metadata() -> Metadata {
    let code = json!({"title": "t", "explanation": "e", "bad": "b", "good": "g"});
    serde_json::from_value(json!({
        "name": "guest", "version": "1.0.0", "title": "t", "description": "d", "abi": 1,
        "kinds": ["Pod"], "operations": ["CREATE"], "facts": ["namespace"], "settings": {},
        "codes": {"seen": code},
    }))
    .unwrap()
}

/// Adds a custom section.
pub(crate) fn add_section(wasm: &mut Vec<u8>, name: &str, data: &[u8]) {
    let body = [&leb128(name.len()), name.as_bytes(), data].concat();
    wasm.push(0);
    wasm.extend(leb128(body.len()));
    wasm.extend(body);
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

pub(crate) fn tree(json: &str) -> TreeBuf {
    TreeBuf::from_json(json).unwrap()
}

pub(crate) fn module(sandbox: &Sandbox, guest: &str) -> Module {
    sandbox.load(&wasm(guest)).unwrap()
}

pub(crate) fn policy(sandbox: &Sandbox, guest: &str, settings: &str) -> Policy {
    Policy::new(module(sandbox, guest), tree(settings))
}

/// One evaluation of a policy.
pub(crate) fn run(policy: &Policy) -> Result<Option<Answer>, Failure> {
    policy.evaluate(&tree(r#"{"name":"web"}"#), &tree("{}"), None)
}

/// Evaluates a guest in the shared sandbox, and then looks whether that did any harm.
pub(crate) fn evaluate(guest: &str, settings: &str) -> Result<Option<Answer>, Failure> {
    let result = run(&policy(&SHARED, guest, settings));
    assert_unharmed(&SHARED);
    result
}

/// Lets a guest judge its settings in the shared sandbox, and then looks whether that did any harm.
pub(crate) fn configure(guest: &str, settings: &str) -> Result<Vec<SettingsError>, Failure> {
    let result = policy(&SHARED, guest, settings).configure();
    assert_unharmed(&SHARED);
    result
}

/// A policy whose settings are its answer.
pub(crate) fn answer(text: &str) -> Result<Option<Answer>, Failure> {
    evaluate("echoes", &serde_json::to_string(text).unwrap())
}

/// A good policy still judges, and in an instance without a trace of another.
pub(crate) fn assert_unharmed(sandbox: &Sandbox) {
    let witness = policy(sandbox, "witness", "null");
    for _ in 0..2 {
        assert_eq!(witness.configure(), Ok(vec![]));
        let answer = run(&witness);
        assert!(
            matches!(answer, Ok(Some(Answer::Judged { .. }))),
            "{answer:?}"
        );
    }
}
