//! The id of a policy's authorities, by which verdicts are remembered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    kit::{Ca, Key, Log},
    scene::authorities,
};

fn id(documents: &Value) -> String {
    authorities(documents).id().to_owned()
}

#[test]
fn the_id_changes_with_any_member_option_or_name() {
    let (key, other, ca) = (Key::p256().pem(), Key::p256().pem(), Ca::new("ca"));
    let root = Log::new().trust_root();
    let documents = [
        json!({}),
        json!({"a": {"key": key}}),
        json!({"b": {"key": key}}),
        json!({"a": {"key": other}}),
        json!({"a": {"key": key}, "b": {"key": other}}),
        json!({"a": {"key": other}, "b": {"key": key}}),
        json!({"a": {"key": key}, "b": {"key": key}}),
        json!({"ab": {"key": key}}),
        json!({"a": {"key": key, "bindReference": true}}),
        json!({"a": {"key": key, "requireTlog": true}}),
        json!({"a": {"key": key, "trustRoot": root}}),
        json!({"a": {"certificate": ca.pem}}),
        json!({"a": {"key": key, "attestation": {"predicateType": "a"}}}),
        json!({"a": {"key": key, "attestation": {"predicateType": "b"}}}),
        json!({"a": {"certificate": Ca::new("ca").pem}}),
        json!({"a": {"certificate": ca.pem, "identities": ["x@acme.example"]}}),
        json!({"a": {"certificate": ca.pem, "identities": ["x@acme.example", "y@acme.example"]}}),
    ];
    let ids: BTreeSet<_> = documents.iter().map(id).collect();
    assert_eq!(ids.len(), documents.len());
}

#[test]
fn the_id_does_not_change_with_order_or_what_goes_without_saying() {
    let (key, other, ca) = (Key::p256().pem(), Key::p256().pem(), Ca::new("ca").pem);
    let text = |members: [(&str, &str); 2]| {
        let member =
            |(name, key): (&str, &str)| format!("{}:{{\"key\":{}}}", json!(name), json!(key));
        let text = format!("{{{}}}", members.map(member).join(","));
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let one = text([("a", &key), ("b", &other)]);
    let two = text([("b", &other), ("a", &key)]);
    assert_eq!(id(&one), id(&two));
    let plain = json!({"a": {"key": key}});
    let verbose =
        json!({"a": {"key": format!("\n{key}\n"), "bindReference": false, "requireTlog": false}});
    assert_eq!(id(&plain), id(&verbose));
    let of =
        |identities: [&str; 2]| id(&json!({"a": {"certificate": ca, "identities": identities}}));
    assert_eq!(
        of(["x@acme.example", "y@acme.example"]),
        of(["y@acme.example", "x@acme.example"])
    );
}
