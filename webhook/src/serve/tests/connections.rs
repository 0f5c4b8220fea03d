//! Connections: kept, aged, bounded, and cut when they take too long.

use std::{
    io::{Read, Write},
    time::Duration,
};

use super::support::{Client, Setup, TestServer, no_policies, pod_review, post, tcp};

const SHORT: Duration = Duration::from_millis(200);

/// In which a client that does its part is done with it on any machine.
const LONGER: Duration = Duration::from_secs(2);

fn server(change: impl FnOnce(&mut Setup)) -> TestServer {
    TestServer::with(change, no_policies)
}

fn is_served(client: &mut Client) -> bool {
    client.review("/validate", &pod_review("shop"))["allowed"] == true
}

#[test]
fn a_connection_is_kept_for_many_requests() {
    let server = server(|_| {});
    let mut client = server.client();
    for _ in 0..10 {
        let answer = client.post("/validate", &pod_review("shop").to_string());
        assert_eq!(answer.status, 200);
        assert!(!answer.head.contains("connection: close"), "{answer:?}");
    }
    assert!(
        server
            .metrics()
            .contains("accepted_total{listener=\"admission\"} 1\n")
    );
}

#[test]
fn a_connection_past_its_age_is_closed_with_an_answer() {
    let server = server(|setup| setup.limits.connection_age = Duration::ZERO);
    let mut client = server.client();
    let answer = client.post("/validate", &pod_review("shop").to_string());
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    assert!(client.is_closed());
    assert!(is_served(&mut server.client()));
    assert!(
        !server
            .metrics()
            .contains("gatehouse_connections_cut_total{listener=\"admission\"")
    );
}

#[test]
fn a_head_that_comes_slowly_is_cut() {
    let server = server(|setup| setup.limits.head_time = SHORT);
    let mut client = server.client();
    assert!(is_served(&mut client), "the limit is for each head anew");
    client.send("POST /validate HTTP/1.1\r\nhost:");
    assert!(client.is_closed());
    server
        .await_metric("gatehouse_connections_cut_total{listener=\"admission\",reason=\"head\"} 1");
    assert!(is_served(&mut server.client()));
}

#[test]
fn a_head_that_comes_byte_by_byte_gets_no_more_time() {
    let server = server(|setup| setup.limits.head_time = SHORT);
    let mut client = server.client();
    let head = post("/validate", 2);
    for byte in head.bytes().cycle() {
        std::thread::sleep(Duration::from_millis(20));
        if client
            .0
            .write_all(&[byte])
            .and_then(|()| client.0.flush())
            .is_err()
        {
            break;
        }
    }
    server
        .await_metric("gatehouse_connections_cut_total{listener=\"admission\",reason=\"head\"} 1");
}

#[test]
fn a_connection_without_requests_is_closed_after_a_while() {
    let server = server(|setup| setup.limits.idle_time = LONGER);
    let (mut never, mut once) = (server.client(), server.client());
    assert!(is_served(&mut once));
    assert!(never.is_closed());
    assert!(once.is_closed());
    server
        .await_metric("gatehouse_connections_cut_total{listener=\"admission\",reason=\"idle\"} 2");
}

#[test]
fn time_for_a_head_does_not_run_while_a_request_is_awaited() {
    let server = server(|setup| setup.limits.head_time = SHORT);
    let mut client = server.client();
    assert!(is_served(&mut client));
    std::thread::sleep(3 * SHORT);
    assert!(is_served(&mut client));
}

#[test]
fn a_handshake_has_its_time_and_keeps_nobody_waiting() {
    let server = server(|setup| setup.limits.handshake_time = LONGER);
    let mut silent = tcp(server.listen);
    let mut half = tcp(server.listen);
    half.write_all(b"\x16\x03\x01\x02\x00").unwrap();
    assert!(is_served(&mut server.client()));
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(half.read(&mut [0]).unwrap_or(0), 0);
    server.await_metric(
        "gatehouse_connections_cut_total{listener=\"admission\",reason=\"handshake-time\"} 2",
    );
}

#[test]
fn what_is_no_tls_is_cut() {
    let server = server(|_| {});
    let mut client = Client(tcp(server.listen));
    client.send("GET /validate HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut answer = Vec::new();
    let _ = client.0.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    server.await_metric(
        "gatehouse_connections_cut_total{listener=\"admission\",reason=\"handshake\"} 1",
    );
}

#[test]
fn connections_past_the_limit_wait() {
    let server = server(|setup| setup.limits.connections = 2);
    let (mut one, mut two) = (server.client(), server.client());
    assert!(is_served(&mut one) && is_served(&mut two));
    let mut waiting = tcp(server.listen);
    waiting.set_read_timeout(Some(SHORT)).unwrap();
    waiting.write_all(b"no TLS").unwrap();
    assert!(waiting.read(&mut [0]).is_err(), "nobody refused it yet");
    drop(one);
    waiting
        .set_read_timeout(Some(super::support::PATIENCE))
        .unwrap();
    assert!(
        waiting.read(&mut [0]).is_ok_and(|bytes| bytes > 0),
        "an alert"
    );
    drop(waiting);
    assert!(is_served(&mut server.client()));
    assert!(is_served(&mut two));
}

#[test]
fn heads_are_bounded() {
    let server = server(|_| {});
    let with_field = |length: usize| {
        let mut client = server.client();
        let field = "x".repeat(length);
        client.send(&format!(
            "POST /validate HTTP/1.1\r\nhost: a\r\nx: {field}\r\n\r\n"
        ));
        client.answer().map(|answer| answer.status)
    };
    assert_eq!(with_field(16_000), Some(400), "no content type");
    assert_eq!(with_field(17_000), Some(431));
    let mut client = server.client();
    let fields: String = (0..70).map(|i| format!("x{i}: y\r\n")).collect();
    client.send(&format!(
        "POST /validate HTTP/1.1\r\nhost: a\r\n{fields}\r\n"
    ));
    assert_eq!(client.answer().map(|answer| answer.status), Some(431));
}
