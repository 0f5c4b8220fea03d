//! Facts that cannot be had.

use std::net::TcpListener;

use gatehouse_tests::{Gatehouse, pod_security, policy, temporary_folder};
use serde_json::{Value, json};

use crate::{answer, assert_refusal, codes, recorded};

/// An API server that accepts connections and never says anything.
fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
    });
    (listener, kubeconfig.to_string())
}

fn refused_without_facts(kubeconfig: &str) -> Value {
    let folder = temporary_folder();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig).expect("a kubeconfig");
    let mut security = pod_security("deny");
    security["spec"]["settings"] = json!({"level": "namespace"});
    let images = policy(
        "images",
        &json!({"module": "builtin:image-trust", "mode": "deny", "facts": ["image"]}),
    );
    let gatehouse = Gatehouse::beside(&[security, images], &file);
    let mut review = recorded("create-pods-web");
    review["request"]["object"]["spec"]["containers"][0]["image"] = json!("app:1");
    answer(&gatehouse, "/validate?timeout=1s", &review)
}

#[test]
fn an_api_server_that_does_not_answer_in_time_could_not_be_asked() {
    let (_listener, kubeconfig) = silent_server();
    let response = refused_without_facts(&kubeconfig);
    assert_refusal(&response);
    let message = response["status"]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("the API server did not say in time"),
        "{message}"
    );
    assert!(
        message.contains("could not check: policy pod-security"),
        "{message}"
    );
    assert_eq!(
        codes(&response),
        ["image-not-pinned"],
        "what others found stands"
    );
}

#[test]
fn without_an_api_server_what_needs_it_could_not_be_checked() {
    let response = refused_without_facts("{}");
    assert_refusal(&response);
    assert_eq!(codes(&response), ["image-not-pinned"]);
}
