//! Whose signatures or attestations count, as an operator writes it: `settings.authorities` of a policy.

mod attestation;
mod certificate;
mod content;
mod document;
mod id;
mod keyless;
mod pattern;
mod pem;
mod trust;
mod trust_root;
mod trust_root_parts;

use std::{collections::BTreeMap, sync::Arc};

use gatehouse_abi::Path;
use serde_json::{Map, Value};

pub(crate) use attestation::AttestationRule;
pub(crate) use certificate::CertificateAuthority;
pub use certificate::{AUTHORITY_CERTIFICATES, CHAIN_CERTIFICATES};
pub use document::IDENTITIES;
pub(crate) use keyless::Keyless;
pub use pattern::{COMPILED_PATTERN_BYTES, PATTERN_BYTES};
pub use pem::PEM_BYTES;
pub(crate) use pem::{certificates as pem_certificates, public_key as pem_public_key};

pub use trust_root_parts::TRUST_ROOT_PARTS;

use crate::{
    sigstore::{PublicKey, TrustRoot},
    text::excerpt,
    trust_root::{Trust, TrustRootSource},
};

/// Someone whose signatures count, or whose attestations do.
///
/// ```yaml
/// release:
///   key: file:release.pub        # or the PEM itself
///   requireTlog: false           # also demand an entry of a transparency log
///   bindReference: false         # the signature must be for the repository of the image
///   trustRoot: file:root.json    # the logs to trust; Sigstore's public ones if absent. Or by parts:
///   # {fulcio: [PEM], ctLogs: [PEM], rekor: [PEM], timestampAuthorities: [PEM]}, or from a mirror:
///   # {tuf: {mirror: https://…, root: file:root.json}}
/// builds:
///   certificate: file:ca.pem     # certificates of an own authority
///   identities: [builds@acme.example]
/// ci:
///   keyless:                     # certificates of the trust root's Fulcio
///     issuer: https://token.actions.githubusercontent.com
///     subject: {glob: "https://github.com/acme/*/.github/workflows/release.yaml@refs/tags/*"}
///     claims: {repository: acme/app, ref: refs/heads/main, workflow: release}
/// scanned:
///   key: file:scanner.pub
///   attestation:                 # attestations of this type count, and signatures do not
///     predicateType: https://cosign.sigstore.dev/attestation/vuln/v1
///     conditions:                # which the policy judges
///       - {path: metadata.scanFinishedOn, maxAge: 72h}
/// ```
///
/// Issuer and subject are texts that are compared as they are, `{glob: …}` where `*` stands for any text
/// without a `/` and `**` for any text, or `{regex: …}` with its anchors. They match the whole or nothing.
#[derive(Clone, Debug)]
pub struct Authority {
    name: String,
    id: String,
    /// A digest of all that it means but for the trust root.
    meaning: [u8; 32],
    pub(crate) signers: Signers,
    /// The attestations that count; without it signatures do.
    pub(crate) attestation: Option<AttestationRule>,
    pub(crate) require_tlog: bool,
    pub(crate) bind_reference: bool,
    source: TrustRootSource,
    /// What the source gave.
    trust: Arc<Trust>,
    /// The same, and where it gave nothing a root that trusts nobody.
    pub(crate) trust_root: Arc<TrustRoot>,
    /// Why the trust root does not do, whatever the time.
    root_fault: Option<String>,
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
        let at_root = |mistake: String| {
            let path = at.clone().key("trustRoot");
            vec![AuthorityError::new(path, mistake)]
        };
        let trust_root = TrustRoot::of_nobody().map_err(at_root)?;
        let meaning = id::of(&parts);
        let authority = Self {
            name: name.to_owned(),
            id: id::with_root(&meaning, &trust_root),
            meaning,
            signers: parts.signers,
            attestation: parts.attestation,
            require_tlog: parts.require_tlog,
            bind_reference: parts.bind_reference,
            trust: parts.trust_root.first(),
            source: parts.trust_root,
            trust_root,
            root_fault: None,
        };
        let authority = authority.trusting();
        match &authority.root_fault {
            Some(mistake) if authority.source.is_written() => Err(at_root(mistake.clone())),
            _ => Ok(authority),
        }
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

    /// The predicate type of the attestations that count for it; `None` where signatures count.
    pub fn predicate_type(&self) -> Option<&str> {
        self.attestation
            .as_ref()
            .map(AttestationRule::predicate_type)
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

fn unknown_fields(members: &Map<String, Value>, known: &[&str], at: &Path) -> Vec<AuthorityError> {
    members
        .keys()
        .filter(|field| !known.contains(&field.as_str()))
        .map(|field| {
            let message = format!(
                "unknown field `{}`: {} are known",
                excerpt(field),
                quoted(known)
            );
            AuthorityError::new(at.clone().key(field), message)
        })
        .collect()
}

fn quoted(names: &[&str]) -> String {
    let names = names.iter().map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}
