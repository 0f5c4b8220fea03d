//! The lines of a file that `gatehouse check` shows, and the marks below them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::Folder;

const HOST_AND_PRIVILEGED: [&str; 6] = [
    "--code",
    "host-network",
    "--code",
    "host-pid",
    "--code",
    "privileged-container",
];

/// What `check` shows of this text of a file.
fn excerpt(file: &str, text: &str, codes: &[&str]) -> String {
    let folder = Folder::with(&[(file, text)]);
    let run = folder.run(&[&["check"], codes, &[file]].concat());
    assert_eq!(run.code(), 1, "{}", run.err());
    let at = run.out().find("  -->").unwrap();
    run.out()[at..].trim_end().to_owned()
}

#[test]
fn findings_on_one_line_are_each_marked() {
    let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {hostNetwork: true, hostPID: true, containers: [{name: app, image: a, securityContext: {privileged: true}}]}
";
    insta::assert_snapshot!(excerpt("pod.yaml", pod, &HOST_AND_PRIVILEGED), @"
      --> pod.yaml:4:8
      4 | spec: {hostNetwork: true, hostPID: true, containers: [{name: app, image: a, securityContext: {privileged: true}}]}
        |        ^^^^^^^^^^^ host-network
        |                           ^^^^^^^ host-pid
        |                                                                                               ^^^^^^^^^^ privileged-container

    1 object: 1 refused
    ");
}

#[test]
fn what_is_missing_below_a_place_is_not_marked_at_another() {
    let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: app
    image: a
    securityContext:
      capabilities: {add: [SYS_PTRACE]}   # to look into the app
";
    let codes = [
        "--code",
        "added-capabilities",
        "--code",
        "drop-all-capabilities",
    ];
    insta::assert_snapshot!(excerpt("pod.yaml", pod, &codes), @"
      --> pod.yaml:9:7
      9 |       capabilities: {add: [SYS_PTRACE]}   # to look into the app
        |       ^^^^^^^^^^^^ drop-all-capabilities (missing below)
        |                      ^^^ added-capabilities

    1 object: 1 refused
    ");
}

#[test]
fn marks_stand_below_what_tabs_indent() {
    let pod = "{
\t\"apiVersion\": \"v1\",
\t\"kind\": \"Pod\",
\t\"metadata\": {\"name\": \"web\"},
\t\"spec\": {
\t\t\"hostNetwork\":\ttrue,\t\"hostPID\": true
\t}
}
";
    insta::assert_snapshot!(excerpt("pod.json", pod, &HOST_AND_PRIVILEGED), @r#"
      --> pod.json:6:3
      6 |         "hostNetwork":    true,    "hostPID": true
        |         ^^^^^^^^^^^^^ host-network
        |                                    ^^^^^^^^^ host-pid

    1 object: 1 refused
    "#);
}

#[test]
fn marks_stand_behind_escaped_characters() {
    let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {nodeName: \"a\u{202e}b\u{200f}\", hostNetwork: true}
";
    insta::assert_snapshot!(excerpt("pod.yaml", pod, &HOST_AND_PRIVILEGED), @r#"
      --> pod.yaml:4:26
      4 | spec: {nodeName: "a\u{202e}b\u{200f}", hostNetwork: true}
        |                                        ^^^^^^^^^^^ host-network

    1 object: 1 refused
    "#);
}

#[test]
fn a_file_of_one_line_is_cut_around_each_place() {
    let args = "x".repeat(600);
    let pod = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"web\",\"annotations\":{{\"a\":\"{args}\"}}}},\
         \"spec\":{{\"hostNetwork\":true,\"hostPID\":true,\"containers\":[{{\"name\":\"app\",\"image\":\"a\",\
         \"args\":[\"{args}\"],\"securityContext\":{{\"privileged\":true}}}}]}}}}"
    );
    insta::assert_snapshot!(excerpt("pod.json", &pod, &HOST_AND_PRIVILEGED), @r#"
      --> pod.json:1:690
      1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},"spec":{"hostNetwork":true,"hostPID":true,"containers":[{"name":"app","image":"a","args"…
        |                                                                                  ^^^^^^^^^^^^^ host-network
        |                                                                                                     ^^^^^^^^^ host-pid
      --> pod.json:1:1395
      1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],"securityContext":{"privileged":true}}]}}
        |                                                                                  ^^^^^^^^^^^^ privileged-container

    1 object: 1 refused
    "#);
}

#[test]
fn the_last_line_needs_no_line_break() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web},\nspec: {hostNetwork: true}}";
    insta::assert_snapshot!(excerpt("pod.yaml", pod, &HOST_AND_PRIVILEGED), @"
      --> pod.yaml:2:8
      2 | spec: {hostNetwork: true}}
        |        ^^^^^^^^^^^ host-network

    1 object: 1 refused
    ");
}

#[test]
fn a_note_stands_by_the_excerpt_of_its_finding() {
    let labels = "x".repeat(600);
    let pod = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"web\"}},\
         \"spec\":{{\"readOnlyRootFilesystem\":true,\"hostNetwork\":true,\"nodeName\":\"{labels}\",\
         \"containers\":[{{\"name\":\"app\",\"image\":\"a\",\"securityContext\":{{}}}}]}}}}"
    );
    let codes = [
        "--code",
        "host-network",
        "--code",
        "read-only-root-filesystem",
    ];
    insta::assert_snapshot!(excerpt("pod.json", &pod, &codes), @r#"
      --> pod.json:1:97
      1 | {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"readOnlyRootFilesystem":true,"hostNetwork":true,"nodeName":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        |                                                                                                 ^^^^^^^^^^^^^ host-network
      --> pod.json:1:770
      1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","containers":[{"name":"app","image":"a","securityContext":{}}]}}
        |                                                                                  ^^^^^^^^^^^^^^^^^ read-only-root-filesystem (missing below)
        = note: line 1, column 67: `readOnlyRootFilesystem` at spec has no effect: it is a field of each container's securityContext

    1 object: 1 refused
    "#);
}
