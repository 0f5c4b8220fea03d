//! Exemptions.

use super::*;

pub(super) fn exempt(change: Value) -> PolicySet {
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
        let review = Review::parse(
            review.to_string().as_bytes(),
            &Workloads::default(),
            &Limits::default(),
        )
        .unwrap();
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
