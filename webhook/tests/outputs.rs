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
    assert_eq!(mistakes(&log), [""; 0]);
    log
}

/// What breaks the published schema.
fn mistakes(log: &Value) -> Vec<String> {
    let mut schema: Value = serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap();
    // not a regular expression of today's ECMAScript: it closes a bracket that is not open
    for place in ["run", "toolComponent"] {
        let language = format!("/definitions/{place}/properties/language");
        let language = schema.pointer_mut(&language).unwrap();
        language.as_object_mut().unwrap().remove("pattern");
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    schema.iter_errors(log).map(|e| e.to_string()).collect()
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

const MISPLACED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  securityContext:
    runAsNonroot: true
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: a](https://evil.example)
    image: nginx
    readonlyRootFilesystem: true
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

/// Judged by `pod-security` alone.
fn misplaced(output: &str) -> support::Run {
    let folder = Folder::with(&[("web.yaml", MISPLACED)]);
    let policy = ["--policy", "pod-security", "web.yaml"];
    folder.run(&[&["check", "--output", output], &policy[..]].concat())
}

#[test]
fn sarif_links_to_what_explains_a_result() {
    let log = misplaced("sarif").json();
    assert_eq!(mistakes(&log), [""; 0]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let told: Vec<_> = results
        .iter()
        .map(|result| {
            let text = result["message"]["text"].as_str().unwrap();
            // nothing that a manifest says is a link
            assert_eq!(
                text.matches("](").count() - text.matches("\\](").count(),
                1,
                "{text}"
            );
            json!([text.lines().last().unwrap(), result["relatedLocations"]])
        })
        .collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap(), @r#"
    [
      [
        "    note      [line 6, column 5](1): `runAsNonroot` at spec.securityContext has no effect: is `runAsNonRoot` meant?",
        [
          {
            "id": 1,
            "message": {
              "text": "`runAsNonroot` at spec.securityContext has no effect: is `runAsNonRoot` meant?"
            },
            "physicalLocation": {
              "artifactLocation": {
                "uri": "web.yaml"
              },
              "region": {
                "startColumn": 5,
                "startLine": 6
              }
            }
          }
        ]
      ],
      [
        "    note      [line 11, column 5](1): `readonlyRootFilesystem` at spec.containers[\"a\\](https://evil.example)\"] has no effect: is `readOnlyRootFilesystem` meant? That is a field of the container's securityContext",
        [
          {
            "id": 1,
            "message": {
              "text": "`readonlyRootFilesystem` at spec.containers[\"a\\](https://evil.example)\"] has no effect: is `readOnlyRootFilesystem` meant? That is a field of the container's securityContext"
            },
            "physicalLocation": {
              "artifactLocation": {
                "uri": "web.yaml"
              },
              "region": {
                "startColumn": 5,
                "startLine": 11
              }
            }
          }
        ]
      ]
    ]
    "#);
}

#[test]
fn junit_says_what_explains_a_failure() {
    let run = misplaced("junit");
    let suites = junit_parser::from_reader(run.out().as_bytes()).unwrap();
    let failure = suites.suites[0].cases[0].status.failure_as_ref();
    let below = failure.text.find("  -->").unwrap();
    insta::assert_snapshot!(failure.text[below..], @r#"
    --> web.yaml:1
    = note: line 6, column 5: `runAsNonroot` at spec.securityContext has no effect: is `runAsNonRoot` meant?
    = note: line 11, column 5: `readonlyRootFilesystem` at spec.containers["a](https://evil.example)"] has no effect: is `readOnlyRootFilesystem` meant? That is a field of the container's securityContext
    "#);
}

#[test]
fn github_says_what_explains_an_annotation() {
    let run = misplaced("github");
    let notes = run
        .out()
        .lines()
        .map(|line| line.rsplit("%0A").next().unwrap());
    insta::assert_snapshot!(notes.collect::<Vec<_>>().join("\n"), @r#"
      = note: line 6, column 5: `runAsNonroot` at spec.securityContext has no effect: is `runAsNonRoot` meant?
      = note: line 11, column 5: `readonlyRootFilesystem` at spec.containers["a](https://evil.example)"] has no effect: is `readOnlyRootFilesystem` meant? That is a field of the container's securityContext
    1 object: 1 refused
    "#);
}

/// Each says it where its readers look: a file that nobody judged must not seem to be judged.
#[test]
fn what_is_not_judged_is_told() {
    let rollouts = "\
apiVersion: gatehouse.dev/v1alpha1
kind: CustomWorkload
metadata: {name: rollouts}
spec: {group: argoproj.io, kind: Rollout, podTemplate: spec.template}
";
    let manifests = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: refers}
spec: {workloadRef: {kind: Deployment, name: web}}
---
replicas: 1
";
    let folder = Folder::with(&[("config", rollouts), ("web.yaml", manifests)]);
    let check = |output| {
        let run = folder.run(&[
            "check", "--config", "config", "--output", output, "web.yaml",
        ]);
        assert_eq!(run.code(), 0, "{}", run.err());
        run
    };
    insta::assert_snapshot!(check("text").out(), @"
    not Kubernetes YAML, not judged: web.yaml, line 6

    not judged: Rollout refers has no pod template at `spec.template`: web.yaml, line 1

    1 object: 1 allowed; 1 not Kubernetes YAML
    ");
    insta::assert_snapshot!(check("github").out(), @"
    ::notice file=web.yaml,line=6,title=not judged::line 6: not Kubernetes YAML
    ::notice file=web.yaml,line=1,title=not judged::line 1: Rollout refers has no pod template at `spec.template`
    1 object: 1 allowed; 1 not Kubernetes YAML
    ");
    insta::assert_snapshot!(check("junit").out(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="gatehouse check" tests="2" failures="0" errors="0" skipped="2">
      <testsuite name="web.yaml" tests="2" failures="0" errors="0" skipped="2">
        <testcase classname="web.yaml" name="Rollout default/refers">
          <skipped message="Rollout refers has no pod template at `spec.template`"/>
        </testcase>
        <testcase classname="web.yaml" name="line 6">
          <skipped message="not Kubernetes YAML"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    let log = check("sarif").json();
    assert_eq!(mistakes(&log), [""; 0]);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    let notes: Vec<_> = notes
        .iter()
        .map(|note| format!("{} {}", note["level"], note["message"]["text"]))
        .collect();
    insta::assert_snapshot!(notes.join("\n"), @r#"
    "note" "line 6 is not judged: not Kubernetes YAML"
    "note" "line 1 is not judged: Rollout refers has no pod template at `spec.template`"
    "#);
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
