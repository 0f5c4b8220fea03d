//! That the tests' own Sigstore is one: the real cosign accepts what was signed with it, and what it made
//! without cosign; and refuses both by the root of another instance.
//!
//! Otherwise a mistake that Gatehouse and this harness share would look like agreement.

use gatehouse_test_registry::Registry;
use gatehouse_test_sigstore::{
    INTEGRATED, Key, Layer, Proof, Workload, bundle_over, payload, statement,
};
use gatehouse_tests::{Cosign, Expected, Format, ImageRepository, PrivateSigstore, Ran, Signer};
use serde_json::json;

const PREDICATE_TYPE: &str = "https://acme.example/tested/v1";
const BOTH: [Cosign; 2] = [Cosign::V2, Cosign::V3];
/// cosign 2 looks for no signatures in bundles.
const THREE: [Cosign; 1] = [Cosign::V3];

/// What cosign says of layers, and of bundles.
const UNKNOWN_LOG: [&str; 2] = [
    "rekor log public key not found for payload",
    "not enough verified log entries from transparency log: 0 < 1",
];
const ANOTHER_IDENTITY: [&str; 2] = [
    "none of the expected identities matched what was in the certificate",
    "no matching CertificateIdentity found",
];

/// A registry with a repository, and two Sigstores that know nothing of each other.
struct Parts {
    registry: Registry,
    own: PrivateSigstore,
    other: PrivateSigstore,
}

impl Parts {
    fn new() -> Self {
        Self {
            registry: Registry::start(),
            own: PrivateSigstore::start(),
            other: PrivateSigstore::start(),
        }
    }

    /// A new image, and the repository in which it is.
    fn image(&self, name: &str) -> (ImageRepository, String) {
        let repository = ImageRepository::new(&self.registry.host(), name);
        let digest = repository.push("1.0", name);
        (repository, digest)
    }

    fn reference(&self, name: &str) -> String {
        let (repository, digest) = self.image(name);
        repository.reference(&digest)
    }

    /// Judges by the right root, and by what must not do.
    #[track_caller]
    fn assert_judged(&self, by: &[Cosign], judge: impl Fn(Cosign, &Expected<'_>) -> Ran) {
        for cosign in by {
            judge(*cosign, &right(&self.own)).succeeded();
            assert_refused(&judge(*cosign, &right(&self.other)), UNKNOWN_LOG);
            for mistaken in mistaken(&self.own) {
                assert_refused(&judge(*cosign, &mistaken), ANOTHER_IDENTITY);
            }
        }
    }
}

fn right(sigstore: &PrivateSigstore) -> Expected<'_> {
    Expected {
        sigstore,
        subject: Workload::SUBJECT,
        issuer: Workload::ISSUER,
    }
}

/// Somebody else, and somebody else who vouches.
fn mistaken(sigstore: &PrivateSigstore) -> [Expected<'_>; 2] {
    let subject = "builds@acme.example";
    let issuer = "https://accounts.acme.example";
    [
        Expected {
            subject,
            ..right(sigstore)
        },
        Expected {
            issuer,
            ..right(sigstore)
        },
    ]
}

#[track_caller]
fn assert_refused(ran: &Ran, reasons: [&str; 2]) {
    assert_ne!(ran.code, 0, "{ran}");
    let is_said = reasons.iter().any(|reason| ran.stderr.contains(reason));
    assert!(is_said, "refused for another reason: {ran}");
}

#[test]
fn signatures_of_cosign() {
    let parts = Parts::new();
    let workload = Workload::default();
    let rekor_1 = parts.own.keyless(&workload);
    let rekor_2 = rekor_1.proved_by(Proof::Rekor2);
    let rows: [(&str, Cosign, Signer<'_>, Format, &[Cosign]); 3] = [
        ("layer", Cosign::V2, rekor_1.into(), Format::Layer, &BOTH),
        ("bundle", Cosign::V3, rekor_1.into(), Format::Bundle, &THREE),
        (
            "rekor-2",
            Cosign::V3,
            rekor_2.into(),
            Format::Bundle,
            &THREE,
        ),
    ];
    for (name, cosign, signer, format, by) in rows {
        let image = parts.reference(name);
        cosign.sign(signer, &image);
        parts.assert_judged(by, |cosign, expected| {
            cosign.verify(expected, format, &image)
        });
    }
}

#[test]
fn attestations_of_cosign() {
    let parts = Parts::new();
    let workload = Workload::default();
    let signer = parts.own.keyless(&workload);
    let as_intoto = signer.logged_as_intoto();
    let predicate = json!({"passed": true});
    let rows = [
        ("layer", Cosign::V2, signer, Format::Layer),
        ("intoto", Cosign::V2, as_intoto, Format::Layer),
        ("bundle-of-2", Cosign::V2, signer, Format::Bundle),
        ("bundle-of-3", Cosign::V3, signer, Format::Bundle),
    ];
    for (name, cosign, signer, format) in rows {
        let image = parts.reference(name);
        match format {
            Format::Layer => cosign.attest(signer, (PREDICATE_TYPE, &predicate), &image),
            Format::Bundle => {
                cosign.attest_as_referrer(signer, (PREDICATE_TYPE, &predicate), &image);
            }
        }
        parts.assert_judged(&BOTH, |cosign, expected| {
            cosign.verify_attestation(expected, format, PREDICATE_TYPE, &image)
        });
    }
}

#[test]
fn a_layer_that_cosign_did_not_make() {
    let parts = Parts::new();
    let (repository, digest) = parts.image("layer");
    let image = repository.reference(&digest);
    let (key, sigstore) = (Key::p256(), parts.own.sigstore());
    let certificate = sigstore.certificate(&key, &Workload::default());
    let layer = Layer::over(&key, payload(&digest, &image).to_string());
    let layer = layer.annotate("certificate", &certificate);
    let entry = sigstore.log.annotation(&layer, &certificate);
    repository.push_layer(&digest, &layer.annotate("bundle", entry));
    parts.assert_judged(&BOTH, |cosign, expected| {
        cosign.verify(expected, Format::Layer, &image)
    });
}

#[test]
fn bundles_that_cosign_did_not_make() {
    let parts = Parts::new();
    let (key, sigstore) = (Key::p256(), parts.own.sigstore());
    let certificate = sigstore.certificate(&key, &Workload::default());
    for rekor in [1, 2] {
        let (repository, digest) = parts.image(&format!("rekor-{rekor}"));
        let image = repository.reference(&digest);
        let bundle = bundle_over(&key, &statement(&digest).to_string());
        let bundle = match rekor {
            1 => sigstore.logged(bundle, &certificate),
            _ => {
                let logged = sigstore.rekor_v2.logged(bundle, &certificate);
                sigstore.tsa.stamped(&logged, INTEGRATED)
            }
        };
        repository.push_bundle(&digest, &bundle);
        parts.assert_judged(&THREE, |cosign, expected| {
            cosign.verify(expected, Format::Bundle, &image)
        });
    }
}
