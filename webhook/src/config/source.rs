use std::{
    fs, io,
    path::{Path, PathBuf},
};

use gatehouse_manifest::{Limits, Manifest};
use sha2::{Digest, Sha256};

use super::{Problem, references::FileReferences, registries::Surroundings};
use crate::files;

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The policies inside Gatehouse.
    DefaultPolicies,
    /// Files, and folders whose YAML and JSON files are read, without their subfolders.
    Paths(Vec<PathBuf>),
}

/// One file of a configuration.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As errors name it.
    pub name: String,
    /// Where relative paths in it start.
    pub folder: Option<PathBuf>,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// The documents of [`Source::DefaultPolicies`].
pub(crate) const DEFAULT_POLICIES: &str = include_str!("../default-policies.yaml");

impl Source {
    /// The files, ordered by name.
    pub(crate) fn read(&self) -> Result<Vec<SourceFile>, Problem> {
        match self {
            Source::DefaultPolicies => Ok(vec![SourceFile {
                name: "default policies".into(),
                folder: None,
                text: DEFAULT_POLICIES.into(),
            }]),
            Source::Paths(paths) => {
                let files: Result<Vec<_>, _> = paths.iter().map(|path| files_in(path)).collect();
                files?
                    .into_iter()
                    .flatten()
                    .map(|path| read(&path))
                    .collect()
            }
        }
    }

    /// A digest of the documents, of the files that they name and of the credentials for registries:
    /// whether anything changed.
    pub fn fingerprint(&self, surroundings: &Surroundings) -> [u8; 32] {
        let mut hash = Sha256::new();
        for file in self.read().unwrap_or_default() {
            add(&mut hash, file.name.as_bytes(), &file.text);
            for named in named_by(&file) {
                let bytes = fs::read(&named).unwrap_or_default();
                add(&mut hash, named.as_os_str().as_encoded_bytes(), &bytes);
            }
        }
        let credentials = surroundings.read_docker_config().ok().flatten();
        add(&mut hash, b"docker", &credentials.unwrap_or_default());
        hash.finalize().into()
    }
}

fn add(hash: &mut Sha256, name: &[u8], bytes: &[u8]) {
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// The files that the documents of a file name, as far as they can be read.
fn named_by(file: &SourceFile) -> Vec<PathBuf> {
    let Ok(manifest) = Manifest::read(&file.text, &Limits::default()) else {
        return Vec::new();
    };
    let references = FileReferences::from(file.folder.as_deref());
    let documents = manifest.documents().iter().flatten();
    documents
        .flat_map(|document| references.named_in(document.root()))
        .collect()
}

fn read(path: &Path) -> Result<SourceFile, Problem> {
    Ok(SourceFile {
        name: path.display().to_string(),
        folder: path.parent().map(Path::to_owned),
        text: fs::read(path).map_err(|error| unreadable(path, &error))?,
    })
}

fn files_in(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let all = all_files_in(path).map_err(|error| unreadable(path, &error))?;
    if !path.is_dir() {
        return Ok(all);
    }
    let is_document = |file: &PathBuf| {
        let ending = file.extension().and_then(|e| e.to_str());
        matches!(ending, Some("yaml" | "yml" | "json"))
    };
    let documents: Vec<_> = all.into_iter().filter(is_document).collect();
    if documents.is_empty() {
        let message = "the folder has no configuration: no file ends in .yaml, .yml or .json";
        return Err(Problem::new(path.display().to_string(), message));
    }
    Ok(documents)
}

/// The file itself, or the folder's files by name. A mounted ConfigMap keeps its files twice, once below
/// `..data`; so names that begin with a dot are passed over.
fn all_files_in(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let hidden = file
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(path.display().to_string(), files::unreadable(error))
}
