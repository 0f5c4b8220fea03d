//! Whose signatures count, as an operator writes it: `settings.authorities` of a policy.

mod certificate;
mod document;
mod id;
mod keyless;
mod pattern;
mod pem;

use std::{collections::BTreeMap, sync::Arc};

use gatehouse_abi::Path;
use serde_json::Value;

pub(crate) use certificate::CertificateAuthority;
pub use certificate::{AUTHORITY_CERTIFICATES, CHAIN_CERTIFICATES};
pub use document::IDENTITIES;
pub(crate) use keyless::Keyless;
pub use pattern::{COMPILED_PATTERN_BYTES, PATTERN_BYTES};
pub use pem::PEM_BYTES;
pub(crate) use pem::{certificates as pem_certificates, public_key as pem_public_key};

use crate::sigstore::{PublicKey, TrustRoot};

/// Someone whose signatures count.
///
/// ```yaml
/// release:
///   key: file:release.pub        # or the PEM itself
///   requireTlog: false           # also demand an entry of a transparency log
///   bindReference: false         # the signature must be for the repository of the image
///   trustRoot: file:root.json    # the logs to trust; Sigstore's public ones if absent
/// builds:
///   certificate: file:ca.pem     # certificates of an own authority
///   identities: [builds@acme.example]
/// ci:
///   keyless:                     # certificates of the trust root's Fulcio
///     issuer: https://token.actions.githubusercontent.com
///     subject: {glob: "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/*"}
///     claims: {repository: acme/app, ref: refs/heads/main, workflow: release}
/// ```
///
/// Issuer and subject are texts that are compared as they are, `{glob: …}` where `*` stands for any text
/// without a `/` and `**` for any text, or `{regex: …}` with its anchors. They match the whole or nothing.
#[derive(Clone, Debug)]
pub struct Authority {
    name: String,
    id: String,
    pub(crate) signers: Signers,
    pub(crate) require_tlog: bool,
    pub(crate) bind_reference: bool,
    pub(crate) trust_root: Arc<TrustRoot>,
}

/// Whose signatures an authority accepts.
#[derive(Clone, Debug)]
pub(crate) enum Signers {
    Key(PublicKey),
    Certificate(CertificateAuthority),
    Keyless(Keyless),
}

/// A mistake in an authority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:#}: {message}")]
pub struct AuthorityError {
    /// Where in the document.
    pub path: Path,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Gets what `file:PATH` stands for: its text, or why there is none (`no such file`).
pub type Files<'f> = dyn Fn(&str) -> Result<String, String> + 'f;

impl Authority {
    /// Reads a map of names and authorities that stands at `at`.
    ///
    /// # Errors
    /// All mistakes in it, each with its place.
    pub fn parse_all(
        documents: &Value,
        at: &Path,
        files: &Files<'_>,
    ) -> Result<BTreeMap<String, Self>, Vec<AuthorityError>> {
        let Value::Object(documents) = documents else {
            let message = "expected an object of names and authorities";
            return Err(vec![AuthorityError::new(at.clone(), message)]);
        };
        let mut authorities = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (name, document) in documents {
            match Self::parse(name, document, &at.clone().key(name), files) {
                Ok(authority) => drop(authorities.insert(name.clone(), authority)),
                Err(found) => mistakes.extend(found),
            }
        }
        if mistakes.is_empty() {
            Ok(authorities)
        } else {
            Err(mistakes)
        }
    }

    /// Reads one authority that stands at `at`.
    ///
    /// # Errors
    /// All mistakes in it, each with its place.
    pub fn parse(
        name: &str,
        document: &Value,
        at: &Path,
        files: &Files<'_>,
    ) -> Result<Self, Vec<AuthorityError>> {
        let parts = document::read(document, at, files)?;
        let id = id::of(&parts);
        Ok(Self {
            name: name.to_owned(),
            id,
            signers: parts.signers,
            require_tlog: parts.require_tlog,
            bind_reference: parts.bind_reference,
            trust_root: parts.trust_root,
        })
    }

    /// Its name in the settings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `sha256:` and a digest of all that its verdicts depend on, but not of its name. What was cached
    /// under it stays true for as long as it exists.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Fingerprints of the public keys that it trusts: of its key, or of the anchors of its certificates
    /// or of its trust root's Fulcio. Two authorities that share one are not independent of each other.
    pub fn signer_ids(&self) -> Vec<String> {
        match &self.signers {
            Signers::Key(key) => vec![key.fingerprint()],
            Signers::Certificate(authority) => authority.anchor_fingerprints(),
            Signers::Keyless(keyless) => keyless.anchor_fingerprints(),
        }
    }

    /// Whether a transparency log must have an entry of the signature.
    pub fn requires_tlog(&self) -> bool {
        self.require_tlog
    }

    /// Whether the signature must be for the repository of the image.
    pub fn binds_reference(&self) -> bool {
        self.bind_reference
    }
}

impl AuthorityError {
    fn new(path: Path, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { path, message }
    }
}
