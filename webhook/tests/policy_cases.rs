//! The cases of the policies in the tree: all pass, and exercise every code.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use gatehouse_abi::Metadata;
use gatehouse_sandbox::{Limits, Sandbox};
use support::{Folder, Run};

/// Whose examples need facts about images: `policies/image-trust/src/tests/metadata.rs` judges them.
const JUDGED_ELSEWHERE: &str = "image-trust";

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

/// What a person asks about a code has an answer, and its message is one that somebody has read.
#[test]
fn every_code_is_explained_and_its_message_kept() {
    let missing: Vec<_> = metadata().iter().flat_map(missing).collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn what_a_code_lacks_is_told() {
    let mut metadata = metadata().remove(0);
    let (_, mut info) = metadata.codes.pop_first().unwrap();
    info.good = " ".to_owned();
    info.links.clear();
    metadata.codes = [("nobody-raises-it".to_owned(), info)].into();
    insta::assert_snapshot!(missing(&metadata).join("\n"), @"
    policies/image-trust/policy.json: `nobody-raises-it` has no `good`
    policies/image-trust/policy.json: `nobody-raises-it` has no `links`
    policies/image-trust/cases: no case keeps the message of `nobody-raises-it`: give one that raises it `message: expected/FILE.txt`, run `gatehouse test --update policies/image-trust/cases` and read the file
    ");
}

#[test]
fn examples_are_what_they_claim_to_be() {
    for policy in metadata().iter().filter(|m| m.name != JUDGED_ELSEWHERE) {
        let folder = examples(policy);
        let args = ["check", "--config", "policy", "--output", "json", "pods"];
        let report = folder.run(&args).json();
        let raised = |file: String, code: &str| {
            let objects = report["objects"].as_array().unwrap().iter();
            let object = objects.clone().find(|object| object["file"] == *file);
            let findings = object.unwrap()["findings"].as_array().unwrap().iter();
            findings.clone().any(|finding| finding["code"] == *code)
        };
        let is_wrong = |code: &&String| {
            let bad = raised(format!("pods/{code}-bad.yaml"), code);
            let good = raised(format!("pods/{code}-good.yaml"), code);
            !bad || good
        };
        let wrong: Vec<_> = policy.codes.keys().filter(is_wrong).collect();
        assert_eq!(wrong, [""; 0], "policies/{}/policy.json", policy.name);
    }
}

/// The policy, and a pod for each example of its codes.
fn examples(policy: &Metadata) -> Folder {
    let (name, facts) = (&policy.name, policy.facts.join(", "));
    let document = format!(
        "apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {{name: {name}}}
spec: {{module: 'builtin:{name}', facts: [{facts}]}}
"
    );
    let folder = Folder::with(&[("policy", &document)]);
    fs::create_dir(folder.path("pods")).unwrap();
    for (code, info) in &policy.codes {
        for (kind, example) in [("bad", &info.bad), ("good", &info.good)] {
            let path = folder.path("pods").join(format!("{code}-{kind}.yaml"));
            fs::write(path, pod(example)).unwrap();
        }
    }
    folder
}

/// The pod that an example is a part of: its own part, or that of a container.
fn pod(example: &str) -> String {
    let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";
    if example.starts_with("spec:") {
        return format!("{head}{example}\n");
    }
    let container: String = example
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    format!("{head}spec:\n  containers:\n  - name: app\n{container}")
}

fn metadata() -> Vec<Metadata> {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let modules = gatehouse_builtin::all().iter();
    let loaded = modules.map(|module| sandbox.load(module.wasm).unwrap());
    loaded.map(|policy| policy.metadata().clone()).collect()
}

/// What the codes of a policy lack, each with what to do.
fn missing(policy: &Metadata) -> Vec<String> {
    let name = &policy.name;
    let kept = kept_messages(name);
    let codes = policy.codes.iter();
    codes
        .flat_map(|(code, info)| {
            let texts = [
                ("title", &info.title),
                ("explanation", &info.explanation),
                ("bad", &info.bad),
                ("good", &info.good),
                ("fix", &info.fix),
                ("links", &info.links.concat()),
            ];
            let blank = texts.into_iter().filter(|(_, text)| text.trim().is_empty());
            let blank = blank.map(|(what, _)| format!("policies/{name}/policy.json: `{code}` has no `{what}`"));
            let first = format!("{code}: ");
            let is_kept = kept.lines().any(|line| line.trim_start().starts_with(&first));
            let unkept = (!is_kept).then(|| format!(
                "policies/{name}/cases: no case keeps the message of `{code}`: give one that raises it \
                 `message: expected/FILE.txt`, run `gatehouse test --update policies/{name}/cases` and read the file"
            ));
            blank.chain(unkept).collect::<Vec<_>>()
        })
        .collect()
}

/// The messages that the cases of a policy name. That they are what is said, `gatehouse test` has seen.
fn kept_messages(policy: &str) -> String {
    let cases = policies(policy).join("cases");
    let files = fs::read_dir(&cases)
        .unwrap()
        .map(|file| file.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    let documents: String = files
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let named = documents
        .lines()
        .filter_map(|line| line.trim().strip_prefix("message: "));
    let kept = named.filter(|name| name.ends_with(".txt"));
    kept.map(|name| fs::read_to_string(cases.join(name)).unwrap())
        .collect()
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
