use gatehouse_abi::{Edit, Fix, Metadata, tree::TreeBuf};
use serde_json::json;
use time::macros::date;

use super::*;
use crate::{Review, Verdict, denial, matching::Policy};

const TODAY: Date = date!(2026 - 11 - 21);

fn metadata(facts: &[&str]) -> Arc<Metadata> {
    let code = json!({"title": "t", "explanation": "e", "bad": "b", "good": "g"});
    let metadata = json!({
        "name": "test", "version": "1", "title": "t", "description": "d", "abi": 1,
        "kinds": ["Pod"], "operations": ["CREATE", "UPDATE"], "facts": facts,
        "settings": {}, "codes": {"code-a": code, "code-b": code},
    });
    Arc::new(serde_json::from_value(metadata).unwrap())
}

fn policy(name: &str, spec: Value) -> Policy {
    let mut full = json!({"module": "builtin:test"});
    full.as_object_mut()
        .unwrap()
        .extend(spec.as_object().unwrap().clone());
    let document = json!({
        "apiVersion": crate::config::API_VERSION, "kind": "Policy",
        "metadata": {"name": name}, "spec": full,
    });
    let tree = TreeBuf::from_value(&document).unwrap();
    let crate::config::Document::Policy(name, spec) = crate::config::read(tree.root()).unwrap()
    else {
        panic!("a policy expected")
    };
    let facts: Vec<_> = spec.facts.iter().map(String::as_str).collect();
    Policy {
        metadata: metadata(&facts),
        name,
        spec: *spec,
    }
}

fn set(policies: Vec<Policy>) -> PolicySet {
    PolicySet::new(policies, Vec::new()).unwrap()
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "app", "image": "nginx"}]},
    })
}

fn review(operation: &str, kind: (&str, &str), object: Value, old: Value) -> Request {
    review_of("", operation, kind, object, old)
}

fn review_of(sub: &str, operation: &str, kind: (&str, &str), object: Value, old: Value) -> Request {
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "kind": {"group": kind.0, "version": "v1", "kind": kind.1},
            "subResource": sub, "operation": operation, "namespace": "shop",
            "userInfo": {"username": "ann", "groups": ["devs"]},
            "object": object, "oldObject": old,
        }
    });
    let body = review.to_string();
    Review::parse(body.as_bytes(), &Limits::default())
        .unwrap()
        .request
        .unwrap()
}

fn create(object: Value) -> Request {
    review("CREATE", ("", "Pod"), object, Value::Null)
}

fn finding(code: &str, path: &str, fix: Option<Fix>) -> Finding {
    Finding {
        code: code.into(),
        path: path.parse().unwrap(),
        container: None,
        message: "it is broken".into(),
        found: None,
        required: None,
        help: None,
        fix,
    }
}

fn edit(path: &str, value: Value) -> Edit {
    Edit::Set {
        path: path.parse().unwrap(),
        value,
    }
}

fn safe(edits: Vec<Edit>) -> Option<Fix> {
    Some(Fix { edits, risk: None })
}

type Answerer<'a> = dyn Fn(usize, &TreeBuf, &TreeBuf) -> Result<Option<Answer>, Failure> + 'a;

/// Drives a session; the second value counts evaluations.
fn run(
    set: &PolicySet,
    request: Request,
    purpose: Purpose,
    answer: &Answerer<'_>,
) -> (Decision, usize) {
    let mut session = Session::new(set, request, purpose, TODAY, Limits::default());
    let mut evaluations = 0;
    loop {
        match session.step() {
            Step::Run(policies) => {
                for policy in policies {
                    evaluations += 1;
                    let said = answer(policy, session.request(), &session.facts(policy));
                    session.answer(policy, said);
                }
            }
            Step::Fetch(needs) => {
                for need in needs {
                    let fact = if need.key == "gone" {
                        Err(crate::FactError("no such namespace".into()))
                    } else {
                        Ok(json!({"labels": {"name": need.key}}))
                    };
                    session.supply(need, fact);
                }
            }
            Step::Done(decision) => return (*decision, evaluations),
        }
    }
}

fn says(findings: Vec<Finding>) -> Result<Option<Answer>, Failure> {
    Ok((!findings.is_empty()).then_some(Answer::Findings(findings)))
}

/// A rule that wants `value` at `path` of the object, and offers the safe fix.
fn wants(request: &TreeBuf, code: &str, path: &str, value: Value) -> Vec<Finding> {
    let object = request.root().get("object").unwrap();
    let at: Path = path.parse().unwrap();
    if at.find(object).is_some_and(|node| node.to_value() == value) {
        return Vec::new();
    }
    vec![finding(code, path, safe(vec![edit(path, value)]))]
}

fn effects(decision: &Decision) -> Vec<(&str, &str, &str)> {
    let row = |j: &'_ Judgement| -> (String, String, &'static str) {
        (j.policy.clone(), j.finding.code.clone(), j.effect.as_str())
    };
    let rows: Vec<_> = decision.judgements.iter().map(row).collect();
    rows.into_iter()
        .map(|(p, c, e)| (&*p.leak(), &*c.leak(), e))
        .collect()
}

fn patch(decision: &Decision) -> Value {
    serde_json::to_value(&decision.patch).unwrap()
}

#[test]
fn silence_allows() {
    let set = set(vec![policy("a", json!({}))]);
    let (decision, evaluations) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| Ok(None));
    assert_eq!((decision.verdict(), evaluations), (Verdict::Allow, 1));
}

#[test]
fn each_mode_decides_what_becomes_of_a_finding() {
    let broken = |_: usize, _: &TreeBuf, _: &TreeBuf| says(vec![finding("code-a", "spec", None)]);
    for (mode, verdict, effect) in [
        ("deny", Verdict::Deny, "refused"),
        ("warn", Verdict::Warn, "warned"),
        ("audit", Verdict::Allow, "audited"),
        ("fix", Verdict::Deny, "refused"),
    ] {
        let set = set(vec![policy("a", json!({"mode": mode}))]);
        let (decision, _) = run(&set, create(pod()), Purpose::Validate, &broken);
        assert_eq!(decision.verdict(), verdict, "{mode}");
        assert_eq!(effects(&decision), [("a", "code-a", effect)], "{mode}");
    }
}

#[test]
fn facts_are_fetched_and_the_policy_is_asked_again() {
    let set = set(vec![policy("a", json!({"facts": ["namespace"]}))]);
    let need = || Need {
        fact: "namespace".into(),
        key: "shop".into(),
    };
    let (decision, evaluations) =
        run(
            &set,
            create(pod()),
            Purpose::Validate,
            &|_, _, facts| match facts.root().at("namespace.shop.labels.name") {
                None => Ok(Some(Answer::Need(vec![need()]))),
                Some(name) => says(vec![finding("code-a", name.as_str().unwrap(), None)]),
            },
        );
    assert_eq!(evaluations, 2);
    assert_eq!(decision.judgements[0].finding.path.to_string(), "shop");
}

#[test]
fn a_fact_that_cannot_be_had_is_a_failure() {
    let need = || Need {
        fact: "namespace".into(),
        key: "gone".into(),
    };
    for (on_error, verdict) in [("deny", Verdict::Error), ("allow", Verdict::Allow)] {
        let set = set(vec![policy(
            "a",
            json!({"facts": ["namespace"], "onError": on_error}),
        )]);
        let (decision, _) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
            Ok(Some(Answer::Need(vec![need()])))
        });
        assert_eq!(decision.verdict(), verdict);
        assert_eq!(
            decision.failed[0].failure.message,
            "needs the fact namespace `gone`, which could not be had: no such namespace"
        );
    }
}

#[test]
fn a_policy_that_asks_for_ever_fails() {
    let set = set(vec![policy("a", json!({"facts": ["namespace"]}))]);
    let same = || Need {
        fact: "namespace".into(),
        key: "x".into(),
    };
    let (decision, evaluations) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
        Ok(Some(Answer::Need(vec![same()])))
    });
    assert_eq!((decision.verdict(), evaluations), (Verdict::Error, 2));

    let counter = std::cell::Cell::new(0);
    let (decision, evaluations) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
        counter.set(counter.get() + 1);
        let key = counter.get().to_string();
        Ok(Some(Answer::Need(vec![Need {
            fact: "namespace".into(),
            key,
        }])))
    });
    assert_eq!((decision.verdict(), evaluations), (Verdict::Error, 5));
}

#[test]
fn a_failed_policy_does_not_hide_what_another_found() {
    let set = set(vec![policy("a", json!({})), policy("b", json!({}))]);
    let (decision, _) = run(
        &set,
        create(pod()),
        Purpose::Validate,
        &|policy, _, _| match policy {
            0 => Err(Failure::new("timeout", "ran longer than 20 ms")),
            _ => says(vec![finding("code-b", "spec", None)]),
        },
    );
    assert_eq!(decision.verdict(), Verdict::Error);
    assert_eq!(effects(&decision), [("b", "code-b", "refused")]);
}

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

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "template": {"metadata": {}, "spec": {"containers": [{"name": "app"}]}}},
    })
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

fn with_ephemeral(mut pod: Value, name: &str) -> Value {
    pod["spec"]["ephemeralContainers"] = json!([{"name": name, "image": "busybox"}]);
    pod
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

fn exempt(change: Value) -> PolicySet {
    let mut spec = json!({
        "policy": "a", "codes": ["code-a"], "reason": "r", "owner": "o", "expires": "2026-11-22",
        "workloads": [{"namespace": "shop", "kind": "Pod", "name": "web"}],
    });
    spec.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    let document = json!({
        "apiVersion": crate::config::API_VERSION, "kind": "Exemption",
        "metadata": {"name": "hole"}, "spec": spec,
    });
    let tree = TreeBuf::from_value(&document).unwrap();
    let crate::config::Document::Exemption(name, exemption) =
        crate::config::read(tree.root()).unwrap()
    else {
        panic!("an exemption expected")
    };
    PolicySet::new(vec![policy("a", json!({}))], vec![(name, *exemption)]).unwrap()
}

#[test]
fn an_exemption_covers_what_it_names_until_it_expires() {
    let of = |container: Option<&str>| {
        let mut finding = finding("code-a", "spec", None);
        finding.container = container.map(str::to_owned);
        finding
    };
    let workloads = |more: Value| {
        let mut pattern = json!({"namespace": "shop", "kind": "Pod", "name": "we*"});
        pattern
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"workloads": [pattern]})
    };
    let cases = [
        (json!({}), None, true),
        (json!({"expires": "2026-11-21"}), None, false),
        (json!({"codes": ["code-b"]}), None, false),
        (json!({"subjects": {"users": ["bob"]}}), None, false),
        (json!({"subjects": {"users": ["ann"]}}), None, true),
        (json!({"subjects": {"groups": ["devs"]}}), None, true),
        (
            json!({"subjects": {"serviceAccounts": ["shop/ann"]}}),
            None,
            false,
        ),
        (workloads(json!({"namespace": "sho"})), None, false),
        (workloads(json!({"kind": "Deployment"})), None, false),
        (workloads(json!({"containers": ["app"]})), Some("app"), true),
        (
            workloads(json!({"containers": ["app"]})),
            Some("other"),
            false,
        ),
        (workloads(json!({"containers": ["app"]})), None, false),
        (
            workloads(json!({"images": ["docker.io/library/nginx:*"]})),
            Some("app"),
            true,
        ),
        (workloads(json!({"images": ["nginx"]})), Some("app"), false),
    ];
    for (change, container, covered) in cases {
        let set = exempt(change.clone());
        let (decision, _) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
            says(vec![of(container)])
        });
        assert_eq!(decision.is_allowed(), covered, "{change} {container:?}");
    }
}

#[test]
fn owner_references_count_only_from_controllers() {
    let set =
        exempt(json!({"workloads": [{"namespace": "shop", "kind": "Deployment", "name": "api"}]}));
    let mut owned = pod();
    owned["metadata"] = json!({
        "generateName": "api-5d4f-", "labels": {"pod-template-hash": "5d4f"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "api-5d4f", "controller": true}],
    });
    let decide = |user: &str| {
        let mut request = create(owned.clone()).node().to_value();
        request["userInfo"] = json!({"username": user});
        let review = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request,
        });
        let review = Review::parse(review.to_string().as_bytes(), &Limits::default()).unwrap();
        let answer =
            |_: usize, _: &TreeBuf, _: &TreeBuf| says(vec![finding("code-a", "spec", None)]);
        run(&set, review.request.unwrap(), Purpose::Validate, &answer)
            .0
            .is_allowed()
    };
    assert!(decide(
        "system:serviceaccount:kube-system:replicaset-controller"
    ));
    assert!(!decide("ann"));
    assert!(!decide("system:serviceaccount:shop:replicaset-controller"));
}

#[test]
fn objects_outside_a_policys_reach_are_not_judged() {
    let never = |_: usize, _: &TreeBuf, _: &TreeBuf| panic!("judged");
    let allowed = |spec: Value| {
        let set = set(vec![policy("a", spec)]);
        run(&set, create(pod()), Purpose::Validate, &never)
            .0
            .is_allowed()
    };
    assert!(allowed(
        json!({"match": {"namespaces": {"exclude": ["sh*"]}}})
    ));
    assert!(allowed(
        json!({"match": {"namespaces": {"include": ["kube-*"]}}})
    ));
    assert!(allowed(json!({"match": {"kinds": ["Deployment"]}})));
}

#[test]
fn labels_only_widen() {
    let spec = json!({"match": {"namespaces": {"include": ["other"]}, "alsoLabels": {"a": "b"}}});
    let set = set(vec![policy("a", spec)]);
    let broken = |_: usize, _: &TreeBuf, _: &TreeBuf| says(vec![finding("code-a", "spec", None)]);
    assert!(
        run(&set, create(pod()), Purpose::Validate, &broken)
            .0
            .is_allowed()
    );
    let mut labelled = pod();
    labelled["metadata"]["labels"] = json!({"a": "b"});
    assert!(
        !run(&set, create(labelled), Purpose::Validate, &broken)
            .0
            .is_allowed()
    );
}

#[test]
fn a_fix_that_breaks_the_object_is_not_applied() {
    let fixing = set(vec![policy("a", json!({"mode": "fix"}))]);
    let (decision, _) = run(&fixing, create(pod()), Purpose::Mutate, &|_, request, _| {
        says(wants(request, "code-a", "spec.containers", json!("none")))
    });
    assert_eq!(patch(&decision), Value::Null);
    assert!(denial(&decision, &Limits::default()).is_some());
}
