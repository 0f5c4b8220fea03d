//! What cases are judged by, each configuration loaded once and each module compiled once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use gatehouse_abi::{Path as Place, tree::TreeBuf};
use gatehouse_core::config::{self, ConfigError, PolicySpec};
use gatehouse_sandbox::Sandbox;
use serde_json::{Map, Value};

use crate::config::{Modules, Snapshot, Source, Surroundings};

/// The configurations of a run.
pub(super) struct Policies<'s> {
    modules: Modules<'s>,
    of_files: HashMap<Vec<PathBuf>, Result<Arc<Snapshot>, String>>,
    of_policies: HashMap<(PathBuf, String), OfPolicy>,
}

/// The configuration of one policy; paths of its mistakes start at the policy's members.
type OfPolicy = Result<Arc<Snapshot>, Vec<ConfigError>>;

impl<'s> Policies<'s> {
    pub(super) fn new(sandbox: &'s Sandbox) -> Self {
        Self {
            modules: Modules::new(sandbox),
            of_files: HashMap::new(),
            of_policies: HashMap::new(),
        }
    }

    /// The configuration in these files and folders.
    ///
    /// # Errors
    /// All its mistakes, each on a line with its place.
    pub(super) fn of_files(&mut self, paths: Vec<PathBuf>) -> Result<Arc<Snapshot>, String> {
        if let Some(known) = self.of_files.get(&paths) {
            return known.clone();
        }
        let source = Source::Paths(paths.clone());
        let surroundings = Surroundings::default();
        let loaded = Snapshot::load_with(&source, &surroundings, &mut self.modules);
        let loaded = loaded.map(Arc::new).map_err(|error| error.to_string());
        self.of_files.insert(paths, loaded.clone());
        loaded
    }

    /// The configuration of one policy, whose relative paths start at `folder`. It may have all facts that its
    /// module asks for, unless it grants some.
    pub(super) fn of_policy(&mut self, folder: &Path, policy: Map<String, Value>) -> OfPolicy {
        let key = (folder.to_owned(), Value::Object(policy.clone()).to_string());
        if let Some(known) = self.of_policies.get(&key) {
            return known.clone();
        }
        let loaded = self.load_policy(folder, policy);
        self.of_policies.insert(key, loaded.clone());
        loaded
    }

    fn load_policy(&mut self, folder: &Path, mut policy: Map<String, Value>) -> OfPolicy {
        let name = name(policy.remove("name"))?;
        let mut spec = read(&Value::Object(policy))?;
        let module = self.modules.load(&spec.module, Some(folder));
        let module = module.map_err(|why| vec![ConfigError::new("module".into(), why)])?;
        if spec.facts.is_empty() {
            spec.facts = module.metadata().facts.clone();
        }
        let name = name.unwrap_or_else(|| module.metadata().name.clone());
        let loaded = Snapshot::of_policy(name, spec, folder, &mut self.modules);
        loaded.map(Arc::new).map_err(|errors| {
            let below = |error: ConfigError| {
                let path = error.path.below(&"spec".into()).unwrap_or_default();
                ConfigError::new(path, error.message)
            };
            errors.into_iter().map(below).collect()
        })
    }
}

fn name(value: Option<Value>) -> Result<Option<String>, Vec<ConfigError>> {
    match value {
        None => Ok(None),
        Some(Value::String(name)) if !name.is_empty() => Ok(Some(name)),
        Some(_) => Err(vec![ConfigError::new("name".into(), "expected text")]),
    }
}

fn read(policy: &Value) -> Result<PolicySpec, Vec<ConfigError>> {
    let whole = |why: String| vec![ConfigError::new(Place::root(), why)];
    let tree = TreeBuf::from_value(policy).map_err(|error| whole(error.to_string()))?;
    config::deserialize(tree.root(), Place::root()).map_err(|error| vec![error])
}
