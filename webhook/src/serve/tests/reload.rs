//! Changed files: loaded whole, or not at all.

use std::{fs, path::Path, time::Duration};

use gatehouse_certs::{CertificateAuthority, ServingCertificate, ServingNames};
use rustls::ALL_VERSIONS;
use serde_json::json;

use super::support::{
    Client, Guest, TestServer, no_policies, pod_review, wait_for, write_module, write_policies,
    write_policy,
};

fn codes(client: &mut Client) -> String {
    let response = client.review("/validate", &pod_review("shop"));
    let message = response["status"]["message"].as_str().unwrap_or("allowed");
    let first = message.lines().next().unwrap_or_default();
    first.rsplit(": ").next().unwrap_or_default().to_owned()
}

#[test]
fn a_changed_configuration_is_used_for_the_next_request() {
    let server = TestServer::start(|folder| {
        write_policy(folder, "a", &Guest::finds("one"), json!({}));
    });
    let mut client = server.client();
    assert_eq!(codes(&mut client), "one");
    write_policy(&server.config(), "b", &Guest::finds("two"), json!({}));
    wait_for("both", || codes(&mut client) == "one, two");
    server.await_metric("gatehouse_policies 2");
    server.await_metric("gatehouse_reloads_total{what=\"configuration\",result=\"success\"}");
    fs::remove_file(server.config().join("a.json")).unwrap();
    wait_for("b alone", || codes(&mut client) == "two");
    let seen = server.decisions();
    let digests: std::collections::BTreeSet<_> = seen
        .iter()
        .map(|line| line["config_sha256"].as_str().unwrap())
        .collect();
    assert_eq!(digests.len(), 3, "a digest for each configuration");
}

#[test]
fn a_broken_configuration_leaves_the_last_good_one() {
    let server = TestServer::start(|folder| {
        write_policy(folder, "a", &Guest::finds("one"), json!({}));
        write_module(folder, "two", &Guest::finds("two"));
    });
    let mut client = server.client();
    let good = ("b", "two", json!({}));
    let broken = ("c", "no-such", json!({}));
    write_policies(&server.config(), "more", &[good.clone(), broken]);
    server.await_metric("gatehouse_up_to_date{what=\"configuration\"} 0");
    assert_eq!(codes(&mut client), "one", "the good one is not used either");
    assert_eq!(server.admin("/readyz").status, 200);

    write_policies(&server.config(), "more", &[good]);
    server.await_metric("gatehouse_up_to_date{what=\"configuration\"} 1");
    wait_for("both", || codes(&mut client) == "one, two");
}

#[test]
fn a_configuration_that_vanishes_is_kept() {
    let server = TestServer::start(|folder| {
        write_policy(folder, "a", &Guest::finds("one"), json!({}));
    });
    fs::remove_dir_all(server.config()).unwrap();
    server.await_metric("gatehouse_up_to_date{what=\"configuration\"} 0");
    assert_eq!(codes(&mut server.client()), "one");
}

#[test]
fn a_request_is_judged_by_one_configuration() {
    // two policies, which change together
    let write = |folder: &Path, module: &str| {
        let policies = ["a", "b"].map(|name| (name, module, json!({})));
        write_policies(folder, "both", &policies);
    };
    let server = TestServer::start(|folder| {
        write_module(folder, "one", &Guest::finds("one"));
        write_module(folder, "two", &Guest::finds("two"));
        write(folder, "one");
    });
    let mut client = server.client();
    for code in ["two", "one", "two"] {
        write(&server.config(), code);
        wait_for(code, || {
            let found = codes(&mut client);
            assert!(found == "one" || found == "two", "half of each: {found}");
            found == code
        });
    }
}

fn authority() -> CertificateAuthority {
    CertificateAuthority::generate("test", Duration::from_hours(24)).unwrap()
}

fn issue(authority: &CertificateAuthority) -> ServingCertificate {
    let names = ServingNames::parse(["localhost"]).unwrap();
    authority.issue(&names, Duration::from_hours(1)).unwrap()
}

fn write_certificate(folder: &Path, certificate: &ServingCertificate) {
    fs::write(folder.join("tls.crt"), certificate.chain_pem()).unwrap();
    fs::write(folder.join("tls.key"), certificate.key_pem()).unwrap();
}

#[test]
fn a_changed_certificate_is_shown_and_a_broken_one_is_not() {
    let (one, two) = (authority(), authority());
    let server = TestServer::with(
        |setup| setup.files = Some(("tls.crt".into(), "tls.key".into())),
        |config| {
            no_policies(config);
            write_certificate(config.parent().unwrap(), &issue(&one));
        },
    );
    let folder = server.folder.path();
    let trusts = |authority: &CertificateAuthority| {
        let pem = authority.certificate_pem();
        Client::connect(server.listen, pem.as_bytes(), ALL_VERSIONS, |_| {}).is_ok()
    };
    assert!(trusts(&one) && !trusts(&two));
    let pem = one.certificate_pem();
    let mut open = Client::connect(server.listen, pem.as_bytes(), ALL_VERSIONS, |_| {}).unwrap();

    write_certificate(folder, &issue(&two));
    wait_for("the new one", || trusts(&two));
    assert_eq!(codes(&mut open), "allowed", "open connections go on");
    server.await_metric("gatehouse_reloads_total{what=\"certificate\",result=\"success\"}");

    fs::write(folder.join("tls.key"), issue(&one).key_pem()).unwrap();
    server.await_metric("gatehouse_up_to_date{what=\"certificate\"} 0");
    assert!(trusts(&two));
    server.await_metric("gatehouse_reloads_total{what=\"certificate\",result=\"failure\"}");
    write_certificate(folder, &issue(&one));
    wait_for("the third", || trusts(&one));
    server.await_metric("gatehouse_up_to_date{what=\"certificate\"} 1");
}
