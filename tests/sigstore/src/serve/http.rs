use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::Arc,
    thread::JoinHandle,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Response,
    body::Incoming,
    header::{AUTHORIZATION, CONTENT_TYPE, ETAG},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
};

/// What was asked, read whole.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// What follows `Bearer `.
    pub(super) token: Option<String>,
    pub(super) body: Bytes,
}

/// What is answered.
pub(super) struct Answer {
    status: u16,
    media_type: &'static str,
    tag: Option<String>,
    body: Bytes,
}

/// A thread that answers until it is dropped.
pub(super) struct Thread {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Answering = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

impl Request {
    async fn read(request: hyper::Request<Incoming>) -> Option<Self> {
        let (head, body) = request.into_parts();
        let authorization = head.headers.get(AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
        Some(Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            token: token.map(str::to_owned),
            body: body.collect().await.ok()?.to_bytes(),
        })
    }

    /// Its body, `null` where it is no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::of(status, "application/json", body.to_string())
    }

    pub(super) fn pem(status: u16, body: String) -> Self {
        Self::of(status, "application/pem-certificate-chain", body)
    }

    pub(super) fn timestamp(response: Vec<u8>) -> Self {
        Self::of(201, "application/timestamp-reply", response)
    }

    /// In the words of either service: Fulcio and Rekor say `code` and `message`.
    pub(super) fn refusal(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"code": status, "message": message}))
    }

    /// With an entity tag, in which Rekor names what it added.
    pub(super) fn tagged(self, tag: &str) -> Self {
        let tag = Some(tag.to_owned());
        Self { tag, ..self }
    }

    fn of(status: u16, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            media_type,
            tag: None,
            body: body.into(),
        }
    }

    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, self.media_type);
        if let Some(tag) = self.tag {
            response = response.header(ETAG, tag);
        }
        response.body(Full::new(self.body)).unwrap()
    }
}

impl Thread {
    pub(super) fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, Arc::new(answer)) => (),
                    _ = stopped => (),
                }
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // a panic in there has been printed
            let _ = thread.join();
        }
    }
}

async fn accept(listener: StdListener, answer: Answering) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&answer)));
    }
}

async fn serve(stream: TcpStream, answer: Answering) {
    let service = service_fn(|request| {
        let answer = Arc::clone(&answer);
        async move {
            let request = Request::read(request).await;
            let answer = request.map_or_else(
                || Answer::refusal(400, "the body does not end"),
                |request| answer(&request),
            );
            Ok::<_, Infallible>(answer.into_response())
        }
    });
    // clients may leave at any time
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
