use std::collections::{BTreeMap, BTreeSet};

use gatehouse_abi::{Need, tree::TreeBuf};
use serde_json::{Map, Value};

/// What the host found out.
pub type Fact = Result<Value, FactError>;

/// Why a fact could not be had: "could not check", never "not so".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FactError(pub String);

/// All facts of one request, fetched once for all its policies.
#[derive(Debug, Default)]
pub(crate) struct Facts(BTreeMap<Need, Fact>);

impl Facts {
    pub(crate) fn supply(&mut self, need: Need, fact: Fact) {
        self.0.insert(need, fact);
    }

    pub(crate) fn knows(&self, need: &Need) -> bool {
        self.0.contains_key(need)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Why one of these facts could not be had.
    pub(crate) fn missing<'a>(
        &'a self,
        needs: &'a BTreeSet<Need>,
    ) -> Option<(&'a Need, &'a FactError)> {
        let error = |need| Some((need, self.0.get(need)?.as_ref().err()?));
        needs.iter().find_map(error)
    }

    /// The document of these facts, as a policy reads it: by kind, then by key.
    pub(crate) fn document(&self, needs: &BTreeSet<Need>) -> TreeBuf {
        let mut kinds = Map::new();
        for need in needs {
            let Some(Ok(value)) = self.0.get(need) else {
                continue;
            };
            let kind = kinds.entry(&need.fact).or_insert_with(|| Map::new().into());
            kind[&need.key] = value.clone();
        }
        // facts come from JSON, so they nest no deeper than a tree may
        TreeBuf::from_value(&kinds.into()).unwrap_or_default()
    }
}
