use std::{collections::BTreeMap, sync::Arc};

use gatehouse_abi::Path;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Authority, AuthorityError, Files,
    format::Wanted,
    trust_root::{MirrorAddress, Trust},
};

/// The authorities of one policy, by their names in its settings.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    by_name: BTreeMap<String, Authority>,
    id: String,
}

impl Authorities {
    /// Reads a map of names and authorities that stands at `at`.
    ///
    /// # Errors
    /// All mistakes in it, each with its place.
    pub fn parse(
        documents: &Value,
        at: &Path,
        files: &Files<'_>,
    ) -> Result<Self, Vec<AuthorityError>> {
        Authority::parse_all(documents, at, files).map(Self::new)
    }

    fn new(by_name: BTreeMap<String, Authority>) -> Self {
        let mut hash = Sha256::new();
        for (name, authority) in &by_name {
            for text in [name, authority.id()] {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text);
            }
        }
        Self {
            by_name,
            id: format!("{:x}", hash.finalize()),
        }
    }

    /// The same with what mirrors gave since; `None` where that is nothing new.
    pub(crate) fn renewed(
        &self,
        trust: impl Fn(&MirrorAddress) -> Option<Arc<Trust>>,
    ) -> Option<Self> {
        let renewed = |authority: &Authority| {
            let trust = trust(authority.mirror()?)?;
            (!Arc::ptr_eq(&trust, authority.trust())).then(|| authority.with_trust(trust))
        };
        let new: Vec<Authority> = self.iter().filter_map(renewed).collect();
        if new.is_empty() {
            return None;
        }
        let mut by_name = self.by_name.clone();
        by_name.extend(new.into_iter().map(|a| (a.name().to_owned(), a)));
        Some(Self::new(by_name))
    }

    /// A digest of all that their verdicts depend on, and of their names.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&Authority> {
        self.by_name.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Authority> {
        self.by_name.values()
    }

    /// What of an image they have to see.
    pub(crate) fn wanted(&self) -> Wanted {
        let attests = |authority: &Authority| authority.attestation.is_some();
        Wanted {
            signatures: !self.iter().all(attests),
            attestations: self.iter().any(attests),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}
