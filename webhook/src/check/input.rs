use std::{
    borrow::Cow,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use gatehouse_core::clean;
use gatehouse_manifest::{DocumentError, Entry, Limits, Manifest, Object};

use super::pattern;
use crate::{
    files::unreadable,
    folder::{self, Found},
};

/// One file, read.
#[derive(Debug)]
pub(super) struct Input {
    /// As it was named on the command line.
    pub(super) name: String,
    pub(super) manifest: Option<Manifest>,
    /// Why nothing of it could be read.
    pub(super) error: Option<String>,
    broken: Vec<DocumentError>,
}

/// Something in a file.
pub(super) enum Item<'a> {
    /// A Kubernetes object; `document` counts from 1.
    Object { document: usize, object: &'a Object },
    /// Something else.
    NotKubernetes { line: usize },
    /// A document that could not be read.
    Broken(&'a DocumentError),
}

/// The name of standard input.
pub(super) const STDIN: &str = "<stdin>";

/// Longest name of a file that is shown.
const NAME_CHARS: usize = 300;

/// The name of a file, fit to be shown.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    clean(name, NAME_CHARS)
}

/// Reads a file, standard input (`-`), or all manifests below a folder, ordered by name.
pub(super) fn read(path: &Path) -> Vec<Input> {
    if path == Path::new("-") {
        return vec![Input::of(STDIN.into(), read_stdin())];
    }
    if let Some(pattern) = pattern(path) {
        return read_matching(pattern);
    }
    if !path.is_dir() {
        return vec![read_found((path.to_owned(), Ok(())))];
    }
    let found = folder::manifests(path);
    if found.is_empty() {
        let error = io::Error::other("no file in it ends in .yaml, .yml or .json");
        return vec![Input::of(name(path), Err(error))];
    }
    found.into_iter().map(read_found).collect()
}

/// The paths as one text.
pub(super) fn names(paths: &[PathBuf]) -> String {
    let names = paths.iter().map(|path| match path == Path::new("-") {
        true => STDIN.to_owned(),
        false => path.display().to_string(),
    });
    names.collect::<Vec<_>>().join(" ")
}

/// The path as a pattern, if it is one and no file has that very name.
fn pattern(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    (pattern::is_pattern(text) && !path.exists()).then_some(text)
}

/// Reads all files that a pattern matches, ordered by name.
fn read_matching(pattern: &str) -> Vec<Input> {
    let unreadable = |why: String| vec![Input::of(pattern.to_owned(), Err(io::Error::other(why)))];
    match pattern::matching(pattern) {
        Ok(found) if found.is_empty() => unreadable("no file matches it".to_owned()),
        Ok(found) => found.into_iter().map(read_found).collect(),
        Err(error) => unreadable(format!("it is no pattern: {}", error.msg)),
    }
}

/// Two files whose names cannot be told apart would be one for `--fix`.
fn read_found((path, file): Found) -> Input {
    let named = path.to_str().map(drop);
    let named = named.ok_or_else(|| io::Error::other("its name is not UTF-8: rename it"));
    let text = file.and(named).and_then(|()| read_file(&path));
    Input::of(name(&path), text)
}

/// The path as people write it.
fn name(path: &Path) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    path.display().to_string()
}

impl Input {
    /// What a file would be with this text.
    pub(super) fn of_text(name: String, text: String) -> Self {
        Self::of(name, Ok(text.into_bytes()))
    }

    fn of(name: String, bytes: io::Result<Vec<u8>>) -> Self {
        let manifest = bytes.map_err(|error| unreadable(&error)).and_then(|bytes| {
            Manifest::read(&bytes, &Limits::default()).map_err(|error| error.to_string())
        });
        let (manifest, error) = match manifest {
            Ok(manifest) => (Some(manifest), None),
            Err(error) => (None, Some(error)),
        };
        let documents = manifest.iter().flat_map(Manifest::documents);
        let broken = documents
            .filter_map(|document| document.as_ref().err().cloned())
            .collect();
        Self {
            name,
            manifest,
            error,
            broken,
        }
    }

    /// What is in the file, in its order; what could not be read comes last.
    pub(super) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let documents = self.manifest.iter().flat_map(Manifest::documents).flatten();
        let entries = documents.flat_map(|document| {
            let index = document.index();
            document.entries().iter().map(move |entry| match entry {
                Entry::Object(object) => Item::Object {
                    document: index,
                    object,
                },
                Entry::NotKubernetes { span, .. } => Item::NotKubernetes { line: span.line },
            })
        });
        entries.chain(self.broken.iter().map(Item::Broken))
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    bounded(fs::File::open(path)?)
}

fn read_stdin() -> io::Result<Vec<u8>> {
    bounded(io::stdin().lock())
}

/// Reads one byte more than the limit at most, so that the reader of manifests can say that it is too much.
fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let limit = Limits::default().file_bytes as u64 + 1;
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
