//! A server on loopback, a client that speaks HTTP as plainly as the tests need, and small policies.

use std::{
    fs,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use gatehouse_certs::ServingNames;
use rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    config::{Source, Surroundings},
    facts::FactSource,
    serve::{
        ServeLimits,
        files::write_atomically,
        logging::Logs,
        queue::Queue,
        server::{Options, Server, StartError},
        tls::CertificateSource,
    },
};

/// What ends by itself on any machine, however busy, ends before that.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server in this process, with what it wrote.
pub(crate) struct TestServer {
    pub(crate) server: Option<Server>,
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) folder: TempDir,
    decisions: (Queue, Written),
}

/// How a server differs from the usual one.
pub(crate) struct Setup {
    pub(crate) limits: ServeLimits,
    pub(crate) drain_delay: Duration,
    pub(crate) files: Option<(String, String)>,
}

/// What a log wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

/// A connection to a server, over TLS or not.
pub(crate) struct Client<S = StreamOwned<ClientConnection, TcpStream>>(pub(crate) S);

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Default for Setup {
    fn default() -> Self {
        let limits = ServeLimits {
            poll_interval: Duration::from_millis(20),
            ..ServeLimits::default()
        };
        Self {
            limits,
            drain_delay: Duration::ZERO,
            files: None,
        }
    }
}

impl TestServer {
    /// A server with the policies that `write` puts into its folder.
    pub(crate) fn start(write: impl FnOnce(&Path)) -> Self {
        Self::with(|_| {}, write)
    }

    /// As [`TestServer::start`], with what `change` changes.
    pub(crate) fn with(change: impl FnOnce(&mut Setup), write: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        write(&config);
        let mut setup = Setup::default();
        change(&mut setup);
        let written = Written::default();
        let logs = Logs {
            events: queue(Written::default()),
            decisions: queue(written.clone()),
        };
        let server = start(setup, folder.path(), &logs).unwrap();
        Self {
            listen: server.listen(),
            admin: server.admin_listen(),
            server: Some(server),
            folder,
            decisions: (logs.decisions, written),
        }
    }

    /// The folder of the configuration.
    pub(crate) fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("config")
    }

    /// A new connection over TLS.
    pub(crate) fn client(&self) -> Client {
        self.client_with(ALL_VERSIONS, |_| {})
    }

    /// As [`TestServer::client`], with these versions of TLS and what `change` changes.
    pub(crate) fn client_with(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut ClientConfig),
    ) -> Client {
        let pem = fs::read(self.folder.path().join("ca.crt")).unwrap();
        Client::connect(self.listen, &pem, versions, change).unwrap()
    }

    /// What `GET path` on the admin port says.
    pub(crate) fn admin(&self, path: &str) -> Answer {
        let mut client = Client(tcp(self.admin));
        client.send(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        client.answer().unwrap()
    }

    /// The metrics.
    pub(crate) fn metrics(&self) -> String {
        self.admin("/metrics").body
    }

    /// Waits until the metrics have a line that begins so.
    pub(crate) fn await_metric(&self, line: &str) {
        wait_for(line, || self.metrics().lines().any(|l| l.starts_with(line)));
    }

    /// The lines of the decision log so far.
    pub(crate) fn decisions(&self) -> Vec<Value> {
        let (queue, written) = &self.decisions;
        assert!(queue.flush(PATIENCE));
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}

fn start(setup: Setup, folder: &Path, logs: &Logs) -> Result<Server, StartError> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let names = ServingNames::parse(["localhost", "127.0.0.1"]).unwrap();
    let certificate = match setup.files {
        Some((certificate, key)) => CertificateSource::Files {
            certificate: folder.join(certificate),
            key: folder.join(key),
        },
        None => CertificateSource::SelfMade {
            names,
            authority_out: Some(folder.join("ca.crt")),
        },
    };
    let options = Options {
        config: Source::Paths(vec![folder.join("config")]),
        facts: FactSource::none(),
        surroundings: Surroundings::default(),
        listen: loopback,
        admin_listen: loopback,
        certificate,
        workers: 4,
        drain_delay: setup.drain_delay,
        ready_file: None,
        limits: setup.limits,
    };
    Server::start(options, logs)
}

impl Client {
    /// Connects and shakes hands, trusting the authorities in `pem`.
    pub(crate) fn connect(
        to: SocketAddr,
        pem: &[u8],
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut ClientConfig),
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        change(&mut config);
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, tcp(to));
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self(stream))
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
        self.0.flush().unwrap();
    }

    /// Posts `body` as JSON and reads the answer.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Answer {
        self.send(&post(path, body.len()));
        self.send(body);
        self.answer().unwrap()
    }

    /// Posts a review and reads the response out of the answer.
    pub(crate) fn review(&mut self, path: &str, review: &Value) -> Value {
        let answer = self.post(path, &review.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["kind"], "AdmissionReview");
        answer["response"].take()
    }

    /// Reads one answer; `None` where the connection was closed instead.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        Some(Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::from_utf8(body).unwrap(),
        })
    }

    /// Whether the server closed the connection without another byte. Waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.byte().is_none()
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(0) => None,
            Ok(_) => Some(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                panic!("nothing came for {PATIENCE:?}")
            }
            Err(_) => None,
        }
    }
}

impl Answer {
    /// The reason of an answer that is no AdmissionReview.
    pub(crate) fn reason(&self) -> &str {
        self.body.trim_end()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn queue(output: Written) -> Queue {
    Queue::start("test", output, 10_000, 1 << 20).unwrap()
}

/// A plain connection.
pub(crate) fn tcp(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The head of a request that posts so many bytes of JSON.
pub(crate) fn post(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// Waits until something holds.
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The review of a pod that is created.
pub(crate) fn pod_review(namespace: &str) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "6619acbe-55bf-44a0-89d7-25b903fd4794",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "web",
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": "anna", "groups": ["system:authenticated"]},
            "object": {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "web", "namespace": namespace},
                "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            },
            "oldObject": null,
            "dryRun": false,
        },
    })
}

/// An empty file is a mistake, an empty list is what somebody wanted.
const NO_POLICIES: &str = "{apiVersion: v1, kind: List, items: []}";

/// Writes a configuration without policies.
pub(crate) fn no_policies(folder: &Path) {
    fs::write(folder.join("none.yaml"), NO_POLICIES).unwrap();
}

/// Writes a policy of the guest `guest` into a configuration folder.
pub(crate) fn write_policy(folder: &Path, name: &str, guest: &Guest, spec: Value) {
    write_module(folder, name, guest);
    write_policies(folder, name, &[(name, name, spec)]);
}

/// Writes the module of a guest.
pub(crate) fn write_module(folder: &Path, module: &str, guest: &Guest) {
    fs::write(folder.join(module).with_extension("wasm"), guest.wasm()).unwrap();
}

/// Writes policies, given by name, module and spec, into one file, all at once.
pub(crate) fn write_policies(folder: &Path, file: &str, policies: &[(&str, &str, Value)]) {
    let policy = |(name, module, spec): &(&str, &str, Value)| {
        let mut spec = spec.clone();
        spec["module"] = format!("file:{module}.wasm").into();
        json!({
            "apiVersion": "gatehouse.dev/v1alpha1",
            "kind": "Policy",
            "metadata": {"name": name},
            "spec": spec,
        })
    };
    let items: Vec<_> = policies.iter().map(policy).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let path = folder.join(file).with_extension("json");
    write_atomically(&path, list.to_string().as_bytes()).unwrap();
}

/// A policy module in a few instructions.
pub(crate) enum Guest {
    /// Always answers with these findings.
    Finds(Value),
    /// Never comes back.
    Endless,
}

impl Guest {
    /// Finds `code` in every pod.
    pub(crate) fn finds(code: &str) -> Self {
        let message = format!("{code} is found");
        Guest::Finds(json!([{"code": code, "path": "spec", "message": message}]))
    }

    fn wasm(&self) -> Vec<u8> {
        let (answer, evaluate) = match self {
            Guest::Finds(findings) => {
                let answer = json!({"findings": findings}).to_string();
                let packed = (16_u64 << 32) | answer.len() as u64;
                (answer, format!("(i64.const {packed})"))
            }
            Guest::Endless => (String::new(), "(loop (br 0)) unreachable".to_owned()),
        };
        let text = format!(
            r#"(module
                (@custom "gatehouse.policy" {metadata})
                (memory (export "memory") 2)
                (data (i32.const 16) {answer})
                (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
                (func (export "gatehouse_configure") (param i32 i32) (result i64) i64.const 0)
                (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
                    {evaluate}))"#,
            metadata = wat_string(&metadata()),
            answer = wat_string(&answer),
        );
        wat::parse_str(text).unwrap()
    }
}

fn metadata() -> String {
    let code = json!({"title": "t", "explanation": "e", "bad": "b", "good": "g"});
    json!({
        "name": "guest", "version": "1.0.0", "title": "t", "description": "d", "abi": 1,
        "kinds": ["Pod"], "operations": ["CREATE", "UPDATE"], "settings": {},
        "codes": {"one": code, "two": code},
    })
    .to_string()
}

fn wat_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
