//! Every form in which cosign leaves a signature.

use std::{collections::BTreeMap, fmt::Write};

use gatehouse_test_registry::Registry;
use gatehouse_tests::{
    Algorithm, Cosign, DockerRegistry, ImageRepository, Scene, SigningKey, report,
};
use serde_json::{Value, json};

use super::{admitted_in_the_end, image_trust, loopback, pod_of, refused};

/// Where a signature is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    SigTag,
    ReferrersApi,
    FallbackTag,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    cosign: Cosign,
    algorithm: Algorithm,
    place: Place,
}

/// A registry without a referrers API, one with it, and a key of each kind.
struct Parts {
    docker: DockerRegistry,
    memory: Registry,
    keys: [(Algorithm, SigningKey); 3],
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Ecdsa, Algorithm::Ed25519, Algorithm::Rsa];
const PLACES: [Place; 3] = [Place::SigTag, Place::ReferrersApi, Place::FallbackTag];

#[test]
fn what_either_cosign_signs_is_admitted_and_nothing_before_it_is_signed() {
    let parts = Parts::new();
    let scene = parts.scene();
    let rows: Vec<_> = rows().map(|row| (row, parts.push(row))).collect();
    for (row, (_, reference)) in &rows {
        refused(&scene, &pod_of(&row.name(), reference), "image-not-signed");
    }
    for (row, (repository, reference)) in &rows {
        row.sign(parts.key(row.algorithm), reference);
        row.assert_is_where_it_says(repository, reference);
    }
    for (row, (_, reference)) in &rows {
        admitted_in_the_end(&scene, &pod_of(&row.name(), reference));
    }
    report(&table(rows.iter().map(|(row, _)| *row)));
}

/// All that there is by default: cosign 3 uses the `.sig` tag for its old format alone, and nobody can verify how
/// it signs with Ed25519.
fn rows() -> impl Iterator<Item = Row> {
    let of_2 =
        ALGORITHMS.map(|algorithm| PLACES.map(|place| Row::new(Cosign::V2, algorithm, place)));
    let of_3 = [Algorithm::Ecdsa, Algorithm::Rsa].map(|algorithm| {
        [Place::ReferrersApi, Place::FallbackTag]
            .map(|place| Row::new(Cosign::V3, algorithm, place))
    });
    of_2.into_iter().flatten().chain(of_3.into_iter().flatten())
}

impl Row {
    fn new(cosign: Cosign, algorithm: Algorithm, place: Place) -> Self {
        Self {
            cosign,
            algorithm,
            place,
        }
    }

    /// A name for its pod and its image.
    fn name(self) -> String {
        let [cosign, algorithm, place] = self.cells();
        format!("{cosign}-{algorithm}-{place}")
            .to_ascii_lowercase()
            .replace([' ', '.'], "-")
    }

    fn sign(self, key: &SigningKey, reference: &str) {
        match self.place {
            Place::SigTag => self.cosign.sign(key, reference),
            Place::ReferrersApi | Place::FallbackTag => {
                self.cosign.sign_as_referrer(key, reference)
            }
        }
    }

    /// Otherwise two lines of the table would be one.
    fn assert_is_where_it_says(self, repository: &ImageRepository, reference: &str) {
        let (_, digest) = reference.split_once('@').expect("a digest");
        let found = [
            repository.has(&ImageRepository::signature_tag(digest)),
            repository.count_referrers(digest) == Some(1),
            repository.has(&ImageRepository::fallback_tag(digest)),
        ];
        let expected = PLACES.map(|place| place == self.place);
        assert_eq!(found, expected, "{self:?}");
    }

    fn cells(self) -> [&'static str; 3] {
        let cosign = match self.cosign {
            Cosign::V2 => "cosign 2",
            Cosign::V3 => "cosign 3",
        };
        let algorithm = match self.algorithm {
            Algorithm::Ecdsa => "ECDSA",
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::Rsa => "RSA",
        };
        let place = match self.place {
            Place::SigTag => ".sig tag",
            Place::ReferrersApi => "referrers API",
            Place::FallbackTag => "fallback tag",
        };
        [cosign, algorithm, place]
    }
}

impl Parts {
    fn new() -> Self {
        Self {
            docker: DockerRegistry::start(),
            memory: Registry::start(),
            keys: ALGORITHMS.map(|algorithm| (algorithm, SigningKey::generate(algorithm))),
        }
    }

    /// A rule for each key, about images whose names begin with it, so that no other key will do.
    fn scene(&self) -> Scene {
        let hosts = [self.docker.host().to_owned(), self.memory.host()];
        let authorities: BTreeMap<_, _> = self
            .keys
            .iter()
            .map(|(algorithm, key)| (folder(*algorithm), json!({"key": key.public()})))
            .collect();
        let rules: Vec<_> = ALGORITHMS
            .map(|algorithm| rule(&hosts, &folder(algorithm)))
            .into();
        let settings = json!({"authorities": authorities, "signatures": rules});
        let scene = Scene::new("formats").with(image_trust("deny", &settings));
        hosts
            .iter()
            .fold(scene, |scene, host| scene.with(loopback(host)))
            .judged()
    }

    /// Pushes the image of a row, and refers to it.
    fn push(&self, row: Row) -> (ImageRepository, String) {
        let host = match row.place {
            Place::ReferrersApi => self.memory.host(),
            Place::SigTag | Place::FallbackTag => self.docker.host().to_owned(),
        };
        let name = format!("{}/{}", folder(row.algorithm), row.name());
        let repository = ImageRepository::new(&host, &name);
        let digest = repository.push("1.0", &name);
        let reference = repository.reference(&digest);
        (repository, reference)
    }

    fn key(&self, algorithm: Algorithm) -> &SigningKey {
        let mut keys = self.keys.iter();
        let found = keys.find(|(known, _)| *known == algorithm);
        &found.expect("a key of each kind").1
    }
}

fn folder(algorithm: Algorithm) -> String {
    format!("{algorithm:?}").to_ascii_lowercase()
}

fn rule(hosts: &[String], folder: &str) -> Value {
    let images: Vec<_> = hosts
        .iter()
        .map(|host| format!("{host}/{folder}/**"))
        .collect();
    json!({"images": images, "anyOf": [folder]})
}

/// What was seen, as text.
fn table(rows: impl Iterator<Item = Row>) -> String {
    let head = ["cosign", "key", "signature at", "before signing", "signed"];
    let mut text = String::from("image signatures, through the API server:\n");
    let mut line = |cells: [&str; 5]| {
        let [a, b, c, d, e] = cells;
        let _ = writeln!(text, "  {a:<9} {b:<8} {c:<14} {d:<26} {e}");
    };
    line(head);
    for row in rows {
        let [cosign, algorithm, place] = row.cells();
        line([
            cosign,
            algorithm,
            place,
            "refused: image-not-signed",
            "admitted",
        ]);
    }
    text
}
