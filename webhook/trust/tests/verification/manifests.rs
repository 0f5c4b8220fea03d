//! Which layers of a manifest are candidates.

use gatehouse_trust::{
    format::{Candidates, Form, ManifestError, Wanted},
    signature::{ATTESTATION_BYTES, BUNDLE_BYTES, PAYLOAD_BYTES},
};
use serde_json::{Value, json};

use crate::kit::*;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

fn candidates(manifest: &Value) -> Result<Candidates, ManifestError> {
    Candidates::of(manifest.to_string().as_bytes(), Wanted::ALL)
}

fn layer(media_type: &str) -> Value {
    json!({"mediaType": media_type, "digest": DIGEST, "size": 3})
}

#[test]
fn the_layers_media_type_decides_and_nothing_else() {
    for artifact_type in [
        json!(null),
        json!("application/vnd.oci.empty.v1+json"),
        json!(7),
    ] {
        let manifest = json!({
            "artifactType": artifact_type,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json"},
            "layers": [layer(BUNDLE), layer("text/plain"), layer(SIMPLE)],
        });
        let listed = candidates(&manifest).unwrap().listed;
        let forms: Vec<_> = listed.iter().map(|candidate| &candidate.form).collect();
        let annotations = Default::default();
        assert_eq!(forms, [&Form::Bundle, &Form::SimpleSigning { annotations }]);
        assert_eq!((listed[0].digest.as_str(), listed[0].size), (DIGEST, 3));
    }
}

#[test]
fn what_is_not_wanted_is_no_candidate() {
    let layers = json!({"layers": [layer(SIMPLE), layer(ENVELOPE), layer(BUNDLE)]}).to_string();
    for (signatures, attestations, expected) in [
        (true, true, "seb"),
        (true, false, "sb"),
        (false, true, "eb"),
        (false, false, "b"),
    ] {
        let wanted = Wanted {
            signatures,
            attestations,
        };
        let listed = Candidates::of(layers.as_bytes(), wanted).unwrap().listed;
        let letter = |form: &Form| match form {
            Form::SimpleSigning { .. } => 's',
            Form::Envelope { .. } => 'e',
            Form::Bundle => 'b',
        };
        let letters: String = listed.iter().map(|one| letter(&one.form)).collect();
        assert_eq!(letters, expected);
    }
}

#[test]
fn only_attestations_are_worth_megabytes() {
    let listed = candidates(&json!({"layers": [layer(SIMPLE), layer(ENVELOPE), layer(BUNDLE)]}));
    let listed = listed.unwrap().listed;
    let bytes = |wanted| {
        listed
            .iter()
            .map(|one| one.max_bytes(wanted))
            .collect::<Vec<_>>()
    };
    let large = [PAYLOAD_BYTES, ATTESTATION_BYTES, ATTESTATION_BYTES];
    assert_eq!(bytes(Wanted::ALL), large);
    let signatures = Wanted {
        attestations: false,
        ..Wanted::ALL
    };
    assert_eq!(bytes(signatures)[2], BUNDLE_BYTES);
}

#[test]
fn older_bundles_are_candidates_so_that_their_refusal_is_said() {
    let older = layer("application/vnd.dev.sigstore.bundle+json;version=0.1");
    let listed = candidates(&json!({"layers": [older]})).unwrap().listed;
    assert_eq!(listed[0].form, Form::Bundle);
}

#[test]
fn an_image_has_none() {
    let manifest = json!({"layers": [layer("application/vnd.oci.image.layer.v1.tar+gzip")]});
    assert_eq!(candidates(&manifest), Ok(Candidates::default()));
}

#[test]
fn candidates_become_evidence() {
    let key = Key::p256();
    let signed = Layer::of(&key);
    let mut simple = layer(SIMPLE);
    simple["annotations"] = json!(signed.annotations);
    let found = candidates(&json!({"layers": [simple, layer(BUNDLE)]})).unwrap();
    let [simple, bundled] = found.listed.as_slice() else {
        panic!("{found:?}");
    };
    assert!(judge(&key.authority(), &simple.evidence(&signed.payload), NOW).is_ok());
    let bytes = bundle(&key).to_string();
    assert!(judge(&key.authority(), &bundled.evidence(bytes.as_bytes()), NOW).is_ok());
    assert!(simple.max_bytes(Wanted::ALL) < bundled.max_bytes(Wanted::ALL));
}

#[test]
fn what_is_no_manifest_is_said() {
    let malformed = |text: &str| {
        let read = Candidates::of(text.as_bytes(), Wanted::ALL);
        read.unwrap_err().to_string()
    };
    for text in [
        "",
        "[]",
        "{}",
        "{\"layers\":1}",
        "{\"layers\":[],\"layers\":[]}",
        "{\"layers\":[]}x",
    ] {
        assert!(
            malformed(text).starts_with("the manifest of a signature is malformed"),
            "{text}"
        );
    }
    for digest in ["", "sha256:12", "../../etc/passwd", "md5:00"] {
        let mut wrong = layer(BUNDLE);
        wrong["digest"] = json!(digest);
        let text = json!({"layers": [wrong]}).to_string();
        assert!(malformed(&text).contains("wrong digest"), "{digest}");
    }
    let negative = json!({"layers": [{"mediaType": BUNDLE, "digest": DIGEST, "size": -1}]});
    assert!(candidates(&negative).is_err());
}
