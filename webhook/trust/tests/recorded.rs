//! What the real cosign 2 and cosign 3 left in a registry; `recorded/README.md` says how.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use gatehouse_abi::Path;
use gatehouse_reference::Reference;
use gatehouse_trust::{
    Authority, LogFault,
    format::{Candidates, Form, Wanted},
    signature::{Rejection, SignedImage, Signer, Verified, verify},
};
use serde_json::{Value, json};

/// In 2128, when they are not valid any more.
const LATER: u64 = 5_000_000_000;

/// What `--type vuln` stands for.
const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";

/// 2027-01-15, while the recorded certificates are valid.
const NOW: u64 = 1_800_000_000;

/// A recorded signature.
struct Recorded {
    image: String,
    manifest: Vec<u8>,
    layer: Vec<u8>,
}

impl Recorded {
    fn read(folder: &str) -> Self {
        let file = |name| read(&format!("{folder}/{name}"));
        Self {
            image: String::from_utf8(file("image")).unwrap(),
            manifest: file("manifest.json"),
            layer: file("layer"),
        }
    }

    fn form(&self) -> Form {
        Candidates::of(&self.manifest, Wanted::ALL)
            .unwrap()
            .listed
            .remove(0)
            .form
    }

    fn verify(&self, authority: &Authority) -> Result<Signer, Rejection> {
        self.verify_for(&self.image, authority)
    }

    fn verify_for(&self, image: &str, authority: &Authority) -> Result<Signer, Rejection> {
        self.verify_at(NOW, image, authority)
    }

    fn verify_at(&self, now: u64, image: &str, authority: &Authority) -> Result<Signer, Rejection> {
        let verified = self.examine(now, image, authority);
        verified.map(|verified| verified.signer)
    }

    fn examine(&self, now: u64, image: &str, authority: &Authority) -> Result<Verified, Rejection> {
        let image = Reference::parse(image).unwrap();
        let repository = image.repository();
        let image = SignedImage {
            digest: image.digest().unwrap(),
            registry: image.registry(),
            repository: &repository,
        };
        let candidates = Candidates::of(&self.manifest, Wanted::ALL).unwrap();
        assert_eq!((candidates.listed.len(), candidates.left_out), (1, 0));
        let evidence = candidates.listed[0].evidence(&self.layer);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        verify(authority, &image, &evidence, now)
    }
}

fn read(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    fs::read(folder.join(name)).unwrap()
}

fn authority(document: Value) -> Authority {
    let files = |file: &str| Ok(String::from_utf8(read(file)).unwrap());
    Authority::parse("release", &document, &Path::root(), &files).unwrap()
}

fn key(name: &str) -> Authority {
    authority(json!({"key": format!("file:{name}.pub")}))
}

#[test]
fn cosign_2_with_every_kind_of_key() {
    for kind in ["p256", "p384", "ed25519", "rsa"] {
        let recorded = Recorded::read(&format!("cosign-2-{kind}"));
        assert!(matches!(recorded.form(), Form::SimpleSigning { .. }));
        let signer = recorded.verify(&key(kind)).unwrap();
        assert_eq!([signer.id], key(kind).signer_ids().as_slice(), "{kind}");
    }
}

#[test]
fn cosign_3_with_every_kind_of_key() {
    for kind in ["p256", "p384", "rsa"] {
        let recorded = Recorded::read(&format!("cosign-3-{kind}"));
        assert_eq!(recorded.form(), Form::Bundle);
        let signer = recorded.verify(&key(kind)).unwrap();
        assert_eq!([signer.id], key(kind).signer_ids().as_slice(), "{kind}");
    }
}

#[test]
fn cosign_3_signs_with_ed25519_what_nobody_verifies() {
    let rejection = Recorded::read("cosign-3-ed25519")
        .verify(&key("ed25519"))
        .unwrap_err();
    assert_eq!(rejection, Rejection::BadSignature { ed25519: true });
    assert!(rejection.to_string().contains("Ed25519ph"), "{rejection}");
}

#[test]
fn cosign_3_in_the_form_of_cosign_2() {
    let recorded = Recorded::read("cosign-3-as-2");
    assert!(matches!(recorded.form(), Form::SimpleSigning { .. }));
    assert!(recorded.verify(&key("p256")).is_ok());
}

#[test]
fn every_other_key_is_refused() {
    for folder in ["cosign-2-p256", "cosign-3-p256"] {
        for kind in ["p384", "ed25519", "rsa"] {
            let rejection = Recorded::read(folder).verify(&key(kind)).unwrap_err();
            assert!(
                matches!(rejection, Rejection::OtherSigner(_)),
                "{rejection}"
            );
        }
    }
    let [fingerprint] = key("p256").signer_ids().try_into().unwrap();
    let rejection = Recorded::read("cosign-3-p256")
        .verify(&key("rsa"))
        .unwrap_err();
    assert_eq!(
        rejection.to_string(),
        format!("it is signed by another key, `{fingerprint}`")
    );
}

#[test]
fn the_signature_of_another_image_is_refused() {
    for (folder, other) in [
        ("cosign-2-p256", "cosign-3-p256"),
        ("cosign-3-p256", "cosign-2-p256"),
    ] {
        let other = Recorded::read(other).image;
        let verdict = Recorded::read(folder).verify_for(&other, &key("p256"));
        assert!(
            matches!(verdict, Err(Rejection::OtherDigest(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn cosign_2_records_the_repository_and_cosign_3_does_not() {
    let bound = authority(json!({"key": "file:p256.pub", "bindReference": true}));
    for folder in ["cosign-2-p256", "cosign-3-as-2"] {
        let recorded = Recorded::read(folder);
        assert!(recorded.verify(&bound).is_ok(), "{folder}");
        let copied = recorded.image.replace("/acme/", "/evil/");
        let verdict = recorded.verify_for(&copied, &bound);
        assert!(
            matches!(verdict, Err(Rejection::OtherRepository(_))),
            "{verdict:?}"
        );
    }
    let verdict = Recorded::read("cosign-3-p256").verify(&bound);
    assert_eq!(verdict, Err(Rejection::NoRepository));
}

#[test]
fn certificates_of_both() {
    let both = "file:ca-and-intermediate.pem";
    let chain = [read("ca.pem"), read("intermediate.pem")].concat();
    let files = |file: &str| {
        assert_eq!(file, "ca-and-intermediate.pem");
        Ok(String::from_utf8(chain.clone()).unwrap())
    };
    let document = json!({"certificate": both, "identities": ["builds@acme.example"]});
    let ca = Authority::parse("builds", &document, &Path::root(), &files).unwrap();
    for folder in ["cosign-2-certificate", "cosign-3-certificate"] {
        let signer = Recorded::read(folder).verify(&ca).unwrap();
        assert_eq!(signer.identity.as_deref(), Some("builds@acme.example"));
        assert_eq!(
            [signer.id],
            key("p256").signer_ids().as_slice(),
            "its key, too"
        );
    }
    // cosign 2 brings the chain, a bundle has no place for it
    let root = authority(json!({"certificate": "file:ca.pem"}));
    assert!(Recorded::read("cosign-2-certificate").verify(&root).is_ok());
    let verdict = Recorded::read("cosign-3-certificate").verify(&root);
    assert!(
        matches!(verdict, Err(Rejection::OtherAuthority(_))),
        "{verdict:?}"
    );
    let stranger = authority(json!({"certificate": "file:ca.pem", "identities": ["a@b.c"]}));
    let verdict = Recorded::read("cosign-2-certificate").verify(&stranger);
    assert!(
        matches!(verdict, Err(Rejection::OtherIdentity(_))),
        "{verdict:?}"
    );
}

#[test]
fn an_attestation_by_the_same_key_is_no_signature() {
    for folder in ["cosign-2-attestation", "cosign-3-attestation"] {
        let verdict = Recorded::read(folder).verify(&key("p256"));
        assert_eq!(verdict, Err(Rejection::OtherPredicate(VULN.to_owned())));
    }
}

/// An authority that wants scans, with more members.
fn scanned(mut document: Value) -> Authority {
    document["attestation"] = json!({"predicateType": VULN, "conditions": [
        {"path": "scanner.result.Results[*].Vulnerabilities[*].Severity", "noneOf": ["CRITICAL"]},
        {"path": "metadata.scanFinishedOn", "maxAge": "72h"},
    ]});
    authority(document)
}

#[test]
fn both_attest_what_the_scanner_found() {
    let expected = json!({
        "metadata": {"scanFinishedOn": "2026-11-22T00:00:00Z"},
        "scanner": {"result": {"Results": [
            {"Vulnerabilities": [{"Severity": "LOW"}, {"Severity": "MEDIUM"}]},
            {},
        ]}},
    });
    let authority = scanned(json!({"key": "file:p256.pub", "bindReference": true}));
    for folder in ["cosign-2-attestation", "cosign-3-attestation"] {
        let recorded = Recorded::read(folder);
        let verified = recorded.examine(NOW, &recorded.image, &authority).unwrap();
        assert_eq!([verified.signer.id], key("p256").signer_ids().as_slice());
        assert_eq!(verified.predicate.unwrap().to_value(), expected, "{folder}");
        let other = Recorded::read("cosign-2-p256").image;
        let verdict = recorded.verify_for(&other, &authority);
        assert!(
            matches!(verdict, Err(Rejection::OtherDigest(_))),
            "{verdict:?}"
        );
    }
    let envelope = Recorded::read("cosign-2-attestation").form();
    assert!(matches!(envelope, Form::Envelope { .. }));
    let signature = Recorded::read("cosign-3-p256").verify(&authority);
    assert_eq!(signature, Err(Rejection::NotAnAttestation));
}

#[test]
fn what_a_log_took_of_attestations_is_proven() {
    let logged = |kind: &str| {
        scanned(json!({
            "key": format!("file:{kind}.pub"),
            "requireTlog": true,
            "trustRoot": "file:trusted_root.json",
        }))
    };
    for folder in ["cosign-2-attestation-logged", "cosign-3-attestation-logged"] {
        let verdict = Recorded::read(folder).verify(&logged("p256"));
        assert!(verdict.is_ok(), "{folder}: {verdict:?}");
        let root = json!({"key": "file:p256.pub", "requireTlog": true});
        let verdict = Recorded::read(folder).verify(&scanned(root));
        let unknown = Rejection::NotLogged(LogFault::UnknownLog);
        assert_eq!(verdict, Err(unknown), "{folder}");
    }
    for (folder, kind) in [
        // version 0.0.1 of the kind, which keeps nothing of the signature
        ("cosign-2-attestation-intoto", "p256"),
        // SHA-256 with P-384
        ("cosign-2-attestation-p384-logged", "p384"),
    ] {
        let verdict = Recorded::read(folder).verify(&logged(kind));
        let unsupported = Rejection::NotLogged(LogFault::Unsupported);
        assert_eq!(verdict, Err(unsupported), "{folder}");
        let content = scanned(json!({"key": format!("file:{kind}.pub")}));
        assert!(Recorded::read(folder).verify(&content).is_ok(), "{folder}");
    }
}

#[test]
fn cosign_2_has_envelopes_timestamped_and_cosign_3_signatures() {
    let chain = [read("ca.pem"), read("intermediate.pem")].concat();
    let certificate = String::from_utf8(chain).unwrap();
    let document = json!({"certificate": certificate, "trustRoot": "file:trusted_root.json"});
    let authority = scanned(document);
    let of = |folder: &str, now| {
        let recorded = Recorded::read(folder);
        recorded.verify_at(now, &recorded.image, &authority)
    };
    assert!(of("cosign-2-attestation-timestamp", NOW).is_ok());
    assert!(of("cosign-3-attestation-timestamp", LATER).is_ok());
    let expired = of("cosign-2-attestation-timestamp", LATER);
    assert!(
        matches!(expired, Err(Rejection::Expired { proven: false, .. })),
        "{expired:?}"
    );
}

#[test]
fn what_is_not_logged_is_not_enough_for_those_who_demand_it() {
    let logged = authority(json!({"key": "file:p256.pub", "requireTlog": true}));
    for folder in ["cosign-2-p256", "cosign-3-p256"] {
        let verdict = Recorded::read(folder).verify(&logged);
        assert!(
            matches!(verdict, Err(Rejection::NotLogged(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn what_a_log_took_is_proven_in_both_formats() {
    for (folder, kind) in [
        ("cosign-2-logged", "p256"),
        ("cosign-2-p384-logged", "p384"),
        ("cosign-3-logged", "p256"),
    ] {
        let key = format!("file:{kind}.pub");
        let document =
            json!({"key": key, "requireTlog": true, "trustRoot": "file:trusted_root.json"});
        let verdict = Recorded::read(folder).verify(&authority(document));
        assert!(verdict.is_ok(), "{folder}: {verdict:?}");
        let public = authority(json!({"key": key, "requireTlog": true}));
        let verdict = Recorded::read(folder).verify(&public);
        assert_eq!(
            verdict,
            Err(Rejection::NotLogged(LogFault::UnknownLog)),
            "{folder}"
        );
    }
}

#[test]
fn a_timestamp_proves_that_an_expired_certificate_signed_in_time() {
    let chain = [read("ca.pem"), read("intermediate.pem")].concat();
    let files = |file: &str| {
        let bytes = if file == "chain" {
            chain.clone()
        } else {
            read(file)
        };
        Ok(String::from_utf8(bytes).unwrap())
    };
    let parse = |document: Value| Authority::parse("a", &document, &Path::root(), &files).unwrap();
    let trusting = json!({"certificate": "file:chain", "trustRoot": "file:trusted_root.json"});
    let (trusting, public) = (parse(trusting), parse(json!({"certificate": "file:chain"})));
    for version in ["cosign-2", "cosign-3"] {
        let stamped = Recorded::read(&format!("{version}-timestamp"));
        let verdict = stamped.verify_at(LATER, &stamped.image, &trusting);
        assert!(verdict.is_ok(), "{version}: {verdict:?}");
        let bare = Recorded::read(&format!("{version}-certificate"));
        for (recorded, authority) in [(&stamped, &public), (&bare, &trusting)] {
            let verdict = recorded.verify_at(LATER, &recorded.image, authority);
            assert!(
                matches!(verdict, Err(Rejection::Expired { proven: false, .. })),
                "{version}: {verdict:?}"
            );
        }
    }
    // a timestamp is no log entry
    let logged = json!({"certificate": "file:chain", "trustRoot": "file:trusted_root.json", "requireTlog": true});
    let verdict = Recorded::read("cosign-3-timestamp").verify(&parse(logged));
    assert_eq!(verdict, Err(Rejection::NotLogged(LogFault::Absent)));
}

/// The descriptors of fallback tags mislead; if that changes, the registry client may know it.
#[test]
fn fallback_tags_of_cosign_3_name_another_artifact_type() {
    let index: Value = serde_json::from_slice(&read("cosign-3-p256/fallback-tag.json")).unwrap();
    let named = &index["manifests"][0]["artifactType"];
    assert_eq!(named, "application/vnd.oci.empty.v1+json");
}
