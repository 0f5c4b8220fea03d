//! `tests/apps`: apps as people have them, all refused, which one `check --fix` makes pass.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, path::Path};

use similar::{ChangeTag, TextDiff};
use support::Folder;

const APPS: [&str; 3] = ["backup.yaml", "shop.yaml", "wiki.yaml"];

/// The lines that a fix takes out or replaces. All others stay as they are, and so do their comments.
const REPLACED: [&str; 11] = [
    "hostNetwork: true   # the database listens on the node only",
    "privileged: true",
    "securityContext: {runAsUser: 0}   # wrote to /root, long ago",
    "hostPort: 8080   # TODO: remove when the ingress works",
    "allowPrivilegeEscalation: true   # copied from the internet",
    "- NET_ADMIN",
    "{}",
    "{}",
    "sysctls:",
    "- name: net.core.somaxconn",
    "value: \"1024\"",
];

#[test]
fn all_of_them_pass_after_one_fix() {
    let apps = apps();
    assert_eq!(apps.run(&["check", "."]).code(), 1);
    for name in APPS {
        assert_eq!(apps.run(&["check", name]).code(), 1, "{name}");
    }
    let fix = apps.run(&["check", "--fix", "."]);
    assert_eq!(fix.code(), 0, "{}", fix.err());
    assert_eq!(fix.out(), "8 objects: 8 allowed\n");
    insta::assert_snapshot!("what_may_break", fix.err());
    let again = apps.run(&["check", "--fix", "."]);
    assert_eq!((again.code(), again.err()), (0, ""));
}

#[test]
fn the_diff_is_what_a_person_would_have_written() {
    let apps = apps();
    let diff = apps.run(&["check", "--diff", "."]);
    assert_eq!(diff.code(), 0);
    insta::assert_snapshot!("the_diff", diff.out());
    for name in APPS {
        assert_eq!(fs::read_to_string(apps.path(name)).unwrap(), app(name));
    }
}

#[test]
fn lines_that_no_fix_concerns_stay() {
    let apps = apps();
    apps.run(&["check", "--fix", "."]);
    let replaced = APPS.map(|name| {
        let new = fs::read_to_string(apps.path(name)).unwrap();
        let old = app(name);
        let diff = TextDiff::from_lines(&old, &new);
        let gone = diff
            .iter_all_changes()
            .filter(|change| change.tag() == ChangeTag::Delete);
        gone.map(|change| change.value().trim().to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(replaced.concat(), REPLACED);
}

/// A copy of the folder.
fn apps() -> Folder {
    let texts = APPS.map(|name| (name, app(name)));
    Folder::with(&texts.each_ref().map(|(name, text)| (*name, &**text)))
}

fn app(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps");
    fs::read_to_string(folder.join(name)).unwrap()
}
