//! YAML without brackets.

use serde_json::json;

use crate::support::*;

const APP: &str = "spec.containers[name=app]";

#[test]
fn members_come_behind_the_last_one() {
    assert_pod(
        "spec:\n  containers:\n  - name: app # the app\n    image: nginx\n\n  # what follows\n  volumes: []\n",
        &[
            set(&format!("{APP}.securityContext.privileged"), json!(false)),
            set(
                &format!("{APP}.securityContext.capabilities.drop"),
                json!(["ALL"]),
            ),
            set("spec.hostNetwork", json!(false)),
        ],
        "spec:\n  containers:\n  - name: app # the app\n    image: nginx\n    securityContext:\n      capabilities:\n        drop:\n        - ALL\n      privileged: false\n\n  # what follows\n  volumes: []\n  hostNetwork: false\n",
    );
}

#[test]
fn indentation_is_the_files_own() {
    assert_pod(
        "spec:\n    containers:\n      -   name: app\n          image: nginx\n",
        &[set(
            &format!("{APP}.securityContext.capabilities.drop"),
            json!(["ALL"]),
        )],
        "spec:\n    containers:\n      -   name: app\n          image: nginx\n          securityContext:\n              capabilities:\n                  drop:\n                    - ALL\n",
    );
    assert_pod(
        "metadata:\n labels:\n  a: b\nspec:\n containers:\n - name: app\n",
        &[set(
            &format!("{APP}.securityContext.privileged"),
            json!(false),
        )],
        "metadata:\n labels:\n  a: b\nspec:\n containers:\n - name: app\n   securityContext:\n    privileged: false\n",
    );
}

#[test]
fn nothing_and_empty_braces_become_mappings() {
    for nothing in ["", " {}", " { }", " null", " ~"] {
        for comment in ["", " # later", "\n    # - deeper\n    # - still"] {
            assert_pod(
                &format!("spec:\n  securityContext:{nothing}{comment}\n  # on\n  x: 1\n"),
                &[set("spec.securityContext.runAsNonRoot", json!(true))],
                &format!(
                    "spec:\n  securityContext:{comment}\n    runAsNonRoot: true\n  # on\n  x: 1\n"
                ),
            );
        }
    }
    assert_pod(
        "spec:\n  containers:\n  - {}\n  -\n  - name: app\n",
        &[
            set("spec.containers[0].a", json!({"b": 1, "c": [2]})),
            set("spec.containers[1]", json!([[1, 2], 3])),
        ],
        "spec:\n  containers:\n  - a:\n      b: 1\n      c:\n      - 2\n  - - - 1\n      - 2\n    - 3\n  - name: app\n",
    );
}

#[test]
fn a_scalar_keeps_its_quotes_and_its_comment() {
    assert_pod(
        "spec:\n  a: true # on\n  b: \"x\"   # b\n  c: 'x'\n  d: >-\n    long\n    text\n\n  e:\n    plain\n    text\n  f: 1\n",
        &[
            set("spec.a", json!(false)),
            set("spec.b", json!("w")),
            set("spec.c", json!("it's")),
            set("spec.d", json!("short")),
            set("spec.e", json!("yes")),
            set("spec.f", json!("1")),
        ],
        "spec:\n  a: false # on\n  b: \"w\"   # b\n  c: 'it''s'\n  d: short\n\n  e:\n    \"yes\"\n  f: \"1\"\n",
    );
}

#[test]
fn a_value_of_another_kind() {
    assert_pod(
        "spec:\n  a: x # a\n  b:\n  # b\n    c: 1 # c\n  d:\n  - 1\n  - 2\n  # e\n  e: {f: 1,\n    g: 2} # g\n",
        &[
            set("spec.a", json!({"b": 1})),
            set("spec.b", json!(1)),
            set("spec.d", json!({"e": []})),
            set("spec.e", json!([1])),
        ],
        "spec:\n  a: # a\n    b: 1\n  b: 1\n  # b\n  d:\n    e: []\n  # e\n  e: # g\n  - 1\n",
    );
}

#[test]
fn what_holds_already_is_not_touched() {
    let text = "spec:\n  a: yes\n  b: 0x10\n  c: [ x,w ]\n  d: {\"e\":   1}\n";
    let edits = [
        set("spec.a", json!(true)),
        set("spec.b", json!(16)),
        include("spec.c", json!("w")),
        set("spec.d", json!({"e": 1})),
        remove("spec.e"),
    ];
    assert_pod(text, &edits, text);
}

#[test]
fn members_go_with_their_lines() {
    assert_pod(
        "spec:\n  # a\n  a: 1 # a\n  # b\n  b:\n    c: 1\n    # c\n    d: 2\n\n  # e\n  e: |\n    text\n  # end\n",
        &[remove("spec.a"), remove("spec.b.d"), remove("spec.e")],
        "spec:\n  # a\n  # b\n  b:\n    c: 1\n    # c\n\n  # e\n  # end\n",
    );
}

#[test]
fn the_last_member_leaves_empty_braces() {
    assert_pod(
        "spec:\n  securityContext: # here\n    # why\n    privileged: true\n  drop:\n  - a\n  containers:\n  - a: 1\n    b: 2\n",
        &[
            remove("spec.securityContext.privileged"),
            remove("spec.drop[0]"),
            remove("spec.containers[0].a"),
            remove("spec.containers[0].b"),
        ],
        "spec:\n  securityContext: {} # here\n    # why\n  drop: []\n  containers:\n  - {}\n",
    );
}

#[test]
fn the_first_member_of_an_item_makes_room_for_the_next() {
    assert_pod(
        "spec:\n  l:\n  - a: 1 # a\n    # b\n    b: 2\n  -   a: 1\n      b: 2\n      c: 3\n  - - 1\n    - 2\n",
        &[
            remove("spec.l[0].a"),
            remove("spec.l[1].a"),
            remove("spec.l[1].b"),
            remove("spec.l[2][0]"),
        ],
        "spec:\n  l:\n  - # b\n    b: 2\n  -   c: 3\n  - - 2\n",
    );
}

#[test]
fn items_come_and_go() {
    assert_pod(
        "spec:\n  drop:\n    - \"NET_RAW\" # raw\n    # more\n  env:\n  - name: a\n    value: x\n  # b\n  - name: b\n  - name: c\n    value: y\n",
        &[
            include("spec.drop", json!("ALL")),
            remove("spec.env[name=a]"),
            set("spec.env[name=c].value", json!("z")),
            include("spec.add", json!({"value": 1, "name": "m"})),
        ],
        "spec:\n  drop:\n    - \"NET_RAW\" # raw\n    - \"ALL\"\n    # more\n  env:\n  # b\n  - name: b\n  - name: c\n    value: z\n  add:\n    - name: m\n      value: 1\n",
    );
}

#[test]
fn a_list_that_is_replaced_changes_item_by_item() {
    assert_pod(
        "spec:\n  a:\n  - 1 # one\n  - 2 # two\n  - 3 # three\n  b:\n  - 1\n",
        &[
            set("spec.a", json!([1, 3])),
            set("spec.b", json!([0, 1, 2])),
        ],
        "spec:\n  a:\n  - 1 # one\n  - 3 # three\n  b:\n  - 0\n  - 1\n  - 2\n",
    );
}

#[test]
fn text_blocks_keep_the_blank_lines_that_are_theirs() {
    for (header, end) in [
        ("|", "\n\n"),
        ("|-", "\n"),
        (">", "\n\n\n"),
        ("|2-", "\n  \n"),
        ("|", "\n    # less\n\n"),
        // blanks that are text
        ("|", "\n        "),
    ] {
        let (text, end) = match end.strip_suffix("        ") {
            Some(_) => (end, "\n"),
            None => ("", end),
        };
        let block = format!("spec:\n  a:\n    b: {header}\n      x\n      # y{text}");
        assert_pod(
            &format!("{block}{end}  c: 1\n"),
            &[set("spec.a.d", json!(1))],
            &format!("{block}\n    d: 1{end}  c: 1\n"),
        );
    }
    assert_pod(
        "spec:\n  a:\n    b: |+\n      x\n\n\n  c: 1\n",
        &[set("spec.a.d", json!(1))],
        "spec:\n  a:\n    b: |+\n      x\n\n\n    d: 1\n  c: 1\n",
    );
    assert_pod(
        "spec:\n  a: |+\n    x\n\n",
        &[set("spec.d", json!(1))],
        "spec:\n  a: |+\n    x\n\n  d: 1\n",
    );
}

#[test]
fn keys_are_quoted_like_the_others() {
    assert_pod(
        "metadata:\n  labels:\n    \"a\": x\n  annotations:\n    a/b: x\n",
        &[
            set("metadata.labels.b", json!("true")),
            set("metadata.annotations[\"example.com/y\"]", json!("a: b")),
            set("metadata.annotations.on", json!("a")),
        ],
        "metadata:\n  labels:\n    \"a\": x\n    \"b\": \"true\"\n  annotations:\n    a/b: x\n    example.com/y: \"a: b\"\n    \"on\": a\n",
    );
}

#[test]
fn comments_before_a_value_stay() {
    assert_pod(
        "spec:\n  a: # a\n    {}\n  b: # b\n    [1] # c\n",
        &[set("spec.a.c", json!(1)), set("spec.b", json!({"c": 1}))],
        "spec:\n  a: # a\n    c: 1\n  b: # b\n     # c\n    c: 1\n",
    );
}

#[test]
fn keys_with_question_marks_get_neighbours() {
    assert_pod(
        "spec:\n  ? a\n  : 1\n",
        &[set("spec.b", json!(2))],
        "spec:\n  ? a\n  : 1\n  b: 2\n",
    );
}
