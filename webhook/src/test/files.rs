//! The files of a run: those of cases, and those that cases name.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use gatehouse_manifest::Limits;

use crate::{files::unreadable, folder};

/// What every file of cases holds. Other files are passed over unread: a folder of cases holds manifests,
/// records and much else.
const MARK: &str = "gatehouse.dev/";

/// The file itself, or the YAML and JSON files below the folder, ordered by name, and why others cannot be read.
/// What begins with a dot is passed over.
pub(super) fn below(path: &Path) -> Vec<Result<PathBuf, String>> {
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => folder::manifests(path),
        Ok(_) => vec![(path.to_owned(), Ok(()))],
        Err(error) => vec![(path.to_owned(), Err(error))],
    };
    let visible = found.into_iter().filter(|(file, _)| !is_hidden(file, path));
    let files = visible.map(|(file, is_file)| match is_file {
        Ok(()) => Ok(file),
        Err(error) => Err(format!("{}: {}", file.display(), unreadable(&error))),
    });
    files.collect()
}

/// Whether a file may hold cases.
pub(super) fn may_hold_cases(bytes: &[u8]) -> bool {
    let mut windows = bytes.windows(MARK.len());
    windows.any(|window| window == MARK.as_bytes())
}

/// The bytes of a file, no longer than a manifest may be.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let limit = Limits::default().file_bytes;
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    let read = file.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error))?;
    if bytes.len() > limit {
        return Err(format!("it is larger than {limit} bytes"));
    }
    Ok(bytes)
}

/// The path without detours, so that two names of one file are seen to be one; the file need not exist.
pub(super) fn identity(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

fn is_hidden(file: &Path, below: &Path) -> bool {
    let below = file.strip_prefix(below).unwrap_or(file);
    let mut names = below.iter().map(|name| name.as_encoded_bytes());
    names.any(|name| name.starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_are_passed_over() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(".git")).unwrap();
        for file in ["b.json", "c.yml", "d.txt", ".e.yaml", ".git/f.yaml"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let seen = ["b.json", "c.yml"].map(|name| Ok(root.path().join(name)));
        assert_eq!(below(root.path()), seen);
        let named = root.path().join(".e.yaml");
        assert_eq!(below(&named), [Ok(named.clone())]);
        let missing = below(&root.path().join("x.yaml"));
        let why = missing[0].as_ref().unwrap_err();
        assert!(
            why.ends_with("x.yaml: there is no such file or folder"),
            "{why}"
        );
    }

    #[test]
    fn a_file_is_read_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let limit = Limits::default().file_bytes;
        fs::write(&path, vec![b' '; limit]).unwrap();
        assert_eq!(read(&path).map(|bytes| bytes.len()), Ok(limit));
        fs::write(&path, vec![b' '; limit + 1]).unwrap();
        assert!(read(&path).unwrap_err().contains("larger than"));
    }

    #[test]
    fn one_file_has_one_identity() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let path = |name: &str| identity(&folder.path().join(name));
        assert_eq!(path("sub/../new.txt"), path("new.txt"));
        assert_ne!(path("sub/new.txt"), path("new.txt"));
    }
}
