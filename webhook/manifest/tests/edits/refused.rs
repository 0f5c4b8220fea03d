//! What is not edited, and why.

use gatehouse_abi::Edit;
use gatehouse_manifest::EditProblem;
use serde_json::json;

use crate::support::*;

/// The reason why this edit is not made; all others are, and the file stays as it is but for them.
#[track_caller]
fn reason(text: &str, wrong: Edit) -> String {
    let edited = edit(text, &[wrong]);
    assert_eq!(edited.text, text);
    assert_eq!(edited.refused.len(), 1);
    edited.refused[0].to_string()
}

#[test]
fn edits_that_do_not_fit() {
    let text = format!("{HEADER}spec:\n  a: 1\n  l: []\n");
    assert_eq!(
        reason(&text, set("spec.l[name=x].y", json!(1))),
        "line 1: the object has no place for `spec.l[x].y`"
    );
    for wrong in [
        set("spec.a.b", json!(1)),
        set("spec.l[0]", json!(1)),
        include("spec.a", json!(1)),
        set("", json!({})),
        remove(""),
        include("", json!(1)),
    ] {
        let edited = edit(&text, std::slice::from_ref(&wrong));
        assert!(
            matches!(edited.refused[0].problem, EditProblem::DoesNotFit(_)),
            "{wrong:?}"
        );
    }
}

#[test]
fn the_edits_of_a_change_are_made_together_or_not_at_all() {
    let text = format!("{HEADER}spec:\n  a: 1\n");
    let changes = [
        change(1, "", &[set("spec.b", json!(1)), set("spec.a.x", json!(1))]),
        change(1, "", &[set("spec.c", json!(1))]),
    ];
    let edited = edit_all(&text, &changes);
    assert_eq!(edited.text, format!("{text}  c: 1\n"));
    assert_eq!(edited.refused[0].change, 0);
}

#[test]
fn what_is_written_oddly_is_left_with_the_reason() {
    for (odd, wrong) in [
        ("? a\n  b: 2", set("spec.a", json!(1))),
        ("a: &k x\n  *k : 1", set("spec.b", json!(1))),
        ("a: [b: 1]", set("spec.c", json!(1))),
        ("a: !!str 1", set("spec.a", json!(2))),
    ] {
        let text = format!("{HEADER}spec:\n  {odd}\n");
        assert!(
            reason(&text, wrong)
                .ends_with("cannot be edited here without damage: change it by hand"),
            "{odd}"
        );
    }
}

#[test]
fn managed_fields_are_not_seen_and_not_edited() {
    let text = format!("{HEADER}metadata:\n  managedFields: []\n");
    let edited = edit(&text, &[set("metadata.managedFields", json!([1]))]);
    assert_eq!(edited.text, text);
    assert_eq!(edited.refused[0].problem, EditProblem::Layout);
    assert_pod(
        "metadata:\n  managedFields: []\n",
        &[set("metadata.name", json!("pod"))],
        "metadata:\n  managedFields: []\n  name: pod\n",
    );
}

#[test]
fn comments_in_empty_brackets_would_have_no_place_in_a_scalar() {
    for empty in ["{ # todo\n  }", "[\n    # todo\n  ]"] {
        let text = format!("{HEADER}spec:\n  a: {empty}\n");
        reason(&text, set("spec.a", json!("b")));
    }
}
