//! Mode `fix`.

use std::cell::RefCell;

use super::*;

#[test]
fn siblings_are_fixed_in_one_patch() {
    let set = set(vec![
        policy("a", json!({"mode": "fix"})),
        policy("b", json!({"mode": "fix"})),
    ]);
    let at = "spec.containers[name=app].securityContext";
    let (decision, evaluations) = run(
        &set,
        create(pod()),
        Purpose::Mutate,
        &|policy, request, _| {
            says(match policy {
                0 => wants(
                    request,
                    "code-a",
                    &format!("{at}.readOnlyRootFilesystem"),
                    json!(true),
                ),
                _ => wants(request, "code-b", &format!("{at}.privileged"), json!(false)),
            })
        },
    );
    let value = json!({"readOnlyRootFilesystem": true, "privileged": false});
    assert_eq!(
        patch(&decision),
        json!([{"op": "add", "path": "/spec/containers/0/securityContext", "value": value}])
    );
    assert_eq!(
        evaluations, 4,
        "one round of fixing, one of judging the fixed pod"
    );
    assert_eq!(decision.verdict(), Verdict::Fix);
}

#[test]
fn two_values_for_one_place_are_both_left_out() {
    let set = set(vec![
        policy("a", json!({"mode": "fix"})),
        policy("b", json!({"mode": "fix"})),
    ]);
    let answer = |policy: usize, request: &TreeBuf, _: &TreeBuf| {
        says(match policy {
            0 => wants(request, "code-a", "spec.priority", json!(1)),
            _ => wants(request, "code-b", "spec.priority", json!(2)),
        })
    };
    let (decision, _) = run(&set, create(pod()), Purpose::Mutate, &answer);
    assert_eq!(patch(&decision), Value::Null);
    for purpose in [Purpose::Check, Purpose::Validate] {
        let (decision, _) = run(&set, create(pod()), purpose, &answer);
        assert_eq!(decision.verdict(), Verdict::Deny);
        let others = decision.judgements.iter().map(|j| &j.contradicted_by);
        assert_eq!(others.collect::<Vec<_>>(), [&["b"], &["a"]], "{purpose:?}");
    }
}

#[test]
fn a_contradiction_that_shows_later_takes_the_first_fix_back() {
    let set = set(vec![
        policy("a", json!({"mode": "fix"})),
        policy("b", json!({"mode": "fix"})),
    ]);
    // b has nothing to say before a's fix, and undoes it then
    let (decision, _) = run(
        &set,
        create(pod()),
        Purpose::Mutate,
        &|policy, request, _| {
            let set = request.root().at("object.spec.priority").is_some();
            says(match policy {
                0 => wants(request, "code-a", "spec.priority", json!(1)),
                _ if set => wants(request, "code-b", "spec.priority", json!(2)),
                _ => Vec::new(),
            })
        },
    );
    assert_eq!(patch(&decision), Value::Null);
    assert_eq!(decision.judgements[0].contradicted_by, ["b"]);
}

#[test]
fn risky_fixes_are_applied_only_where_the_policy_lists_them() {
    let risky = |_: usize, request: &TreeBuf, _: &TreeBuf| {
        let mut findings = wants(request, "code-a", "spec.x", json!(1));
        for fix in findings.iter_mut().filter_map(|f| f.fix.as_mut()) {
            fix.risk = Some("it may stop".into());
        }
        says(findings)
    };
    for (spec, verdict) in [
        (json!({"mode": "fix"}), Verdict::Deny),
        (
            json!({"mode": "fix", "riskyFixes": ["code-b"]}),
            Verdict::Deny,
        ),
        (
            json!({"mode": "fix", "riskyFixes": ["code-a"]}),
            Verdict::Fix,
        ),
    ] {
        let set = set(vec![policy("a", spec)]);
        let (decision, _) = run(&set, create(pod()), Purpose::Check, &risky);
        assert_eq!(decision.verdict(), verdict);
    }
}

#[test]
fn a_workload_is_neither_refused_nor_fixed_for_what_its_pods_fix_repairs() {
    let request = || review("CREATE", ("apps", "Deployment"), deployment(), Value::Null);
    let answer = |_: usize, request: &TreeBuf, _: &TreeBuf| {
        let mut findings = wants(request, "code-a", "spec.template.spec.x", json!(1));
        findings.push(finding("code-b", "spec.template.spec.y", None));
        says(findings)
    };
    let pod_set = set(vec![policy("a", json!({"mode": "fix"}))]);
    let (decision, _) = run(&pod_set, request(), Purpose::Validate, &answer);
    assert_eq!(
        effects(&decision),
        [("a", "code-a", "repaired"), ("a", "code-b", "refused")]
    );
    let (decision, _) = run(&pod_set, request(), Purpose::Mutate, &answer);
    assert_eq!(patch(&decision), Value::Null);

    let author_set = set(vec![policy("a", json!({"mode": "fix", "fixAt": "author"}))]);
    let (decision, _) = run(&author_set, request(), Purpose::Mutate, &answer);
    assert_eq!(
        patch(&decision),
        json!([{"op": "add", "path": "/spec/template/spec/x", "value": 1}])
    );
    let (decision, _) = run(&author_set, request(), Purpose::Validate, &answer);
    assert_eq!(
        effects(&decision),
        [("a", "code-a", "refused"), ("a", "code-b", "refused")]
    );
}

#[test]
fn only_added_ephemeral_containers_refuse_and_are_fixed() {
    let path = "spec.ephemeralContainers[name=debug].securityContext.x";
    let answer = |_: usize, request: &TreeBuf, _: &TreeBuf| {
        let mut findings = vec![finding("code-b", "spec.containers[name=app]", None)];
        let debug: Path = "spec.ephemeralContainers[name=debug]".parse().unwrap();
        if debug.find(request.root().get("object").unwrap()).is_some() {
            findings.extend(wants(request, "code-a", path, json!(1)));
        }
        findings.extend(wants(request, "code-b", "spec.y", json!(1)));
        says(findings)
    };
    let request = || {
        let new = with_ephemeral(pod(), "debug");
        review_of("ephemeralcontainers", "UPDATE", ("", "Pod"), new, pod())
    };
    let fixing = set(vec![policy("a", json!({"mode": "fix"}))]);
    let (decision, _) = run(&fixing, request(), Purpose::Mutate, &answer);
    assert_eq!(
        patch(&decision),
        json!([{"op": "add", "path": "/spec/ephemeralContainers/0/securityContext", "value": {"x": 1}}])
    );
    let (decision, _) = run(&fixing, request(), Purpose::Validate, &answer);
    let mut refused: Vec<_> = decision
        .refusals()
        .map(|j| j.finding.path.to_string())
        .collect();
    refused.sort();
    assert_eq!(refused, [path]);
}

#[test]
fn pods_are_not_fixed_on_other_updates() {
    let fixing = set(vec![policy("a", json!({"mode": "fix"}))]);
    let mut object = pod();
    object["spec"]["containers"][0]["image"] = json!("other");
    let request = review("UPDATE", ("", "Pod"), object, pod());
    let (decision, _) = run(&fixing, request, Purpose::Mutate, &|_, request, _| {
        says(wants(request, "code-a", "spec.x", json!(1)))
    });
    assert_eq!(patch(&decision), Value::Null);
}

#[test]
fn a_policy_that_never_fixes_is_not_run_for_mutate() {
    let somewhere = json!({"mode": "deny", "overrides": [{"namespaces": ["x"], "mode": "fix"}]});
    let policies = set(vec![
        policy("author", json!({"mode": "fix", "fixAt": "author"})),
        policy("deny", json!({"mode": "deny"})),
        policy("fix", json!({"mode": "fix"})),
        policy("somewhere", somewhere),
    ]);
    let run_for = |request: fn() -> Request, purpose| {
        let ran = RefCell::new(BTreeSet::new());
        run(&policies, request(), purpose, &|policy, _, _| {
            ran.borrow_mut()
                .insert(policies.policies()[policy].name.clone());
            Ok(None)
        });
        Vec::from_iter(ran.into_inner()).join(" ")
    };
    let a_pod = || create(pod());
    let a_workload = || review("CREATE", ("apps", "Deployment"), deployment(), Value::Null);
    assert_eq!(run_for(a_pod, Purpose::Mutate), "author fix somewhere");
    assert_eq!(run_for(a_workload, Purpose::Mutate), "author");
    let all = "author deny fix somewhere";
    assert_eq!(run_for(a_pod, Purpose::Validate), all);
    assert_eq!(run_for(a_workload, Purpose::Check), all);
}

#[test]
fn a_fix_that_breaks_the_object_is_not_applied() {
    let fixing = set(vec![policy("a", json!({"mode": "fix"}))]);
    let (decision, _) = run(&fixing, create(pod()), Purpose::Mutate, &|_, request, _| {
        says(wants(request, "code-a", "spec.containers", json!("none")))
    });
    assert_eq!(patch(&decision), Value::Null);
    assert_eq!(effects(&decision), [("a", "code-a", "left")]);
}
