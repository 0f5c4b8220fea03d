//! Every form in which cosign leaves a signature or an attestation.

use std::fmt::Write;

use gatehouse_test_registry::Registry;
use gatehouse_test_sigstore::{Proof, Workload};
use gatehouse_tests::{
    Algorithm, Cosign, DockerRegistry, ImageRepository, PrivateSigstore, Scene, Signer, SigningKey,
    report,
};
use serde_json::{Map, Value, json};

use super::{admitted_in_the_end, image_trust, keyless, loopback, pod_of, refused};

/// What is claimed of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Signature,
    Attestation,
}

/// With what it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Key(Algorithm),
    /// A certificate of Fulcio.
    Keyless(Proof),
}

/// Where it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `.sig` or `.att`.
    Tag,
    ReferrersApi,
    FallbackTag,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    cosign: Cosign,
    with: With,
    claim: Claim,
    place: Place,
}

/// A registry without a referrers API, one with it, a key of each kind, and a Sigstore.
struct Parts {
    docker: DockerRegistry,
    memory: Registry,
    keys: [(Algorithm, SigningKey); 3],
    sigstore: PrivateSigstore,
    workload: Workload,
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Ecdsa, Algorithm::Ed25519, Algorithm::Rsa];
const CLAIMS: [Claim; 2] = [Claim::Signature, Claim::Attestation];
const PLACES: [Place; 3] = [Place::Tag, Place::ReferrersApi, Place::FallbackTag];
const REFERRERS: [Place; 2] = [Place::ReferrersApi, Place::FallbackTag];
const PROOFS: [Proof; 3] = [Proof::Rekor1, Proof::Rekor2, Proof::Timestamp];
const PREDICATE_TYPE: &str = "https://acme.example/tested/v1";

#[test]
fn what_either_cosign_signs_is_admitted_and_nothing_before_it_is_signed() {
    let parts = Parts::new();
    let scene = parts.scene();
    let rows: Vec<_> = rows().map(|row| (row, parts.push(row))).collect();
    for (row, (_, reference)) in &rows {
        refused(&scene, &pod_of(&row.name(), reference), row.code());
    }
    for (row, (repository, reference)) in &rows {
        parts.sign(*row, reference);
        row.assert_is_where_it_says(repository, reference);
    }
    for (row, (_, reference)) in &rows {
        admitted_in_the_end(&scene, &pod_of(&row.name(), reference));
    }
    report(&table(rows.iter().map(|(row, _)| *row)));
}

/// All that there is: cosign 3 uses the tags for its old format alone, cosign 2 knows no version 2 of Rekor and
/// has more than the signature of an attestation timestamped, and nobody can verify how cosign 3 signs with
/// Ed25519.
fn rows() -> impl Iterator<Item = Row> {
    let [ecdsa, ed25519, rsa] = ALGORITHMS.map(With::Key);
    let [logged, logged_2, stamped] = PROOFS.map(With::Keyless);
    let (two, three) = (Cosign::V2, Cosign::V3);
    let [signature, all] = [&CLAIMS[..1], &CLAIMS];
    [
        several(two, ecdsa, all, &PLACES),
        several(two, logged, all, &PLACES),
        several(three, ecdsa, all, &REFERRERS),
        several(three, logged, all, &REFERRERS),
        several(three, logged_2, all, &REFERRERS),
        several(two, stamped, signature, &PLACES[..1]),
        several(three, stamped, all, &REFERRERS[..1]),
        several(two, ed25519, signature, &PLACES),
        several(two, rsa, signature, &PLACES),
        several(three, rsa, signature, &REFERRERS),
    ]
    .into_iter()
    .flatten()
}

fn several(cosign: Cosign, with: With, claims: &[Claim], places: &[Place]) -> Vec<Row> {
    let row = |claim: &Claim, place: &Place| Row::new(cosign, with, *claim, *place);
    let rows = claims
        .iter()
        .map(|claim| places.iter().map(move |place| row(claim, place)));
    rows.flatten().collect()
}

impl Row {
    fn new(cosign: Cosign, with: With, claim: Claim, place: Place) -> Self {
        Self {
            cosign,
            with,
            claim,
            place,
        }
    }

    /// A name for its pod and its image.
    fn name(self) -> String {
        self.cells()
            .join("-")
            .to_ascii_lowercase()
            .replace([' ', '.'], "-")
            .replace(',', "")
    }

    /// The authority that its images need, which is the folder in which they are, too: no other one will do.
    fn authority(self) -> String {
        let signer = match self.with {
            With::Key(algorithm) => format!("{algorithm:?}").to_ascii_lowercase(),
            With::Keyless(_) => "keyless".to_owned(),
        };
        match self.claim {
            Claim::Signature => signer,
            Claim::Attestation => format!("tested-by-{signer}"),
        }
    }

    /// What is said before it is signed.
    fn code(self) -> &'static str {
        match self.claim {
            Claim::Signature => "image-not-signed",
            Claim::Attestation => "image-not-attested",
        }
    }

    /// Otherwise two lines of the table would be one.
    fn assert_is_where_it_says(self, repository: &ImageRepository, reference: &str) {
        let (_, digest) = reference.split_once('@').expect("a digest");
        let tag = match self.claim {
            Claim::Signature => ImageRepository::signature_tag(digest),
            Claim::Attestation => ImageRepository::attestation_tag(digest),
        };
        let found = [
            repository.has(&tag),
            repository.count_referrers(digest) == Some(1),
            repository.has(&ImageRepository::fallback_tag(digest)),
        ];
        let expected = PLACES.map(|place| place == self.place);
        assert_eq!(found, expected, "{self:?}");
    }

    fn cells(self) -> [&'static str; 4] {
        let cosign = match self.cosign {
            Cosign::V2 => "cosign 2",
            Cosign::V3 => "cosign 3",
        };
        let with = match self.with {
            With::Key(Algorithm::Ecdsa) => "key, ECDSA",
            With::Key(Algorithm::Ed25519) => "key, Ed25519",
            With::Key(Algorithm::Rsa) => "key, RSA",
            With::Keyless(Proof::Rekor1) => "keyless",
            With::Keyless(Proof::Rekor2) => "keyless, Rekor 2",
            With::Keyless(Proof::Timestamp) => "keyless, no log",
        };
        let claim = match self.claim {
            Claim::Signature => "signature",
            Claim::Attestation => "attestation",
        };
        let place = match (self.place, self.claim) {
            (Place::Tag, Claim::Signature) => ".sig tag",
            (Place::Tag, Claim::Attestation) => ".att tag",
            (Place::ReferrersApi, _) => "referrers API",
            (Place::FallbackTag, _) => "fallback tag",
        };
        [cosign, with, claim, place]
    }
}

impl Parts {
    fn new() -> Self {
        Self {
            docker: DockerRegistry::start(),
            memory: Registry::start(),
            keys: ALGORITHMS.map(|algorithm| (algorithm, SigningKey::generate(algorithm))),
            sigstore: PrivateSigstore::start(),
            workload: Workload::default(),
        }
    }

    /// A rule for each authority.
    fn scene(&self) -> Scene {
        let hosts = [self.docker.host().to_owned(), self.memory.host()];
        let authorities: Map<_, _> = rows()
            .map(|row| (row.authority(), self.document(row)))
            .collect();
        let rules: Vec<_> = authorities.keys().map(|name| rule(&hosts, name)).collect();
        let settings = json!({"authorities": authorities, "signatures": rules});
        let scene = Scene::new("formats").with(image_trust("deny", &settings));
        hosts
            .iter()
            .fold(scene, |scene, host| scene.with(loopback(host)))
            .judged()
    }

    /// The document of the authority that the images of a row need.
    fn document(&self, row: Row) -> Value {
        let mut document = match row.with {
            With::Key(algorithm) => json!({"key": self.key(algorithm).public()}),
            With::Keyless(_) => keyless(&self.sigstore, &json!(Workload::SUBJECT)),
        };
        if row.claim == Claim::Attestation {
            document["attestation"] = json!({
                "predicateType": PREDICATE_TYPE,
                "conditions": [{"path": "result", "equals": "passed"}],
            });
        }
        document
    }

    /// Pushes the image of a row, and refers to it.
    fn push(&self, row: Row) -> (ImageRepository, String) {
        let host = match row.place {
            Place::ReferrersApi => self.memory.host(),
            Place::Tag | Place::FallbackTag => self.docker.host().to_owned(),
        };
        let name = format!("{}/{}", row.authority(), row.name());
        let repository = ImageRepository::new(&host, &name);
        let digest = repository.push("1.0", &name);
        let reference = repository.reference(&digest);
        (repository, reference)
    }

    fn sign(&self, row: Row, reference: &str) {
        let signer = self.signer(row.with);
        let predicate = json!({"result": "passed"});
        let predicate = (PREDICATE_TYPE, &predicate);
        match (row.claim, row.place) {
            (Claim::Signature, Place::Tag) => row.cosign.sign(signer, reference),
            (Claim::Signature, _) => row.cosign.sign_as_referrer(signer, reference),
            (Claim::Attestation, Place::Tag) => row.cosign.attest(signer, predicate, reference),
            (Claim::Attestation, _) => row.cosign.attest_as_referrer(signer, predicate, reference),
        }
    }

    fn signer(&self, with: With) -> Signer<'_> {
        match with {
            With::Key(algorithm) => self.key(algorithm).into(),
            With::Keyless(proof) => {
                let keyless = self.sigstore.keyless(&self.workload);
                keyless.proved_by(proof).into()
            }
        }
    }

    fn key(&self, algorithm: Algorithm) -> &SigningKey {
        let mut keys = self.keys.iter();
        let found = keys.find(|(known, _)| *known == algorithm);
        &found.expect("a key of each kind").1
    }
}

fn rule(hosts: &[String], authority: &str) -> Value {
    let images: Vec<_> = hosts
        .iter()
        .map(|host| format!("{host}/{authority}/**"))
        .collect();
    json!({"images": images, "anyOf": [authority]})
}

/// What was seen, as text.
fn table(rows: impl Iterator<Item = Row>) -> String {
    let mut text = String::from("what cosign claims of images, through the API server:\n");
    let mut line = |cells: [&str; 4], before: &str, after: &str| {
        let [a, b, c, d] = cells;
        let _ = writeln!(
            text,
            "  {a:<9} {b:<17} {c:<12} {d:<14} {before:<28} {after}"
        );
    };
    line(
        ["cosign", "signs with", "what", "found at"],
        "before",
        "after",
    );
    for row in rows {
        let before = format!("refused: {}", row.code());
        line(row.cells(), &before, "admitted");
    }
    text
}
