use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use gatehouse_abi::tree::{Kind, Node};

use crate::files;

/// Reads what documents name as `file:PATH`, from the folder of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileReferences<'a> {
    folder: Option<&'a Path>,
}

/// Longest file that a document may name beside modules, in bytes: keys, certificates, trust roots.
const TEXT_BYTES: u64 = 1024 * 1024;

/// What begins a value that names a file.
const PREFIX: &str = "file:";

impl<'a> FileReferences<'a> {
    pub(super) fn from(folder: Option<&'a Path>) -> Self {
        Self { folder }
    }

    /// The text itself, or that of the file that it names.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub(super) fn text(&self, value: &str) -> Result<String, String> {
        match value.strip_prefix(PREFIX) {
            None => Ok(value.to_owned()),
            Some(path) => {
                let text = self.read(path);
                text.map_err(|why| format!("`{value}`: {why}"))
            }
        }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        let file = File::open(self.path(path)).map_err(|error| unreadable(&error))?;
        let mut bytes = Vec::new();
        let read = file.take(TEXT_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&error))?;
        if bytes.len() as u64 > TEXT_BYTES {
            return Err(format!("it is longer than the limit of {TEXT_BYTES} bytes"));
        }
        String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())
    }

    /// All files that a document names, wherever in it.
    pub(super) fn named_in(&self, document: Node<'_>) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        self.collect(document, &mut paths);
        paths
    }

    fn collect(&self, node: Node<'_>, paths: &mut Vec<PathBuf>) {
        match node.kind() {
            Kind::Object => node
                .members()
                .for_each(|(_, value)| self.collect(value, paths)),
            Kind::Array => node.items().for_each(|item| self.collect(item, paths)),
            _ => {
                let path = node.as_str().and_then(|text| text.strip_prefix(PREFIX));
                paths.extend(path.map(|path| self.path(path)));
            }
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.unwrap_or(Path::new("")).join(path)
    }
}

/// Why a file that a document names cannot be read; a folder is none.
pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => files::unreadable(error),
    }
}
