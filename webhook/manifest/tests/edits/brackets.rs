//! YAML in brackets, and JSON.

use serde_json::json;

use crate::support::*;

#[test]
fn members_come_inside_the_braces() {
    assert_pod(
        "spec: {a: {b: 1}, c: [x, y, ], d: { e: 1 }, f: {}, g: []} # end\n",
        &[
            set("spec.a.z", json!("yes")),
            include("spec.c", json!("z")),
            set("spec.d.z", json!({"l": ["a b", "a,b"]})),
            set("spec.f.z", json!(1)),
            include("spec.g", json!(1)),
            set("spec.h", json!({})),
        ],
        "spec: {a: {b: 1, z: \"yes\"}, c: [x, y, z, ], d: { e: 1, z: {l: [a b, \"a,b\"]} }, f: {z: 1}, g: [1], h: {}} # end\n",
    );
}

#[test]
fn members_leave_the_braces() {
    assert_pod(
        "spec: {a: 1, b: 2, c: [1, 2, 3], d: [1, 2, 3], e: {f: 1}, g: [1]}\n",
        &[
            remove("spec.a"),
            remove("spec.c[0]"),
            set("spec.d", json!([1])),
            remove("spec.e.f"),
            remove("spec.g[0]"),
        ],
        "spec: {b: 2, c: [2, 3], d: [1], e: {}, g: []}\n",
    );
    assert_pod(
        "spec: {a: [1, 2], b: [1, 2]}\n",
        &[
            remove("spec.a[1]"),
            include("spec.a", json!(3)),
            remove("spec.b"),
            set("spec.c", json!(1)),
        ],
        "spec: {a: [1, 3], c: 1}\n",
    );
}

#[test]
fn a_line_for_each() {
    let text = "spec: {\n  a: 1, # a\n  # b\n  b: 2, # b\n  c: 3 # c\n  # end\n}\nx: {\n  a: 1,\n  b: 2, # b\n}\nw: [\n  1,\n  2]\n";
    assert_pod(
        text,
        &[
            set("spec.z", json!({"a": 1})),
            set("x.z", json!(1)),
            include("w", json!(3)),
        ],
        "spec: {\n  a: 1, # a\n  # b\n  b: 2, # b\n  c: 3, # c\n  z: {a: 1}\n  # end\n}\nx: {\n  a: 1,\n  b: 2, # b\n  z: 1,\n}\nw: [\n  1,\n  2,\n  3]\n",
    );
    assert_pod(
        text,
        &[
            remove("spec.a"),
            remove("spec.c"),
            remove("x.b"),
            remove("w[1]"),
        ],
        "spec: {\n  # b\n  b: 2 # b\n  # end\n}\nx: {\n  a: 1\n}\nw: [\n  1]\n",
    );
    assert_pod(
        text,
        &[remove("spec.c"), set("spec.d", json!(4)), remove("spec.a")],
        "spec: {\n  # b\n  b: 2, # b\n  d: 4\n  # end\n}\nx: {\n  a: 1,\n  b: 2, # b\n}\nw: [\n  1,\n  2]\n",
    );
}

#[test]
fn a_comment_behind_the_bracket_stays_when_all_entries_go() {
    assert_pod(
        "spec: { # why\n  a: [  # a\n    1 ], # b\n  m: {b: { # c\n      # d\n      x: 1\n    }}\n}\n",
        &[remove("spec.a[0]"), set("spec.m.b", json!({"type": "y"}))],
        "spec: { # why\n  a: [  # a\n    ], # b\n  m: {b: { # c\n      # d\n      type: \"y\"}}\n}\n",
    );
    assert_pod(
        "spec: { # why\n  a: 1 }\nx: {\n  # todo\n}\nz: [ # todo\n ]\n",
        &[
            remove("spec.a"),
            set("x.b.c", json!(true)),
            include("z", json!("ALL")),
        ],
        "spec: { # why\n  }\nx: {\n  # todo\n  b: {c: true}}\nz: [ # todo\n   ALL]\n",
    );
}

#[test]
fn scalars_and_other_kinds() {
    assert_pod(
        "spec: {a: \"x\", b: 'x', c: , d: ~, e: [1, {f: 1}]}\n",
        &[
            set("spec.a", json!("y")),
            set("spec.b", json!("y")),
            set("spec.c", json!(1)),
            set("spec.d", json!({"x": null, "w": [1.5]})),
            set("spec.e[1]", json!("no")),
        ],
        "spec: {a: \"y\", b: 'y', c: 1, d: {w: [1.5], x: null}, e: [1, \"no\"]}\n",
    );
}

#[test]
fn json_over_lines() {
    let json = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"spec\": {\n\t\t\"a\": {},\n\t\t\"l\": [\n\t\t\t\"x\"\n\t\t]\n\t}\n}";
    assert_edits(
        json,
        &[
            set("spec.a.b", json!({"c": [], "d": [1, {"e": true}]})),
            include("spec.l", json!("y")),
            set("metadata.name", json!("n\u{2028}")),
        ],
        "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"spec\": {\n\t\t\"a\": {\n\t\t\t\"b\": {\n\t\t\t\t\"c\": [],\n\t\t\t\t\"d\": [\n\t\t\t\t\t1,\n\t\t\t\t\t{\n\t\t\t\t\t\t\"e\": true\n\t\t\t\t\t}\n\t\t\t\t]\n\t\t\t}\n\t\t},\n\t\t\"l\": [\n\t\t\t\"x\",\n\t\t\t\"y\"\n\t\t]\n\t},\n\t\"metadata\": {\n\t\t\"name\": \"n\\u2028\"\n\t}\n}",
    );
    assert_edits(
        json,
        &[remove("spec.l"), remove("kindly"), remove("spec.a")],
        "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"spec\": {}\n}",
    );
    assert_edits(
        json,
        &[remove("spec.l")],
        "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"spec\": {\n\t\t\"a\": {}\n\t}\n}",
    );
}

#[test]
fn json_on_one_line() {
    assert_edits(
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"a":{},"l":["x"]}}"#,
        &[
            set("spec.a.b", json!({"c": [1, 2]})),
            include("spec.l", json!({"name": "y", "a": 1})),
            set("metadata.name", json!("n")),
        ],
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"a":{"b":{"c":[1,2]}},"l":["x",{"name":"y","a":1}]},"metadata":{"name":"n"}}"#,
    );
    assert_edits(
        r#"{"apiVersion": "v1", "kind": "Pod", "spec": {"a": {}}}"#,
        &[set("spec.a.b", json!({"c": [1, 2]}))],
        r#"{"apiVersion": "v1", "kind": "Pod", "spec": {"a": {"b": {"c": [1, 2]}}}}"#,
    );
}

#[test]
fn a_file_that_begins_like_json_and_is_yaml() {
    assert_edits(
        "{apiVersion: v1, kind: Pod, # pod\n  spec: {\"a\": 1}}\n",
        &[set("spec.b", json!(2)), set("x", json!(1))],
        "{apiVersion: v1, kind: Pod, # pod\n  spec: {\"a\": 1, \"b\": 2},\n  x: 1}\n",
    );
}
