//! `unsafe` is denied in the whole workspace and allowed, with a reason, in two files.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

const ALLOWED: [&str; 2] = [
    "policies/sdk/src/guest.rs",
    "webhook/sandbox/src/precompiled.rs",
];

#[test]
fn unsafe_code_is_allowed_in_two_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["certs", "policies", "tests", "webhook"] {
        rust_files(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100, "only {} files", files.len());
    // in two parts, so that this file does not find itself
    let lint = concat!("unsafe", "_code");
    let mut found: Vec<_> = files
        .iter()
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.replace("fn unsafe_code_is_allowed", "").contains(lint)
        })
        .map(|file| file.strip_prefix(root).unwrap().display().to_string())
        .collect();
    found.sort();
    assert_eq!(found, ALLOWED);
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}
