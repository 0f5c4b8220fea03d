//! The page for authors, `policies/README.md`: its policy is the one in the tree, and does what it says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

fn policies(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../policies")
        .join(file);
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_shows_the_policy_word_for_word() {
    let page = policies("README.md");
    let source = policies("memory-limit/src/lib.rs");
    let (_, source) = source.split_once("\n\n").unwrap();
    let (code, tests) = source.split_at(source.find("#[cfg(test)]").unwrap());
    for text in [code, tests, &policies("memory-limit/policy.json")] {
        assert!(page.contains(text.trim()), "the page lacks:\n{text}");
    }
    assert!(code.trim().lines().count() < 40);
}

#[test]
fn its_policy_judges_files() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let module = gatehouse_builtin::examples()
        .iter()
        .find(|e| e.name == "memory-limit")
        .unwrap();
    write("memory_limit.wasm", module.wasm);
    let page = policies("README.md");
    let yaml = page
        .split("```yaml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    write("policies.yaml", yaml.as_bytes());
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n  - name: sidecar\n";
    write("pod.yaml", pod.as_bytes());
    let output = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
        .args(["check", "--config", "policies.yaml", "pod.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @"
    Pod web is refused, 1 problem: memory-limit

    container app
      memory-limit: the container may take all memory of its node
        at        spec.containers[app].resources.limits.memory
        found     not set
        required  a quantity, for example 256Mi
        more      gatehouse explain memory-limit

      --> pod.yaml:6:5
      6 |   - name: app
        |     ^^^^^^^^^ memory-limit (missing below)

    1 object: 1 refused
    ");
    assert_eq!(output.status.code(), Some(1));
}
