//! The same file through `kubectl apply` and through `gatehouse check`: the same words.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use gatehouse_tests::{Scene, objects::old_cron_jobs, pod_security, repository, temporary_folder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::trust::image_trust;

/// What may be told of a file beside the code that it is named after.
///
/// The API takes no `allowPrivilegeEscalation: false` beside `privileged: true`.
const ALSO: [(&str, &str); 1] = [("privileged-container", "privilege-escalation")];

/// All kinds that create pods, and pods.
const KINDS: [&str; 9] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// Each file of `manifests/violations` breaks the rule that it is named after, and no other.
#[test]
fn of_each_violation_alone() {
    let scene = judged("violations");
    let folder = violations(&scene);
    let ran = scene.kubectl().apply(folder.path()).refused();
    let checked = scene.check_at(folder.path());
    let mut denials = ran.denials().into_iter();
    for object in checked.objects() {
        let code = file_stem(object);
        assert_eq!(codes(object), expected_codes(code), "{code}");
        let text = object["text"].as_str();
        assert!(text.is_some_and(|text| text.contains(code)), "{object}");
        assert_eq!(denials.next(), text, "{code}");
    }
    assert_eq!(denials.next(), None);
    let kinds = checked.objects().iter().filter_map(|o| o["kind"].as_str());
    assert_eq!(kinds.collect::<BTreeSet<_>>(), BTreeSet::from(KINDS));
}

#[test]
fn of_many_violations_in_several_containers() {
    let scene = judged("several");
    let file = manifest("many.yaml", scene.cluster.cron_jobs());
    let ran = scene.apply(&file).refused();
    let checked = scene.check(&file);
    assert_eq!(ran.denials(), [checked.text()]);
    assert!(codes(checked.object()).len() > 10, "{checked:?}");
    let containers = checked.findings().iter().map(|f| f["container"].as_str());
    let named: BTreeSet<_> = containers.flatten().collect();
    assert_eq!(named, BTreeSet::from(["agent", "chown", "web", "zz-fetch"]));
}

#[test]
fn of_each_object_of_a_list() {
    assert_same_words("list.yaml", &["Deployment", "Pod", "CronJob"]);
}

#[test]
fn of_each_document_of_a_file() {
    assert_same_words("documents.yaml", &["StatefulSet", "Pod"]);
}

/// Applies a file that holds a ConfigMap and these bad objects.
#[track_caller]
fn assert_same_words(file: &str, kinds: &[&str]) {
    let scene = judged("objects");
    let file = manifest(file, scene.cluster.cron_jobs());
    let ran = scene.apply(&file).refused();
    let checked = scene.check(&file);
    let refused = checked.objects().iter().filter(|o| o["verdict"] == "deny");
    let (told, texts): (Vec<_>, Vec<_>) = refused.map(|o| (&o["kind"], &o["text"])).unzip();
    assert_eq!(told, kinds);
    assert_eq!(json!(ran.denials()), json!(texts), "{ran}");
    assert!(ran.stdout.starts_with("configmap/"), "{ran}");
}

/// A scene with the default policies, that allows the images of one registry alone.
fn judged(subject: &str) -> Scene {
    let settings = json!({"digest": "required", "allowedImages": ["registry.example/**"]});
    Scene::new(subject)
        .with(pod_security("deny"))
        .with(image_trust("deny", &settings))
        .asked_about(old_cron_jobs())
        .judged()
}

/// A folder of all violations.
fn violations(scene: &Scene) -> TempDir {
    let folder = temporary_folder();
    let cron_jobs = scene.cluster.cron_jobs();
    let files = fs::read_dir(manifests().join("violations")).expect("the folder of violations");
    for file in files {
        let name = file.expect("a file").file_name();
        let text = manifest(Path::new("violations").join(&name), cron_jobs);
        fs::write(folder.path().join(&name), text).expect("the file is written");
    }
    folder
}

/// What the object's file is named after.
fn file_stem(object: &Value) -> &str {
    let file = object["file"].as_str().map(Path::new);
    let stem = file.and_then(|file| file.file_stem()?.to_str());
    stem.unwrap_or_else(|| panic!("of no file: {object}"))
}

/// A file, with CronJobs of this version.
fn manifest(name: impl AsRef<Path>, cron_jobs: &str) -> String {
    let text = fs::read_to_string(manifests().join(name)).expect("the manifest can be read");
    let exchanged = |text: String, indent: &str| {
        let kind = |version: &str| format!("{version}\n{indent}kind: CronJob");
        text.replace(&kind("batch/v1"), &kind(cron_jobs))
    };
    ["", "  "].into_iter().fold(text, exchanged)
}

fn manifests() -> PathBuf {
    repository().join("tests/e2e/manifests")
}

/// What must be found in a file of this name, sorted.
fn expected_codes(code: &str) -> Vec<&str> {
    let also = ALSO.iter().filter(|(file, _)| *file == code);
    let mut codes: Vec<_> = also.map(|(_, other)| *other).chain([code]).collect();
    codes.sort_unstable();
    codes
}

/// The codes of what is found, sorted, each once.
fn codes(object: &Value) -> Vec<&str> {
    let findings = object["findings"].as_array().into_iter().flatten();
    let codes: BTreeSet<_> = findings.filter_map(|f| f["code"].as_str()).collect();
    codes.into_iter().collect()
}
