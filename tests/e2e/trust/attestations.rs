//! What is attested of an image, by whom, and whether it meets the conditions.

use std::process::Command;

use gatehouse_test_registry::Registry;
use gatehouse_test_sigstore::Workload;
use gatehouse_tests::{Algorithm, Cosign, ImageRepository, PrivateSigstore, Scene, SigningKey};
use serde_json::{Value, json};

use super::{admitted, assert_says, judged, keyless, pod_of, refused};

const SCAN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const BUILDER: &str = "https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1";
const BOTH: [(&str, Cosign); 2] = [("two", Cosign::V2), ("three", Cosign::V3)];

/// A registry with one repository, and a key.
struct Parts {
    registry: Registry,
    repository: ImageRepository,
    key: SigningKey,
}

impl Parts {
    fn new() -> Self {
        let registry = Registry::start();
        Self {
            repository: ImageRepository::new(&registry.host(), "acme/app"),
            key: SigningKey::generate(Algorithm::Ecdsa),
            registry,
        }
    }

    /// A scan of all images has to be attested with the key: no older than three days, with nothing critical.
    fn scanned(&self, subject: &str) -> Scene {
        let authority = json!({
            "key": self.key.public(),
            "attestation": {"predicateType": SCAN, "conditions": [
                {"path": "metadata.scanFinishedOn", "maxAge": "72h"},
                {
                    "path": "scanner.result.Results[*].Vulnerabilities[*].Severity",
                    "noneOf": ["CRITICAL"],
                },
            ]},
        });
        self.judged(subject, &authority)
    }

    fn judged(&self, subject: &str, authority: &Value) -> Scene {
        let settings = json!({
            "authorities": {"scanned": authority},
            "signatures": [
                {"images": [format!("{}/**", self.registry.host())], "anyOf": ["scanned"]},
            ],
        });
        judged(subject, &self.registry.host(), "deny", &settings)
    }

    /// A new image, referred to by its digest.
    fn image(&self, label: &str) -> String {
        self.repository
            .reference(&self.repository.push(label, label))
    }
}

/// What a scanner says that ended so many hours ago and found one vulnerability.
fn scan(hours_ago: u32, severity: &str) -> Value {
    let finished = hours_before_now(hours_ago);
    json!({
        "invocation": {"uri": "", "event_id": "", "builder.id": ""},
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.60.0",
            "version": "0.60.0",
            "db": {"uri": "", "version": ""},
            "result": {"Results": [
                {"Target": "app", "Vulnerabilities": [{"Severity": severity}]},
                {"Target": "nothing found here"},
            ]},
        },
        "metadata": {"scanStartedOn": finished, "scanFinishedOn": finished},
    })
}

/// In the words of RFC 3339.
fn hours_before_now(hours: u32) -> String {
    let mut date = Command::new("date");
    date.args(["--utc", "+%FT%TZ", "--date"]);
    let output = date.arg(format!("{hours} hours ago")).output();
    let text = String::from_utf8(output.expect("`date` of coreutils").stdout);
    text.expect("a date").trim_end().to_owned()
}

#[test]
fn a_scan_counts_while_it_is_young_and_found_nothing_critical() {
    let parts = Parts::new();
    let scene = parts.scanned("scan");
    for (label, cosign) in BOTH {
        let image = parts.image(label);
        let pod = pod_of(label, &image);
        for (name, unmet, path) in [
            ("old", scan(100, "HIGH"), "metadata.scanFinishedOn"),
            ("critical", scan(1, "CRITICAL"), "Severity"),
        ] {
            let image = parts.image(&format!("{label}-{name}"));
            cosign.attest(&parts.key, (SCAN, &unmet), &image);
            let pod = pod_of(&format!("{label}-{name}"), &image);
            let text = refused(&scene, &pod, "image-attestation-unmet");
            assert_says(&text, path);
        }
        for good in [scan(100, "LOW"), scan(1, "HIGH")] {
            cosign.attest(&parts.key, (SCAN, &good), &image);
        }
        admitted(&scene, &pod);
    }
}

#[test]
fn two_attestations_do_not_meet_the_conditions_between_them() {
    let parts = Parts::new();
    let scene = parts.scanned("between");
    for (label, cosign) in BOTH {
        let image = parts.image(label);
        for half in [scan(100, "LOW"), scan(1, "CRITICAL")] {
            cosign.attest(&parts.key, (SCAN, &half), &image);
        }
        refused(&scene, &pod_of(label, &image), "image-attestation-unmet");
    }
}

#[test]
fn an_attestation_of_another_type_is_none() {
    let parts = Parts::new();
    let scene = parts.scanned("type");
    for (label, cosign) in BOTH {
        let image = parts.image(label);
        let other = "https://cosign.sigstore.dev/attestation/vuln/v10";
        cosign.attest(&parts.key, (other, &scan(1, "LOW")), &image);
        refused(&scene, &pod_of(label, &image), "image-not-attested");

        let among = format!("{label}-among");
        let image = parts.image(&among);
        cosign.attest(&parts.key, (other, &scan(1, "CRITICAL")), &image);
        cosign.attest(&parts.key, (SCAN, &scan(1, "LOW")), &image);
        admitted(&scene, &pod_of(&among, &image));
    }
}

#[test]
fn a_signature_is_no_attestation_and_an_attestation_no_signature() {
    let parts = Parts::new();
    let (signed, attested) = (json!({"key": parts.key.public()}), parts.scanned("claims"));
    let signed = parts.judged("signed", &signed);
    for (label, cosign) in BOTH {
        let only_signed = parts.image(&format!("{label}-signed"));
        cosign.sign_as_referrer(&parts.key, &only_signed);
        let pod = pod_of(&format!("{label}-signed"), &only_signed);
        refused(&attested, &pod, "image-not-attested");
        admitted(&signed, &pod);

        let only_attested = parts.image(&format!("{label}-attested"));
        cosign.attest_as_referrer(&parts.key, (SCAN, &scan(1, "LOW")), &only_attested);
        let pod = pod_of(&format!("{label}-attested"), &only_attested);
        refused(&signed, &pod, "image-not-signed");
        admitted(&attested, &pod);
    }
}

#[test]
fn an_attestation_of_somebody_else_does_not_count() {
    let parts = Parts::new();
    let scene = parts.scanned("stranger");
    let stranger = SigningKey::generate(Algorithm::Ecdsa);
    for (label, cosign) in BOTH {
        let image = parts.image(label);
        cosign.attest(&stranger, (SCAN, &scan(1, "LOW")), &image);
        refused(&scene, &pod_of(label, &image), "image-signed-by-other");
    }
}

#[test]
fn an_attestation_of_another_image_does_not_count() {
    let parts = Parts::new();
    let scene = parts.scanned("hung");
    let [good, evil] = ["good", "evil"].map(|label| parts.repository.push(label, label));
    let image = parts.repository.reference(&good);
    Cosign::V2.attest(&parts.key, (SCAN, &scan(1, "LOW")), &image);
    let [from, to] = [&good, &evil].map(|digest| ImageRepository::attestation_tag(digest));
    parts.repository.copy(&from, &parts.repository, &to);
    admitted(&scene, &pod_of("good", &image));
    let evil = pod_of("evil", &parts.repository.reference(&evil));
    let text = refused(&scene, &evil, "image-signature-invalid");
    assert_says(&text, &format!("it is for another image, `{good}`"));
}

#[test]
fn provenance_names_its_builder() {
    let parts = Parts::new();
    let sigstore = PrivateSigstore::start();
    let mut authority = keyless(&sigstore, &json!(Workload::SUBJECT));
    authority["attestation"] = json!({
        "predicateType": PROVENANCE,
        "conditions": [{"path": "runDetails.builder.id", "oneOf": [BUILDER]}],
    });
    let scene = parts.judged("provenance", &authority);
    let workload = Workload::default();
    let stranger = Workload::email("stranger@evil.example");
    let built_by = |id: &str| {
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {},
            },
            "runDetails": {"builder": {"id": id}},
        })
    };
    for (label, cosign) in BOTH {
        let image = parts.image(label);
        let provenance = built_by(BUILDER);
        cosign.attest(
            sigstore.keyless(&workload),
            (PROVENANCE, &provenance),
            &image,
        );
        admitted(&scene, &pod_of(label, &image));

        let label = format!("{label}-laptop");
        let image = parts.image(&label);
        let provenance = built_by("https://laptop.example");
        cosign.attest(
            sigstore.keyless(&workload),
            (PROVENANCE, &provenance),
            &image,
        );
        let text = refused(&scene, &pod_of(&label, &image), "image-attestation-unmet");
        assert_says(&text, "runDetails.builder.id");

        let label = format!("{label}-stranger");
        let image = parts.image(&label);
        let provenance = built_by(BUILDER);
        cosign.attest(
            sigstore.keyless(&stranger),
            (PROVENANCE, &provenance),
            &image,
        );
        refused(&scene, &pod_of(&label, &image), "image-signed-by-other");
    }
}

/// Such an entry says nothing of the signature but by the digest of the envelope, which `sigstore-verify` does not
/// compare.
#[test]
fn a_log_entry_of_the_old_type_proves_nothing() {
    let parts = Parts::new();
    let sigstore = PrivateSigstore::start();
    let mut authority = keyless(&sigstore, &json!(Workload::SUBJECT));
    authority["attestation"] = json!({"predicateType": SCAN});
    let scene = parts.judged("intoto", &authority);
    let workload = Workload::default();
    let image = parts.image("intoto");
    let signer = sigstore.keyless(&workload).logged_as_intoto();
    Cosign::V2.attest(signer, (SCAN, &scan(1, "LOW")), &image);
    let text = refused(&scene, &pod_of("intoto", &image), "image-signature-invalid");
    assert_says(&text, "its log entry is of a kind that cannot be verified");
}
