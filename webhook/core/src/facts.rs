use std::collections::{BTreeMap, BTreeSet};

use gatehouse_abi::{
    Need,
    tree::{TreeBuf, TreeSeed},
};
use serde::de::{DeserializeSeed, value::MapDeserializer};
use serde_json::Value;

/// What the host found out.
pub type Fact = Result<Value, FactError>;

/// Why a fact could not be had: "could not check", never "not so".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// Whoever knows it did not say. It may be had later.
    #[error("{0}")]
    Unavailable(String),
    /// Nobody is there to say it, now or later: what is judged are files.
    #[error("{0}")]
    Untold(String),
}

impl FactError {
    /// The reason of the failure that comes of it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            FactError::Unavailable(_) => "fact",
            FactError::Untold(_) => "untold",
        }
    }
}

/// A fact that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The policy that wants it, by its index in the set, where the need names authorities of its
    /// settings; other needs mean the same from whomever they come.
    pub policy: Option<usize>,
    /// Which fact.
    pub need: Need,
}

impl Asked {
    pub(crate) fn by(policy: usize, need: Need) -> Self {
        Self {
            policy: (!need.authorities.is_empty()).then_some(policy),
            need,
        }
    }
}

/// All facts of one request, fetched once for all its policies.
#[derive(Debug, Default)]
pub(crate) struct Facts(BTreeMap<Asked, Fact>);

impl Facts {
    pub(crate) fn supply(&mut self, asked: Asked, fact: Fact) {
        self.0.insert(asked, fact);
    }

    pub(crate) fn knows(&self, asked: &Asked) -> bool {
        self.0.contains_key(asked)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Why one of these facts could not be had.
    pub(crate) fn missing<'a>(
        &'a self,
        asked: &'a BTreeSet<Asked>,
    ) -> Option<(&'a Need, &'a FactError)> {
        let error = |asked: &'a Asked| Some((&asked.need, self.0.get(asked)?.as_ref().err()?));
        asked.iter().find_map(error)
    }

    /// The document of these facts, as a policy reads it: by kind, then by key.
    pub(crate) fn document(&self, asked: &BTreeSet<Asked>) -> TreeBuf {
        let mut kinds: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
        for asked in asked {
            if let Some(Ok(value)) = self.0.get(asked) {
                let kind = kinds.entry(&asked.need.fact).or_default();
                kind.insert(&asked.need.key, value);
            }
        }
        let kinds = kinds.into_iter();
        let kinds = kinds.map(|(kind, facts)| (kind, MapDeserializer::new(facts.into_iter())));
        let document = MapDeserializer::<_, serde_json::Error>::new(kinds);
        // facts come from JSON, so they nest no deeper than a tree may
        TreeSeed::default()
            .deserialize(document)
            .unwrap_or_default()
    }
}
