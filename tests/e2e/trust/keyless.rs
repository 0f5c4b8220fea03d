//! Whose certificate it is.

use gatehouse_test_registry::Registry;
use gatehouse_test_sigstore::{Proof, Workload};
use gatehouse_tests::{Cosign, ImageRepository, PrivateSigstore, Scene};
use serde_json::{Value, json};

use super::{admitted, assert_says, judged, keyless, pod_of, refused};

const BOTH: [(&str, Cosign); 2] = [("two", Cosign::V2), ("three", Cosign::V3)];
/// What follows whoever signed instead.
const BUT_CI_HAS_TO: &str = " signed the image, but `ci` has to";

/// A registry with one repository, and a Sigstore.
struct Parts {
    registry: Registry,
    repository: ImageRepository,
    sigstore: PrivateSigstore,
}

impl Parts {
    fn new() -> Self {
        let registry = Registry::start();
        Self {
            repository: ImageRepository::new(&registry.host(), "acme/app"),
            sigstore: PrivateSigstore::start(),
            registry,
        }
    }

    /// All images have to be signed by this authority.
    fn judged(&self, subject: &str, authority: &Value) -> Scene {
        let settings = json!({
            "authorities": {"ci": authority},
            "signatures": [{"images": [format!("{}/**", self.registry.host())], "anyOf": ["ci"]}],
        });
        judged(subject, &self.registry.host(), "deny", &settings)
    }

    /// A new image that either cosign signed for this workload, in a pod.
    fn signed(&self, label: &str, cosign: Cosign, workload: &Workload) -> Value {
        self.signed_with(&self.sigstore, label, cosign, workload)
    }

    fn signed_with(
        &self,
        sigstore: &PrivateSigstore,
        label: &str,
        cosign: Cosign,
        workload: &Workload,
    ) -> Value {
        let digest = self.repository.push(label, label);
        let image = self.repository.reference(&digest);
        cosign.sign(sigstore.keyless(workload), &image);
        pod_of(label, &image)
    }
}

#[test]
fn an_identity_that_only_contains_the_wanted_one_does_not_count() {
    let parts = Parts::new();
    let scene = parts.judged(
        "subject",
        &keyless(&parts.sigstore, &json!(Workload::SUBJECT)),
    );
    for (number, subject) in [
        format!("{}0", Workload::SUBJECT),
        format!("{}.evil.example", Workload::SUBJECT),
        Workload::SUBJECT.replace("acme/app", "evil/app"),
        Workload::SUBJECT.replace("@refs", "%40refs"),
    ]
    .iter()
    .enumerate()
    {
        for (label, cosign) in BOTH {
            let label = format!("{label}-{number}");
            let pod = parts.signed(&label, cosign, &Workload::uri(subject));
            let text = refused(&scene, &pod, "image-signed-by-other");
            assert_says(&text, BUT_CI_HAS_TO);
        }
    }
    for (label, cosign) in BOTH {
        admitted(&scene, &parts.signed(label, cosign, &Workload::default()));
    }
}

#[test]
fn an_issuer_that_nobody_named_does_not_vouch() {
    let parts = Parts::new();
    let scene = parts.judged(
        "issuer",
        &keyless(&parts.sigstore, &json!(Workload::SUBJECT)),
    );
    let workload = Workload {
        issuer: Some("https://accounts.evil.example".to_owned()),
        ..Workload::default()
    };
    for (label, cosign) in BOTH {
        let pod = parts.signed(label, cosign, &workload);
        let text = refused(&scene, &pod, "image-signed-by-other");
        assert_says(&text, BUT_CI_HAS_TO);
    }
}

#[test]
fn another_instance_vouches_for_nobody() {
    let parts = Parts::new();
    let scene = parts.judged(
        "instance",
        &keyless(&parts.sigstore, &json!(Workload::SUBJECT)),
    );
    let other = PrivateSigstore::start();
    for (label, cosign) in BOTH {
        let pod = parts.signed_with(&other, label, cosign, &Workload::default());
        let text = refused(&scene, &pod, "image-signed-by-other");
        assert_says(&text, BUT_CI_HAS_TO);
    }
}

#[test]
fn a_pattern_names_many_workloads_and_no_more() {
    let parts = Parts::new();
    let glob = "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/*";
    let mut authority = keyless(&parts.sigstore, &json!({"glob": glob}));
    authority["keyless"]["claims"] = json!({"repository": "acme/app"});
    let scene = parts.judged("pattern", &authority);
    let later = Workload::uri(&Workload::SUBJECT.replace("/v1", "/v2"));
    admitted(&scene, &parts.signed("later", Cosign::V3, &later));
    let branch = Workload::uri(&Workload::SUBJECT.replace("tags/v1", "heads/main"));
    let pod = parts.signed("branch", Cosign::V3, &branch);
    refused(&scene, &pod, "image-signed-by-other");
    let mut elsewhere = later;
    elsewhere.github = vec![(5, "acme/other")];
    elsewhere.claims = vec![(12, "https://github.com/acme/other")];
    let pod = parts.signed("elsewhere", Cosign::V3, &elsewhere);
    refused(&scene, &pod, "image-signed-by-other");
}

#[test]
fn the_right_one_is_found_among_wrong_ones() {
    let parts = Parts::new();
    let scene = parts.judged(
        "among",
        &keyless(&parts.sigstore, &json!(Workload::SUBJECT)),
    );
    let image = parts
        .repository
        .reference(&parts.repository.push("1.0", "among"));
    let stranger = Workload::email("stranger@evil.example");
    for cosign in [Cosign::V2, Cosign::V3] {
        cosign.sign(parts.sigstore.keyless(&stranger), &image);
    }
    let right = Workload::default();
    Cosign::V3.sign(
        parts.sigstore.keyless(&right).proved_by(Proof::Rekor2),
        &image,
    );
    admitted(&scene, &pod_of("among", &image));
}
