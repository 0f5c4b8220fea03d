//! Pull secrets: read where a RoleBinding allows it, only those that the pod names, and of no use to other
//! namespaces.

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_test_registry::{Access, MANIFEST, Registry};
use gatehouse_tests::{Gatehouse, Scene, objects::bare_pod, policy, repository, temporary_folder};
use serde_json::{Value, json};
use tempfile::TempDir;

const USER: (&str, &str) = ("puller", "secret-of-the-namespace");

/// Two namespaces with the same pull secret, of which one lets Gatehouse read it.
struct Namespaces {
    allowed: Scene,
    other: Scene,
    gatehouse: Gatehouse,
    image: String,
    registry: Registry,
    /// Has the kubeconfig.
    _folder: TempDir,
}

impl Namespaces {
    fn new() -> Self {
        let access = Access::Basic(USER.0.to_owned(), USER.1.to_owned());
        let registry = Registry::builder().access(access).start();
        let digest = registry.put_manifest("acme/app", "1", MANIFEST, b"{}");
        let (allowed, other) = (Scene::new("pull-allowed"), Scene::new("pull-other"));
        for scene in [&allowed, &other] {
            scene
                .kubectl()
                .create(&secret(&registry.host()))
                .succeeded();
        }
        opt_in(&allowed);
        let folder = temporary_folder();
        let kubeconfig = folder.path().join("kubeconfig");
        let as_gatehouse = impersonating_gatehouse(&allowed);
        std::fs::write(&kubeconfig, as_gatehouse).expect("a kubeconfig");
        Self {
            gatehouse: Gatehouse::beside(&documents(&registry.host()), &kubeconfig),
            image: format!("{}/acme/app@{digest}", registry.host()),
            allowed,
            other,
            registry,
            _folder: folder,
        }
    }

    /// What is said of a pod with the image and these pull secrets.
    fn said(&self, scene: &Scene, secrets: &Value) -> String {
        let mut pod = bare_pod("web");
        pod["spec"]["containers"][0]["image"] = json!(self.image);
        pod["spec"]["imagePullSecrets"] = secrets.clone();
        let review = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "u", "operation": "CREATE", "namespace": scene.namespace(), "name": "web",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "userInfo": {"username": "anna"}, "object": pod,
            },
        });
        let response = self
            .gatehouse
            .post("/validate", review.to_string().as_bytes());
        let message = &response.json()["response"]["status"]["message"];
        message.as_str().unwrap_or_default().to_owned()
    }
}

fn documents(host: &str) -> [Value; 2] {
    let key = std::fs::read_to_string(repository().join("webhook/trust/tests/recorded/p256.pub"));
    let settings = json!({
        "authorities": {"release": {"key": key.expect("a recorded key")}},
        "signatures": [{"images": [format!("{host}/**")], "anyOf": ["release"]}],
    });
    let spec = json!({"module": "builtin:image-trust", "facts": ["image"], "settings": settings});
    let mut registry = policy(
        "local",
        &json!({"host": host, "plainHttp": true, "addresses": ["127.0.0.0/8"]}),
    );
    registry["kind"] = json!("Registry");
    [policy("images", &spec), registry]
}

fn secret(host: &str) -> Value {
    let (user, password) = USER;
    let config = json!({"auths": {host: {"username": user, "password": password}}}).to_string();
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config)},
    })
}

/// What an operator applies to a namespace.
fn opt_in(scene: &Scene) {
    let file = repository().join("manifests/opt-in/pull-secrets.yaml");
    let line = format!("apply -f {}", file.display());
    scene.kubectl().line(&line).succeeded();
}

/// The kubeconfig, used as Gatehouse's service account.
fn impersonating_gatehouse(scene: &Scene) -> String {
    let view = "config view --raw --flatten --minify -o json";
    let mut kubeconfig = scene.kubectl().line(view).succeeded().json();
    kubeconfig["users"][0]["user"]["as"] = json!("system:serviceaccount:gatehouse:gatehouse");
    kubeconfig.to_string()
}

#[test]
fn they_are_read_where_it_is_allowed_and_nowhere_else() {
    let namespaces = Namespaces::new();
    let named = json!([{"name": "pull"}]);
    let unauthorised = format!("registry {}: unauthorised", namespaces.registry.host());

    let said = namespaces.said(&namespaces.allowed, &named);
    assert!(said.contains("image-not-signed"), "{said}");
    let said = namespaces.said(&namespaces.other, &named);
    assert!(
        said.contains(&unauthorised),
        "not opted in, and nothing remembered helps: {said}"
    );
    let said = namespaces.said(&namespaces.allowed, &json!([]));
    assert!(
        said.contains(&unauthorised),
        "a secret that no pod names is not read: {said}"
    );
    let said = namespaces.said(&namespaces.allowed, &json!([{"name": "absent"}]));
    assert!(said.contains(&unauthorised), "{said}");

    let log = namespaces.gatehouse.log();
    let encoded = STANDARD.encode(format!("{}:{}", USER.0, USER.1));
    assert!(!log.contains(USER.1) && !log.contains(&encoded), "{log}");
}
