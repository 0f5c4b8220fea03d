//! A client that does as little as possible: one thread and one connection each, one request after the
//! other, whose bytes are the same.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Longest wait for an answer's next bytes.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Whom to ask, and what.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    request: Arc<[u8]>,
    /// What every answer's body has.
    expected: &'static str,
}

/// What came of asking for a while.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load {
    /// How long each answer took, in any order.
    pub(crate) latencies: Vec<Duration>,
    /// How long all took together.
    pub(crate) took: Duration,
}

impl Target {
    pub(crate) fn new(
        address: SocketAddr,
        authority: &str,
        body: &[u8],
        expected: &'static str,
    ) -> Result<Self, String> {
        let head = format!(
            "POST /validate?timeout=10s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json, */*\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Ok(Self {
            address,
            tls: Arc::new(trusting(authority)?),
            request: [head.as_bytes(), body].concat().into(),
            expected,
        })
    }

    /// Asks over this many connections for this long.
    pub(crate) fn load(&self, connections: usize, time: Duration) -> Result<Load, String> {
        let streams: Result<Vec<_>, _> = (0..connections).map(|_| Connection::open(self)).collect();
        let streams = streams?;
        let start = Instant::now();
        let loads: Result<Vec<_>, String> = thread::scope(|scope| {
            let ask = |mut stream: Connection| scope.spawn(move || stream.ask_until(start + time));
            let threads: Vec<_> = streams.into_iter().map(ask).collect();
            let ended = threads.into_iter().map(|thread| thread.join());
            ended
                .map(|load| load.unwrap_or_else(|_| Err("a thread panicked".to_owned())))
                .collect()
        });
        Ok(Load {
            latencies: loads?.concat(),
            took: start.elapsed(),
        })
    }
}

impl Load {
    /// This and more.
    pub(crate) fn add(&mut self, more: Load) {
        self.latencies.extend(more.latencies);
        self.took += more.took;
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    /// The latency that this share of the answers did not exceed.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = (sorted.len() as f64 * share) as usize;
        sorted
            .get(at)
            .or(sorted.last())
            .copied()
            .unwrap_or_default()
    }
}

fn trusting(authority: &str) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(authority.as_bytes());
    let certificate = certificate.map_err(|error| error.to_string())?;
    roots.add(certificate).map_err(|error| error.to_string())?;
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    request: Arc<[u8]>,
    expected: &'static str,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects, and asks once: the handshake happens with the first bytes.
    fn open(target: &Target) -> Result<Self, String> {
        let socket = TcpStream::connect(target.address).map_err(|error| error.to_string())?;
        socket
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        socket
            .set_read_timeout(Some(READ_TIMEOUT))
            .map_err(|error| error.to_string())?;
        let tls = ClientConnection::new(Arc::clone(&target.tls), target.address.ip().into());
        let mut connection = Self {
            stream: StreamOwned::new(tls.map_err(|error| error.to_string())?, socket),
            request: Arc::clone(&target.request),
            expected: target.expected,
            answer: vec![0; 64 << 10],
        };
        connection.ask()?;
        Ok(connection)
    }

    fn ask_until(&mut self, end: Instant) -> Result<Vec<Duration>, String> {
        let mut latencies = Vec::new();
        let mut start = Instant::now();
        while start < end {
            self.ask()?;
            let now = Instant::now();
            latencies.push(now - start);
            start = now;
        }
        Ok(latencies)
    }

    fn ask(&mut self) -> Result<(), String> {
        self.stream
            .write_all(&self.request)
            .map_err(|error| error.to_string())?;
        let mut len = 0;
        loop {
            let read = self
                .stream
                .read(&mut self.answer[len..])
                .map_err(|error| error.to_string())?;
            len += read;
            let answer = self.answer.get(..len).unwrap_or_default();
            if let Some(body) = whole_body(answer)? {
                return self.check(body);
            }
            if read == 0 {
                return Err(
                    "the server closed the connection in the middle of an answer".to_owned(),
                );
            }
        }
    }

    fn check(&self, body: &[u8]) -> Result<(), String> {
        let text = str::from_utf8(body).unwrap_or_default();
        match text.contains(self.expected) {
            true => Ok(()),
            false => Err(format!(
                "the answer does not have `{}`: {text}",
                self.expected
            )),
        }
    }
}

/// The body, once all of it is there.
fn whole_body(answer: &[u8]) -> Result<Option<&[u8]>, String> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = answer.split_at(end + 4);
    let head = str::from_utf8(head).unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(format!(
            "the server answered {}",
            head.lines().next().unwrap_or_default()
        ));
    }
    let lengths = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let len: usize = lengths
        .next()
        .and_then(|(_, len)| len.trim().parse().ok())
        .unwrap_or(0);
    Ok(body.get(..len).filter(|_| len > 0))
}
