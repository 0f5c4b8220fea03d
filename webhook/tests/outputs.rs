//! `gatehouse check --output`: what other programs read, read by them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::Folder;

/// Names that would break out of a format that does not escape them.
const HOSTILE: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: \"x]]><![CDATA[\\e[31m</failure>::stop-commands::x%0A,title=y\"
spec:
  hostNetwork: true
  containers:
  - name: \"a\\u0001\\u202eb&<c>\\\"'\"
    image: nginx
";

const WARNED: &str = "\
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pods}
spec:
  module: builtin:pod-security
  facts: [namespace]
  settings: {level: baseline}
  overrides: [{codes: [host-network], mode: warn}]
---
apiVersion: gatehouse.dev/v1alpha1
kind: Exemption
metadata: {name: printer}
spec:
  policy: pods
  codes: [host-port]
  workloads: [{namespace: default, kind: Pod, name: printer}]
  reason: it prints
  owner: office
  expires: 2999-01-01
";

const PRINTER: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: printer}
spec:
  hostNetwork: true
  hostPID: true
  containers:
  - name: app
    image: nginx
    ports: [{containerPort: 631, hostPort: 631}]
";

fn folder() -> Folder {
    Folder::with(&[
        ("hostile.yaml", HOSTILE),
        ("the printer.yaml", PRINTER),
        ("broken.yaml", "a: b: c\n"),
        ("policies", WARNED),
    ])
}

fn check(folder: &Folder, args: &[&str]) -> support::Run {
    let files = ["hostile.yaml", "the printer.yaml", "broken.yaml"];
    let args = [&["check", "--config", "policies"], args, &files].concat();
    folder.run(&args)
}

fn sarif(folder: &Folder, args: &[&str]) -> Value {
    let log = check(folder, &[&["--output", "sarif"], args].concat()).json();
    let mut schema: Value = serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap();
    // not a regular expression of today's ECMAScript: it closes a bracket that is not open
    for place in ["run", "toolComponent"] {
        let language = format!("/definitions/{place}/properties/language");
        let language = schema.pointer_mut(&language).unwrap();
        language.as_object_mut().unwrap().remove("pattern");
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mistakes: Vec<_> = schema.iter_errors(&log).map(|e| e.to_string()).collect();
    assert_eq!(mistakes, [""; 0]);
    log
}

#[test]
fn sarif_is_valid_and_says_everything() {
    let folder = folder();
    let log = sarif(&folder, &[]);
    let run = &log["runs"][0];
    let results: Vec<_> = run["results"].as_array().unwrap().iter().collect();
    let said = |result: &&Value| {
        let file = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        json!([
            file,
            result["ruleId"],
            result["level"],
            result["suppressions"][0]["justification"]
        ])
    };
    let said: Vec<_> = results.iter().map(said).collect();
    assert_eq!(
        said,
        [
            json!(["hostile.yaml", "host-network", "warning", null]),
            json!(["the%20printer.yaml", "host-network", "warning", null]),
            json!(["the%20printer.yaml", "host-pid", "error", null]),
            json!([
                "the%20printer.yaml",
                "host-port",
                "error",
                "exemption printer"
            ]),
        ]
    );
    for result in results {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(
            rule["help"]["markdown"]
                .as_str()
                .unwrap()
                .contains("```yaml")
        );
    }
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(notes.len(), 1);
}

#[test]
fn a_problem_keeps_its_fingerprint_when_lines_move() {
    let prints = |text: &str| {
        let folder = Folder::with(&[("pod.yaml", text)]);
        let log = folder
            .run(&["check", "--output", "sarif", "pod.yaml"])
            .json();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |result: &Value| result["partialFingerprints"]["gatehouse/v1"].clone();
        results.iter().map(print).collect::<Vec<_>>()
    };
    let (here, moved) = (
        prints(PRINTER),
        prints(&format!("# a comment\n\n{PRINTER}")),
    );
    assert!(here.len() > 2);
    assert_eq!(here, moved);
    assert_ne!(
        here,
        prints(&PRINTER.replace("name: printer", "name: scanner"))
    );
}

#[test]
fn junit_is_read_by_what_reads_junit() {
    let run = check(&folder(), &["--output", "junit"]);
    assert_eq!(run.code(), 2, "{}", run.err());
    let suites = junit_parser::from_reader(run.out().as_bytes()).unwrap();
    assert_eq!((suites.tests, suites.failures, suites.errors), (3, 1, 1));
    let cases: Vec<_> = suites
        .suites
        .iter()
        .flat_map(|suite| &suite.cases)
        .collect();
    let printer = cases
        .iter()
        .find(|case| case.original_name == "Pod default/printer");
    let failure = printer.unwrap().status.failure_as_ref();
    assert_eq!(
        failure.message,
        "Pod printer is refused, 1 problem: host-pid"
    );
    assert!(
        failure.text.contains("--> the printer.yaml:1"),
        "{}",
        failure.text
    );
    let hostile = cases
        .iter()
        .find(|case| case.original_name.contains("]]>"))
        .unwrap();
    assert!(hostile.status.is_success());
    assert!(!run.out().contains('\u{1b}'));
}

#[test]
fn github_annotates_lines() {
    let run = check(&folder(), &["--output", "github"]);
    insta::assert_snapshot!(run.out());
}

#[test]
fn github_is_not_commanded_by_what_is_checked() {
    let folder = folder();
    let run = folder.run(&["check", "--output", "github", "hostile.yaml"]);
    let (commands, summary): (Vec<_>, Vec<_>) =
        run.out().lines().partition(|line| line.starts_with("::"));
    assert!(
        commands
            .iter()
            .all(|line| line.starts_with("::error file=hostile.yaml,line="))
    );
    assert_eq!(summary, ["1 object: 1 refused"]);
}

#[test]
fn findings_are_selected_by_policy_code_and_mode() {
    let folder = folder();
    let codes = |args: &[&str]| {
        let log = sarif(&folder, args);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|r| r["ruleId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&["--code", "host-pid"]), ["host-pid"]);
    assert_eq!(codes(&["--min-mode", "deny"]), ["host-pid", "host-port"]);
    assert_eq!(codes(&["--policy", "pods"]).len(), 4);
    assert_eq!(codes(&["--min-mode", "audit"]).len(), 4);
}

#[test]
fn what_is_not_selected_decides_nothing() {
    let folder = folder();
    let checked = |args: &[&str]| {
        let args = [
            &["check", "--config", "policies"],
            args,
            &["the printer.yaml"],
        ]
        .concat();
        folder.run(&args).code()
    };
    assert_eq!(checked(&[]), 1);
    assert_eq!(checked(&["--code", "host-pid"]), 1);
    assert_eq!(checked(&["--code", "host-network"]), 0);
}

#[test]
fn a_selection_of_what_is_not_there_is_a_mistake() {
    let folder = folder();
    for (args, message) in [
        (
            ["--code", "host-pdi"],
            "has the code `host-pdi`: is `host-pid` meant?",
        ),
        (["--policy", "pod"], "is called `pod`: is `pods` meant?"),
        (
            ["--policy", "images-and-more"],
            "is called `images-and-more`",
        ),
    ] {
        let run = check(&folder, &args);
        assert_eq!(run.code(), 2);
        let expected = format!("error: no policy of this configuration {message}\n");
        assert_eq!(run.err(), expected);
    }
}
