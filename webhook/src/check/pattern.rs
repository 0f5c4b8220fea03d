//! Patterns such as `k8s/**/*.yaml`, where a shell leaves them to us.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, DirEntry, Metadata},
    io,
    path::{Component, Path, PathBuf},
};

use glob::{Pattern, PatternError};

use crate::folder::{self, Found};

/// The files that a pattern matches, and those below folders that it matches; ordered by name, each once.
///
/// `*`, `?` and `[…]` stand for parts of one name, `**` for any folders. A link to a folder is one of them only where
/// the pattern has a name for it: below `**` it may lead back up.
///
/// # Errors
/// Why it is no pattern.
pub(super) fn matching(pattern: &str) -> Result<Vec<Found>, PatternError> {
    let parts: Result<Vec<_>, _> = Path::new(pattern).components().map(Part::of).collect();
    let mut parts = parts?;
    // any folders in any folders are any folders, found once
    parts.dedup_by(|one, other| matches!((one, other), (Part::AnyFolders, Part::AnyFolders)));
    let mut search = Search::default();
    search.at(Path::new(""), &parts, 0);
    Ok(search.found.into_iter().collect())
}

enum Part {
    /// A name, or what leads to the root or up.
    Plain(OsString),
    Name(Pattern),
    AnyFolders,
}

impl Part {
    fn of(component: Component<'_>) -> Result<Self, PatternError> {
        let text = component.as_os_str();
        match text.to_str() {
            Some("**") => Ok(Part::AnyFolders),
            Some(name) if is_pattern(name) => Pattern::new(name).map(Part::Name),
            _ => Ok(Part::Plain(text.to_owned())),
        }
    }
}

/// Whether something in the text stands for something else.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

#[derive(Default)]
struct Search {
    found: BTreeMap<PathBuf, io::Result<()>>,
}

impl Search {
    fn at(&mut self, path: &Path, parts: &[Part], depth: usize) {
        let Some((part, rest)) = parts.split_first() else {
            return self.add(path);
        };
        match part {
            Part::Plain(name) => {
                let path = path.join(name);
                if self.is_there(&path, path.symlink_metadata()) {
                    self.at(&path, rest, depth);
                }
            }
            Part::Name(pattern) => {
                let is_meant =
                    |entry: &DirEntry| pattern.matches(&entry.file_name().to_string_lossy());
                self.inside(path, is_meant, rest, depth);
            }
            Part::AnyFolders if depth > folder::MAX_DEPTH => {
                self.found.insert(path.to_owned(), Err(folder::too_deep()));
            }
            Part::AnyFolders => {
                self.at(path, rest, depth);
                let is_folder =
                    |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
                self.inside(path, is_folder, parts, depth + 1);
            }
        }
    }

    /// Goes on with some of what a folder holds.
    fn inside(
        &mut self,
        folder: &Path,
        is_meant: impl Fn(&DirEntry) -> bool,
        parts: &[Part],
        depth: usize,
    ) {
        for entry in self.entries(folder).iter().filter(|entry| is_meant(entry)) {
            self.at(&folder.join(entry.file_name()), parts, depth);
        }
    }

    /// What a folder holds; nothing if it is none.
    fn entries(&mut self, path: &Path) -> Vec<DirEntry> {
        let folder = match path == Path::new("") {
            true => Path::new("."),
            false => path,
        };
        let kind = fs::metadata(folder);
        let is_no_folder = kind.as_ref().is_ok_and(|kind| !kind.is_dir());
        if is_no_folder || !self.is_there(folder, kind) {
            return Vec::new();
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect);
        entries.unwrap_or_else(|error| {
            self.found.insert(folder.to_owned(), Err(error));
            Vec::new()
        })
    }

    /// Whether there is something. Where that cannot be known, it is told: it may be what is looked for.
    fn is_there(&mut self, path: &Path, looked: io::Result<Metadata>) -> bool {
        use io::ErrorKind::{NotADirectory, NotFound};
        match looked {
            Ok(_) => true,
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => false,
            Err(error) => {
                self.found.insert(path.to_owned(), Err(error));
                false
            }
        }
    }

    fn add(&mut self, path: &Path) {
        match path.is_dir() {
            true => self.found.extend(folder::manifests(path)),
            false => {
                let file = folder::expect_file(path);
                self.found.insert(path.to_owned(), file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with files, one of them too deep, and links that lead in circles.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let deep = (0..=folder::MAX_DEPTH).fold(root.path().join("deep"), |path, _| path.join("d"));
        for folder in [root.path().join("a/b"), root.path().join("c.d"), deep] {
            fs::create_dir_all(folder).unwrap();
        }
        for file in [
            "x.yaml",
            "y.txt",
            "a/x.yaml",
            "a/b/x.yml",
            "a/b/y.yaml",
            "c.d/z.json",
        ] {
            fs::write(root.path().join(file), "").unwrap();
        }
        symlink(root.path(), root.path().join("a/up")).unwrap();
        symlink(root.path(), root.path().join("a/b/top")).unwrap();
        root
    }

    fn found(root: &Path, pattern: &str) -> Vec<String> {
        let found = matching(root.join(pattern).to_str().unwrap()).unwrap();
        let files = found.into_iter().map(|(path, file)| {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            match file {
                Ok(()) => name,
                Err(error) => format!("{name}: {error}"),
            }
        });
        files.filter(|file| !file.starts_with("deep/")).collect()
    }

    #[test]
    fn files_are_found_once_and_in_order() {
        let root = tree();
        for (pattern, files) in [
            ("*.yaml", &["x.yaml"][..]),
            (
                "*",
                &[
                    "a/b/x.yml",
                    "a/b/y.yaml",
                    "a/x.yaml",
                    "c.d/z.json",
                    "x.yaml",
                    "y.txt",
                ],
            ),
            ("?/*/[xy].y*ml", &["a/b/x.yml", "a/b/y.yaml", "a/up/x.yaml"]),
            ("**/*.yaml", &["a/b/y.yaml", "a/x.yaml", "x.yaml"]),
            ("a/**", &["a/b/x.yml", "a/b/y.yaml", "a/x.yaml"]),
            ("a/**/**/b/../*.yaml", &["a/b/../x.yaml"]),
            ("c.*/z.json", &["c.d/z.json"]),
            ("a/up/*.txt", &["a/up/y.txt"]),
            ("x.yaml/*", &[]),
            ("b/**", &[]),
        ] {
            assert_eq!(found(root.path(), pattern), files, "{pattern}");
        }
    }

    #[test]
    fn folders_are_looked_through_to_their_limit() {
        let root = tree();
        let pattern = root.path().join("deep/**/*.yaml");
        let found = matching(pattern.to_str().unwrap()).unwrap();
        let problems: Vec<_> = found
            .iter()
            .map(|(_, file)| file.as_ref().unwrap_err().to_string())
            .collect();
        assert_eq!(problems, ["folders nest deeper than 32"]);
    }

    #[test]
    fn what_cannot_be_looked_into_is_told() {
        let root = tree();
        let long = "n".repeat(300);
        symlink("loop", root.path().join("c.d/loop")).unwrap();
        for pattern in [
            &format!("a*/{long}/*.yaml"),
            "c.d/lo*/*.yaml",
            "c.d/*/x.yaml",
        ] {
            let found = matching(root.path().join(pattern).to_str().unwrap()).unwrap();
            let why = |(_, file): &Found| file.as_ref().unwrap_err().kind();
            let problems: Vec<_> = found.iter().map(why).collect();
            assert_eq!(problems.len(), 1, "{pattern}");
            assert_ne!(problems[0], io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn any_folders_in_any_folders_are_searched_once() {
        let root = tree();
        let many = ["**/"; 30].concat() + "x.yaml";
        assert_eq!(found(root.path(), &many), ["a/x.yaml", "x.yaml"]);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let why = |pattern| matching(pattern).unwrap_err().msg;
        assert_eq!(why("a/[b"), "invalid range pattern");
        assert_eq!(
            why("a**b"),
            "recursive wildcards must form a single path component"
        );
    }
}
