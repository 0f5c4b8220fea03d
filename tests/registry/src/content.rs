use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What has been pushed.
#[derive(Debug, Default)]
pub(crate) struct Content {
    repositories: BTreeMap<String, Repository>,
    uploads: HashMap<String, Vec<u8>>,
}

#[derive(Debug, Default)]
struct Repository {
    blobs: HashMap<String, Bytes>,
    manifests: HashMap<String, Manifest>,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) digest: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

impl Content {
    pub(crate) fn put_manifest(
        &mut self,
        repository: &str,
        version: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> String {
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        let digest = digest(&bytes);
        let manifest = Manifest {
            digest: digest.clone(),
            media_type: media_type.to_owned(),
            bytes,
        };
        repository.manifests.insert(digest.clone(), manifest);
        if !version.contains(':') {
            repository.tags.insert(version.to_owned(), digest.clone());
        }
        digest
    }

    pub(crate) fn manifest(&self, repository: &str, version: &str) -> Option<Manifest> {
        let repository = self.repositories.get(repository)?;
        let digest = repository.tags.get(version).map_or(version, String::as_str);
        repository.manifests.get(digest).cloned()
    }

    pub(crate) fn put_blob(&mut self, repository: &str, bytes: Bytes) -> String {
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        let digest = digest(&bytes);
        repository.blobs.insert(digest.clone(), bytes);
        digest
    }

    pub(crate) fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        self.repositories
            .get(repository)?
            .blobs
            .get(digest)
            .cloned()
    }

    pub(crate) fn begin_upload(&mut self) -> String {
        let id = format!("upload-{}", self.uploads.len());
        self.uploads.insert(id.clone(), Vec::new());
        id
    }

    /// Adds a chunk and returns how long the upload is now.
    pub(crate) fn append(&mut self, upload: &str, chunk: &[u8]) -> Option<usize> {
        let bytes = self.uploads.get_mut(upload)?;
        bytes.extend_from_slice(chunk);
        Some(bytes.len())
    }

    /// The id stays taken, so that no two uploads ever have the same.
    pub(crate) fn end_upload(&mut self, upload: &str) -> Option<Bytes> {
        self.uploads
            .get_mut(upload)
            .map(|bytes| std::mem::take(bytes).into())
    }

    pub(crate) fn tags(&self, repository: &str) -> Option<BTreeSet<String>> {
        Some(
            self.repositories
                .get(repository)?
                .tags
                .keys()
                .cloned()
                .collect(),
        )
    }

    /// The descriptors of the manifests whose `subject` is this, in the order of their digests.
    pub(crate) fn referrers(&self, repository: &str, subject: &str) -> Vec<Value> {
        let Some(repository) = self.repositories.get(repository) else {
            return Vec::new();
        };
        let descriptors = repository.manifests.values();
        let mut found: Vec<_> = descriptors.filter_map(|m| descriptor(m, subject)).collect();
        found.sort_by_key(|entry| entry["digest"].to_string());
        found
    }
}

/// `sha256:` and the digits of these bytes' digest.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

/// The digest that a manifest names as its subject.
pub(crate) fn subject(bytes: &[u8]) -> Option<String> {
    let manifest: Value = serde_json::from_slice(bytes).ok()?;
    Some(manifest["subject"]["digest"].as_str()?.to_owned())
}

fn descriptor(manifest: &Manifest, of: &str) -> Option<Value> {
    if subject(&manifest.bytes)? != of {
        return None;
    }
    let parsed: Value = serde_json::from_slice(&manifest.bytes).ok()?;
    let artifact_type = match &parsed["artifactType"] {
        Value::Null => &parsed["config"]["mediaType"],
        artifact_type => artifact_type,
    };
    Some(json!({
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": manifest.bytes.len(),
        "artifactType": artifact_type,
        "annotations": parsed["annotations"],
    }))
}
