use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The root of the work tree.
///
/// # Panics
/// When it does not exist.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = tests.join("..").canonicalize();
    root.expect("the tests lie in the work tree")
}

/// Writes documents into one file; JSON is YAML.
///
/// # Panics
/// When it cannot be written.
pub fn write_documents(file: &Path, documents: &[Value]) {
    let text: String = documents
        .iter()
        .map(|document| format!("---\n{document}\n"))
        .collect();
    write(file, &text);
}

pub(crate) fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

pub(crate) fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A new folder, removed with the value.
pub fn temporary_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("gatehouse-test-").tempdir();
    folder.expect("a temporary folder")
}
