//! Stopping without losing what is in flight.

use std::{
    net::TcpStream,
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use super::support::{PATIENCE, Setup, TestServer, no_policies, pod_review, post, wait_for};

fn server(change: impl FnOnce(&mut Setup)) -> TestServer {
    TestServer::with(change, no_policies)
}

#[test]
fn a_request_in_flight_is_finished() {
    let mut server = server(|_| {});
    let review = pod_review("shop").to_string();
    let mut in_flight = server.client();
    in_flight.send(&post("/validate", review.len()));
    in_flight.send(&review[..10]);
    let mut idle = server.client();
    // answered, so the server has seen both connections
    assert_eq!(idle.post("/validate", &review).status, 200);

    let running = server.server.take().unwrap();
    let drained = thread::spawn(move || running.drain(std::future::pending()));
    assert!(idle.is_closed());
    let listen = server.listen;
    wait_for("no new connections", || TcpStream::connect(listen).is_err());
    assert!(!drained.is_finished());

    in_flight.send(&review[10..]);
    let answer = in_flight.answer().unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    drained.join().unwrap();
}

#[test]
fn before_it_stops_the_server_says_that_it_will() {
    let mut server = server(|setup| setup.drain_delay = PATIENCE);
    let mut open = server.client();
    assert_eq!(server.admin("/readyz").status, 200);
    let running = server.server.take().unwrap();
    let (hurry, hurried) = tokio::sync::oneshot::channel();
    let drained = thread::spawn(move || running.drain(async { hurried.await.unwrap() }));

    wait_for("not ready", || server.admin("/readyz").status == 503);
    assert_eq!(server.admin("/readyz").reason(), "the server is draining");
    assert_eq!(server.admin("/healthz").status, 200);
    let review = pod_review("shop").to_string();
    let answer = server.client().post("/validate", &review);
    assert_eq!(answer.status, 200, "it still serves");
    let answer = open.post("/validate", &review);
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    assert!(open.is_closed());

    hurry.send(()).unwrap();
    drained.join().unwrap();
    assert!(TcpStream::connect(server.admin).is_err());
}

#[test]
fn a_request_that_never_ends_is_cut_when_the_time_to_drain_is_over() {
    let mut server = server(|setup| setup.limits.drain_time = Duration::from_millis(200));
    let mut stuck = server.client();
    stuck.send(&post("/validate?timeout=30s", 100));
    let mut answered = server.client();
    assert_eq!(answered.post("/validate", "{}").status, 400);
    let running = server.server.take().unwrap();
    let (sender, ended) = channel();
    thread::spawn(move || {
        running.drain(std::future::pending());
        sender.send(Instant::now()).unwrap();
    });
    ended.recv_timeout(PATIENCE).unwrap();
    assert!(stuck.is_closed());
}
