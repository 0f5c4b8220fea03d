//! `policy.json` says what the crate does.

use std::collections::BTreeSet;

use gatehouse_sdk::Metadata;
use pod_security::{METADATA, codes};
use serde_json::Value;

fn metadata() -> Metadata {
    serde_json::from_str(METADATA).unwrap()
}

#[test]
fn codes_are_those_of_the_controls() {
    let described: BTreeSet<_> = metadata().codes.into_keys().collect();
    assert_eq!(described, codes().map(str::to_owned).collect());
}

#[test]
fn settings_name_every_control() {
    let schema = metadata().settings;
    assert_eq!(schema["additionalProperties"], false);
    let controls = &schema["properties"]["controls"];
    assert_eq!(controls["additionalProperties"], false);
    let named: BTreeSet<_> = controls["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(named, codes().map(str::to_owned).collect());
}

#[test]
fn the_default_settings_are_valid() {
    let schema = metadata().settings;
    let default = |name: &str| schema["properties"][name]["default"].clone();
    let names = schema["properties"].as_object().unwrap().keys();
    let defaults: Value = names.map(|name| (name.clone(), default(name))).collect();
    assert_eq!(
        crate::support::settings(&defaults),
        crate::support::settings(&serde_json::json!({}))
    );
}

#[test]
fn every_code_is_explained() {
    for (code, info) in metadata().codes {
        assert!(
            !info.title.ends_with('.') && info.title.len() < 90,
            "{code}: {}",
            info.title
        );
        assert!(
            info.explanation.matches(". ").count() >= 1,
            "{code} is explained in one sentence"
        );
        assert!(info.explanation.ends_with('.'), "{code}");
        assert_ne!(info.bad, info.good, "{code}");
        assert!(
            info.links
                .iter()
                .all(|link| link.starts_with("https://kubernetes.io/")),
            "{code}"
        );
        assert!(!info.links.is_empty(), "{code}");
    }
}
