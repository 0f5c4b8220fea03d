//! What the policy says about itself is what it does.

use std::collections::BTreeSet;

use gatehouse_sdk::Metadata;
use serde_json::json;

use super::*;

pub(super) fn metadata() -> Metadata {
    serde_json::from_str(crate::METADATA).unwrap()
}

fn all_rules() -> Value {
    json!({"allowedImages": ["ghcr.io/acme/**"], "forbiddenTags": ["latest"]})
}

/// The codes that the image of a manifest fragment gets.
fn codes_of(fragment: &str) -> BTreeSet<String> {
    let images: Vec<_> = fragment
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "))
        .collect();
    assert_eq!(images.len(), 1, "{fragment}");
    codes(images[0], all_rules()).into_iter().collect()
}

#[test]
fn the_codes_raised_are_the_codes_declared() {
    let mut raised = BTreeSet::new();
    for image in ["nginx", "", "ghcr.io/acme/app", "ghcr.io/acme/app:1"] {
        raised.extend(codes(image, all_rules()));
    }
    assert_eq!(raised, metadata().codes.into_keys().collect());
}

#[test]
fn examples_are_what_they_claim_to_be() {
    for (code, info) in metadata().codes {
        assert!(codes_of(&info.bad).contains(&code), "{code}: {}", info.bad);
        assert_eq!(
            codes_of(&info.good),
            BTreeSet::new(),
            "{code}: {}",
            info.good
        );
        assert!(!info.links.is_empty(), "{code}");
    }
}

#[test]
fn the_schema_names_the_settings() {
    let metadata = metadata();
    assert_eq!(metadata.abi, 1);
    assert_eq!(metadata.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(metadata.name, env!("CARGO_PKG_NAME"));
    assert_eq!(metadata.settings["additionalProperties"], json!(false));
    let properties = metadata.settings["properties"].as_object().unwrap();
    let names: BTreeSet<_> = properties.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from(["allowedImages", "digest", "forbiddenTags"])
    );
    for (name, schema) in properties {
        let examples = schema["examples"].as_array().unwrap();
        for value in examples.iter().chain(schema.get("default")) {
            let settings = TreeBuf::from_value(&json!({name: value})).unwrap();
            let settings = read_settings(settings.root()).unwrap();
            assert_eq!(configure(&settings), [], "{name}: {value}");
        }
    }
}
