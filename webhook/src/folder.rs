//! The manifests below a folder.

use std::{
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
};

/// How deep folders may nest; symbolic links to folders are not followed.
pub(crate) const MAX_DEPTH: usize = 32;

/// A file that ends as manifests do, or something that hides what it is or holds, and why.
pub(crate) type Found = (PathBuf, io::Result<()>);

/// All below the folder, ordered by name. What cannot be looked into hides nothing else.
pub(crate) fn manifests(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    look_into(folder, 0, &mut found);
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// Whether it is a file, or a link to one: others may have no end, or wait for somebody to write.
///
/// # Errors
/// What it is instead, or why that cannot be known.
pub(crate) fn expect_file(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    let what = match (kind.is_file(), kind.is_dir()) {
        (true, _) => return Ok(()),
        (_, true) => "it is a link to a folder, and those are not followed: name the folder itself",
        _ => "it is a pipe, a socket or a device, which is read only if it is named itself",
    };
    Err(io::Error::other(what))
}

/// Why a folder below [`MAX_DEPTH`] others is not looked into.
pub(crate) fn too_deep() -> io::Error {
    io::Error::other(format!("folders nest deeper than {MAX_DEPTH}"))
}

fn look_into(folder: &Path, depth: usize, found: &mut Vec<Found>) {
    match entries(folder, depth) {
        Ok(entries) => entries
            .iter()
            .for_each(|entry| look_at(entry, depth, found)),
        Err(error) => found.push((folder.to_owned(), Err(error))),
    }
}

fn entries(folder: &Path, depth: usize) -> io::Result<Vec<DirEntry>> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    fs::read_dir(folder)?.collect()
}

fn look_at(entry: &DirEntry, depth: usize, found: &mut Vec<Found>) {
    let path = entry.path();
    let ending = path.extension().and_then(|ending| ending.to_str());
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
        look_into(&path, depth + 1, found);
    } else if matches!(ending, Some("yaml" | "yml" | "json")) {
        let file = expect_file(&path);
        found.push((path, file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_to_their_limit_and_hide_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let nested = |levels: usize| {
            let folder = (0..levels).fold(root.path().to_owned(), |path, _| path.join("d"));
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        fs::write(nested(MAX_DEPTH).join("a.yaml"), "").unwrap();
        for file in ["b.json", "c.yml", "d.txt"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let read = |found: Vec<Found>| found.into_iter().filter(|(_, f)| f.is_ok()).count();
        assert_eq!(read(manifests(root.path())), 3);
        fs::write(nested(MAX_DEPTH + 1).join("a.yaml"), "").unwrap();
        let found = manifests(root.path());
        let (path, problem) = found.iter().find(|(_, f)| f.is_err()).unwrap();
        assert_eq!(*path, nested(MAX_DEPTH + 1));
        let problem = problem.as_ref().unwrap_err().to_string();
        assert_eq!(problem, "folders nest deeper than 32");
        assert_eq!(read(found), 3);
    }
}
