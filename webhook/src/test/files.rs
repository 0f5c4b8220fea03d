//! The files of a run: those of cases, and those that cases name.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use gatehouse_manifest::Limits;

/// How deep folders may nest; symbolic links to folders are not followed.
const MAX_DEPTH: usize = 32;

/// What every file of cases holds. Other files are passed over unread: a folder of cases holds manifests,
/// records and much else.
const MARK: &str = "gatehouse.dev/";

/// The file itself, or the YAML and JSON files below the folder, ordered by name. What begins with a dot is
/// passed over.
///
/// # Errors
/// Why the path cannot be read.
pub(super) fn below(path: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => find(path, 0, &mut files),
        Ok(_) => {
            files.push(path.to_owned());
            Ok(())
        }
        Err(error) => Err(error),
    };
    found.map_err(|error| format!("{}: {}", path.display(), reason(&error)))?;
    files.sort();
    Ok(files)
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
    let file = fs::File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::new();
    let read = file.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| reason(&error))?;
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

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!(
            "folders nest deeper than {MAX_DEPTH}"
        )));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        if entry.file_type()?.is_dir() {
            find(&path, depth + 1, files)?;
        } else if matches!(ending, Some("yaml" | "yml" | "json")) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_to_their_limit_and_hidden_ones_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let nested = |levels: usize| {
            let folder = (0..levels).fold(root.path().to_owned(), |path, _| path.join("d"));
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        fs::write(nested(MAX_DEPTH).join("a.yaml"), "").unwrap();
        fs::create_dir(root.path().join(".git")).unwrap();
        for file in ["b.json", "c.yml", "d.txt", ".e.yaml", ".git/f.yaml"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        assert_eq!(below(root.path()).unwrap().len(), 3);
        nested(MAX_DEPTH + 1);
        let error = below(root.path()).unwrap_err();
        assert!(error.ends_with("folders nest deeper than 32"), "{error}");
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
