//! Why files cannot be read or written, and writing one whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::Path,
};

/// Why a file or folder cannot be read.
pub(crate) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        // in words of our own
        io::ErrorKind::Other => error.to_string(),
        _ => format!("it cannot be read: {}", in_words(error)),
    }
}

/// Why a file cannot be written.
pub(crate) fn unwritable(error: &io::Error) -> String {
    match error.kind() {
        // the file itself need not be there
        io::ErrorKind::NotFound => "it cannot be written: there is no such folder".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        _ => format!("it cannot be written: {}", in_words(error)),
    }
}

/// The system's words, without its number.
pub(crate) fn in_words(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::IsADirectory {
        return "it is a folder".to_owned();
    }
    let words = error.to_string();
    let words = words
        .split_once(" (os error ")
        .map_or(&*words, |(words, _)| words);
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Gives a file that is there another content, whole or not at all: where the disk is full it stays as it was.
///
/// A new file takes its place, with its owner and permissions, and a symbolic link stays one. Of hard links only
/// this name gets the new content, and access lists are not taken over.
///
/// # Errors
/// As the system says; or that its owner could not be kept.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    // who may write to the folder might still not write this file
    let old = File::options().write(true).open(&path)?.metadata()?;
    let folder = path.parent().unwrap_or(&path);
    let prefix = ".gatehouse-";
    let mut new = tempfile::Builder::new()
        .prefix(prefix)
        .tempfile_in(folder)?;
    new.write_all(content)?;
    keep_owner(new.as_file(), &old)?;
    new.as_file().set_permissions(old.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path).map(drop).map_err(|failed| failed.error)
}

/// Others keep what is theirs, also from a container that runs as root.
fn keep_owner(new: &File, old: &fs::Metadata) -> io::Result<()> {
    let made = new.metadata()?;
    if (made.uid(), made.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(new, Some(old.uid()), Some(old.gid())).map_err(|_| {
        io::Error::other("it is another user's, which it would not stay: let that user write it")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    #[test]
    fn reasons_are_for_people() {
        // source: errno(3)
        let [enoent, eio, eacces, eisdir, enospc] = [2, 5, 13, 21, 28];
        for (number, read, written) in [
            (
                enoent,
                "there is no such file or folder",
                "it cannot be written: there is no such folder",
            ),
            (
                eio,
                "it cannot be read: input/output error",
                "it cannot be written: input/output error",
            ),
            (
                eacces,
                "it cannot be read: permission denied",
                "it cannot be written: permission denied",
            ),
            (
                eisdir,
                "it cannot be read: it is a folder",
                "it cannot be written: it is a folder",
            ),
            (
                enospc,
                "it cannot be read: no space left on device",
                "it cannot be written: no space left on device",
            ),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(unreadable(&error), read);
            assert_eq!(unwritable(&error), written);
        }
        let own = io::Error::other("it is odd");
        assert_eq!([unreadable(&own), unwritable(&own)], ["it is odd"; 2]);
        assert_eq!(
            unreadable(&io::ErrorKind::PermissionDenied.into()),
            "it cannot be read: permission denied"
        );
    }

    #[test]
    fn what_is_replaced_keeps_its_permissions_its_owner_and_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        // only root may give files away
        let _ = chown(&file, Some(12), Some(34));
        let owner = |metadata: fs::Metadata| (metadata.uid(), metadata.gid());
        let before = owner(fs::metadata(&file).unwrap());
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("file"));
        let after = fs::metadata(&file).unwrap();
        assert_eq!(after.permissions().mode() & 0o777, 0o640);
        assert_eq!(owner(after), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_gone_or_a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let gone = replace(&folder.path().join("gone"), b"new");
        assert_eq!(gone.unwrap_err().kind(), io::ErrorKind::NotFound);
        let folder_ = replace(folder.path(), b"new");
        assert_eq!(folder_.unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
