use gatehouse_test_registry::{INDEX, MANIFEST, digest};
use gatehouse_test_sigstore::Layer;
use serde_json::{Value, json};

use crate::http::{Response, ask};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// One repository of a registry that is asked over plain http. It is filled as any client fills it.
///
/// Source of paths and statuses: the OCI distribution specification 1.1, "Push".
#[derive(Clone, Debug)]
pub struct ImageRepository {
    host: String,
    name: String,
}

impl ImageRepository {
    /// The one of this name; registries make it with the first push.
    pub fn new(host: &str, name: &str) -> Self {
        Self {
            host: host.to_owned(),
            name: name.to_owned(),
        }
    }

    /// How a manifest refers to the image with this tag or digest.
    pub fn reference(&self, version: &str) -> String {
        let separator = if version.contains(':') { '@' } else { ':' };
        format!("{}/{}{separator}{version}", self.host, self.name)
    }

    /// The tag at which cosign 2 keeps the signatures of an image.
    ///
    /// Source: cosign's SIGNATURE_SPEC.md, "Tag-based discovery".
    pub fn signature_tag(digest: &str) -> String {
        format!("{}.sig", digest.replace(':', "-"))
    }

    /// The tag at which cosign 2 keeps the attestations of an image.
    pub fn attestation_tag(digest: &str) -> String {
        format!("{}.att", digest.replace(':', "-"))
    }

    /// The tag that lists what refers to an image, where a registry has no referrers API.
    ///
    /// Source: the distribution specification, "Referrers Tag Schema".
    pub fn fallback_tag(digest: &str) -> String {
        digest.replace(':', "-")
    }

    /// Whether there is something with this tag or digest.
    pub fn has(&self, version: &str) -> bool {
        self.get(&format!("manifests/{version}")).status == 200
    }

    /// How many manifests refer to an image, by the referrers API; `None` where the registry lacks that.
    pub fn count_referrers(&self, digest: &str) -> Option<usize> {
        let answer = self.get(&format!("referrers/{digest}"));
        let list = (answer.status == 200).then(|| answer.json())?;
        Some(list["manifests"].as_array().map_or(0, Vec::len))
    }

    /// Pushes an image that is like no other one but those of the same `label`. Returns its digest.
    pub fn push(&self, tag: &str, label: &str) -> String {
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": []},
            "config": {"Labels": {"name": label}},
        })
        .to_string();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.described(CONFIG, &config),
            "layers": [],
        });
        self.push_manifest(tag, MANIFEST, &manifest.to_string())
    }

    /// Pushes an index of images that are here already. Returns its digest.
    pub fn push_index(&self, tag: &str, children: &[&str]) -> String {
        let entry = |(digest, architecture): (&&str, &str)| {
            let size = self.manifest(digest).body.len();
            let platform = json!({"os": "linux", "architecture": architecture});
            json!({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
        };
        let architectures = ["amd64", "arm64"];
        let manifests: Vec<_> = children.iter().zip(architectures).map(entry).collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.push_manifest(tag, INDEX, &index.to_string())
    }

    /// Pushes a signature of an image as cosign 2 does, at its tag.
    pub fn push_layer(&self, digest: &str, layer: &Layer) {
        let payload = String::from_utf8_lossy(&layer.payload);
        let mut described = self.described(SIMPLE_SIGNING, &payload);
        described["annotations"] = json!(layer.annotations);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.described(CONFIG, "{}"),
            "layers": [described],
        });
        let tag = Self::signature_tag(digest);
        self.push_manifest(&tag, MANIFEST, &manifest.to_string());
    }

    /// Pushes a bundle as cosign 3 does, so that it refers to an image. The registry has a referrers API.
    pub fn push_bundle(&self, image: &str, bundle: &Value) {
        let size = self.manifest(image).body.len();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": BUNDLE,
            "config": self.described("application/vnd.oci.empty.v1+json", "{}"),
            "layers": [self.described(BUNDLE, &bundle.to_string())],
            "subject": {"mediaType": MANIFEST, "digest": image, "size": size},
        })
        .to_string();
        self.push_manifest(&digest(manifest.as_bytes()), MANIFEST, &manifest);
    }

    /// Copies what has this tag or digest, with all that it names, as an attacker with leave to push would.
    pub fn copy(&self, version: &str, to: &Self, new_tag: &str) {
        let manifest = self.manifest(version);
        let parsed = manifest.json();
        let layers = parsed["layers"].as_array().into_iter().flatten();
        for digest in layers.chain([&parsed["config"]]).map(|d| &d["digest"]) {
            let path = format!("blobs/{}", digest.as_str().unwrap_or_default());
            to.push_blob(&self.get(&path).expect(200).body);
        }
        to.push_manifest(new_tag, manifest.header("content-type"), &manifest.body);
    }

    /// Gives an index another tag; what it lists is here already.
    pub fn copy_index(&self, tag: &str, new_tag: &str) {
        let index = self.manifest(tag);
        self.push_manifest(new_tag, index.header("content-type"), &index.body);
    }

    fn manifest(&self, version: &str) -> Response {
        self.get(&format!("manifests/{version}")).expect(200)
    }

    fn push_manifest(&self, version: &str, media_type: &str, text: &str) -> String {
        let line = format!("PUT {}", self.path(&format!("manifests/{version}")));
        let kind = format!("Content-Type: {media_type}");
        ask(&self.host, &line, &[&kind], text.as_bytes()).expect(201);
        digest(text.as_bytes())
    }

    /// The descriptor of a blob, which is pushed.
    fn described(&self, media_type: &str, text: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.push_blob(text), "size": text.len()})
    }

    fn push_blob(&self, text: &str) -> String {
        let line = format!("POST {}", self.path("blobs/uploads/"));
        let begun = ask(&self.host, &line, &[], b"").expect(202);
        let digest = digest(text.as_bytes());
        let location = upload(&self.host, begun.header("location"), &digest);
        let kind = "Content-Type: application/octet-stream";
        ask(
            &self.host,
            &format!("PUT {location}"),
            &[kind],
            text.as_bytes(),
        )
        .expect(201);
        digest
    }

    fn get(&self, path: &str) -> Response {
        let accept = format!("Accept: {MANIFEST}, {INDEX}");
        let line = format!("GET {}", self.path(path));
        ask(&self.host, &line, &[&accept], b"")
    }

    fn path(&self, below: &str) -> String {
        format!("/v2/{}/{below}", self.name)
    }
}

/// Where an upload ends, as a path: its location may be one or a whole URL, with a query or without.
fn upload(host: &str, location: &str, digest: &str) -> String {
    let path = location
        .strip_prefix(&format!("http://{host}"))
        .unwrap_or(location);
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}digest={digest}")
}
