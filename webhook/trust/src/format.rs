//! Which layers of a manifest may be signatures or attestations.

use std::collections::BTreeMap;

use gatehouse_abi::tree::TreeBuf;
use gatehouse_reference::Digest;
use serde::Deserialize;

use crate::signature::{ATTESTATION_BYTES, BUNDLE_BYTES, Evidence, PAYLOAD_BYTES, Rejection};

/// The layers of `.sig` manifests.
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The layers of `.att` manifests.
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// Layers whose media type begins so are bundles, of whatever version.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// The longest manifest that is read, in bytes.
pub const MANIFEST_BYTES: usize = 1024 * 1024;
/// How many signatures and attestations of one manifest are looked at. cosign 2 adds a layer for every one.
pub const CANDIDATES: usize = 64;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Signatures.
    pub signatures: bool,
    /// Attestations.
    pub attestations: bool,
}

/// A layer that may be a signature or an attestation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it is by its media type.
    pub form: Form,
    /// The digest of its bytes, `sha256:…`.
    pub digest: String,
    /// How many bytes it has, as the manifest says.
    pub size: u64,
}

/// The form of a signature or an attestation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A payload, with the signature in the annotations of the layer (cosign 1 and 2).
    SimpleSigning {
        /// The annotations.
        annotations: BTreeMap<String, String>,
    },
    /// An attestation in an envelope, with what proves its time in the annotations of the layer (cosign 1
    /// and 2).
    Envelope {
        /// The annotations.
        annotations: BTreeMap<String, String>,
    },
    /// A Sigstore bundle around either (cosign 3).
    Bundle,
}

/// The candidates of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The first [`CANDIDATES`] of them.
    pub listed: Vec<Candidate>,
    /// How many more there are.
    pub left_out: usize,
}

/// Why bytes are no manifest whose layers can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_BYTES`].
    #[error("the manifest of a signature is longer than {MANIFEST_BYTES} bytes")]
    TooLarge,
    /// Not an image manifest.
    #[error("the manifest of a signature is malformed: {0}")]
    Malformed(&'static str),
}

impl Wanted {
    /// Both.
    pub const ALL: Self = Self {
        signatures: true,
        attestations: true,
    };
}

impl Candidates {
    /// Lists the layers of an image manifest that are what is wanted by their media type. Nothing else is
    /// asked: the artifact types of fallback tags mislead (`application/vnd.oci.empty.v1+json`), and
    /// `.sig` manifests look like images. A manifest of something else has no candidates.
    ///
    /// # Errors
    /// Bytes that are no image manifest.
    pub fn of(manifest: &[u8], wanted: Wanted) -> Result<Self, ManifestError> {
        if manifest.len() > MANIFEST_BYTES {
            return Err(ManifestError::TooLarge);
        }
        let tree = std::str::from_utf8(manifest)
            .ok()
            .and_then(|text| TreeBuf::from_json(text).ok())
            .ok_or(ManifestError::Malformed("not JSON, or a key twice"))?;
        let manifest = Manifest::deserialize(tree.root().deserializer())
            .map_err(|_| ManifestError::Malformed("no list of layers"))?;
        let mut candidates = Self::default();
        for layer in manifest.layers {
            let Some(candidate) = layer.candidate(wanted)? else {
                continue;
            };
            if candidates.listed.len() < CANDIDATES {
                candidates.listed.push(candidate);
            } else {
                candidates.left_out += 1;
            }
        }
        Ok(candidates)
    }
}

impl Candidate {
    /// How many bytes of it are worth fetching: with one more it is rejected.
    pub fn max_bytes(&self, wanted: Wanted) -> usize {
        match self.form {
            Form::SimpleSigning { .. } => PAYLOAD_BYTES,
            Form::Bundle if !wanted.attestations => BUNDLE_BYTES,
            Form::Envelope { .. } | Form::Bundle => ATTESTATION_BYTES,
        }
    }

    /// Why it is not worth fetching.
    pub(crate) fn too_large(&self, wanted: Wanted) -> Option<Rejection> {
        let limit = self.max_bytes(wanted);
        let what = match self.form {
            Form::SimpleSigning { .. } => "payload",
            Form::Envelope { .. } => "envelope",
            Form::Bundle => "bundle",
        };
        (self.size > limit as u64).then_some(Rejection::TooLarge { what, limit })
    }

    /// The evidence that its bytes are; they must have been checked against its digest.
    pub fn evidence<'a>(&'a self, bytes: &'a [u8]) -> Evidence<'a> {
        match &self.form {
            Form::SimpleSigning { annotations } => Evidence::SimpleSigning {
                payload: bytes,
                annotations,
            },
            Form::Envelope { annotations } => Evidence::Envelope {
                envelope: bytes,
                annotations,
            },
            Form::Bundle => Evidence::Bundle(bytes),
        }
    }
}

#[derive(Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Layer {
    fn candidate(self, wanted: Wanted) -> Result<Option<Candidate>, ManifestError> {
        let form = match self.media_type.as_str() {
            SIMPLE_SIGNING if wanted.signatures => Form::SimpleSigning {
                annotations: self.annotations.unwrap_or_default(),
            },
            ENVELOPE if wanted.attestations => Form::Envelope {
                annotations: self.annotations.unwrap_or_default(),
            },
            other if other.starts_with(BUNDLE) => Form::Bundle,
            _ => return Ok(None),
        };
        // it becomes part of an address
        if Digest::parse(&self.digest).is_err() {
            return Err(ManifestError::Malformed("a layer with a wrong digest"));
        }
        Ok(Some(Candidate {
            form,
            digest: self.digest,
            size: self.size,
        }))
    }
}
