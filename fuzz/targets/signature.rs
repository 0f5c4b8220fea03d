//! What a registry hands over as a signature or an attestation, and what an operator writes of authorities:
//! nothing panics, nothing verifies for another image or another key, and what is said of it is fit to be
//! shown.
#![no_main]

use std::{
    collections::BTreeMap,
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use gatehouse_abi::Path;
use gatehouse_reference::Digest;
use gatehouse_trust::{
    Authority,
    format::{Candidates, Wanted},
    registry::Keychain,
    signature::{Evidence, SignedImage, verify},
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// Who signed the seeds.
static SIGNER: LazyLock<Authority> =
    LazyLock::new(|| authority(include_str!("../../webhook/trust/tests/recorded/p256.pub")));
/// Who signed none of them.
static STRANGER: LazyLock<Authority> =
    LazyLock::new(|| authority(include_str!("../../webhook/trust/tests/recorded/p384.pub")));

/// Whose attestations the seeds are, told with what conditions are about.
static ATTESTER: LazyLock<Authority> = LazyLock::new(|| {
    parse(json!({
        "key": include_str!("../../webhook/trust/tests/recorded/p256.pub"),
        "attestation": {
            "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
            "conditions": [{"path": "scanner.result.Results[*].Vulnerabilities[*].Severity"}],
        },
    }))
});

/// No recorded image has it.
const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// The reference of the image that the seeds sign.
const SIGNED: &str = include_str!("../../webhook/trust/tests/recorded/cosign-3-p256/image");

fuzz_target!(|data: &[u8]| {
    let Some((form, bytes)) = data.split_first() else {
        return;
    };
    match form {
        b'b' => check(&Evidence::Bundle(bytes)),
        b's' => check_layer(bytes),
        b'e' => check(&Evidence::Envelope {
            envelope: bytes,
            annotations: &BTreeMap::new(),
        }),
        b'm' => check_manifest(bytes),
        b'k' => drop(Keychain::from_docker_config(bytes)),
        _ => check_authority(bytes),
    }
});

/// Payload, then the byte 0xff, then the signature's annotation.
fn check_layer(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0xff);
    let payload = parts.next().unwrap_or_default();
    let signature = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let key = "dev.cosignproject.cosign/signature".to_owned();
    let annotations = BTreeMap::from([(key, signature)]);
    check(&Evidence::SimpleSigning {
        payload,
        annotations: &annotations,
    });
}

fn check(evidence: &Evidence<'_>) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let signed = SIGNED.rsplit('@').next().unwrap_or_default();
    for (authority, digest) in [(&SIGNER, OTHER), (&ATTESTER, OTHER), (&STRANGER, signed)] {
        let image = SignedImage {
            digest: Digest::parse(digest).expect("a digest"),
            registry: "registry.example",
            repository: "acme/app",
        };
        let rejection = verify(authority, &image, evidence, now).expect_err("it signs nothing else");
        check_words(&rejection.to_string());
    }
}

fn check_manifest(bytes: &[u8]) {
    match Candidates::of(bytes, Wanted::ALL) {
        Ok(candidates) => {
            for candidate in &candidates.listed {
                assert!(Digest::parse(&candidate.digest).is_ok());
                check(&candidate.evidence(b"{}"));
            }
        }
        Err(error) => check_words(&error.to_string()),
    }
}

fn check_authority(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let files = |_: &str| Err("no files here".to_owned());
    for error in Authority::parse("a", &document, &Path::root(), &files)
        .err()
        .into_iter()
        .flatten()
    {
        check_words(&error.message);
    }
}

fn check_words(words: &str) {
    assert!(words.chars().count() < 1000, "{words}");
    assert!(!words.contains(char::is_control), "{words:?}");
}

fn authority(pem: &str) -> Authority {
    parse(json!({"key": pem}))
}

fn parse(document: Value) -> Authority {
    let files = |_: &str| Err("no files here".to_owned());
    Authority::parse("a", &document, &Path::root(), &files).expect("a recorded key")
}
