//! Custom resources that create pods.

use super::*;

const ROLLOUT: (&str, &str) = ("argoproj.io", "Rollout");

fn workloads() -> Workloads {
    let document = json!({
        "apiVersion": crate::config::API_VERSION, "kind": "CustomWorkload",
        "metadata": {"name": "rollouts"},
        "spec": {"group": "argoproj.io", "kind": "Rollout", "podTemplate": "spec.template"},
    });
    let tree = TreeBuf::from_value(&document).unwrap();
    let crate::config::Document::CustomWorkload(_, workload) =
        crate::config::read(tree.root()).unwrap()
    else {
        panic!("a custom workload expected")
    };
    let mut workloads = Workloads::default();
    workloads.add(*workload).unwrap();
    workloads
}

fn rollout(image: &str) -> Value {
    let spec = json!({"containers": [{"name": "app", "image": image}]});
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"},
        "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec}},
    })
}

fn request(operation: &str, kind: (&str, &str), object: Value, old: Value) -> Request {
    read(&workloads(), "", operation, kind, object, old).unwrap()
}

/// Whether a policy for pods judges the request; it finds something in whatever it sees.
fn is_judged(request: Request) -> bool {
    let set = set(vec![policy("a", json!({}))]);
    let answer = |_: usize, _: &TreeBuf, _: &TreeBuf| says(vec![finding("code-a", "spec", None)]);
    let (decision, _) = run(&set, request, Purpose::Validate, &answer);
    !decision.is_allowed()
}

#[test]
fn a_custom_workload_is_read_as_the_pod_it_would_create() {
    let request = request("CREATE", ROLLOUT, rollout("nginx"), Value::Null);
    let path = |path: &str| request.node().at(path).unwrap().as_str();
    assert_eq!(path("podPath"), Some("spec.template"));
    assert_eq!(path("pod.metadata.labels.app"), Some("web"));
    assert!(!request.is_pod());
    assert!(is_judged(request));
}

#[test]
fn its_kind_in_another_group_is_none() {
    for group in ["", "apps", "rollouts.example", "argoproj.io.example"] {
        let kind = (group, "Rollout");
        let request = request("CREATE", kind, rollout("nginx"), Value::Null);
        assert_eq!(
            (request.pod_path(), request.missing_template()),
            (None, None)
        );
        assert!(!is_judged(request), "{group}");
    }
    let unknown = review("CREATE", ROLLOUT, rollout("nginx"), Value::Null);
    assert!(!is_judged(unknown), "it is named nowhere");
}

#[test]
fn only_updates_of_its_template_are_judged() {
    let update = |change: fn(&mut Value)| {
        let mut object = rollout("nginx");
        change(&mut object);
        is_judged(request("UPDATE", ROLLOUT, object, rollout("nginx")))
    };
    assert!(!update(|o| o["spec"]["replicas"] = json!(0)));
    assert!(!update(|o| o["status"] = json!({"readyReplicas": 1})));
    assert!(!update(|o| o["metadata"]["finalizers"] = json!([])));
    assert!(update(
        |o| o["spec"]["template"]["spec"]["hostPID"] = json!(true)
    ));
    assert!(update(
        |o| o["spec"]["template"]["metadata"]["labels"] = json!({"a": "b"})
    ));
    assert!(update(|o| {
        o["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        o["spec"]["template"]["spec"]["hostPID"] = json!(true);
    }));
    let without = json!({"spec": {"workloadRef": {"name": "web"}}});
    assert!(is_judged(request(
        "UPDATE",
        ROLLOUT,
        rollout("nginx"),
        without
    )));
}

#[test]
fn without_a_template_there_is_nothing_to_judge_which_the_decision_says() {
    let empty = [
        json!({"spec": {"workloadRef": {"name": "web"}}}),
        json!({"spec": {"template": null}}),
        json!({"spec": {"template": {}}}),
        json!({"spec": {"template": {"metadata": {"labels": {}}, "spec": null}}}),
        json!({}),
    ];
    for object in empty {
        let request = request("CREATE", ROLLOUT, object.clone(), Value::Null);
        assert_eq!(request.pod_path(), None, "{object}");
        let never = |_: usize, _: &TreeBuf, _: &TreeBuf| panic!("judged");
        let set = set(vec![policy("a", json!({}))]);
        let (decision, _) = run(&set, request, Purpose::Validate, &never);
        assert_eq!(decision.verdict(), Verdict::Allow);
        assert_eq!(decision.missing_template, Some("spec.template".into()));
    }
    let (decision, _) = run(
        &set(vec![]),
        request("CREATE", ROLLOUT, rollout("nginx"), Value::Null),
        Purpose::Validate,
        &|_, _, _| Ok(None),
    );
    assert_eq!(decision.missing_template, None);
}

#[test]
fn a_malformed_template_is_refused() {
    let said = [
        json!({"spec": {"template": "x"}}),
        json!({"spec": {"template": {"spec": []}}}),
        json!({"spec": {"template": {"spec": {"containers": {}}}}}),
        json!({"spec": {"template": {"spec": {"initContainers": ["x"]}}}}),
    ]
    .map(|object| {
        let request = read(&workloads(), "", "CREATE", ROLLOUT, object, Value::Null);
        request.unwrap_err().to_string()
    });
    insta::assert_snapshot!(said.join("\n"), @"
    `spec.template` is not an object
    `spec.template.spec` is not an object
    `spec.template.spec.containers` is not a list
    `spec.template.spec.initContainers[0]` is not a container
    ");
}

#[test]
fn it_is_fixed_where_its_author_wrote_it_or_at_its_pods() {
    let fix = |fix_at: &str, purpose| {
        let set = set(vec![policy("a", json!({"mode": "fix", "fixAt": fix_at}))]);
        let request = request("CREATE", ROLLOUT, rollout("nginx"), Value::Null);
        let path = "spec.template.spec.hostUsers";
        let answer = |_: usize, request: &TreeBuf, _: &TreeBuf| {
            let fixed = request.root().at("pod.spec.hostUsers").is_some();
            let fix = || safe(vec![edit(path, json!(false))]);
            says(if fixed {
                vec![]
            } else {
                vec![finding("code-a", path, fix())]
            })
        };
        let (decision, _) = run(&set, request, purpose, &answer);
        (decision.verdict(), decision.patch.is_some())
    };
    assert_eq!(fix("pod", Purpose::Mutate), (Verdict::Allow, false));
    assert_eq!(fix("pod", Purpose::Validate), (Verdict::Fix, false));
    assert!(fix("author", Purpose::Mutate).1);
    assert_eq!(fix("author", Purpose::Validate).0, Verdict::Deny);
}

#[test]
fn an_exemption_names_its_kind() {
    let decide = |kind: &str| {
        let workload = json!({"namespace": "shop", "kind": kind, "name": "web"});
        let set = super::exempting::exempt(json!({"workloads": [workload]}));
        let request = request("CREATE", ROLLOUT, rollout("nginx"), Value::Null);
        let answer =
            |_: usize, _: &TreeBuf, _: &TreeBuf| says(vec![finding("code-a", "spec", None)]);
        run(&set, request, Purpose::Validate, &answer)
            .0
            .is_allowed()
    };
    assert!(decide("Rollout"));
    assert!(!decide("Deployment"));
}
