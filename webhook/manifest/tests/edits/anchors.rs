//! Anchors, aliases and merge keys.

use gatehouse_manifest::EditProblem;
use serde_json::json;

use crate::support::*;

const TWO: &str = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    securityContext: &sc # shared\n      privileged: true\n  - name: b\n    securityContext: *sc # the same\n";

#[test]
fn what_all_shall_have_is_changed_at_the_anchor() {
    let path = |name: &str| format!("spec.containers[name={name}].securityContext.privileged");
    assert_edits(
        TWO,
        &[set(&path("a"), json!(false)), set(&path("b"), json!(false))],
        &TWO.replace("true", "false"),
    );
}

#[test]
fn what_only_the_alias_shall_have_stands_beside_it() {
    let sc = "spec.containers[name=b].securityContext";
    assert_edits(
        TWO,
        &[
            set(&format!("{sc}.privileged"), json!(false)),
            set(&format!("{sc}.x"), json!({"w": 1})),
        ],
        &TWO.replace(
            ": *sc # the same",
            ": # the same\n      <<: *sc\n      privileged: false\n      x:\n        w: 1",
        ),
    );
    assert_edits(
        "apiVersion: v1\nkind: Pod\nspec: {a: &a {b: 1}, c: [*a, *a]}\n",
        &[set("spec.c[1].d", json!(1))],
        "apiVersion: v1\nkind: Pod\nspec: {a: &a {b: 1}, c: [*a, {<<: *a, d: 1}]}\n",
    );
    assert_edits(
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a\n    b: 1\n  c:\n  - *a\n",
        &[set("spec.c[0].d", json!(1))],
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a\n    b: 1\n  c:\n  - <<: *a\n    d: 1\n",
    );
}

#[test]
fn small_values_are_written_out() {
    assert_edits(
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a [x, w]\n  b: *a\n  c: &c 1\n  d: *c\n  e: &e {f: 1, g: 2}\n  h: *e\n",
        &[
            include("spec.b", json!("z")),
            set("spec.d", json!(2)),
            remove("spec.h.f"),
        ],
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a [x, w]\n  b:\n  - x\n  - w\n  - z\n  c: &c 1\n  d: 2\n  e: &e {f: 1, g: 2}\n  h:\n    g: 2\n",
    );
}

#[test]
fn large_values_are_not_written_out() {
    let items: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let text = format!(
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a [{}]\n  b: *a\n",
        items.join(", ")
    );
    let whole = set(
        "spec",
        json!({"a": (0..30).collect::<Vec<_>>(), "b": vec![0; 30]}),
    );
    assert_eq!(edit(&text, &[whole]).refused[0].problem, EditProblem::Alias);
    let edited = edit(
        &text,
        &[include("spec.b", json!("z")), set("spec.c", json!(1))],
    );
    assert_eq!(edited.text, format!("{text}  c: 1\n"));
    assert_eq!(edited.refused.len(), 1);
    assert_eq!(
        edited.refused[0].to_string(),
        "line 5: this alias stands for more than can well be written out here: change the value at its anchor, or write it out yourself"
    );
}

#[test]
fn what_others_share_is_not_changed_for_them() {
    let path = "spec.containers[name=a].securityContext";
    for edit_ in [
        set(&format!("{path}.privileged"), json!(false)),
        set(&format!("{path}.x"), json!(1)),
        remove(&format!("{path}.privileged")),
        set(path, json!("none")),
        remove(path),
    ] {
        let edited = edit(TWO, &[edit_.clone(), set("spec.x", json!(1))]);
        assert_eq!(edited.text, format!("{TWO}  x: 1\n"), "{edit_:?}");
        assert_eq!(edited.refused.len(), 1, "{edit_:?}");
        assert_eq!(edited.refused[0].problem, EditProblem::Shared { used: 9 });
    }
}

#[test]
fn the_anchor_itself_stays_where_its_value_is_replaced() {
    assert_edits(
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a {}\n  b: *a\n  c: &c x # c\n  d: *c\n  e: &e\n    f: 1\n  g: *e\n",
        &[
            set("spec.a.z", json!(1)),
            set("spec.b.z", json!(1)),
            set("spec.c", json!("w")),
            set("spec.d", json!("w")),
            set("spec.e", json!(1)),
            set("spec.g", json!(1)),
        ],
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a\n    z: 1\n  b: *a\n  c: &c w # c\n  d: *c\n  e: &e 1\n  g: *e\n",
    );
}

const MERGED: &str = "apiVersion: v1\nkind: Pod\nspec:\n  base: &base\n    x: 1\n    u: 1\n  a:\n    <<: *base\n    u: 2\n  b: {<<: [*base], z: 3}\n";

#[test]
fn merged_members_are_overridden() {
    assert_edits(
        MERGED,
        &[
            set("spec.a.x", json!(5)),
            set("spec.a.u", json!(6)),
            set("spec.b.x", json!(7)),
            set("spec.b.w", json!(8)),
        ],
        "apiVersion: v1\nkind: Pod\nspec:\n  base: &base\n    x: 1\n    u: 1\n  a:\n    <<: *base\n    u: 6\n    x: 5\n  b: {<<: [*base], z: 3, w: 8, x: 7}\n",
    );
}

#[test]
fn merged_members_cannot_be_taken_away() {
    for path in ["spec.a.x", "spec.a.u", "spec.b.x"] {
        let edited = edit(MERGED, &[remove(path)]);
        assert_eq!(edited.text, MERGED);
        assert_eq!(edited.refused[0].problem, EditProblem::Merged, "{path}");
    }
}

#[test]
fn what_others_merge_is_changed_only_if_they_agree() {
    let edited = edit(MERGED, &[set("spec.base.x", json!(2))]);
    assert_eq!(edited.text, MERGED);
    assert_eq!(edited.refused[0].problem, EditProblem::Shared { used: 8 });
    for change in [
        set("spec.base.z", json!(9)),
        remove("spec.base.x"),
        remove("spec.base"),
    ] {
        let edited = edit(MERGED, &[change]);
        assert_eq!(edited.text, MERGED);
        assert!(matches!(
            edited.refused[0].problem,
            EditProblem::Shared { .. }
        ));
    }
    assert_edits(
        MERGED,
        &["base", "a", "b"].map(|key| set(&format!("spec.{key}.x"), json!(2))),
        &MERGED.replace("x: 1", "x: 2"),
    );
}

#[test]
fn the_one_that_they_do_not_agree_on_hinders_no_other() {
    let text = format!("{HEADER}spec:\n  a: &a\n    p: 1\n    r: 1\n  b:\n    <<: *a\n");
    let edits = [
        set("spec.a.q", json!(2)),
        remove("spec.a.p"),
        set("spec.a.r", json!(2)),
        set("spec.b.q", json!(2)),
        set("spec.b.r", json!(2)),
    ];
    let edited = edit(&text, &edits);
    let refused: Vec<_> = edited
        .refused
        .iter()
        .map(|refused| refused.change)
        .collect();
    assert_eq!(refused, [1]);
    let expected = text.replace("r: 1\n", "r: 2\n    q: 2\n");
    assert_eq!(edited.text, expected);
}

/// The removal and what stands beside it are refused at first, and tried again by themselves: 50 of them.
#[test]
fn no_more_than_the_limit_are_tried_again_and_the_rest_is_said() {
    let text = format!("{HEADER}spec:\n  a: &a\n    p: 1\n  b:\n    <<: *a\n");
    let refused = |beside: usize| {
        let of = |key: &'static str| {
            (0..beside).map(move |at| set(&format!("spec.{key}.q{at}"), json!(1)))
        };
        let edits: Vec<_> = [remove("spec.a.p")]
            .into_iter()
            .chain(of("a"))
            .chain(of("b"))
            .collect();
        let refused = edit(&text, &edits).refused.into_iter();
        refused
            .map(|refused| (refused.change, refused.problem))
            .collect::<Vec<_>>()
    };
    let shared = EditProblem::Shared { used: 7 };
    assert_eq!(refused(49), [(0, shared.clone())]);
    let not_retried = EditProblem::NotRetried(Box::new(shared.clone()));
    assert_eq!(refused(50), [(0, shared), (50, not_retried.clone())]);
    assert_eq!(
        not_retried.to_string(),
        "line 7 uses this value by its anchor and would change too: write the value out there first; or only changes beside it cannot be made: no more than 50 are tried by themselves, so run it again"
    );
}

#[test]
fn a_merge_key_below_hides_what_stands_above() {
    let text =
        "apiVersion: v1\nkind: Pod\nspec:\n  base: &base {x: 1}\n  a:\n    x: 0\n    <<: *base\n";
    let edited = edit(text, &[set("spec.a.x", json!(3))]);
    assert_eq!(edited.text, text);
    assert_eq!(edited.refused[0].problem, EditProblem::Layout);
}

#[test]
fn an_anchor_that_nobody_uses_is_no_obstacle() {
    assert_edits(
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a\n    b: 1\n  c: &c 1\n",
        &[set("spec.a.d", json!(1)), remove("spec.c")],
        "apiVersion: v1\nkind: Pod\nspec:\n  a: &a\n    b: 1\n    d: 1\n",
    );
}
