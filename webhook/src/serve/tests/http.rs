//! What is no admission request is told so, and never passes.

use rustls::{
    ALL_VERSIONS, ClientConfig,
    version::{TLS12, TLS13},
};
use serde_json::json;

use super::support::{Answer, Client, TestServer, no_policies, pod_review, post};

fn server() -> TestServer {
    TestServer::with(|setup| setup.limits.body_bytes = 4096, no_policies)
}

fn refused(answer: &Answer, status: u16, reason: &str) {
    assert_eq!((answer.status, answer.reason()), (status, reason));
}

#[test]
fn a_body_that_is_no_review_is_a_400() {
    let server = server();
    let mut client = server.client();
    let review = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut review = pod_review("shop");
        change(&mut review);
        review.to_string()
    };
    let cases = [
        ("{".to_owned(), "the body is not JSON: "),
        (String::new(), "the body is not JSON: "),
        ("[1".repeat(500), "the body is not JSON: "),
        (
            "null".to_owned(),
            "the body is not an AdmissionReview of `admission.k8s.io/v1`: `apiVersion` is `not set`",
        ),
        (
            review(&|r| r["apiVersion"] = json!("admission.k8s.io/v1beta1")),
            "the body is not an AdmissionReview of `admission.k8s.io/v1`: `apiVersion` is `admission.k8s.io/v1beta1`",
        ),
        (
            review(&|r| r["kind"] = json!("Pod")),
            "the body is not an AdmissionReview of `admission.k8s.io/v1`: `kind` is `Pod`",
        ),
        (
            review(&|r| r["request"] = json!(null)),
            "the AdmissionReview has no `request`",
        ),
        (
            review(&|r| r["request"] = json!([])),
            "the AdmissionReview has no `request`",
        ),
        (
            review(&|r| r["request"]["uid"] = json!("")),
            "the AdmissionReview has no `request.uid`",
        ),
        (
            review(&|r| r["request"]["uid"] = json!(7)),
            "the AdmissionReview has no `request.uid`",
        ),
        (
            review(&|r| r["request"]["operation"] = json!("PATCH")),
            "`request.operation` is `PATCH`, not CREATE, UPDATE, DELETE or CONNECT",
        ),
    ];
    for path in ["/validate", "/mutate"] {
        for (body, reason) in &cases {
            let answer = client.post(path, body);
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
            assert!(answer.reason().starts_with(reason), "{body}: {answer:?}");
        }
    }
    assert_eq!(
        client
            .post("/validate", &pod_review("shop").to_string())
            .status,
        200
    );
    let metrics = server.metrics();
    let count = format!("endpoint=\"mutate\",status=\"400\"}} {}", cases.len());
    assert!(metrics.contains(&count), "{metrics}");
}

#[test]
fn another_content_type_is_a_400() {
    let server = server();
    let mut client = server.client();
    let answer = |client: &mut Client, field: &str| {
        client.send(&format!(
            "POST /validate HTTP/1.1\r\nhost: a\r\n{field}content-length: 2\r\n\r\n{{}}"
        ));
        client.answer().unwrap()
    };
    let yaml = answer(&mut client, "content-type: application/yaml\r\n");
    refused(
        &yaml,
        400,
        "the content type is `application/yaml`, not `application/json`",
    );
    let mut client = server.client();
    refused(
        &answer(&mut client, ""),
        400,
        "the content type is not set, not `application/json`",
    );
}

#[test]
fn other_paths_and_methods_do_not_exist() {
    let server = server();
    let mut client = server.client();
    for path in ["/", "/validate/", "/healthz", "/metrics"] {
        refused(
            &client.post(path, "{}"),
            404,
            "only /validate and /mutate are here",
        );
    }
    for method in ["GET", "PUT", "DELETE"] {
        client.send(&format!("{method} /mutate HTTP/1.1\r\nhost: a\r\n\r\n"));
        let answer = client.answer().expect(method);
        refused(&answer, 405, "only POST is answered here");
        assert!(answer.head.contains("allow: post"), "{answer:?}");
    }
    refused(
        &server.admin("/validate"),
        404,
        "only /healthz, /readyz and /metrics are here",
    );
}

#[test]
fn a_body_past_the_limit_is_a_413() {
    let server = server();
    let too_large = "the body is larger than the limit of 4096 bytes a request";
    refused(
        &server.client().post("/validate", &"x".repeat(4097)),
        413,
        too_large,
    );
    // much more than a socket holds: the client is still writing when the answer is made
    refused(
        &server.client().post("/mutate", &"x".repeat(8000)),
        413,
        too_large,
    );

    let mut client = server.client();
    client.send("POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n");
    client.send("transfer-encoding: chunked\r\n\r\n");
    client.send(&format!("1001\r\n{}\r\n0\r\n\r\n", "x".repeat(4097)));
    refused(&client.answer().unwrap(), 413, too_large);

    let answer = server.client().post("/validate", &"x".repeat(4096));
    assert_eq!(
        answer.status, 400,
        "not too large, but not JSON: {answer:?}"
    );
}

#[test]
fn a_body_that_does_not_come_in_time_is_a_408() {
    let server = server();
    let mut client = server.client();
    client.send(&post("/validate?timeout=100ms", 100));
    client.send("{");
    let reason = "the body did not arrive in the time that the request may take";
    refused(&client.answer().unwrap(), 408, reason);
}

#[test]
fn a_client_that_goes_away_harms_nobody() {
    let server = server();
    let mut client = server.client();
    client.send(&post("/validate", 100));
    client.send("{");
    drop(client);
    let response = server.client().review("/validate", &pod_review("shop"));
    assert_eq!(response["allowed"], true);
}

#[test]
fn tls_is_1_2_or_1_3_and_carries_http_1_1() {
    let server = server();
    for version in [&TLS12, &TLS13] {
        let mut client = server.client_with(&[version], |_| {});
        assert_eq!(client.0.conn.protocol_version(), Some(version.version));
        assert_eq!(
            client.review("/validate", &pod_review("shop"))["allowed"],
            true
        );
    }
    let offer = |config: &mut ClientConfig| {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    };
    let client = server.client_with(ALL_VERSIONS, offer);
    assert_eq!(client.0.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
}
