//! Reviews and their answers.

use serde_json::{Value, json};

use super::support::{Guest, TestServer, no_policies, pod_review, write_policy};

#[test]
fn a_refused_pod_is_told_everything_with_its_uid() {
    let server = TestServer::start(|folder| {
        write_policy(folder, "one", &Guest::finds("one"), json!({}));
        write_policy(folder, "two", &Guest::finds("two"), json!({}));
    });
    let mut client = server.client();
    let response = client.review("/validate?timeout=10s", &pod_review("shop"));
    assert_eq!(response["uid"], "6619acbe-55bf-44a0-89d7-25b903fd4794");
    assert_eq!(response["allowed"], false);
    assert_eq!(response["status"]["reason"], "Forbidden");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Pod web is refused, 2 problems: one, two"),
        "{message}"
    );
}

#[test]
fn what_no_policy_judges_is_allowed() {
    let server = TestServer::start(|folder| {
        let elsewhere = json!({"match": {"namespaces": {"exclude": ["kube-system"]}}});
        write_policy(folder, "one", &Guest::finds("one"), elsewhere);
    });
    let mut client = server.client();
    let response = client.review("/validate", &pod_review("kube-system"));
    assert_eq!(response, json!({"uid": response["uid"], "allowed": true}));
}

#[test]
fn an_object_that_is_missing_or_malformed_is_refused_with_its_uid() {
    let server = TestServer::start(no_policies);
    let mut client = server.client();
    let cases: [(&str, Value, &str); 6] = [
        ("CREATE", json!(null), "the request has no `object`"),
        ("UPDATE", json!(null), "the request has no `object`"),
        ("CREATE", json!("pod"), "`object` is not an object"),
        (
            "CREATE",
            json!({"spec": null}),
            "`spec` is not set, so there is no pod to judge",
        ),
        (
            "CREATE",
            json!({"spec": {"containers": {}}}),
            "`spec.containers` is not a list",
        ),
        (
            "CREATE",
            json!({"spec": {"containers": [1]}}),
            "`spec.containers[0]` is not a container",
        ),
    ];
    for (operation, object, reason) in cases {
        let mut review = pod_review("shop");
        review["request"]["operation"] = json!(operation);
        review["request"]["object"] = object;
        let response = client.review("/validate", &review);
        assert_eq!(response["uid"], review["request"]["uid"]);
        assert_eq!(response["allowed"], false);
        let message = response["status"]["message"].as_str().unwrap();
        assert_eq!(message, format!("Pod web is malformed: {reason}"));

        let response = client.review("/mutate", &review);
        assert_eq!(
            response,
            json!({"uid": review["request"]["uid"], "allowed": true})
        );
    }
}

#[test]
fn mutate_patches_and_never_refuses_or_warns() {
    let set = json!({"op": "set", "path": "spec.hostPID", "value": false});
    let fixable = json!([
        {"code": "one", "path": "spec.hostPID", "message": "m", "fix": {"edits": [set]}},
    ]);
    let server = TestServer::start(|folder| {
        write_policy(folder, "deny", &Guest::finds("two"), json!({}));
        write_policy(
            folder,
            "fix",
            &Guest::Finds(fixable),
            json!({"mode": "fix"}),
        );
        write_policy(folder, "slow", &Guest::Endless, json!({"mode": "fix"}));
        write_policy(
            folder,
            "warn",
            &Guest::finds("one"),
            json!({"mode": "warn"}),
        );
    });
    let mut client = server.client();
    let response = client.review("/mutate", &pod_review("shop"));
    let members: Vec<_> = response.as_object().unwrap().keys().collect();
    assert_eq!(members, ["allowed", "patch", "patchType", "uid"]);
    assert_eq!(response["allowed"], true);
    assert_eq!(response["patchType"], "JSONPatch");
    let decision = &server.decisions()[0];
    assert_eq!(decision["verdict"], "fix");
    assert_eq!(decision["patched"], true);
    assert_eq!(decision["failures"][0]["policy"], "slow");
}

#[test]
fn warnings_and_audits_do_not_refuse() {
    let server = TestServer::start(|folder| {
        write_policy(
            folder,
            "audit",
            &Guest::finds("one"),
            json!({"mode": "audit"}),
        );
        write_policy(
            folder,
            "warn",
            &Guest::finds("two"),
            json!({"mode": "warn"}),
        );
    });
    let response = server.client().review("/validate", &pod_review("shop"));
    assert_eq!(response["allowed"], true);
    assert_eq!(response["warnings"].as_array().unwrap().len(), 1);
    assert!(response["auditAnnotations"].is_object());
}

#[test]
fn every_request_leaves_a_line_in_the_decision_log() {
    let server = TestServer::with(
        |setup| setup.limits.logged_findings = 1,
        |folder| {
            let twice = json!([
                {"code": "one", "path": "spec", "message": "m"},
                {"code": "two", "path": "spec.containers[name=app]", "container": "app", "message": "m"},
            ]);
            write_policy(folder, "one", &Guest::Finds(twice), json!({}));
        },
    );
    let mut client = server.client();
    client.review("/validate", &pod_review("shop"));
    let mut malformed = pod_review("shop");
    malformed["request"]["object"] = json!(null);
    client.review("/mutate", &malformed);
    client.post("/validate", "no review");

    let lines = server.decisions();
    assert_eq!(lines.len(), 2, "what is no review has no decision");
    let mut line = lines[0].clone();
    for (member, is_right) in [
        (
            "timestamp",
            line["timestamp"].as_str().unwrap().ends_with('Z'),
        ),
        ("duration_us", line["duration_us"].as_u64().unwrap() > 0),
        (
            "config_sha256",
            line["config_sha256"].as_str().unwrap().len() == 64,
        ),
    ] {
        assert!(is_right, "{member}: {line}");
        line.as_object_mut().unwrap().remove(member);
    }
    let expected = json!({
        "log": "decision", "endpoint": "validate", "uid": "6619acbe-55bf-44a0-89d7-25b903fd4794",
        "operation": "CREATE", "group": "", "kind": "Pod", "namespace": "shop", "name": "web",
        "user": "anna", "dry_run": false, "verdict": "deny", "patched": false, "failures": [],
        "findings": [{"policy": "one", "code": "one", "path": "spec", "effect": "refused"}],
        "findings_total": 2,
    });
    assert_eq!(line, expected);
    assert_eq!(lines[1]["malformed"], "the request has no `object`");
    assert_eq!(lines[1]["endpoint"], "mutate");
    for (member, value) in [("operation", "CREATE"), ("kind", "Pod"), ("user", "anna")] {
        assert_eq!(lines[1][member], value);
    }
    assert_eq!(lines[1]["verdict"], "allow");
}

#[test]
fn metrics_count_without_labels_that_a_request_chooses() {
    let server = TestServer::start(|folder| {
        write_policy(folder, "one", &Guest::finds("one"), json!({}));
    });
    let mut client = server.client();
    client.review("/validate", &pod_review("shop"));
    let mut strange = pod_review("shop");
    strange["request"]["kind"] = json!({"group": "x.example", "version": "v1", "kind": "Strange"});
    client.review("/validate", &strange);

    let metrics = server.metrics();
    for line in [
        "gatehouse_requests_total{endpoint=\"validate\",operation=\"CREATE\",kind=\"Pod\",verdict=\"deny\"} 1",
        "gatehouse_requests_total{endpoint=\"validate\",operation=\"CREATE\",kind=\"other\",verdict=\"allow\"} 1",
        "gatehouse_request_duration_seconds_count{endpoint=\"validate\"} 2",
        "gatehouse_request_duration_seconds_bucket{le=\"0.00005\",endpoint=\"validate\"}",
        "gatehouse_findings_total{policy=\"one\",code=\"one\",effect=\"refused\"} 1",
        "gatehouse_policies 1",
        "gatehouse_up_to_date{what=\"configuration\"} 1",
        "gatehouse_up_to_date{what=\"certificate\"} 1",
        "gatehouse_loaded_timestamp_seconds{what=\"configuration\"} 1",
        "gatehouse_certificate_not_after_timestamp_seconds 1",
        "gatehouse_connections{listener=\"admission\"} 1",
        "gatehouse_connections_accepted_total{listener=\"admission\"} 1",
        "gatehouse_log_lines_dropped_total{log=\"decisions\"} 0",
        "gatehouse_log_lines_dropped_total{log=\"events\"} 0",
        "gatehouse_bugs_total 0",
        "gatehouse_build_info{version=",
        "# EOF",
    ] {
        assert!(
            metrics.lines().any(|l| l.starts_with(line)),
            "{line} is not in\n{metrics}"
        );
    }
    assert!(!metrics.contains("Strange") && !metrics.contains("shop") && !metrics.contains("anna"));
}

#[test]
fn a_configuration_without_policies_judges_nothing_and_says_so() {
    let server = TestServer::start(no_policies);
    let response = server.client().review("/validate", &pod_review("shop"));
    assert_eq!(response["allowed"], true);
    server.await_metric("gatehouse_policies 0");
    assert_eq!(server.admin("/readyz").reason(), "ok");
}

#[test]
fn a_custom_workload_is_judged_and_one_without_template_is_counted() {
    let server = TestServer::start(|folder| {
        write_policy(folder, "one", &Guest::finds("one"), json!({}));
        let rollouts = json!({
            "apiVersion": "gatehouse.dev/v1alpha1",
            "kind": "CustomWorkload",
            "metadata": {"name": "rollouts"},
            "spec": {"group": "argoproj.io", "kind": "Rollout", "podTemplate": "spec.template"},
        });
        std::fs::write(folder.join("rollouts.yaml"), rollouts.to_string()).unwrap();
    });
    let mut client = server.client();
    let mut review = pod_review("shop");
    review["request"]["kind"] =
        json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout"});
    review["request"]["object"]["spec"] =
        json!({"template": {"spec": {"containers": [{"name": "app"}]}}});
    assert_eq!(client.review("/validate", &review)["allowed"], false);
    let count = |n| format!("gatehouse_missing_templates_total{{endpoint=\"validate\"}} {n}");
    assert!(!server.metrics().contains(&count(1)));

    review["request"]["object"]["spec"] = json!({"workloadRef": {"name": "web"}});
    assert_eq!(client.review("/validate", &review)["allowed"], true);
    server.await_metric(&count(1));
    let decisions = server.decisions();
    let missing = decisions.iter().map(|line| &line["missing_template"]);
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [&Value::Null, &json!("spec.template")]
    );
}
