//! What of an update is judged.

use super::*;

#[test]
fn an_update_that_changes_nothing_judged_is_not_judged() {
    let never = |_: usize, _: &TreeBuf, _: &TreeBuf| panic!("judged");
    let set = set(vec![policy("a", json!({}))]);
    let scaled = || {
        let mut object = deployment();
        object["spec"]["replicas"] = json!(0);
        object["metadata"]["labels"] = json!({"a": "b"});
        object["metadata"]["finalizers"] = json!([]);
        object
    };
    let request = review("UPDATE", ("apps", "Deployment"), scaled(), deployment());
    let (decision, _) = run(&set, request, Purpose::Validate, &never);
    assert_eq!(decision.verdict(), Verdict::Allow);
    let mut ending = pod();
    ending["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    ending["metadata"]["annotations"] = json!({});
    let request = review("UPDATE", ("", "Pod"), ending, pod());
    let (decision, _) = run(&set, request, Purpose::Validate, &never);
    assert_eq!(decision.verdict(), Verdict::Allow);
    for operation in ["DELETE", "CONNECT"] {
        let request = review(operation, ("", "Pod"), Value::Null, pod());
        let (decision, _) = run(&set, request, Purpose::Validate, &never);
        assert_eq!(decision.verdict(), Verdict::Allow);
    }
}

#[test]
fn a_pod_that_ends_is_judged_for_what_else_changes() {
    let set = set(vec![policy("a", json!({}))]);
    let mut object = pod();
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object["spec"]["containers"][0]["image"] = json!("evil");
    let request = review("UPDATE", ("", "Pod"), object, pod());
    let (decision, _) = run(&set, request, Purpose::Validate, &|_, _, _| {
        says(vec![finding("code-a", "spec", None)])
    });
    assert_eq!(decision.verdict(), Verdict::Deny);
}

#[test]
fn relabelling_a_pod_needs_no_registry() {
    let set = set(vec![policy("a", json!({}))]);
    let mut object = pod();
    object["metadata"]["labels"] = json!({"tier": "web"});
    let request = || review("UPDATE", ("", "Pod"), object.clone(), pod());
    let (decision, _) = run(&set, request(), Purpose::Validate, &|_, _, _| {
        leaves_unchecked(&["could not verify x"])
    });
    assert_eq!(decision.verdict(), Verdict::Allow);
    let (decision, _) = run(&set, request(), Purpose::Validate, &|_, request, _| {
        let new = request.root().at("object.metadata.labels").is_some();
        leaves_unchecked(if new { &["could not verify y"] } else { &[] })
    });
    assert_eq!(decision.verdict(), Verdict::Error);
}

#[test]
fn relabelling_a_pod_is_refused_only_for_what_the_label_brings() {
    let set = set(vec![policy("a", json!({}))]);
    let mut object = pod();
    object["metadata"]["labels"] = json!({"tier": "bad"});
    let request = || review("UPDATE", ("", "Pod"), object.clone(), pod());
    let stood_before =
        |_: usize, _: &TreeBuf, _: &TreeBuf| says(vec![finding("code-a", "spec", None)]);
    let (decision, _) = run(&set, request(), Purpose::Validate, &stood_before);
    assert_eq!(decision.verdict(), Verdict::Allow);
    assert_eq!(effects(&decision), [("a", "code-a", "unchanged")]);

    let (decision, _) = run(&set, request(), Purpose::Validate, &|_, request, _| {
        let bad = request.root().at("object.metadata.labels.tier").is_some();
        let new = bad.then(|| finding("code-b", "metadata.labels.tier", None));
        says(
            [finding("code-a", "spec", None)]
                .into_iter()
                .chain(new)
                .collect(),
        )
    });
    assert_eq!(
        effects(&decision),
        [("a", "code-a", "unchanged"), ("a", "code-b", "refused")]
    );
}
