use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gatehouse_abi::Need;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::{unreadable, unwritable};

/// Facts as they were found out once, kept in a file: what `check --record` writes and `--facts` reads.
///
/// Clones share what they hold.
#[derive(Clone, Debug, Default)]
pub struct FactRecord {
    recorded: Arc<Mutex<BTreeMap<Key, Value>>>,
    told: Arc<Told>,
}

/// Facts by kind, then by key, as policies read them.
pub(crate) type Told = BTreeMap<String, BTreeMap<String, Value>>;

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read.
    #[error("{0}: {why}", why = unreadable(.1))]
    Unreadable(String, io::Error),
    /// The file cannot be written.
    #[error("{0}: {why}", why = unwritable(.1))]
    Unwritable(String, io::Error),
    /// The file is something else.
    #[error("{0}: not a record of facts: {1}")]
    Form(String, serde_json::Error),
    /// A record of another version.
    #[error(
        "{0}: a record of version {1}, of which this version of gatehouse knows only {VERSION}"
    )]
    Version(String, u32),
}

const VERSION: u32 = 1;

/// The policy whose authorities are meant, empty where none are, and the need.
type Key = (String, Need);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    facts: Vec<Recorded>,
}

#[derive(Serialize, Deserialize)]
struct Recorded {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    policy: String,
    #[serde(flatten)]
    need: Need,
    value: Value,
}

impl FactRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// When there is no such file, or it is something else.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| RecordError::Unreadable(name.clone(), error))?;
        let file: File = serde_json::from_slice(&bytes)
            .map_err(|error| RecordError::Form(name.clone(), error))?;
        if file.version != VERSION {
            return Err(RecordError::Version(name, file.version));
        }
        let facts = file.facts.into_iter();
        let facts = facts.map(|fact| ((fact.policy, fact.need), fact.value));
        Ok(Self {
            recorded: Arc::new(Mutex::new(facts.collect())),
            told: Arc::default(),
        })
    }

    /// This record with facts that win over it whichever policy asks, for whichever authorities.
    pub(crate) fn telling(self, told: Told) -> Self {
        Self {
            told: Arc::new(told),
            ..self
        }
    }

    /// Writes the record; the same facts give the same bytes.
    ///
    /// # Errors
    /// As the system says.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let failed = |error| RecordError::Unwritable(path.display().to_string(), error);
        let facts = self.facts();
        let recorded = |((policy, need), value): (&Key, &Value)| Recorded {
            policy: policy.clone(),
            need: need.clone(),
            value: value.clone(),
        };
        let file = File {
            version: VERSION,
            facts: facts.iter().map(recorded).collect(),
        };
        let mut text = serde_json::to_vec_pretty(&file).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        fs::write(path, text).map_err(failed)
    }

    pub(super) fn get(&self, policy: &str, need: &Need) -> Option<Value> {
        let told = self.told.get(&need.fact);
        if let Some(value) = told.and_then(|facts| facts.get(&need.key)) {
            return Some(value.clone());
        }
        self.facts()
            .get(&(policy.to_owned(), need.clone()))
            .cloned()
    }

    pub(super) fn add(&self, policy: &str, need: &Need, value: Value) {
        self.facts()
            .insert((policy.to_owned(), need.clone()), value);
    }

    fn facts(&self) -> MutexGuard<'_, BTreeMap<Key, Value>> {
        // an insertion is whole before a panic could come
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn need() -> Need {
        Need {
            authorities: vec!["release".into()],
            ..Need::new("image", "ghcr.io/acme/app:1")
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("facts.json");
        let record = FactRecord::default();
        record.add("image-trust", &need(), json!({"missing": true}));
        record.write(&path).unwrap();
        let read = FactRecord::read(&path).unwrap();
        assert_eq!(
            read.get("image-trust", &need()),
            Some(json!({"missing": true}))
        );
        assert_eq!(read.get("other", &need()), None);
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap(), @r#"
        {
          "version": 1,
          "facts": [
            {
              "policy": "image-trust",
              "fact": "image",
              "key": "ghcr.io/acme/app:1",
              "authorities": [
                "release"
              ],
              "value": {
                "missing": true
              }
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_is_told_wins_whoever_asks() {
        let record = FactRecord::default();
        record.add("image-trust", &need(), json!({"missing": true}));
        let facts = BTreeMap::from([(need().key, json!({"unavailable": "down"}))]);
        let record = record.telling(BTreeMap::from([("image".to_owned(), facts)]));
        for policy in ["image-trust", "other"] {
            let told = record.get(policy, &need());
            assert_eq!(told, Some(json!({"unavailable": "down"})));
        }
        assert_eq!(record.get("other", &Need::new("image", "other")), None);
        assert_eq!(record.get("other", &Need::new("x", need().key)), None);
    }

    #[test]
    fn what_is_no_record_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("facts.json");
        let error = |text: &str| {
            fs::write(&path, text).unwrap();
            FactRecord::read(&path).unwrap_err().to_string()
        };
        assert!(error("[]").contains("not a record of facts"));
        assert!(error(r#"{"version": 2, "facts": []}"#).contains("a record of version 2"));
        let missing = FactRecord::read(&folder.path().join("none"));
        assert!(matches!(missing, Err(RecordError::Unreadable(..))));
    }
}
