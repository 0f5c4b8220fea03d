//! Every member of a bundle, one by one: which may be another or may be missing, and nothing changes.

use gatehouse_trust::{Authority, signature::Signer};
use serde_json::{Value, json};

use crate::{
    files::{IDENTITY, verdict},
    kit::*,
};

/// The pointers (RFC 6901) to all that is in a document.
fn pointers(document: &Value) -> Vec<String> {
    let below = |key: String, value: &Value| {
        let inner = pointers(value).into_iter();
        let inner = inner.map(move |pointer| format!("/{key}{pointer}"));
        inner.collect::<Vec<_>>()
    };
    let mut found = vec![String::new()];
    match document {
        Value::Object(members) => {
            let members = members.iter();
            found.extend(members.flat_map(|(key, value)| below(key.clone(), value)));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            found.extend(items.flat_map(|(index, value)| below(index.to_string(), value)));
        }
        _ => {}
    }
    found
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut changed = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match changed.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(key)),
        Value::Array(items) => drop(items.remove(key.parse().unwrap())),
        _ => unreachable!("a pointer leads through objects and arrays"),
    }
    changed
}

/// The text at the pointer with another letter or digit at its beginning or end: what is between them may be
/// unsigned, as the certificate in a timestamp, and is for `garbage.rs`.
fn mangled(document: &Value, pointer: &str) -> Vec<Value> {
    let text = document.pointer(pointer).and_then(Value::as_str);
    let text = text.unwrap_or_default();
    let first = text.find(|character: char| character.is_ascii_alphanumeric());
    let last = text.rfind(|character: char| character.is_ascii_alphanumeric());
    let places = first.into_iter().chain(last);
    let changed = places.map(|place| {
        let other = match &text[place..=place] {
            "1" => "2",
            "B" => "C",
            digit if digit < "A" => "1",
            _ => "B",
        };
        let mut text = text.to_owned();
        text.replace_range(place..=place, other);
        let mut changed = document.clone();
        *changed.pointer_mut(pointer).unwrap() = json!(text);
        changed
    });
    changed.collect()
}

/// The members that may be changed or taken away without a change of the verdict, which is right at first.
fn tolerated<V: PartialEq + std::fmt::Debug>(
    bundle: &Value,
    judge: impl Fn(&Value) -> Option<V>,
) -> Vec<String> {
    let right = judge(bundle);
    assert!(right.is_some());
    let mut found = Vec::new();
    for pointer in pointers(bundle).into_iter().skip(1) {
        let missing = std::iter::once((" missing", without(bundle, &pointer)));
        let changed = mangled(bundle, &pointer);
        for (how, changed) in missing.chain(changed.into_iter().map(|changed| ("", changed))) {
            let verdict = judge(&changed);
            if verdict.is_some() {
                assert_eq!(verdict, right, "{pointer}");
                found.push(format!("{pointer}{how}"));
            }
        }
    }
    found.dedup();
    found
}

fn by_registry(authority: &Authority) -> impl Fn(&Value) -> Option<Signer> {
    |bundle| verify_bundle(authority, bundle).ok()
}

/// What the specification of Rekor v2 says nobody signs: the checkpoint and the entry say the same.
const UNSIGNED: [&str; 5] = [
    "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex missing",
    "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex",
    "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
    "/verificationMaterial/tlogEntries/0/inclusionProof/treeSize",
    "/verificationMaterial/tlogEntries/0/logId/keyId",
];

#[test]
fn of_a_keyless_bundle_with_a_log_of_version_2() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle_v2(&Workload::default(), INTEGRATED);
    let found = tolerated(&bundle, by_registry(&sigstore.usual()));
    let mut expected = vec![
        // the timestamp is enough for who does not require a log
        "/verificationMaterial/tlogEntries missing",
        "/verificationMaterial/tlogEntries/0 missing",
    ];
    expected.extend(UNSIGNED);
    assert_eq!(found, expected);
    let requires_log = authority(json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
        "requireTlog": true,
        "trustRoot": sigstore.trust_root().to_string(),
    }));
    assert_eq!(tolerated(&bundle, by_registry(&requires_log)), UNSIGNED);
    let file = |bundle: &Value| verdict(&sigstore, bundle, IDENTITY, DIGEST).ok();
    assert_eq!(tolerated(&bundle, file), UNSIGNED);
}

#[test]
fn of_a_keyless_bundle_with_a_log_of_version_1() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle(&Workload::default());
    // what is missing is zero or empty, as it is
    let expected = [
        "/verificationMaterial/tlogEntries/0/inclusionProof/hashes missing",
        "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex missing",
        "/verificationMaterial/tlogEntries/0/logIndex missing",
    ];
    let found = tolerated(&bundle, by_registry(&sigstore.usual()));
    assert_eq!(found, expected);
    let file = |bundle: &Value| verdict(&sigstore, bundle, IDENTITY, DIGEST).ok();
    assert_eq!(tolerated(&bundle, file), expected);
}
