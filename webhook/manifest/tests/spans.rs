//! Where paths stand. Every test marks what a span covers with `^` under its line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use gatehouse_manifest::{Document, Entry, Limits, Location, Manifest, Span};

const POD: &str = r#"# a pod
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    "example.com/a": 'é' # comment
spec:
  containers:
  - name: app
    image: "nginx:1"
    args: [a, "b c", {d: e}]
  -
    name: log
    command:
    - sh
    - |
      echo hi
      exit
    securityContext:
  volumes: []
"#;

#[test]
fn keys_and_items() {
    for (path, marked) in [
        ("kind", "kind: Pod / ^^^^"),
        ("metadata.name", "  name: web /   ^^^^"),
        (
            r#"metadata.annotations["example.com/a"]"#,
            r#"    "example.com/a": 'é' # comment /     ^^^^^^^^^^^^^^^"#,
        ),
        ("spec.containers", "  containers: /   ^^^^^^^^^^"),
        ("spec.containers[name=app]", "  - name: app /     ^^^^^^^^^"),
        (
            "spec.containers[0].image",
            "    image: \"nginx:1\" /     ^^^^^",
        ),
        ("spec.containers[name=log]", "    name: log /     ^^^^^^^^^"),
        (
            "spec.containers[name=app].args[1]",
            "    args: [a, \"b c\", {d: e}] /               ^^^^^",
        ),
        (
            "spec.containers[name=app].args[2].d",
            "    args: [a, \"b c\", {d: e}] /                       ^",
        ),
        (
            "spec.containers[1].command[1]",
            "      echo hi /       ^^^^^^^",
        ),
        (
            "spec.containers[1].securityContext",
            "    securityContext: /     ^^^^^^^^^^^^^^^",
        ),
        ("", "apiVersion: v1 / ^^^^^^^^^^^^^^"),
    ] {
        assert_eq!(exact(POD, path), marked, "{path}");
    }
}

#[test]
fn values() {
    for (path, marked) in [
        ("kind", "kind: Pod /       ^^^"),
        (
            r#"metadata.annotations["example.com/a"]"#,
            r#"    "example.com/a": 'é' # comment /                      ^^^"#,
        ),
        (
            "spec.containers[0].image",
            "    image: \"nginx:1\" /            ^^^^^^^^^",
        ),
        ("spec.containers", "  - name: app /     ^^^^^^^^^"),
        (
            "spec.containers[0].args",
            "    args: [a, \"b c\", {d: e}] /           ^^^^^^^^^^^^^^^^^^",
        ),
        (
            "spec.containers[1].command[1]",
            "      echo hi /       ^^^^^^^",
        ),
        ("spec.volumes", "  volumes: [] /            ^^"),
        (
            "spec.containers[1].securityContext",
            "    securityContext: /                    ",
        ),
    ] {
        assert_eq!(value(POD, path).unwrap(), marked, "{path}");
    }
    assert_eq!(value(POD, "spec.hostNetwork"), None);
}

#[test]
fn what_is_missing_is_reported_at_its_parent() {
    for (path, marked) in [
        ("spec.hostNetwork", "spec: / ^^^^"),
        (
            "spec.containers[name=app].securityContext.runAsUser",
            "  - name: app /     ^^^^^^^^^",
        ),
        (
            "spec.containers[name=log].securityContext.runAsUser",
            "    securityContext: /     ^^^^^^^^^^^^^^^",
        ),
        ("spec.containers[name=none]", "  containers: /   ^^^^^^^^^^"),
        ("spec.containers[9].image", "  containers: /   ^^^^^^^^^^"),
        ("spec.volumes[0]", "  volumes: [] /   ^^^^^^^"),
        ("kind.x.y", "kind: Pod / ^^^^"),
        ("status", "apiVersion: v1 / ^^^^^^^^^^^^^^"),
    ] {
        assert_eq!(nearest(POD, path), marked, "{path}");
    }
}

#[test]
fn aliases_stand_where_they_are_used_and_their_insides_at_the_anchor() {
    let text = "base: &base\n  user: 1\n  caps: {drop: [ALL]}\na: *base\nb: [*base]\n";
    assert_eq!(exact(text, "a"), "a: *base / ^");
    assert_eq!(value(text, "a").unwrap(), "a: *base /    ^^^^^");
    assert_eq!(exact(text, "b[0]"), "b: [*base] /     ^^^^^");
    assert_eq!(
        exact(text, "a.caps.drop[0]"),
        "  caps: {drop: [ALL]} /                 ^^^"
    );
    assert_eq!(
        nearest(text, "a.caps.add"),
        "  caps: {drop: [ALL]} /   ^^^^"
    );
    assert_eq!(nearest(text, "a.missing"), "a: *base / ^");
}

#[test]
fn merged_members_stand_where_they_are_written() {
    let text = "base: &base\n  user: 1\n  group: 1\na:\n  <<: *base\n  user: 2\nb:\n  user: 3\n  <<: *base\n";
    assert_eq!(exact(text, "a.group"), "  group: 1 /   ^^^^^");
    assert_eq!(value(text, "a.user").unwrap(), "  user: 2 /         ^");
    assert_eq!(value(text, "b.user").unwrap(), "  user: 1 /         ^");
    assert_eq!(nearest(text, "a.other"), "a: / ^");
}

#[test]
fn lists_in_lists() {
    let text = "a:\n- - x\n  - - y\n    - z: 1\n- []\n";
    assert_eq!(exact(text, "a[0][0]"), "- - x /     ^");
    assert_eq!(exact(text, "a[0][1][1].z"), "    - z: 1 /       ^");
    assert_eq!(exact(text, "a[1]"), "- [] /   ^^");
    assert_eq!(nearest(text, "a[0][1][2]"), "  - - y /     ^^^");
}

#[test]
fn columns_are_characters_whatever_the_line_breaks() {
    let text = "ä: {\"ö\": 'ü'}\r\nlist:\r\n- b: c\r\nx: y\rz: 1\r\n";
    assert_eq!(exact(text, "[\"ä\"][\"ö\"]"), "ä: {\"ö\": 'ü'} /     ^^^");
    assert_eq!(
        value(text, "[\"ä\"][\"ö\"]").unwrap(),
        "ä: {\"ö\": 'ü'} /          ^^^"
    );
    assert_eq!(exact(text, "list[0].b"), "- b: c /   ^");
    assert_eq!(
        span(text, "z").span(),
        Span {
            line: 5,
            column: 1,
            end_column: 2
        }
    );
}

#[test]
fn tabs_count_as_one_column() {
    assert_eq!(
        exact("a:\t{b:\tc}\t# d\n", "a.b"),
        "a:\t{b:\tc}\t# d /     ^"
    );
}

#[test]
fn json_has_spans_too() {
    let text = "{\"x\": 1}\n{\n\t\"a\" : [1, {\"b\\u00e9\":\n\"c\"}]\n}";
    let manifest = read(text);
    let document = manifest.documents()[1].as_ref().unwrap();
    assert_eq!(document.line(), 2);
    let path = "a[1][\"bé\"]".parse().unwrap();
    let expected = Span {
        line: 3,
        column: 13,
        end_column: 22,
    };
    assert_eq!(document.span(&path), Location::Exact(expected));
    let expected = Span {
        line: 4,
        column: 1,
        end_column: 4,
    };
    assert_eq!(document.value_span(&path), Some(expected));
}

#[test]
fn items_of_lists_have_the_files_spans() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    hostPID: yes\n";
    let manifest = read(&format!("a: b\n---\n{text}"));
    let document = manifest.documents()[1].as_ref().unwrap();
    let [Entry::Object(pod)] = document.entries() else {
        panic!("a pod expected")
    };
    assert_eq!(pod.line(), 6);
    let host_pid = pod.span(&"spec.hostPID".parse().unwrap());
    assert_eq!(
        host_pid,
        Location::Exact(Span {
            line: 9,
            column: 5,
            end_column: 12
        })
    );
    let in_list = "items[0].spec.hostPID".parse().unwrap();
    assert_eq!(document.span(&in_list), host_pid);
    assert_eq!(
        document.span(&pod.path().clone().key("spec")),
        pod.span(&"spec".parse().unwrap())
    );
    assert_eq!(
        pod.value_span(&"spec.hostPID".parse().unwrap())
            .unwrap()
            .column,
        14
    );
    let missing = pod.span(&"metadata.name".parse().unwrap());
    assert_eq!((missing.is_exact(), missing.span().line), (false, 6));
}

fn read(text: &str) -> Manifest {
    Manifest::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn with_document<T>(text: &str, f: impl FnOnce(&Manifest, &Document) -> T) -> T {
    let manifest = read(text);
    f(&manifest, manifest.documents()[0].as_ref().unwrap())
}

fn span(text: &str, path: &str) -> Location {
    with_document(text, |_, document| document.span(&path.parse().unwrap()))
}

/// The line of the path's span, and what it marks of it.
fn exact(text: &str, path: &str) -> String {
    let location = span(text, path);
    assert!(location.is_exact(), "{path}");
    mark(text, location.span())
}

fn nearest(text: &str, path: &str) -> String {
    let location = span(text, path);
    assert!(!location.is_exact(), "{path}");
    mark(text, location.span())
}

fn value(text: &str, path: &str) -> Option<String> {
    let span = with_document(text, |_, document| {
        document.value_span(&path.parse().unwrap())
    });
    span.map(|span| mark(text, span))
}

fn mark(text: &str, span: Span) -> String {
    let marks = " ".repeat(span.column - 1) + &"^".repeat(span.end_column - span.column);
    with_document(text, |manifest, _| {
        format!("{} / {marks}", manifest.line_text(span.line))
    })
}
