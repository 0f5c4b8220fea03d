//! The cases of the policies in the tree: all pass, and exercise every code.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use support::{Folder, Run};

/// Runs the cases of one policy. A code that no case raises, or every case, fails them.
fn run(policy: &str) -> Run {
    let cases = policies(policy).join("cases");
    Folder::with(&[]).run(&["test", "--coverage", cases.to_str().unwrap()])
}

fn policies(path: &str) -> PathBuf {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    policies.join(path)
}

#[test]
fn the_cases_of_every_built_in_policy_pass() {
    for builtin in gatehouse_builtin::all() {
        let run = run(builtin.name);
        assert_eq!(run.code(), 0, "{}{}", run.out(), run.err());
        let covered = format!("coverage of {}: ", builtin.name);
        assert!(run.out().starts_with(&covered), "{}", run.out());
    }
}

/// Its module lies beside its cases, as it does for an author.
#[test]
fn the_cases_of_the_authors_guide_pass_as_the_page_shows() {
    let modules = gatehouse_builtin::examples();
    let module = modules.iter().find(|m| m.name == "memory-limit").unwrap();
    let folder = Folder::with(&[]);
    fs::write(folder.path("memory_limit.wasm"), module.wasm).unwrap();
    fs::create_dir(folder.path("cases")).unwrap();
    for file in fs::read_dir(policies("memory-limit/cases")).unwrap() {
        let file = file.unwrap();
        let copy = folder.path("cases").join(file.file_name());
        fs::copy(file.path(), copy).unwrap();
    }
    let page = fs::read_to_string(policies("README.md")).unwrap();
    let cases = fs::read_to_string(folder.path("cases/memory-limit.yaml")).unwrap();
    assert!(page.contains(cases.trim()), "the page lacks:\n{cases}");
    shown_in(&page, &folder.run(&["test", "cases", "--coverage"]), 0);

    let wrong = cases.replace("container: app", "container: sidecar");
    fs::write(folder.path("cases/memory-limit.yaml"), wrong).unwrap();
    shown_in(&page, &folder.run(&["test", "cases"]), 1);
}

fn shown_in(page: &str, run: &Run, code: i32) {
    assert_eq!(run.code(), code, "{}{}", run.out(), run.err());
    let shown: String = run.out().lines().map(indented).collect();
    assert!(page.contains(&shown), "the page lacks:\n{shown}");
}

fn indented(line: &str) -> String {
    match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    }
}
