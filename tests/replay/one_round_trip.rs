use base64::{Engine, prelude::BASE64_STANDARD};
use gatehouse_tests::{Gatehouse, Guest, pod_security_that_fixes};
use serde_json::{Value, json};

use crate::{answer, recorded};

/// JSON Patches of two policies that each add the missing parent would overwrite each other; the edits of
/// all policies become one patch.
#[test]
fn two_policies_fix_a_pod_without_any_security_context_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let container = "spec.containers[name=c].securityContext.runAsGroup";
    let group = Guest::wants("group", "\"runAsGroup\":10001", container, &json!(10001));
    let policies = [
        pod_security_that_fixes(),
        group.policy(folder.path(), "fix"),
    ];
    let gatehouse = Gatehouse::start(&policies);

    let mut review = recorded("create-pods-generate-name");
    assert_eq!(answer(&gatehouse, "/validate", &review)["allowed"], false);
    review["request"]["object"] = patched(&gatehouse, &review);
    let container = &review["request"]["object"]["spec"]["containers"][0]["securityContext"];
    let expected = json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true,
        "runAsGroup": 10001,
    });
    assert_eq!(*container, expected);
    let response = answer(&gatehouse, "/validate", &review);
    assert_eq!(response["allowed"], true, "{response}");

    let again = answer(&gatehouse, "/mutate", &review);
    assert_eq!(again["patch"], Value::Null, "{again}");
}

#[test]
fn what_the_patch_does_not_name_is_untouched() {
    let gatehouse = Gatehouse::start(&[pod_security_that_fixes()]);
    let mut review = recorded("create-pods-generate-name");
    review["request"]["object"]["spec"]["fieldOfTomorrow"] =
        json!({"a": [1, 2.50, null, "\u{1f4a5}"]});
    review["request"]["object"]["metadata"]["annotations"] = json!({"a/b~c": ""});
    let mut fixed = patched(&gatehouse, &review);
    let original = &review["request"]["object"];
    assert_ne!(
        fixed["spec"]["securityContext"],
        original["spec"]["securityContext"]
    );
    for path in [
        "/spec/securityContext",
        "/spec/containers/0/securityContext",
    ] {
        if let Some(value) = fixed.pointer_mut(path) {
            *value = original.pointer(path).cloned().unwrap_or_default();
        }
    }
    let mut original = original.clone();
    original["spec"]["containers"][0]["securityContext"] = Value::Null;
    assert_eq!(fixed, original);
}

/// The object after what `/mutate` answers, applied as the API server applies it.
fn patched(gatehouse: &Gatehouse, review: &Value) -> Value {
    let response = answer(gatehouse, "/mutate", review);
    assert_eq!(response["patchType"], "JSONPatch", "{response}");
    let patch = BASE64_STANDARD.decode(response["patch"].as_str().unwrap_or_default());
    let patch: json_patch::Patch =
        serde_json::from_slice(&patch.expect("base64")).expect("a JSON Patch");
    let mut object = review["request"]["object"].clone();
    json_patch::patch(&mut object, &patch).unwrap_or_else(|error| panic!("{error}: {patch}"));
    object
}
