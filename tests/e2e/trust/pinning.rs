//! A tag may move at any moment; what was verified is what is stored.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use gatehouse_tests::{
    Algorithm, Cosign, DockerRegistry, ImageRepository, Injector, Scene, SigningKey, eventually,
    objects::{bare_spec, workload},
};
use serde_json::Value;

use super::{admitted, assert_says, judged, pod_of, refused, signed_by};

/// A registry with a signed image at the tag 1.0.
struct Tagged {
    registry: DockerRegistry,
    repository: ImageRepository,
    key: SigningKey,
    /// Of the signed image.
    digest: String,
}

impl Tagged {
    fn new() -> Self {
        let registry = DockerRegistry::start();
        let repository = ImageRepository::new(registry.host(), "acme/app");
        let digest = repository.push("1.0", "signed");
        let key = SigningKey::generate(Algorithm::Ecdsa);
        Cosign::V3.sign(&key, &repository.reference(&digest));
        Self {
            registry,
            repository,
            key,
            digest,
        }
    }

    fn scene(&self, subject: &str, mode: &str) -> Scene {
        let host = self.registry.host();
        judged(subject, host, mode, &signed_by(&self.key, host))
    }

    fn tag(&self) -> String {
        self.repository.reference("1.0")
    }

    fn pinned(&self) -> String {
        format!("{}@{}", self.tag(), self.digest)
    }

    /// Waits until /mutate is asked.
    fn wait_for_pins(&self, scene: &Scene) {
        eventually("the API server asks /mutate", || {
            let ran = scene.try_out(&pod_of("probe", &self.tag()));
            if ran.code == 0 {
                Ok(())
            } else {
                Err(ran.to_string())
            }
        });
    }
}

#[test]
fn a_tag_is_stored_with_the_digest_that_was_verified_and_may_move_afterwards() {
    let tagged = Tagged::new();
    let scene = tagged.scene("pin", "fix");
    tagged.wait_for_pins(&scene);
    let kubectl = scene.kubectl();
    kubectl.create(&pod_of("app", &tagged.tag())).succeeded();
    assert_eq!(image(&kubectl.get("pod app")), tagged.pinned());

    tagged.repository.push("1.0", "an attacker's");
    admitted(&scene, &pod_of("again", &tagged.pinned()));
    kubectl.line("label pod app team=shop").succeeded();
    assert_eq!(image(&kubectl.get("pod app")), tagged.pinned());
    // until it is looked up again, the tag stands for what it named
    let text = eventually("a new pod by that tag is refused", || {
        let ran = scene.try_out(&pod_of("new", &tagged.tag()));
        if ran.code != 0 {
            return Ok(ran.refused().denial());
        }
        assert_eq!(image(&ran.json()), tagged.pinned());
        Err(ran.to_string())
    });
    assert_says(&text, "image-not-signed");
}

#[test]
fn a_tag_that_moves_between_resolution_and_admission_changes_nothing() {
    let tagged = Tagged::new();
    let scene = tagged.scene("race", "fix");
    tagged.wait_for_pins(&scene);
    let moves = Arc::new(AtomicUsize::new(0));
    let (repository, count) = (tagged.repository.clone(), Arc::clone(&moves));
    // after Gatehouse's /mutate, by name, and before its /validate
    let _attacker = Injector::that_does(scene.cluster, "z-attacker", &scene.id, move || {
        repository.push("1.0", "an attacker's");
        count.fetch_add(1, Ordering::SeqCst);
    });
    eventually("the API server asks the attacker, too", || {
        scene
            .try_out(&pod_of("probe", &tagged.pinned()))
            .succeeded();
        (moves.load(Ordering::SeqCst) > 0)
            .then_some(())
            .ok_or_else(String::new)
    });
    // the tag is back where it was, and moves while this pod is on its way
    tagged.repository.push("1.0", "signed");
    let before = moves.load(Ordering::SeqCst);
    scene
        .kubectl()
        .create(&pod_of("app", &tagged.tag()))
        .succeeded();
    assert!(moves.load(Ordering::SeqCst) > before, "nothing moved");
    assert_eq!(image(&scene.kubectl().get("pod app")), tagged.pinned());
    let moved = tagged.repository.push("1.0", "an attacker's");
    let moved = pod_of("moved", &tagged.repository.reference(&moved));
    refused(&scene, &moved, "image-not-signed");
}

#[test]
fn without_the_fix_a_tag_is_refused_however_well_it_is_signed() {
    let tagged = Tagged::new();
    let scene = tagged.scene("unpinned", "deny");
    let text = refused(&scene, &pod_of("app", &tagged.tag()), "image-not-pinned");
    assert_says(&text, &tagged.pinned());
    admitted(&scene, &pod_of("app", &tagged.pinned()));
    let unsigned = tagged.repository.push("2.0", "nobody's");
    let unsigned = pod_of("unsigned", &tagged.repository.reference(&unsigned));
    refused(&scene, &unsigned, "image-not-signed");
}

#[test]
fn a_workload_is_judged_by_what_its_tag_names_now() {
    let tagged = Tagged::new();
    let unsigned = tagged.repository.push("2.0", "nobody's");
    let scene = tagged.scene("workload", "fix");
    tagged.wait_for_pins(&scene);
    let deployment = |name: &str, tag: &str| {
        workload(
            "Deployment",
            name,
            bare_spec(&tagged.repository.reference(tag)),
        )
    };
    let text = refused(&scene, &deployment("unsigned", "2.0"), "image-not-signed");
    assert_says(&text, &unsigned);

    scene
        .kubectl()
        .create(&deployment("signed", "1.0"))
        .succeeded();
    let pod = eventually("the Deployment's pod", || {
        let pods = scene.kubectl().list("pods");
        pods.first().cloned().ok_or_else(|| "no pod".to_owned())
    });
    assert_eq!(image(&pod), tagged.pinned());
    let stored = scene.kubectl().get("deployment signed");
    assert_eq!(image(&stored["spec"]["template"]), tagged.tag());
}

#[test]
fn a_workload_that_nothing_pins_is_told_that_its_tag_may_move() {
    let tagged = Tagged::new();
    tagged.repository.push("2.0", "nobody's");
    let host = tagged.registry.host();
    let mut settings = signed_by(&tagged.key, host);
    settings["digest"] = "optional".into();
    let scene = judged("provisional", host, "deny", &settings);
    let deployment = |name: &str, tag: &str| {
        let spec = bare_spec(&tagged.repository.reference(tag));
        workload("Deployment", name, spec)
    };
    let text = refused(&scene, &deployment("unsigned", "2.0"), "image-not-signed");
    assert_says(&text, "judged by the digest that the tag names now");
    admitted(&scene, &deployment("signed", "1.0"));
    // its pods would be pulled by the tag
    let pod = pod_of("pod", &tagged.tag());
    refused(&scene, &pod, "image-not-pinned");
}

/// The image of a pod's only container.
fn image(pod: &Value) -> &str {
    pod["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap_or_default()
}
