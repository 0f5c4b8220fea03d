mod custom;
mod exempting;
mod fixing;
mod updates;

use gatehouse_abi::{Edit, Fix, Metadata, Path, tree::TreeBuf};
use serde_json::json;
use time::macros::date;

use super::*;
use crate::{Judgement, MalformedRequest, Review, Verdict, Workloads, matching::Policy};

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
    read(&Workloads::default(), sub, operation, kind, object, old).unwrap()
}

fn read(
    workloads: &Workloads,
    sub: &str,
    operation: &str,
    kind: (&str, &str),
    object: Value,
    old: Value,
) -> Result<Request, Box<MalformedRequest>> {
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
    Review::parse(body.as_bytes(), workloads, &Limits::default())
        .unwrap()
        .request
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
            Step::Fetch(asked) => {
                for asked in asked {
                    let fact = if asked.need.key == "gone" {
                        Err(FactError::Unavailable("no such namespace".into()))
                    } else {
                        Ok(json!({"labels": {"name": asked.need.key}, "for": asked.policy}))
                    };
                    session.supply(asked, fact);
                }
            }
            Step::Done(decision) => return (*decision, evaluations),
        }
    }
}

fn says(findings: Vec<Finding>) -> Result<Option<Answer>, Failure> {
    Ok((!findings.is_empty()).then_some(Answer::from(findings)))
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
    let need = || Need::new("namespace", "shop");
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
    let need = || Need::new("namespace", "gone");
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
    let same = || Need::new("namespace", "x");
    let (decision, evaluations) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
        Ok(Some(Answer::Need(vec![same()])))
    });
    assert_eq!((decision.verdict(), evaluations), (Verdict::Error, 2));

    let counter = std::cell::Cell::new(0);
    let (decision, evaluations) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
        counter.set(counter.get() + 1);
        let key = counter.get().to_string();
        Ok(Some(Answer::Need(vec![Need::new("namespace", key)])))
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

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "template": {"metadata": {}, "spec": {"containers": [{"name": "app"}]}}},
    })
}

fn with_ephemeral(mut pod: Value, name: &str) -> Value {
    pod["spec"]["ephemeralContainers"] = json!([{"name": name, "image": "busybox"}]);
    pod
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

/// An answer that leaves these unchecked.
fn leaves_unchecked(texts: &[&str]) -> Result<Option<Answer>, Failure> {
    Ok(Some(Answer::Judged {
        findings: Vec::new(),
        unchecked: texts.iter().map(|&text| text.to_owned()).collect(),
    }))
}

#[test]
fn what_could_not_be_checked_hides_no_finding_and_on_error_decides_of_it() {
    for (on_error, verdict) in [("deny", Verdict::Error), ("allow", Verdict::Deny)] {
        let set = set(vec![policy("a", json!({"onError": on_error}))]);
        let (decision, _) = run(&set, create(pod()), Purpose::Validate, &|_, _, _| {
            Ok(Some(Answer::Judged {
                findings: vec![finding("code-a", "spec", None)],
                unchecked: vec!["could not verify x".into(), "could not verify y".into()],
            }))
        });
        assert_eq!(decision.verdict(), verdict);
        assert_eq!(effects(&decision), [("a", "code-a", "refused")]);
        let messages: Vec<_> = decision
            .failed
            .iter()
            .map(|f| &*f.failure.message)
            .collect();
        assert_eq!(messages, ["could not verify x", "could not verify y"]);
    }
}

#[test]
fn needs_that_name_authorities_are_their_policys_own() {
    let spec = || json!({"facts": ["namespace"]});
    let set = set(vec![policy("a", spec()), policy("b", spec())]);
    let need = || Need {
        authorities: vec!["release".into()],
        ..Need::new("namespace", "shop")
    };
    let (decision, _) = run(
        &set,
        create(pod()),
        Purpose::Validate,
        &|policy, _, facts| match facts.root().at("namespace.shop.for") {
            None => Ok(Some(Answer::Need(vec![need()]))),
            Some(of) => {
                assert_eq!(of.to_value(), json!(policy));
                Ok(None)
            }
        },
    );
    assert_eq!(decision.verdict(), Verdict::Allow);
}

#[test]
fn an_expected_fact_is_there_before_the_policy_asks() {
    let set = set(vec![policy("a", json!({"facts": ["namespace"]}))]);
    let request = create(pod());
    let mut session = Session::new(&set, request, Purpose::Validate, TODAY, Limits::default());
    session.expect(0, Need::new("namespace", "shop"));
    session.expect(7, Need::new("namespace", "of no policy"));
    let Step::Fetch(asked) = session.step() else {
        panic!("a fact to fetch expected")
    };
    assert_eq!(asked.len(), 1);
    session.supply(asked[0].clone(), Ok(json!({"labels": {}})));
    assert!(matches!(session.step(), Step::Run(_)));
    assert!(session.facts(0).root().at("namespace.shop").is_some());
    session.answer(0, Ok(None));
    assert!(matches!(session.step(), Step::Done(_)));
}
