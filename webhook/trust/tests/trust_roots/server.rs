//! A mirror on loopback that serves what it is told and counts what it was asked.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use gatehouse_trust::registry::{Client, ClientSettings, HostRules, Limits};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

type Body = BoxBody<Bytes, Infallible>;

/// How a mirror answers.
#[derive(Clone)]
pub(crate) enum Reply {
    File(Vec<u8>),
    /// Bytes without an end.
    Endless,
    /// Nothing ever.
    Silence,
    Status(u16),
    RedirectTo(String),
}

/// A mirror that ends with the test.
#[derive(Clone)]
pub(crate) struct Server {
    host: String,
    replies: Arc<Mutex<BTreeMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            host: listener.local_addr().unwrap().to_string(),
            replies: Arc::default(),
            asked: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let server = serving.clone();
                let service = service_fn(move |request| server.clone().answer(request));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/tuf", self.host)
    }

    /// Serves these files, and no others.
    pub(crate) fn serve(&self, files: BTreeMap<String, Vec<u8>>) {
        let files = files
            .into_iter()
            .map(|(path, file)| (path, Reply::File(file)));
        *self.replies.lock().unwrap() = files.collect();
    }

    /// Answers like this when it is asked for a file.
    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// How often it was asked for a file.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|one| *one == path).count()
    }

    /// A client that may ask it.
    pub(crate) fn client(&self) -> Client {
        Self::client_of(&[self], Limits::default())
    }

    /// The same, which does not wait long.
    pub(crate) fn impatient(&self) -> Client {
        let limits = Limits {
            stall_time: Duration::from_millis(300),
            ..Limits::default()
        };
        Self::client_of(&[self], limits)
    }

    /// The same without any rules for this host.
    pub(crate) fn stranger() -> Client {
        Client::new(ClientSettings::default()).unwrap()
    }

    /// A client that may ask all of these.
    pub(crate) fn client_of(servers: &[&Self], limits: Limits) -> Client {
        let rules = HostRules {
            plain_http: true,
            addresses: vec!["127.0.0.0/8".parse().unwrap()],
            ..HostRules::default()
        };
        let hosts = servers
            .iter()
            .map(|server| (server.host.clone(), rules.clone()));
        Client::new(ClientSettings {
            hosts: hosts.collect(),
            limits,
            ..ClientSettings::default()
        })
        .unwrap()
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let path = request.uri().path();
        let path = path.strip_prefix("/tuf/").unwrap_or(path).to_owned();
        let reply = self.replies.lock().unwrap().get(&path).cloned();
        self.asked.lock().unwrap().push(path);
        let response = Response::builder();
        let response = match reply {
            Some(Reply::File(bytes)) => response.body(whole(bytes)),
            Some(Reply::Endless) => response.body(endless()),
            Some(Reply::Silence) => std::future::pending().await,
            Some(Reply::Status(status)) => response.status(status).body(whole(Vec::new())),
            Some(Reply::RedirectTo(to)) => response
                .status(302)
                .header("location", to)
                .body(whole(Vec::new())),
            None => response.status(404).body(whole(Vec::new())),
        };
        Ok(response.unwrap())
    }
}

fn whole(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes)).boxed()
}

fn endless() -> Body {
    let piece = Bytes::from_static(&[b' '; 4096]);
    let frames = stream::repeat_with(move || Ok(Frame::data(piece.clone())));
    BodyExt::boxed(StreamBody::new(frames))
}
