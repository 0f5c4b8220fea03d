//! A trust root that is missing does not keep the gate closed; the metrics tell.

use std::fs;

use gatehouse_test_sigstore::{Sigstore, TufRepository, Workload};
use serde_json::{Value, json};

use super::support::TestServer;

const EXPIRES: &str =
    "gatehouse_trust_root_expires_timestamp_seconds{policy=\"images\",authority=\"ci\"}";

fn policy(trust_root: &Value) -> String {
    let keyless = json!({"issuer": Workload::ISSUER, "subject": Workload::SUBJECT});
    json!({
        "apiVersion": "gatehouse.dev/v1alpha1",
        "kind": "Policy",
        "metadata": {"name": "images"},
        "spec": {"module": "builtin:image-trust", "facts": ["image"], "settings": {
            "authorities": {"ci": {"keyless": keyless, "trustRoot": trust_root}},
            "signatures": [{"images": ["ghcr.io/acme/**"], "anyOf": ["ci"]}],
        }},
    })
    .to_string()
}

fn usable(value: u8) -> String {
    format!("gatehouse_trust_root_usable{{policy=\"images\",authority=\"ci\"}} {value}")
}

#[test]
fn a_missing_trust_root_is_told_and_taken_when_it_is_there() {
    let server = TestServer::start(|folder| {
        fs::write(folder.join("images.json"), policy(&json!("file:root"))).unwrap();
    });
    server.await_metric(&usable(0));
    assert!(!server.metrics().contains(EXPIRES));
    assert_eq!(server.admin("/readyz").status, 200);

    let mut root = Sigstore::new().trust_root();
    root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2090-01-01T00:00:00Z");
    fs::write(server.config().join("root"), root.to_string()).unwrap();
    server.await_metric(&usable(1));
    server.await_metric(&format!("{EXPIRES} 3786912000"));
}

#[test]
fn a_trust_root_that_is_damaged_later_leaves_the_last_good_one() {
    let root = Sigstore::new().trust_root().to_string();
    let server = TestServer::start(|folder| {
        fs::write(folder.join("images.json"), policy(&json!("file:root"))).unwrap();
        fs::write(folder.join("root"), &root).unwrap();
    });
    server.await_metric(&usable(1));
    fs::write(server.config().join("root"), &root[1..]).unwrap();
    server.await_metric("gatehouse_up_to_date{what=\"configuration\"} 0");
    server.await_metric(&usable(1));
    fs::write(server.config().join("root"), &root).unwrap();
    server.await_metric("gatehouse_up_to_date{what=\"configuration\"} 1");
}

#[test]
fn a_mirror_that_cannot_be_asked_does_not_keep_the_server_from_starting() {
    let root = TufRepository::of(&Sigstore::new().trust_root()).root();
    let root = String::from_utf8(root).unwrap();
    let mirror = "http://127.0.0.1:1/tuf";
    let server = TestServer::start(|folder| {
        let policy = policy(&json!({"tuf": {"mirror": mirror, "root": root}}));
        fs::write(folder.join("images.json"), policy).unwrap();
    });
    assert_eq!(server.admin("/readyz").status, 200);
    server.await_metric(&usable(0));
    let refreshes = "gatehouse_trust_root_refreshes_total";
    server.await_metric(&format!(
        "{refreshes}{{mirror=\"{mirror}\",result=\"failure\"}} 1"
    ));
}
