//! A registry with images, and someone who asks about them.

use std::{sync::Arc, time::Duration};

use gatehouse_abi::Path;
use gatehouse_test_registry::{INDEX, MANIFEST, Registry};
use gatehouse_trust::{
    Authorities, Failed, ImageFact, ImageTrust, Lifetimes, Question, Reason, Verdict,
    registry::{Access, Client, ClientSettings, HostRules, Scope},
    signature::Signer,
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::kit::{Key, Layer, bundle_over, payload, statement};

/// Where all tests keep their images.
pub(crate) const PATH: &str = "acme/app";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What the descriptors of fallback tags say of bundles, which misleads.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// No test waits longer: what takes so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry, the authorities `builds` and `release` of a policy, and what is known.
pub(crate) struct Scene {
    pub(crate) registry: Registry,
    pub(crate) builds: Key,
    pub(crate) release: Key,
    pub(crate) stranger: Key,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) client: Client,
    pub(crate) trust: ImageTrust,
    pub(crate) access: Access,
}

/// The digests of what cosign 3 pushes.
pub(crate) struct Bundle {
    pub(crate) manifest: String,
    pub(crate) blob: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(Registry::start())
    }

    pub(crate) fn of(registry: Registry) -> Self {
        let (builds, release) = (Key::p256(), Key::p256());
        let documents = json!({"builds": {"key": builds.pem()}, "release": {"key": release.pem()}});
        Self {
            authorities: authorities(&documents),
            client: Client::new(settings(&registry)).unwrap(),
            registry,
            builds,
            release,
            stranger: Key::p256(),
            trust: ImageTrust::new(Lifetimes::default()),
            access: Access::anonymous(),
        }
    }

    pub(crate) fn with_lifetimes(lifetimes: Lifetimes) -> Self {
        Self {
            trust: ImageTrust::new(lifetimes),
            ..Self::new()
        }
    }

    /// Pushes an image, different ones for different `content`, and returns its digest.
    pub(crate) fn push(&self, tag: &str, content: &str) -> String {
        let image = json!({"schemaVersion": 2, "layers": [], "annotations": {"content": content}});
        self.put(tag, MANIFEST, &image)
    }

    /// Pushes an image with the tag `1.0` that `release` signed as cosign 2 does.
    pub(crate) fn push_signed(&self) -> String {
        let digest = self.push("1.0", "");
        self.attach(&digest, &[self.layer(&self.release, &digest)]);
        digest
    }

    /// What cosign 2 signs.
    pub(crate) fn layer(&self, key: &Key, digest: &str) -> Layer {
        let reference = format!("{}/{PATH}", self.registry.host());
        Layer::over(key, payload(digest, &reference).to_string())
    }

    /// Keeps layers as cosign 2 does, under the tag `sha256-HEX.sig`.
    pub(crate) fn attach(&self, digest: &str, layers: &[Layer]) -> String {
        let manifest = self.signatures(layers);
        self.put(&signature_tag(digest), MANIFEST, &manifest)
    }

    /// A manifest of cosign 2, and its blobs in the registry.
    pub(crate) fn signatures(&self, layers: &[Layer]) -> Value {
        let layers = layers.iter().map(|layer| {
            json!({
                "mediaType": SIMPLE_SIGNING,
                "digest": self.registry.put_blob(PATH, &layer.payload),
                "size": layer.payload.len(),
                "annotations": layer.annotations,
            })
        });
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers.collect::<Vec<_>>()})
    }

    /// Signs as cosign 3 does where there is a referrers API.
    pub(crate) fn refer(&self, key: &Key, digest: &str) -> Bundle {
        let bundle = bundle_over(key, &statement(digest).to_string()).to_string();
        let blob = self.registry.put_blob(PATH, bundle.as_bytes());
        let layer = json!({"mediaType": BUNDLE, "digest": blob, "size": bundle.len()});
        let manifest = self.put_referrer(digest, BUNDLE, &json!([layer]));
        Bundle { manifest, blob }
    }

    /// A manifest that refers to another.
    pub(crate) fn put_referrer(&self, subject: &str, kind: &str, layers: &Value) -> String {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": kind,
            "layers": layers,
            "subject": {"mediaType": MANIFEST, "digest": subject, "size": 2},
        });
        let digest = gatehouse_test_registry::digest(manifest.to_string().as_bytes());
        self.put(&digest, MANIFEST, &manifest)
    }

    /// Lists manifests under the fallback tag, as cosign 3 does where there is no referrers API.
    pub(crate) fn list(&self, digest: &str, manifests: &[String]) {
        let entry = |manifest: &String| {
            json!({
                "mediaType": MANIFEST,
                "digest": manifest,
                "size": 2,
                "artifactType": EMPTY,
            })
        };
        let entries: Vec<_> = manifests.iter().map(entry).collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        self.put(&digest.replace(':', "-"), INDEX, &index);
    }

    pub(crate) fn put(&self, version: &str, media_type: &str, manifest: &Value) -> String {
        let bytes = manifest.to_string();
        self.registry
            .put_manifest(PATH, version, media_type, bytes.as_bytes())
    }

    /// What `release` says of `:TAG` or `@DIGEST`.
    pub(crate) async fn ask(&self, version: &str) -> ImageFact {
        self.ask_for(version, &["release"]).await
    }

    pub(crate) async fn ask_for(&self, version: &str, wanted: &[&str]) -> ImageFact {
        let reference = format!("{}/{PATH}{version}", self.registry.host());
        self.ask_about(&reference, wanted, &self.access).await
    }

    pub(crate) async fn ask_about(
        &self,
        reference: &str,
        wanted: &[&str],
        access: &Access,
    ) -> ImageFact {
        let deadline = Instant::now() + PATIENCE;
        let asked = self.ask_until(reference, wanted, access, deadline);
        within(asked).await
    }

    pub(crate) async fn ask_until(
        &self,
        reference: &str,
        wanted: &[&str],
        access: &Access,
        deadline: Instant,
    ) -> ImageFact {
        let wanted: Vec<_> = wanted.iter().map(|&name| name.to_owned()).collect();
        let question = Question {
            reference,
            wanted: &wanted,
            authorities: &self.authorities,
            client: &self.client,
            access,
        };
        self.trust.image(question, deadline).await
    }

    /// The requests so far, as `METHOD PATH`, without what all paths here begin with.
    pub(crate) fn lines(&self) -> Vec<String> {
        let requests = self.registry.requests();
        let lines = requests.iter().map(|request| request.line());
        lines
            .map(|line| line.replace("/v2/acme/app/", ""))
            .collect()
    }

    pub(crate) fn verified(&self, key: &Key) -> Verdict {
        verified(&[key])
    }

    /// Why something in the registry could not be looked at.
    pub(crate) fn unavailable(&self, why: &str) -> Verdict {
        Verdict::Unavailable(format!("registry {}: {why}", self.registry.host()))
    }
}

/// Waits, but not for ever.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it hangs")
}

/// Waits until something is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    within(wait).await;
}

/// Settings under which a registry on loopback may be asked.
pub(crate) fn settings(registry: &Registry) -> ClientSettings {
    let rules = HostRules {
        plain_http: true,
        addresses: vec!["127.0.0.0/8".parse().unwrap()],
        ..HostRules::default()
    };
    ClientSettings {
        hosts: [(registry.host(), rules)].into(),
        ..ClientSettings::default()
    }
}

pub(crate) fn authorities(documents: &Value) -> Arc<Authorities> {
    let files = |file: &str| Err(format!("no file {file} in this test"));
    let at = Path::dotted("authorities");
    Arc::new(Authorities::parse(documents, &at, &files).unwrap())
}

pub(crate) fn namespace(name: &str) -> Access {
    Access {
        scope: Scope::Namespace(name.to_owned()),
        ..Access::anonymous()
    }
}

pub(crate) fn signature_tag(digest: &str) -> String {
    format!("{}.sig", digest.replace(':', "-"))
}

/// The one verdict that was wanted.
pub(crate) fn only(fact: &ImageFact) -> &Verdict {
    match fact {
        ImageFact::Found { verdicts, .. } if verdicts.len() == 1 => {
            verdicts.values().next().unwrap()
        }
        other => panic!("not one verdict but {other:?}"),
    }
}

/// The digest that the verdicts are of.
pub(crate) fn digest_of(fact: &ImageFact) -> String {
    match fact {
        ImageFact::Found { digest, .. } => digest.to_string(),
        other => panic!("nothing was found: {other:?}"),
    }
}

pub(crate) fn verified(keys: &[&Key]) -> Verdict {
    let signer = |key: &&Key| Signer {
        id: key.fingerprint(),
        identity: None,
        issuer: None,
    };
    Verdict::Verified(keys.iter().map(signer).collect())
}

pub(crate) fn failed(reason: Reason, text: &str, signed_by: &[&str]) -> Verdict {
    Verdict::Failed(Failed {
        reason,
        text: text.to_owned(),
        signed_by: signed_by.iter().map(|&name| name.to_owned()).collect(),
    })
}

pub(crate) fn not_signed() -> Verdict {
    failed(Reason::NotSigned, "", &[])
}
