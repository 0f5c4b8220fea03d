use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use gatehouse_manifest::{Entry, Limits, Manifest, Object};

/// One file, read.
#[derive(Debug)]
pub(super) struct Input {
    /// As it was named on the command line.
    pub(super) name: String,
    pub(super) manifest: Option<Manifest>,
    /// Why nothing of it could be read.
    pub(super) error: Option<String>,
    broken: Vec<String>,
}

/// Something in a file.
pub(super) enum Item<'a> {
    /// A Kubernetes object; `document` counts from 1.
    Object { document: usize, object: &'a Object },
    /// Something else.
    NotKubernetes { line: usize },
    /// A document that could not be read, and why.
    Broken(&'a str),
}

/// The name of standard input.
pub(super) const STDIN: &str = "<stdin>";

/// How deep folders may nest; symbolic links to folders are not followed.
const MAX_DEPTH: usize = 32;

/// Reads a file, standard input (`-`), or all manifests below a folder, ordered by name.
pub(super) fn read(path: &Path) -> Vec<Input> {
    if path == Path::new("-") {
        return vec![Input::of(STDIN.into(), read_stdin())];
    }
    let name = |path: &Path| {
        path.strip_prefix("./")
            .unwrap_or(path)
            .display()
            .to_string()
    };
    if let Some(pattern) = pattern(path) {
        return read_matching(pattern);
    }
    if !path.is_dir() {
        return vec![Input::of(name(path), read_file(path))];
    }
    let mut files = Vec::new();
    match find(path, 0, &mut files) {
        Err(error) => vec![Input::of(name(path), Err(error))],
        Ok(()) if files.is_empty() => {
            let error = io::Error::other("no file in it ends in .yaml, .yml or .json");
            vec![Input::of(name(path), Err(error))]
        }
        Ok(()) => {
            files.sort();
            files
                .iter()
                .map(|file| Input::of(name(file), read_file(file)))
                .collect()
        }
    }
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
    (text.contains(['*', '?', '[']) && !path.exists()).then_some(text)
}

/// Reads all files and folders that a pattern matches, ordered by name.
fn read_matching(pattern: &str) -> Vec<Input> {
    let unreadable = |why: String| vec![Input::of(pattern.to_owned(), Err(io::Error::other(why)))];
    let paths = match glob::glob(pattern) {
        Ok(paths) => paths,
        Err(error) => return unreadable(format!("it is no pattern: {}", error.msg)),
    };
    let inputs: Vec<_> = paths.flatten().flat_map(|path| read(&path)).collect();
    match inputs.is_empty() {
        true => unreadable("no file matches it".to_owned()),
        false => inputs,
    }
}

impl Input {
    /// What a file would be with this text.
    pub(super) fn of_text(name: String, text: String) -> Self {
        Self::of(name, Ok(text.into_bytes()))
    }

    fn of(name: String, bytes: io::Result<Vec<u8>>) -> Self {
        let manifest = bytes.map_err(|error| reason(&error)).and_then(|bytes| {
            Manifest::read(&bytes, &Limits::default()).map_err(|error| error.to_string())
        });
        let (manifest, error) = match manifest {
            Ok(manifest) => (Some(manifest), None),
            Err(error) => (None, Some(error)),
        };
        let documents = manifest.iter().flat_map(Manifest::documents);
        let broken = documents
            .filter_map(|document| document.as_ref().err().map(ToString::to_string))
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
        entries.chain(self.broken.iter().map(|error| Item::Broken(error)))
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

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!(
            "folders nest deeper than {MAX_DEPTH}"
        )));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            find(&path, depth + 1, files)?;
        } else if matches!(
            path.extension().and_then(|e| e.to_str()),
            Some("yaml" | "yml" | "json")
        ) {
            files.push(path);
        }
    }
    Ok(())
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "it cannot be read: permission denied".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}
