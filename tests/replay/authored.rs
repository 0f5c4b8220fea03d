use gatehouse_tests::Gatehouse;
use serde_json::json;

use crate::{answer, codes, recorded};

/// The policy of the page for authors, `policies/README.md`, in the webhook.
#[test]
fn a_policy_written_by_the_page_for_authors_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = folder.path().join("memory_limit.wasm");
    let example = gatehouse_builtin::examples()
        .iter()
        .find(|example| example.name == "memory-limit")
        .expect("the example is built");
    std::fs::write(&module, example.wasm).expect("a module");
    let gatehouse = Gatehouse::start(&[json!({
        "apiVersion": "gatehouse.dev/v1alpha1",
        "kind": "Policy",
        "metadata": {"name": "memory-limit"},
        "spec": {"module": format!("file:{}", module.display())},
    })]);
    let mut review = recorded("create-pods-generate-name");
    let response = answer(&gatehouse, "/validate", &review);
    assert_eq!(codes(&response), ["memory-limit"], "{response}");

    let containers = review["request"]["object"]["spec"]["containers"].as_array_mut();
    for container in containers.into_iter().flatten() {
        container["resources"] = json!({"limits": {"memory": "256Mi"}});
    }
    let response = answer(&gatehouse, "/validate", &review);
    assert_eq!(response["allowed"], true, "{response}");
}
