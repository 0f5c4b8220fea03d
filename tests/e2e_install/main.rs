//! manifests/ as an operator applies them.
//!
//! The shipped configurations judge the whole cluster, so no other test may run meanwhile, and the server
//! must be one for tests.
#![allow(clippy::expect_used, clippy::panic)] // helpers of tests fail as tests do

use gatehouse_tests::{
    Cluster, Kubectl, check, check_as, eventually,
    objects::{bad_pod, good_pod},
    repository, run, skipped,
};
use tempfile::TempDir;

const ACCOUNT: &str = "system:serviceaccount:gatehouse:gatehouse";

#[test]
fn gatehouse_can_start_in_a_cluster_that_waits_for_it() {
    let cluster = Cluster::shared();
    let kubectl = Kubectl::new(cluster);
    let installed = Installed::new(cluster, kubectl.clone());
    let own = kubectl.in_namespace("gatehouse");

    // Nothing runs Gatehouse, and all configurations ask for it.
    let pods = eventually("the Deployment creates its pods", || {
        let pods = own.list("pods");
        if pods.len() == 2 {
            Ok(pods)
        } else {
            Err(format!("{pods:#?}"))
        }
    });
    for pod in &pods {
        let checked = check(&[], "gatehouse", &pod.to_string());
        assert_eq!(checked.code(), 0, "{checked:?}");
    }
    let system = kubectl.in_namespace("kube-system");
    system
        .give("create --dry-run=server -f -", &bad_pod("app"))
        .succeeded();
    may_read_namespaces_alone(&kubectl);
    drop(installed);
    let ran = kubectl.give("create --dry-run=server -f -", &good_pod("app"));
    assert_eq!(ran.code, 0, "after its removal: {ran}");
}

#[test]
fn the_deployment_passes_its_own_policies() {
    let built = Built::new();
    let documents = built.objects.split("\n---\n");
    let deployment = documents
        .into_iter()
        .find(|text| text.contains("kind: Deployment\n"));
    let deployment = deployment.expect("the overlay has a Deployment");
    let checked = check(&[], "gatehouse", deployment);
    assert_eq!(checked.object()["verdict"], "allow", "{checked:?}");
}

#[test]
fn the_shipped_policies_are_the_default_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = folder.path().join("pod.yaml");
    std::fs::write(&manifest, bad_pod("bad").to_string()).expect("a file");
    let policies = repository().join("manifests/base/policies.yaml");
    let arguments = [
        "check".as_ref(),
        "--config".as_ref(),
        policies.as_os_str(),
        manifest.as_os_str(),
    ];
    let shipped = run(arguments);
    let default = run(["check".as_ref(), manifest.as_os_str()]);
    assert_eq!(
        (shipped.code, &shipped.stdout),
        (default.code, &default.stdout)
    );
    assert_eq!(default.code, 1, "{default}");
    let named = check_as("text", &[], "default", &bad_pod("bad").to_string());
    assert!(named.stdout.contains("image-not-pinned"), "{named}");
}

#[test]
fn no_rule_has_a_wildcard() {
    let built = Built::new();
    let wild = built.objects.lines().find(|line| line.contains('*'));
    assert_eq!(wild, None);
    assert_eq!(
        built.objects.matches("scope: Namespaced").count(),
        8,
        "{}",
        built.objects
    );
}

/// The shipped example overlay with a certificate of its own.
struct Built {
    _folder: TempDir,
    objects: String,
}

impl Built {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let manifests = folder.path().join("manifests");
        copy(&repository().join("manifests"), &manifests);
        let overlay = manifests.join("overlays/example");
        let out = overlay.join("certs");
        let certs = [
            "certs",
            "--namespace",
            "gatehouse",
            "--service",
            "gatehouse",
            "--out",
        ];
        run(certs.iter().map(AsRef::as_ref).chain([out.as_os_str()])).succeeded();
        let kustomize = ["kustomize".as_ref(), overlay.as_os_str()];
        let objects = Kubectl::new(Cluster::shared())
            .run(kustomize)
            .succeeded()
            .stdout;
        Self {
            _folder: folder,
            objects,
        }
    }
}

/// All that is installed; removed with the value.
struct Installed {
    kubectl: Kubectl,
    objects: String,
}

impl Installed {
    fn new(cluster: &'static Cluster, kubectl: Kubectl) -> Self {
        let mut objects = Built::new().objects;
        if !cluster.serves("apis/policy/v1", "poddisruptionbudgets") {
            skipped("PodDisruptionBudgets of policy/v1");
            let kept = objects
                .split("\n---\n")
                .filter(|text| !text.contains("kind: PodDisruptionBudget"));
            objects = kept.collect::<Vec<_>>().join("\n---\n");
        }
        let label = "kubernetes.io/metadata.name=kube-system";
        kubectl
            .line(&format!("label namespace kube-system {label} --overwrite"))
            .succeeded();
        let installed = Self { kubectl, objects };
        installed
            .kubectl
            .give_text("apply -f -", &installed.objects)
            .succeeded();
        installed
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        self.kubectl.give_text(
            "delete --ignore-not-found --timeout=60s -f -",
            &self.objects,
        );
    }
}

fn may_read_namespaces_alone(kubectl: &Kubectl) {
    let may = |what: &str| {
        let ran = kubectl.line(&format!(
            "auth can-i {what} --as={ACCOUNT} --all-namespaces"
        ));
        ran.stdout.trim_end() == "yes"
    };
    for what in ["get namespaces", "list namespaces", "watch namespaces"] {
        assert!(may(what), "{what}");
    }
    for what in [
        "get secrets",
        "list pods",
        "create pods",
        "update namespaces",
        "delete namespaces",
    ] {
        assert!(!may(what), "{what}");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let mut cp = std::process::Command::new("cp");
    let status = cp.arg("--recursive").args([from, to]).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cp {}",
        from.display()
    );
}
