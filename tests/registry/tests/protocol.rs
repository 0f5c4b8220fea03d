//! The registry as a client sees it that pushes and pulls.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use gatehouse_test_registry::{Access, Authorization, Fault, INDEX, MANIFEST, Registry, digest};

/// Sends one request and returns the answer, head and body.
fn ask(registry: &Registry, line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}",
        registry.host()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).unwrap().1
}

#[test]
fn blobs_in_one_piece_and_in_chunks() {
    let registry = Registry::start();
    let digest = digest(b"hello world");
    let begun = ask(&registry, "POST /v2/a/b/blobs/uploads/", "", "");
    assert_eq!(status(&begun), "202");
    let upload = header(&begun, "location");
    let chunk = ask(&registry, &format!("PATCH {upload}"), "", "hello ");
    assert_eq!((status(&chunk), header(&chunk, "range")), ("202", "0-5"));
    let wrong = format!("PUT {upload}?digest={}", digest.replace('9', "8"));
    let ended = ask(
        &registry,
        &format!("PUT {upload}?digest={digest}"),
        "",
        "world",
    );
    assert_eq!(status(&ended), "201");
    assert_eq!(status(&ask(&registry, &wrong, "", "")), "400");
    let whole = ask(
        &registry,
        &format!("POST /v2/c/blobs/uploads/?digest={digest}"),
        "",
        "hello world",
    );
    assert_eq!(status(&whole), "201");
    for repository in ["a/b", "c"] {
        let pulled = ask(
            &registry,
            &format!("GET /v2/{repository}/blobs/{digest}"),
            "",
            "",
        );
        assert!(pulled.ends_with("\r\n\r\nhello world"), "{pulled}");
        let head = ask(
            &registry,
            &format!("HEAD /v2/{repository}/blobs/{digest}"),
            "",
            "",
        );
        assert_eq!(
            (status(&head), header(&head, "content-length")),
            ("200", "11")
        );
    }
}

#[test]
fn manifests_tags_and_referrers() {
    let registry = Registry::builder().page(1).start();
    let subject = digest(b"{}");
    let push = |tag: &str, body: &str| {
        let headers = format!("content-type: {MANIFEST}\r\n");
        ask(
            &registry,
            &format!("PUT /v2/a/manifests/{tag}"),
            &headers,
            body,
        )
    };
    assert_eq!(header(&push("1", "{}"), "docker-content-digest"), subject);
    for n in 0..2 {
        let body = format!(r#"{{"artifactType":"{n}","subject":{{"digest":"{subject}"}}}}"#);
        assert_eq!(
            header(&push(&format!("r{n}"), &body), "oci-subject"),
            subject
        );
    }
    assert_eq!(status(&push(&digest(b"other"), "{}")), "400");
    for version in ["1", &subject] {
        let pulled = ask(&registry, &format!("GET /v2/a/manifests/{version}"), "", "");
        assert_eq!(header(&pulled, "content-type"), MANIFEST);
        assert!(pulled.ends_with("\r\n\r\n{}"));
    }
    let tags = ask(&registry, "GET /v2/a/tags/list", "", "");
    assert!(
        tags.ends_with(r#"{"name":"a","tags":["1","r0","r1"]}"#),
        "{tags}"
    );
    let first = ask(&registry, &format!("GET /v2/a/referrers/{subject}"), "", "");
    assert_eq!(header(&first, "content-type"), INDEX);
    let next = header(&first, "link")
        .trim_start_matches('<')
        .split('>')
        .next()
        .unwrap();
    let last = ask(&registry, &format!("GET {next}"), "", "");
    assert!(
        last.contains("artifactType") && !last.contains("link: "),
        "{last}"
    );
}

#[test]
fn without_referrers_api_and_what_is_missing() {
    let registry = Registry::builder().without_referrers_api().start();
    for (path, media_type, text) in [
        (
            "a/referrers/x",
            "text/plain; charset=utf-8",
            "404 page not found",
        ),
        ("a/manifests/1", "application/json", r#"{"errors":["#),
        ("a/blobs/x", "application/json", r#"{"errors":["#),
        ("a/tags/list", "application/json", r#"{"errors":["#),
    ] {
        let missing = ask(&registry, &format!("GET /v2/{path}"), "", "");
        assert_eq!(status(&missing), "404", "{path}");
        assert_eq!(header(&missing, "content-type"), media_type, "{path}");
        assert!(missing.contains(text), "{missing}");
        assert_eq!(
            header(&missing, "docker-distribution-api-version"),
            "registry/2.0"
        );
    }
    assert_eq!(status(&ask(&registry, "GET /v2/", "", "")), "200");
}

#[test]
fn who_may_ask() {
    let both = Some(("u".to_owned(), "p".to_owned()));
    let registry = Registry::builder().access(Access::Bearer(both)).start();
    let refused = ask(&registry, "GET /v2/", "", "");
    assert_eq!(status(&refused), "401");
    assert!(header(&refused, "www-authenticate").starts_with("Bearer realm=\"http://127.0.0.1:"));
    assert_eq!(status(&ask(&registry, "GET /token", "", "")), "401");
    let token = ask(&registry, "GET /token", "authorization: Basic dTpw\r\n", "");
    assert!(token.contains("the-token"), "{token}");
    let shown = "authorization: Bearer the-token\r\n";
    assert_eq!(status(&ask(&registry, "GET /v2/", shown, "")), "200");
    let kinds: Vec<_> = registry
        .requests()
        .iter()
        .map(|r| r.authorization)
        .collect();
    use Authorization::{Basic, Bearer, None};
    assert_eq!(kinds, [None, None, Basic, Bearer]);
}

#[test]
fn misbehaviour_begins_and_ends() {
    let registry = Registry::start();
    registry.misbehave("/v2/*", Fault::Status(500));
    registry.misbehave_times("/v2/a*/x", Fault::Status(429), 1);
    let asked = |path: &str| status(&ask(&registry, &format!("GET {path}"), "", "")).to_owned();
    assert_eq!(asked("/v2/abc/x"), "429");
    assert_eq!(asked("/v2/abc/x"), "500");
    assert_eq!(asked("/other"), "404");
    registry.behave();
    assert_eq!(asked("/v2/"), "200");
}
