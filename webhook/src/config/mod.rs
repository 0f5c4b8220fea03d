//! Loading a configuration: documents from files, modules, settings judged, all or nothing.

mod lost_trust;
mod modules;
mod references;
mod registries;
mod source;

use std::{collections::BTreeMap, fmt, path, sync::Arc, time::Duration};

use gatehouse_abi::{Metadata, Path, tree::TreeBuf};
use gatehouse_core::{
    Policy, PolicySet, Workloads,
    config::{self, ConfigError, CustomWorkload, Document, Exemption, PolicySpec, RegistrySpec},
};
use gatehouse_manifest::Entry;
use gatehouse_sandbox::Sandbox;
use gatehouse_trust::{Authorities, LiveAuthorities, TrustRoots};
use sha2::{Digest, Sha256};

use crate::facts::ExpectedNeeds;
pub(crate) use lost_trust::keep_trust;
pub(crate) use modules::Modules;
use references::FileReferences;
pub(crate) use registries::range;
pub use registries::{Registries, Surroundings};
pub use source::{Source, SourceFile};

/// A configuration, ready to judge by; immutable, so that a request never sees half of another.
#[derive(Debug)]
pub struct Snapshot {
    /// The policies and exemptions.
    pub set: PolicySet,
    /// The same policies in the same order, ready to run.
    pub policies: Vec<Runner>,
    /// Which kinds create pods.
    pub workloads: Workloads,
    /// How registries are asked.
    pub registries: Registries,
    /// The mirrors of trust roots, of this configuration and others before it.
    pub(crate) trust_roots: TrustRoots,
    /// Digest of all documents and modules, in hex: which configuration made a decision.
    pub sha256: String,
}

/// A policy that is ready to run.
#[derive(Debug)]
pub struct Runner {
    /// The module with its settings.
    pub policy: gatehouse_sandbox::Policy,
    /// Whose signatures its settings name.
    pub authorities: LiveAuthorities,
    /// What it asked before.
    pub(crate) expected: ExpectedNeeds,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError(Vec<Problem>);

/// One mistake in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, and the line and column where they are known.
    place: String,
    message: String,
}

impl Snapshot {
    /// Loads a whole configuration.
    ///
    /// # Errors
    /// All mistakes that could be found, each with its place.
    pub fn load(
        source: &Source,
        surroundings: &Surroundings,
        sandbox: &Sandbox,
    ) -> Result<Self, LoadError> {
        Self::load_with(source, surroundings, &mut Modules::new(sandbox))
    }

    /// The same, with modules that other configurations share.
    pub(crate) fn load_with(
        source: &Source,
        surroundings: &Surroundings,
        modules: &mut Modules<'_>,
    ) -> Result<Self, LoadError> {
        let files = source.read().map_err(|problem| LoadError(vec![problem]))?;
        let registries = Registries::new(surroundings)
            .map_err(|(place, why)| LoadError(vec![Problem::new(place, why)]))?;
        let trust_roots = surroundings.trust_roots.clone();
        let mut loader = Loader::new(modules, registries, trust_roots);
        for file in &files {
            loader.read_file(file);
        }
        loader.finish()
    }

    /// Asks every mirror of trust roots once, for at most this time: for a command, which has no later.
    pub(crate) async fn fetch_trust_roots(&self, time: Duration) {
        if self.trust_roots.is_empty() {
            return;
        }
        // without a client nothing can be asked later either, which is said then
        if let Ok(client) = self.registries.client() {
            self.trust_roots.fetch(client, time).await;
        }
    }

    /// The configuration of one policy, whose relative paths start at `folder`.
    ///
    /// # Errors
    /// All mistakes; paths start at the policy's document, as in `spec.settings`.
    pub(crate) fn of_policy(
        name: String,
        spec: PolicySpec,
        folder: &path::Path,
        modules: &mut Modules<'_>,
    ) -> Result<Self, Vec<ConfigError>> {
        let registries = Registries::new(&Surroundings::default())
            .map_err(|(_, why)| vec![ConfigError::new(Path::root(), why)])?;
        let loaded = load(&spec, Some(folder), modules)?;
        let sha256 = hex(&Sha256::digest(loaded.module.sha256()));
        let policy = Policy {
            name,
            spec,
            metadata: Arc::new(loaded.module.metadata().clone()),
        };
        let trust_roots = TrustRoots::default();
        let authorities = trust_roots.follow(loaded.authorities);
        let set = PolicySet::new(vec![policy], Vec::new());
        let set = set.map_err(|errors| errors.into_iter().map(|(_, error)| error).collect());
        set.map(|set| Self {
            set,
            policies: vec![Runner::new(loaded.policy, authorities)],
            workloads: Workloads::default(),
            registries,
            trust_roots,
            sha256,
        })
    }
}

impl Runner {
    fn new(policy: gatehouse_sandbox::Policy, authorities: LiveAuthorities) -> Self {
        Self {
            policy,
            authorities,
            expected: ExpectedNeeds::new(),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {}", problem.place, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

impl Problem {
    fn new(place: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            place: place.into(),
            message: message.to_string(),
        }
    }
}

/// Where a document stands, so that what turns out to be wrong later can be located.
#[derive(Clone)]
struct Place {
    file: String,
    object: gatehouse_manifest::Object,
}

struct Loader<'l, 's> {
    modules: &'l mut Modules<'s>,
    hash: Sha256,
    policies: Vec<(Policy, Runner)>,
    exemptions: Vec<(String, Exemption)>,
    workloads: Workloads,
    registries: Registries,
    trust_roots: TrustRoots,
    places: BTreeMap<String, Place>,
    problems: Vec<Problem>,
}

impl<'l, 's> Loader<'l, 's> {
    fn new(modules: &'l mut Modules<'s>, registries: Registries, trust_roots: TrustRoots) -> Self {
        Self {
            modules,
            hash: Sha256::new(),
            policies: Vec::new(),
            exemptions: Vec::new(),
            workloads: Workloads::default(),
            registries,
            trust_roots,
            places: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    fn read_file(&mut self, file: &SourceFile) {
        self.hash.update(&file.text);
        let limits = gatehouse_manifest::Limits::default();
        let manifest = match gatehouse_manifest::Manifest::read(&file.text, &limits) {
            Ok(manifest) => manifest,
            Err(error) => return self.problems.push(Problem::new(&file.name, error)),
        };
        for document in manifest.documents() {
            match document {
                Ok(document) => document
                    .entries()
                    .iter()
                    .for_each(|entry| self.read_entry(file, entry)),
                Err(error) => {
                    let place = format!("{}:{}:{}", file.name, error.line, error.column);
                    self.problems.push(Problem::new(place, &error.problem));
                }
            }
        }
    }

    fn read_entry(&mut self, file: &SourceFile, entry: &Entry) {
        let object = match entry {
            Entry::Object(object) => object,
            Entry::NotKubernetes { span, .. } => {
                let place = format!("{}:{}:{}", file.name, span.line, span.column);
                let message = "not a configuration document: it has no apiVersion and kind";
                return self.problems.push(Problem::new(place, message));
            }
        };
        let place = Place {
            file: file.name.clone(),
            object: object.clone(),
        };
        match config::read(object.root()) {
            Ok(Document::Policy(name, spec)) => self.read_policy(file, name, *spec, &place),
            Ok(Document::Exemption(name, exemption)) => {
                self.places.insert(name.clone(), place);
                self.exemptions.push((name, *exemption));
            }
            Ok(Document::Registry(_, spec)) => self.read_registry(file, &spec, &place),
            Ok(Document::CustomWorkload(_, spec)) => self.read_workload(*spec, &place),
            Err(error) => self.problems.push(place.problem(&error)),
        }
    }

    fn read_policy(&mut self, file: &SourceFile, name: String, spec: PolicySpec, place: &Place) {
        let loaded = match load(&spec, file.folder.as_deref(), self.modules) {
            Ok(loaded) => loaded,
            Err(errors) => {
                let located = errors.iter().map(|error| place.problem(error));
                return self.problems.extend(located);
            }
        };
        self.hash.update(loaded.module.sha256());
        self.hash.update(loaded.authorities.id());
        self.places.insert(name.clone(), place.clone());
        let policy = Policy {
            name,
            spec,
            metadata: Arc::new(loaded.module.metadata().clone()),
        };
        let runner = Runner::new(loaded.policy, self.trust_roots.follow(loaded.authorities));
        self.policies.push((policy, runner));
    }

    fn read_registry(&mut self, file: &SourceFile, spec: &RegistrySpec, place: &Place) {
        let files = FileReferences::from(file.folder.as_deref());
        if let Err(error) = self.registries.add(spec, &files) {
            self.problems.push(place.problem(&error));
        }
    }

    fn read_workload(&mut self, spec: CustomWorkload, place: &Place) {
        if let Err(error) = self.workloads.add(spec) {
            self.problems.push(place.problem(&error));
        }
    }

    fn finish(mut self) -> Result<Snapshot, LoadError> {
        // the set orders its policies by name, and the runners stand in the same order
        self.policies.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        let (policies, runners) = self.policies.into_iter().unzip();
        let set = PolicySet::new(policies, self.exemptions);
        if let Err(errors) = &set {
            let located = errors
                .iter()
                .map(|(name, error)| match self.places.get(name) {
                    Some(place) => place.problem(error),
                    None => Problem::new(name, error),
                });
            self.problems.extend(located);
        }
        match set {
            Ok(set) if self.problems.is_empty() => Ok(Snapshot {
                set,
                policies: runners,
                workloads: self.workloads,
                registries: self.registries,
                trust_roots: self.trust_roots,
                sha256: hex(&self.hash.finalize()),
            }),
            _ => Err(LoadError(self.problems)),
        }
    }
}

impl Place {
    fn problem(&self, error: &ConfigError) -> Problem {
        let span = self.object.span(&error.path).span();
        Problem::new(
            format!("{}:{}:{}", self.file, span.line, span.column),
            error,
        )
    }
}

/// What a policy's document names.
struct Loaded {
    module: gatehouse_sandbox::Module,
    policy: gatehouse_sandbox::Policy,
    authorities: Authorities,
}

/// Loads what a policy's document names; paths of errors start at the document.
fn load(
    spec: &PolicySpec,
    folder: Option<&path::Path>,
    modules: &mut Modules<'_>,
) -> Result<Loaded, Vec<ConfigError>> {
    let module = modules
        .load(&spec.module, folder)
        .map_err(|message| vec![ConfigError::new("spec.module".into(), message)])?;
    let files = FileReferences::from(folder);
    let policy = policy_with_settings(module.clone(), spec);
    let loaded = policy.and_then(|policy| {
        Ok(Loaded {
            authorities: authorities(&module, spec, &files)?,
            policy,
            module,
        })
    });
    loaded.map_err(|errors| errors.into_iter().map(in_settings).collect())
}

fn in_settings(error: ConfigError) -> ConfigError {
    let path = Path::dotted("spec.settings").join(&error.path);
    ConfigError::new(path, error.message)
}

/// The module with its settings, once their shape and their meaning are right; paths start at the settings.
fn policy_with_settings(
    module: gatehouse_sandbox::Module,
    spec: &PolicySpec,
) -> Result<gatehouse_sandbox::Policy, Vec<ConfigError>> {
    let whole = |message: String| vec![ConfigError::new(Path::root(), message)];
    let schema = config::compile_schema(&module.metadata().settings)
        .map_err(|error| whole(format!("the module's schema is none: {error}")))?;
    let errors = config::check_settings(&schema, &spec.settings);
    if !errors.is_empty() {
        return Err(errors);
    }
    let settings = TreeBuf::from_value(&spec.settings).map_err(|e| whole(e.to_string()))?;
    let policy = gatehouse_sandbox::Policy::new(module, settings);
    let errors = policy
        .configure()
        .map_err(|failure| whole(format!("the module {failure} when it read them")))?;
    let errors: Vec<_> = errors
        .into_iter()
        .map(|error| ConfigError::new(error.path, error.message))
        .collect();
    if errors.is_empty() {
        Ok(policy)
    } else {
        Err(errors)
    }
}

/// The authorities whose verdicts a policy may ask for: `authorities` in the settings of every policy that
/// may need facts about images; paths start at the settings.
fn authorities(
    module: &gatehouse_sandbox::Module,
    spec: &PolicySpec,
    files: &FileReferences<'_>,
) -> Result<Authorities, Vec<ConfigError>> {
    let asks = asks_about_images(module.metadata());
    let Some(documents) = spec.settings.get("authorities").filter(|_| asks) else {
        return Ok(Authorities::default());
    };
    let read = |path: &str| files.read(path);
    Authorities::parse(documents, &Path::dotted("authorities"), &read).map_err(|errors| {
        let located =
            |error: gatehouse_trust::AuthorityError| ConfigError::new(error.path, error.message);
        errors.into_iter().map(located).collect()
    })
}

/// Whether a policy with this metadata may ask for facts about images.
pub(crate) fn asks_about_images(metadata: &Metadata) -> bool {
    metadata.facts.iter().any(|fact| fact == "image")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
