//! Files: line breaks, marks, several documents, lists.

use gatehouse_manifest::EditProblem;
use serde_json::json;

use crate::support::*;

#[test]
fn line_breaks_are_the_files_own() {
    let text = format!("{HEADER}spec:\n  a: 1\n  securityContext: {{}}\n  l:\n  - x\n");
    let after =
        format!("{HEADER}spec:\n  a: 1\n  securityContext:\n    b: 2\n  l:\n  - x\n  - w\n");
    let edits = [
        set("spec.securityContext.b", json!(2)),
        include("spec.l", json!("w")),
    ];
    for line_break in ["\r\n", "\r"] {
        assert_edits(
            &text.replace('\n', line_break),
            &edits,
            &after.replace('\n', line_break),
        );
    }
    let json = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\"\n}\n";
    assert_edits(
        &json.replace('\n', "\r\n"),
        &[set("spec.a.b", json!([1]))],
        "{\r\n  \"apiVersion\": \"v1\",\r\n  \"kind\": \"Pod\",\r\n  \"spec\": {\r\n    \"a\": {\r\n      \"b\": [\r\n        1\r\n      ]\r\n    }\r\n  }\r\n}\r\n",
    );
}

#[test]
fn marks_and_a_missing_line_break_stay() {
    for line_break in ["\n", "\r\n"] {
        let text = "\u{feff}apiVersion: v1\nkind: Pod\nspec:\n  a: 1".replace('\n', line_break);
        assert_edits(
            &text,
            &[set("spec.b", json!(2))],
            &format!("{text}{line_break}  b: 2"),
        );
        assert_edits(
            &text,
            &[set("spec.a", json!(2))],
            &text.replace("a: 1", "a: 2"),
        );
        assert_edits(
            &text,
            &[set("spec.a", json!({"c": 1}))],
            &text.replace("a: 1", &format!("a:{line_break}    c: 1")),
        );
        assert_edits(
            &text,
            &[remove("spec")],
            &text[..text.find("spec").unwrap()],
        );
        assert_edits(
            &text,
            &[remove("spec.a")],
            &text.replace("spec:", "spec: {}").replace("  a: 1", ""),
        );
    }
}

#[test]
fn trailing_blanks_and_tabs_stay() {
    assert_pod(
        "spec:  \n  a: 1\t# tab\n  b: \"x\ty\"  \n\n   \n# end\n",
        &[set("spec.c", json!(1))],
        "spec:  \n  a: 1\t# tab\n  b: \"x\ty\"  \n  c: 1\n\n   \n# end\n",
    );
}

const SEVERAL: &str = "# head\n---\napiVersion: v1\nkind: Pod\nspec: {}\n# tail\n---\n# empty\n---  # third\napiVersion: v1\nkind: Pod\n...\n---\na: [\n---\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n";

#[test]
fn each_document_has_its_own() {
    let spec = |n: u64| [set("spec.a", json!(n))];
    let changes = [
        change(6, "", &spec(6)),
        change(1, "", &spec(1)),
        change(3, "", &spec(3)),
        change(2, "", &spec(2)),
        change(4, "", &spec(4)),
        change(9, "", &spec(9)),
    ];
    let edited = edit_all(SEVERAL, &changes);
    assert_eq!(
        edited.text,
        "# head\n---\napiVersion: v1\nkind: Pod\nspec:\n  a: 1\n# tail\n---\n# empty\n---  # third\napiVersion: v1\nkind: Pod\nspec:\n  a: 3\n...\n---\na: [\n---\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"a\": 6}}\n"
    );
    let refused: Vec<_> = edited
        .refused
        .iter()
        .map(|r| (r.change, &r.problem))
        .collect();
    assert_eq!(refused, [3, 4, 5].map(|at| (at, &EditProblem::NoObject)));
}

#[test]
fn objects_of_lists() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod # a\n- apiVersion: v1\n  kind: PodList\n  items:\n    - spec:\n        x: 1\n    -\n      metadata: {name: b}\n";
    let changes = [
        change(1, "items[0]", &[set("spec.a", json!(1))]),
        change(1, "items[1].items[0]", &[set("spec.a", json!(2))]),
        change(
            1,
            "items[1].items[1]",
            &[set("spec.a", json!(3)), set("metadata.x", json!(4))],
        ),
        change(1, "items[1]", &[set("spec.a", json!(5))]),
        change(1, "", &[set("spec.a", json!(6))]),
    ];
    let edited = edit_all(text, &changes);
    assert_eq!(
        edited.text,
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod # a\n  spec:\n    a: 1\n- apiVersion: v1\n  kind: PodList\n  items:\n    - spec:\n        x: 1\n        a: 2\n    -\n      metadata: {name: b, x: 4}\n      spec:\n        a: 3\n"
    );
    let refused: Vec<_> = edited
        .refused
        .iter()
        .map(|r| (r.change, &r.problem))
        .collect();
    assert_eq!(refused, [3, 4].map(|at| (at, &EditProblem::NoObject)));
}

#[test]
fn directives_and_content_behind_the_marker() {
    assert_edits(
        "%YAML 1.1\n--- !!map # x\napiVersion: v1\nkind: Pod\n",
        &[set("a", json!(1))],
        "%YAML 1.1\n--- !!map # x\napiVersion: v1\nkind: Pod\na: 1\n",
    );
    assert_edits(
        "--- {apiVersion: v1, kind: Pod}\n",
        &[set("a", json!(1))],
        "--- {apiVersion: v1, kind: Pod, a: 1}\n",
    );
}

/// Nothing is looked at again and again: otherwise this would take minutes.
#[test]
fn long_lines_and_deep_anchors_are_no_bomb() {
    let levels = (0..60).map(|level| format!("{:level$}a: &a{level}\n", ""));
    let items = "1, ".repeat(200_000);
    let text = format!(
        "{HEADER}{}{:60}b: [{items}]\n",
        levels.collect::<String>(),
        ""
    );
    assert_edits(&text, &[set("c", json!(1))], &format!("{text}c: 1\n"));
}

#[test]
fn many_changes_of_one_document() {
    let pod = "- apiVersion: v1\n  kind: Pod\n  spec: {}\n";
    let list = |pod: &str| format!("apiVersion: v1\nkind: List\nitems:\n{}", pod.repeat(2_000));
    let one = |at: usize| change(1, &format!("items[{at}]"), &[set("spec.a", json!(1))]);
    let edited = read(&list(pod)).edit(&(0..2_000).map(one).collect::<Vec<_>>());
    assert_eq!(edited.refused, []);
    assert_eq!(edited.text, list(&pod.replace(" {}", "\n    a: 1")));
}
