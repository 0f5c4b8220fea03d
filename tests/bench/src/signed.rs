//! The recorded pod with images that are signed, and a registry that has their signatures.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::{
    config::{Snapshot, Source, Surroundings},
    facts::FactSource,
    judge::judge,
};
use gatehouse_core::{Limits, Purpose, Request, Review, Workloads};
use gatehouse_sandbox::{Limits as SandboxLimits, Sandbox};
use gatehouse_test_registry::Registry;
use gatehouse_trust::{ImageTrust, Lifetimes};
use rcgen::{KeyPair, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::samples::BODY;

/// Judging by `image-trust`, with signatures demanded and without.
pub(crate) struct Signed {
    demanded: Snapshot,
    not_demanded: Snapshot,
    request: Request,
    facts: FactSource,
    runtime: Runtime,
    registry: Registry,
    _folder: TempDir,
}

const REPOSITORY: &str = "shop/image";

impl Signed {
    /// Signs the images of the pod, of which it has so many, and has the verdicts found out.
    pub(crate) fn new(images: usize) -> Result<Self, String> {
        let registry = Registry::start();
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let sandbox = Sandbox::new(SandboxLimits::default()).map_err(|error| error.to_string())?;
        let load = |rule: Value| {
            let documents = documents(&registry.host(), &key.public_key_pem(), &rule);
            let file = folder.path().join("config.json");
            std::fs::write(&file, documents).map_err(|error| error.to_string())?;
            let source = Source::Paths(vec![file]);
            let loaded = Snapshot::load(&source, &Surroundings::default(), &sandbox);
            loaded.map_err(|error| error.to_string())
        };
        let signed = Self {
            demanded: load(json!({"anyOf": ["release"]}))?,
            not_demanded: load(json!({"unsigned": "allow"}))?,
            request: request(&registry, &key, images)?,
            facts: FactSource::live(ImageTrust::new(Lifetimes::default())),
            runtime: Runtime::new().map_err(|error| error.to_string())?,
            registry,
            _folder: folder,
        };
        signed.judge(true)?;
        signed.registry.forget_requests();
        Ok(signed)
    }

    /// Judges the pod once.
    pub(crate) fn judge(&self, demanded: bool) -> Result<(), String> {
        let snapshot = if demanded {
            &self.demanded
        } else {
            &self.not_demanded
        };
        let request = self.request.clone();
        let deadline = Instant::now() + Duration::from_secs(10);
        let decision = judge(snapshot, request, Purpose::Validate, &self.facts, deadline);
        let decision = self.runtime.block_on(decision);
        match decision.judgements.is_empty() && decision.is_allowed() {
            true => Ok(()),
            false => Err(format!("the signed sample is refused: {decision:?}")),
        }
    }

    /// How often the registry was asked since the verdicts were known.
    pub(crate) fn asked(&self) -> usize {
        self.registry.requests().len()
    }
}

fn documents(host: &str, key: &str, rule: &Value) -> String {
    let document = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "gatehouse.dev/v1alpha1", "kind": kind,
            "metadata": {"name": "bench"}, "spec": spec,
        })
    };
    let mut rules = vec![json!({"images": [format!("{host}/{REPOSITORY}*")]})];
    for (name, value) in rule.as_object().into_iter().flatten() {
        rules[0][name] = value.clone();
    }
    // every authority has to be named by a rule
    rules.push(json!({"images": ["other.example/**"], "anyOf": ["release"]}));
    let policy = json!({
        "module": "builtin:image-trust",
        "facts": ["image"],
        "settings": {"authorities": {"release": {"key": key}}, "signatures": rules},
    });
    let registry = json!({"host": host, "plainHttp": true, "addresses": ["127.0.0.0/8"]});
    let documents = json!({
        "apiVersion": "v1", "kind": "List",
        "items": [document("Registry", registry), document("Policy", policy)],
    });
    documents.to_string()
}

/// The recorded request, its images replaced by signed ones of the registry.
fn request(registry: &Registry, key: &KeyPair, images: usize) -> Result<Request, String> {
    let mut body: Value = serde_json::from_str(BODY).map_err(|error| error.to_string())?;
    let mut number = 0;
    for list in ["initContainers", "containers"] {
        let containers = body["request"]["object"]["spec"][list].as_array_mut();
        for container in containers.into_iter().flatten() {
            let repository = format!("{REPOSITORY}{}", number % images);
            container["image"] = json!(signed_image(registry, key, &repository)?);
            number += 1;
        }
    }
    let review = Review::parse(
        body.to_string().as_bytes(),
        &Workloads::default(),
        &Limits::default(),
    );
    let review = review.map_err(|error| error.to_string())?;
    review.request.map_err(|error| error.to_string())
}

/// Stores an image and the signature that cosign 2 would make; its reference.
fn signed_image(registry: &Registry, key: &KeyPair, repository: &str) -> Result<String, String> {
    let config = registry.put_blob(repository, repository.as_bytes());
    let image = manifest(
        "application/vnd.oci.image.config.v1+json",
        &config,
        json!([]),
    );
    let digest = registry.put_manifest(repository, "latest", MANIFEST, image.as_bytes());
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": format!("{}/{repository}", registry.host())},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let payload = payload.to_string();
    let signature = key.sign(payload.as_bytes());
    let signature = signature.map_err(|error| error.to_string())?;
    let layer = json!([{
        "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
        "digest": registry.put_blob(repository, payload.as_bytes()),
        "size": payload.len(),
        "annotations": {"dev.cosignproject.cosign/signature": STANDARD.encode(&signature)},
    }]);
    let signatures = manifest("application/vnd.oci.image.config.v1+json", &config, layer);
    let tag = format!("{}.sig", digest.replace(':', "-"));
    registry.put_manifest(repository, &tag, MANIFEST, signatures.as_bytes());
    Ok(format!("{}/{repository}@{digest}", registry.host()))
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn manifest(config_type: &str, config: &str, layers: Value) -> String {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": config_type, "digest": config, "size": 1},
        "layers": layers,
    });
    manifest.to_string()
}
