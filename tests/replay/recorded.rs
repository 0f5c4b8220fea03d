use std::{collections::BTreeSet, fs};

use gatehouse_tests::{Gatehouse, check, repository};
use serde_json::{Value, json};

use crate::{answer, assert_refusal, codes, recorded};

/// What the default policies find in a pod that says nothing about its security.
const NOTHING_SET: &[&str] = &[
    "drop-all-capabilities",
    "image-not-pinned",
    "privilege-escalation",
    "read-only-root-filesystem",
    "run-as-non-root",
    "seccomp-profile",
];
const PRIVILEGED: &[&str] = &[
    "drop-all-capabilities",
    "image-not-pinned",
    "privilege-escalation",
    "privileged-container",
    "read-only-root-filesystem",
    "run-as-non-root",
    "seccomp-profile",
];
const TRAEFIK: &[&str] = &[
    "host-network",
    "host-port",
    "image-not-pinned",
    "privilege-escalation",
    "read-only-root-filesystem",
    "run-as-non-root",
    "seccomp-profile",
];
/// With `hostUsers: false` root in the pod is nobody on its node, so it may run as root.
const WITHOUT_HOST_USERS: &[&str] = &[
    "drop-all-capabilities",
    "image-not-pinned",
    "privilege-escalation",
    "read-only-root-filesystem",
    "seccomp-profile",
];
const ALLOWED: &[&str] = &[];

/// Every recorded review, and the codes for which the default policies refuse it.
const REVIEWS: &[(&str, &[&str])] = &[
    ("connect-pods-attach-web", ALLOWED),
    ("connect-pods-exec-web", ALLOWED),
    ("create-cronjobs-nightly", NOTHING_SET),
    ("create-daemonsets-traefik", TRAEFIK),
    ("create-deployments-api", NOTHING_SET),
    ("create-jobs-once", PRIVILEGED),
    ("create-namespaces-plain", ALLOWED),
    ("create-namespaces-shop", ALLOWED),
    ("create-pods-by-job", PRIVILEGED),
    ("create-pods-by-replicaset", NOTHING_SET),
    ("create-pods-by-replicaset-after-rollout", NOTHING_SET),
    ("create-pods-dry-dryrun", NOTHING_SET),
    ("create-pods-eviction-volumes", ALLOWED),
    ("create-pods-generate-name", NOTHING_SET),
    ("create-pods-redis-0", NOTHING_SET),
    ("create-pods-volumes", WITHOUT_HOST_USERS),
    ("create-pods-web", ALLOWED),
    ("create-pods-win", &["image-not-pinned", "run-as-non-root"]),
    ("create-replicasets-api-64b977579f", NOTHING_SET),
    ("create-replicasets-api-6cdcdd79bd", NOTHING_SET),
    ("create-serviceaccounts-api", ALLOWED),
    ("create-statefulsets-redis", NOTHING_SET),
    ("delete-deployments-api", ALLOWED),
    ("delete-pods-win", ALLOWED),
    ("delete-replicasets-2", ALLOWED),
    ("delete-replicasets-api-64b977579f", ALLOWED),
    ("mutate-create-pods-web", ALLOWED),
    ("update-deployments-api", NOTHING_SET),
    ("update-deployments-api-2", ALLOWED),
    ("update-deployments-scale-api", ALLOWED),
    ("update-namespaces-plain", ALLOWED),
    ("update-pods-ephemeralcontainers-web", &["image-not-pinned"]),
    ("update-pods-job-tracking-finalizer", ALLOWED),
    // The container's resources change, so the pod is judged in full; the debug container has no digest.
    ("update-pods-resize-web", &["image-not-pinned"]),
    ("update-pods-web", ALLOWED),
    ("update-pods-web-2", ALLOWED),
    (
        "update-pods-web-3",
        &["image-not-pinned", "image-not-pinned"],
    ),
    ("update-replicasets-api-64b977579f", ALLOWED),
    ("update-replicasets-api-64b977579f-2", ALLOWED),
];

#[test]
fn each_review_is_validated_as_expected() {
    let gatehouse = Gatehouse::with_default_policies();
    let differs = |(name, expected): &(&str, &[&str])| {
        let response = answer(&gatehouse, "/validate", &recorded(name));
        let same = codes(&response) == *expected && response["allowed"] == expected.is_empty();
        (!same).then(|| format!("{name}: expected {expected:?}, got {response:#}"))
    };
    let differ: Vec<_> = REVIEWS.iter().filter_map(differs).collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn refusals_are_of_the_form_that_kubectl_prints() {
    let gatehouse = Gatehouse::with_default_policies();
    for (name, _) in REVIEWS.iter().filter(|(_, codes)| !codes.is_empty()) {
        assert_refusal(&answer(&gatehouse, "/validate", &recorded(name)));
    }
}

#[test]
fn no_review_is_refused_or_warned_about_by_mutation() {
    let gatehouse = Gatehouse::with_default_policies();
    for (name, _) in REVIEWS {
        let mut response = answer(&gatehouse, "/mutate", &recorded(name));
        // what the audit log keeps is no matter here
        response
            .as_object_mut()
            .map(|members| members.remove("auditAnnotations"));
        let uid = &recorded(name)["request"]["uid"];
        assert_eq!(response, json!({"uid": uid, "allowed": true}), "{name}");
    }
}

#[test]
fn the_added_container_alone_is_named() {
    let gatehouse = Gatehouse::with_default_policies();
    let response = answer(
        &gatehouse,
        "/validate",
        &recorded("update-pods-ephemeralcontainers-web"),
    );
    let fields: Vec<_> = response["status"]["details"]["causes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|cause| cause["field"].clone())
        .collect();
    assert_eq!(
        fields,
        ["spec.ephemeralContainers[name=dbg].image"],
        "{response}"
    );
}

#[test]
fn a_generated_name_is_not_in_the_message() {
    let gatehouse = Gatehouse::with_default_policies();
    for name in [
        "create-pods-generate-name",
        "create-pods-by-replicaset",
        "create-pods-by-job",
    ] {
        let review = recorded(name);
        let response = answer(&gatehouse, "/validate", &review);
        let message = response["status"]["message"].as_str().unwrap_or_default();
        let generated = review["request"]["name"].as_str().unwrap_or("no name");
        assert!(!message.contains(generated), "{generated} is in {message}");
        let prefix = review["request"]["object"]["metadata"]["generateName"].as_str();
        let shown = format!("{}*", prefix.unwrap_or("no prefix"));
        assert!(message.contains(&shown), "{shown} is not in {message}");
    }
}

/// kubectl keeps in an annotation what the author wrote; the object around it has all that the server and
/// its controllers added.
#[test]
fn check_refuses_the_authors_file_in_the_same_words() {
    let gatehouse = Gatehouse::with_default_policies();
    let mut compared = 0;
    for (name, _) in REVIEWS
        .iter()
        .filter(|(name, _)| name.starts_with("create-"))
    {
        let review = recorded(name);
        let response = answer(&gatehouse, "/validate", &review);
        let message = response["status"]["message"].as_str();
        let annotations = &review["request"]["object"]["metadata"]["annotations"];
        let file = annotations["kubectl.kubernetes.io/last-applied-configuration"].as_str();
        if let (Some(message), Some(file)) = (message, file) {
            assert_eq!(check(&[], "plain", file).text(), message, "{name}");
            compared += 1;
        }
    }
    assert_eq!(
        compared, 8,
        "of the recorded objects that were applied and are refused"
    );
}

#[test]
fn an_update_of_the_status_is_allowed() {
    let gatehouse = Gatehouse::with_default_policies();
    let mut review = recorded("update-pods-job-tracking-finalizer");
    let request = &mut review["request"];
    request["subResource"] = "status".into();
    request["requestSubResource"] = "status".into();
    request["object"]["status"] = json!({"phase": "Succeeded"});
    let response = answer(&gatehouse, "/validate", &review);
    assert_eq!(response["allowed"], true, "{response}");
}

#[test]
fn the_same_review_gets_the_same_answer() {
    let gatehouse = Gatehouse::with_default_policies();
    let review = recorded("create-daemonsets-traefik");
    let first = answer(&gatehouse, "/validate", &review);
    for _ in 0..5 {
        assert_eq!(answer(&gatehouse, "/validate", &review), first);
    }
}

#[test]
fn the_table_has_every_recorded_review() {
    let folder = fs::read_dir(repository().join("tests/reviews")).expect("the folder of reviews");
    let names = folder.filter_map(|file| {
        let name = file.expect("a file").file_name().into_string().ok()?;
        Some(name.strip_suffix(".json")?.to_owned())
    });
    let listed = REVIEWS.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), listed.collect());
}

#[test]
fn a_deletion_without_an_object_is_allowed() {
    let gatehouse = Gatehouse::with_default_policies();
    let mut review = recorded("delete-pods-win");
    for object in [Value::Null, json!({}), json!([])] {
        review["request"]["object"] = object;
        let response = answer(&gatehouse, "/validate", &review);
        assert_eq!(response["allowed"], true, "{response}");
    }
}
