//! The program `gatehouse serve`: what it exits with, what it writes, and that SIGTERM loses no request.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};

/// What ends by itself on any machine, however busy, ends before that.
const PATIENCE: Duration = Duration::from_secs(60);

/// `gatehouse serve` with a configuration without policies and a self-made certificate, in a folder.
fn serve(folder: &Path) -> Command {
    let config = folder.join("config.yaml");
    if !config.exists() {
        fs::write(&config, "{apiVersion: v1, kind: List, items: []}").unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command
        .current_dir(folder)
        .args(["serve", "--config", "config.yaml"])
        .args([
            "--admin-listen",
            "127.0.0.1:0",
            "--ready-file",
            "ready.json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn self_signed(folder: &Path) -> Command {
    let mut command = serve(folder);
    command.args([
        "--tls-self-signed",
        "--tls-ca-out",
        "ca.crt",
        "--listen",
        "127.0.0.1:0",
    ]);
    command
}

fn ready(folder: &Path) -> (String, String) {
    let until = Instant::now() + PATIENCE;
    let text = loop {
        match fs::read(folder.join("ready.json")) {
            Ok(text) => break text,
            Err(_) => assert!(Instant::now() < until, "not ready within {PATIENCE:?}"),
        }
        sleep(Duration::from_millis(20));
    };
    let ready: Value = serde_json::from_slice(&text).unwrap();
    let address = |member: &str| ready[member].as_str().unwrap().to_owned();
    (address("listen"), address("admin"))
}

fn tls(folder: &Path, address: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let authority = fs::read(folder.join("ca.crt")).unwrap();
    roots
        .add(CertificateDer::from_pem_slice(&authority).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(connection, stream)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([name, &id])
            .status()
            .unwrap()
            .success()
    );
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn refusal(command: &mut Command) -> String {
    let Output {
        status,
        stderr,
        stdout,
    } = command.output().unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0));
    String::from_utf8(stderr).unwrap()
}

#[test]
fn what_cannot_be_loaded_at_the_start_is_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let any = ["--listen", "127.0.0.1:0"];
    let files = ["--tls-cert", "no.crt", "--tls-key", "no.key"];
    let missing = refusal(serve(path).args(any).args(files));
    assert_eq!(
        missing,
        "error: `no.crt` cannot be read: there is no such file\n"
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let taken = refusal(serve(path).args(["--tls-self-signed", "--listen", &address]));
    assert!(
        taken.starts_with(&format!("error: cannot listen on `{address}`: ")),
        "{taken}"
    );
    fs::write(path.join("config.yaml"), "kind: Policy").unwrap();
    let broken = refusal(&mut self_signed(path));
    assert!(broken.starts_with("error: config.yaml:1:1: "), "{broken}");
}

#[test]
fn sigterm_finishes_what_is_in_flight_and_exits_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = self_signed(folder.path()).spawn().unwrap();
    let (listen, admin) = ready(folder.path());
    assert!(get(&admin, "/readyz").starts_with("HTTP/1.1 200 OK"));

    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "u", "operation": "DELETE", "object": null},
    })
    .to_string();
    let mut stream = tls(folder.path(), &listen);
    let length = review.len();
    write!(
        stream,
        "POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{"
    )
    .unwrap();
    stream.flush().unwrap();
    let until = Instant::now() + PATIENCE;
    while !get(&admin, "/metrics").contains("gatehouse_connections{listener=\"admission\"} 1") {
        assert!(Instant::now() < until);
    }
    signal(&child, "-TERM");
    while TcpStream::connect(&listen).is_ok() {
        assert!(Instant::now() < until, "still accepting");
        sleep(Duration::from_millis(10));
    }
    assert_eq!(child.try_wait().unwrap(), None);

    stream.write_all(&review.as_bytes()[1..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        answer.contains(r#""uid":"u""#) && answer.contains(r#""allowed":true"#),
        "{answer}"
    );

    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let decisions = lines(&output.stdout);
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0]["operation"], "DELETE");
    let events = lines(&output.stderr);
    let listening = events
        .iter()
        .find(|event| event["message"] == "listening")
        .unwrap();
    assert_eq!(listening["addr"], listen.as_str());
    assert_eq!(listening["admin_addr"], admin.as_str());
    let warned = events
        .iter()
        .find(|event| event["level"] == "WARN")
        .unwrap();
    let message = warned["message"].as_str().unwrap();
    assert!(message.contains("nothing is judged"), "{message}");
}

#[test]
fn sigint_twice_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = self_signed(folder.path())
        .args(["--drain-delay", "10m"])
        .spawn()
        .unwrap();
    let (_, admin) = ready(folder.path());
    signal(&child, "-INT");
    let until = Instant::now() + PATIENCE;
    while !get(&admin, "/readyz").contains("the server is draining") {
        assert!(Instant::now() < until);
    }
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn logs_that_nobody_reads_keep_no_request_waiting() {
    let folder = tempfile::tempdir().unwrap();
    // the pipes of the child are never read: they fill, and lines are dropped
    let mut child = self_signed(folder.path()).spawn().unwrap();
    let (listen, admin) = ready(folder.path());
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "x".repeat(300), "operation": "CREATE", "object": null,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
        },
    })
    .to_string();
    let length = review.len();
    let request = format!(
        "POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{review}"
    );
    let mut stream = tls(folder.path(), &listen);
    let mut answer = [0; 4096];
    for _ in 0..10_000 {
        stream.write_all(request.as_bytes()).unwrap();
        assert!(stream.read(&mut answer).unwrap() > 0);
    }
    let metrics = get(&admin, "/metrics");
    let dropped = metrics
        .lines()
        .find(|line| line.contains("dropped_total{log=\"decisions\"}"));
    let dropped: u64 = dropped
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(dropped > 0, "{metrics}");
    signal(&child, "-TERM");
    let until = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it waits for its logs");
        sleep(Duration::from_millis(20));
    }
}
