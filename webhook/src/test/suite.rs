//! The cases of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use gatehouse_abi::{Path as Place, tree::Node};
use gatehouse_core::config::{self, API_VERSION, ConfigError};
use gatehouse_manifest::{Document, Entry, Limits, Manifest, Object};

use super::{
    case::{Case, Group},
    document::{Header, KIND},
    files,
    policies::Policies,
};

/// The cases of files and folders, and what is wrong with others.
#[derive(Debug, Default)]
pub(super) struct Suite {
    /// In the order of their files, and of their places in them.
    pub(super) cases: Vec<Case>,
    /// Each with its place.
    pub(super) mistakes: Vec<String>,
}

/// Most cases of a run.
const CASES: usize = 10_000;

impl Suite {
    pub(super) fn read(paths: &[PathBuf], policies: &mut Policies<'_>) -> Self {
        let mut suite = Self::default();
        let mut seen = BTreeSet::new();
        for path in paths {
            for found in files::below(path) {
                match found {
                    // a file that is named twice is read once
                    Ok(file) if !seen.insert(files::identity(&file)) => {}
                    Ok(file) => suite.read_file(&file, policies),
                    Err(mistake) => suite.mistakes.push(mistake),
                }
            }
        }
        suite.check_kept();
        let mut said = BTreeSet::new();
        suite
            .mistakes
            .retain(|mistake| said.insert(mistake.clone()));
        suite
    }

    /// Keeps the cases whose names contain the text.
    pub(super) fn filter(&mut self, text: &str) {
        self.cases.retain(|case| case.name.contains(text));
    }

    fn read_file(&mut self, file: &Path, policies: &mut Policies<'_>) {
        let failed = |why: String| format!("{}: {why}", file.display());
        let bytes = match files::read(file) {
            Ok(bytes) if files::may_hold_cases(&bytes) => bytes,
            Ok(_) => return,
            Err(why) => return self.mistakes.push(failed(why)),
        };
        let manifest = match Manifest::read(&bytes, &Limits::default()) {
            Ok(manifest) => manifest,
            Err(error) => return self.mistakes.push(failed(error.to_string())),
        };
        let mut names = BTreeSet::new();
        for document in manifest.documents() {
            match document {
                Ok(document) => self.read_document(file, document, &mut names, policies),
                Err(error) => {
                    let (line, column) = (error.line, error.column);
                    let place = format!("{}:{line}:{column}", file.display());
                    self.mistakes.push(format!("{place}: {}", error.problem));
                }
            }
        }
    }

    fn read_document(
        &mut self,
        file: &Path,
        document: &Document,
        names: &mut BTreeSet<String>,
        policies: &mut Policies<'_>,
    ) {
        for entry in document.entries() {
            if let Entry::Object(object) = entry
                && let Err(mistake) = self.read_object(file, object, names, policies)
            {
                let span = object.span(&mistake.path).span();
                let place = format!("{}:{}:{}", file.display(), span.line, span.column);
                self.mistakes.push(format!("{place}: {mistake}"));
            }
        }
    }

    fn read_object(
        &mut self,
        file: &Path,
        object: &Object,
        names: &mut BTreeSet<String>,
        policies: &mut Policies<'_>,
    ) -> Result<(), ConfigError> {
        if !is_test(object)? {
            return Ok(());
        }
        let header: Header = config::deserialize(object.root(), Place::root())?;
        let group = Group {
            name: &header.metadata.name,
            config: &header.spec.config,
            policy: &header.spec.policy,
            file,
            object,
        };
        let at = Place::dotted("spec.cases");
        let cases = at.find(object.root()).unwrap_or(Node::NULL).items().count();
        if cases == 0 {
            let why = "expected a list of cases, one at least";
            return Err(ConfigError::new(at, why));
        }
        for i in 0..cases {
            self.read_case(group, &at.clone().index(i), names, policies)?;
        }
        Ok(())
    }

    fn read_case(
        &mut self,
        group: Group<'_>,
        at: &Place,
        names: &mut BTreeSet<String>,
        policies: &mut Policies<'_>,
    ) -> Result<(), ConfigError> {
        if self.cases.len() >= CASES {
            let why = format!("the limit of {CASES} cases a run is reached");
            return Err(ConfigError::new(at.clone(), why));
        }
        match Case::read(group, at, policies) {
            Ok(case) if names.insert(case.name.clone()) => self.cases.push(case),
            Ok(case) => {
                let why = format!("another case of this file is named `{}`, too", case.name);
                let error = ConfigError::new(at.clone().key("name"), why);
                self.mistakes.push(group.mistake(&error));
            }
            Err(mistakes) => self.mistakes.extend(mistakes),
        }
        Ok(())
    }

    /// A snapshot file belongs to one case, and no case reads it: an update writes over nothing else.
    fn check_kept(&mut self) {
        let inputs = self.cases.iter().flat_map(|case| &case.inputs);
        let inputs: BTreeSet<_> = inputs.map(|path| files::identity(path)).collect();
        let mut owners: BTreeMap<PathBuf, &str> = BTreeMap::new();
        for case in &self.cases {
            for kept in &case.kept {
                let path = files::identity(&kept.path);
                let why = match owners.get(&path) {
                    _ if inputs.contains(&path) => "is what a case reads".to_owned(),
                    Some(owner) => format!("is a snapshot file of `{owner}`, too"),
                    None => {
                        owners.insert(path, &case.name);
                        continue;
                    }
                };
                let file = kept.path.display();
                let mistake = format!("{}: `{file}` {why}", kept.place);
                self.mistakes.push(mistake);
            }
        }
    }
}

/// Whether the object holds cases. What only nearly does is a mistake: its cases would never run.
fn is_test(object: &Object) -> Result<bool, ConfigError> {
    match (object.api_version() == API_VERSION, object.kind() == KIND) {
        (true, true) => Ok(true),
        (false, true) => {
            let why = format!("`{}` is not `{API_VERSION}`", object.api_version());
            Err(ConfigError::new("apiVersion".into(), why))
        }
        (true, false) => match config::read(object.root()) {
            Err(error) if error.path == Place::dotted("kind") => {
                let why = format!(
                    "`{}` is neither {KIND} nor a kind of configuration",
                    object.kind()
                );
                Err(ConfigError::new(error.path, why))
            }
            _ => Ok(false),
        },
        (false, false) => Ok(false),
    }
}
