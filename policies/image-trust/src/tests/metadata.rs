//! What the policy says about itself is what it does.

use std::collections::BTreeSet;

use gatehouse_sdk::Metadata;
use serde_json::json;

use super::*;

pub(super) fn metadata() -> Metadata {
    serde_json::from_str(crate::METADATA).unwrap()
}

fn all_rules() -> Value {
    json!({
        "allowedImages": ["ghcr.io/acme/**"],
        "forbiddenTags": ["latest"],
        "authorities": {
            "release": {},
            "scanned": {"attestation": {
                "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
                "conditions": [{"path": "metadata.scanFinishedOn", "maxAge": "72h"}],
            }},
            "partner": {},
        },
        "signatures": [
            {"images": ["ghcr.io/**"], "allOf": ["release", "scanned"]},
            {"images": ["partner.example/**"], "anyOf": ["partner"]},
        ],
    })
}

/// What the host knows of the images in the examples.
fn host(need: &Need) -> Value {
    let name = need.key.split(['/', '@', ':']).nth(2).unwrap_or_default();
    let release = match name {
        "web-missing" => return json!({"missing": true}),
        "web-unsigned" => failed("not-signed"),
        "web-by-partner" => failed("other-signer"),
        "web-copied" => failed("other-digest"),
        _ => verified("r"),
    };
    let scan = |day: &str| json!({"metadata": {"scanFinishedOn": format!("{day}T12:00:00Z")}});
    let scanned = match name {
        "web-unscanned" => failed("not-attested"),
        "web-scanned-last-year" => attested("s", &[scan("2025-11-21")]),
        _ => attested("s", &[scan("2026-11-21")]),
    };
    json!({"digest": DIGEST, "authorities": {"release": release, "scanned": scanned}})
}

fn codes_with_facts(image: &str) -> BTreeSet<String> {
    let said = say("Pod", one(image), all_rules(), &host);
    said.codes().into_iter().map(str::to_owned).collect()
}

/// The codes that the image of a manifest fragment gets.
fn codes_of(fragment: &str) -> BTreeSet<String> {
    let images: Vec<_> = fragment
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "))
        .collect();
    assert_eq!(images.len(), 1, "{fragment}");
    codes_with_facts(images[0])
}

#[test]
fn the_codes_raised_are_the_codes_declared() {
    let pinned = |name: &str| format!("ghcr.io/acme/{name}@{DIGEST}");
    let images = [
        "web-unsigned",
        "web-by-partner",
        "web-copied",
        "web-missing",
        "web-unscanned",
        "web-scanned-last-year",
    ]
    .map(pinned);
    let mut raised = BTreeSet::new();
    for image in images
        .iter()
        .map(String::as_str)
        .chain(["nginx", "", "ghcr.io/acme-tools/app:1"])
    {
        raised.extend(codes_with_facts(image));
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
        BTreeSet::from([
            "allowedImages",
            "authorities",
            "digest",
            "forbiddenTags",
            "signatures",
            "unmatched",
        ])
    );
    let schema = jsonschema::validator_for(&metadata.settings).unwrap();
    for (name, property) in properties {
        let examples = property["examples"].as_array().unwrap();
        for value in examples.iter().chain(property.get("default")) {
            let settings = json!({name: value});
            assert!(schema.is_valid(&settings), "{name}: {value}");
            let settings = TreeBuf::from_value(&settings).unwrap();
            assert!(read_settings::<crate::Settings>(settings.root()).is_ok());
        }
    }
}

/// Together, since rules and authorities name each other.
#[test]
fn the_examples_of_the_schema_are_good_settings() {
    let metadata = metadata();
    let properties = metadata.settings["properties"].as_object().unwrap();
    let examples = properties.iter().map(|(name, property)| {
        let example = property["examples"][0].clone();
        (name.clone(), example)
    });
    let settings = TreeBuf::from_value(&Value::Object(examples.collect())).unwrap();
    let settings = read_settings(settings.root()).unwrap();
    assert_eq!(configure(&settings), []);
}
