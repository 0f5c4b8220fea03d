//! One request and its answer, within all limits.

use std::{collections::BTreeMap, error::Error, io, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, Response, Uri,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::{
    client::{legacy, proxy::matcher::Matcher},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::timeout;

use super::{
    address::{AddressRules, Denied},
    connector::{ConnectTimedOut, Connector},
    error::{ErrorKind, Fault},
    host::Host,
    link,
    settings::{ClientSettings, HostRules, Limits, SetupError},
    tls,
};

/// How much of a refusal's text is read: to tell whether it is a registry's, and for the log.
const REFUSAL_MAX_BYTES: usize = 4 * 1024;
/// The least that hyper takes for a limit of the head.
const HEAD_MIN_BYTES: usize = 8 * 1024;

/// How many connections to one host are kept for later.
const IDLE_MAX: usize = 8;

const USER_AGENT: &str = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));

/// Connections to all hosts. A host with rules has its own, so that none that was opened by its rules is
/// ever used for another host.
pub(super) struct Http {
    named: BTreeMap<String, Pool>,
    others: Pool,
    proxy: Option<Arc<Matcher>>,
    limits: Limits,
}

/// What is asked.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) accept: &'static str,
    pub(super) authorization: Option<HeaderValue>,
    /// A form, for a POST.
    pub(super) form: Option<Bytes>,
    /// Longest answer, in bytes.
    pub(super) max_bytes: usize,
}

/// What was answered. The body is read when the status is 200; otherwise only its beginning is.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the body is all of it, not a part.
    pub(super) is_whole: bool,
    /// Where the answer is from, after redirects.
    pub(super) uri: Uri,
}

struct Pool {
    client: legacy::Client<Connector, Full<Bytes>>,
    plain_http: bool,
}

impl Http {
    pub(super) fn new(settings: &ClientSettings) -> Result<Self, SetupError> {
        let roots = tls::system_roots();
        let common = tls::config(roots.clone())?;
        let mut named = BTreeMap::new();
        for (host, rules) in &settings.hosts {
            let tls = match &rules.ca_pem {
                None => Arc::clone(&common),
                Some(pem) => tls::config(tls::with_private(roots.clone(), pem, host)?)?,
            };
            named.insert(host.clone(), Pool::new(settings, rules, tls));
        }
        Ok(Self {
            named,
            others: Pool::new(settings, &HostRules::default(), common),
            proxy: settings.proxy.0.clone(),
            limits: settings.limits,
        })
    }

    /// Asks, and follows redirects. What authorises the call goes nowhere else than where it was sent first.
    pub(super) async fn follow(&self, mut call: Call) -> Result<Answer, Fault> {
        for _ in 0..=self.limits.redirects {
            let response = self.send(&call).await?;
            let Some(next) = redirect(&call.uri, &response)? else {
                return self.read(call, response).await;
            };
            if !is_same_origin(&call.uri, &next) {
                call.authorization = None;
            }
            call.uri = next;
        }
        Err(Fault::new(ErrorKind::Redirects, &place(&call.uri)))
    }

    /// Asks, and takes the answer as it is.
    pub(super) async fn once(&self, call: Call) -> Result<Answer, Fault> {
        let response = self.send(&call).await?;
        self.read(call, response).await
    }

    async fn send(&self, call: &Call) -> Result<Response<Incoming>, Fault> {
        let not_a_host = || Fault::new(ErrorKind::NotAHost, &place(&call.uri));
        let host = Host::of(&call.uri).ok_or_else(not_a_host)?;
        let pool = self.named.get(host.as_str()).unwrap_or(&self.others);
        if call.uri.scheme_str() != Some("https") && !pool.plain_http {
            return Err(Fault::new(ErrorKind::PlainHttp, &place(&call.uri)));
        }
        let time = self
            .limits
            .connect_time
            .saturating_add(self.limits.stall_time);
        let response = timeout(time, pool.client.request(self.request(call)?)).await;
        let response = response.map_err(|_| stalled(&call.uri))?;
        response.map_err(|error| fault_of(&error, &call.uri))
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Fault> {
        let body = Full::new(call.form.clone().unwrap_or_default());
        let mut request = Request::new(body);
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.uri.clone();
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static(call.accept));
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        if call.form.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
        let mut set = |name: HeaderName, value: Option<HeaderValue>| {
            value.map(|value| headers.insert(name, value));
        };
        set(header::AUTHORIZATION, call.authorization.clone());
        set(
            header::PROXY_AUTHORIZATION,
            self.proxy_authorization(&call.uri),
        );
        Ok(request)
    }

    /// A proxy that passes plain requests on wants its own credentials in each of them.
    fn proxy_authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let intercept = self.proxy.as_ref()?.intercept(uri)?;
        intercept.basic_auth().cloned()
    }

    async fn read(&self, call: Call, response: Response<Incoming>) -> Result<Answer, Fault> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let (body, outcome) = match status {
            _ if call.method == Method::HEAD => (Bytes::new(), Ok(())),
            200 => {
                check_encoding(&head.headers, &call.uri)?;
                self.body(body, call.max_bytes, &call.uri).await
            }
            _ => self.body(body, REFUSAL_MAX_BYTES, &call.uri).await,
        };
        let is_whole = outcome.is_ok();
        if status == 200 {
            outcome?;
        }
        Ok(Answer {
            status,
            headers: head.headers,
            body,
            is_whole,
            uri: call.uri,
        })
    }

    /// Piece by piece: the length that a registry says is not believed. Beside a fault stands what came
    /// before it.
    async fn body(&self, mut body: Incoming, max: usize, uri: &Uri) -> (Bytes, Result<(), Fault>) {
        let mut bytes = BytesMut::new();
        let outcome = loop {
            let frame = timeout(self.limits.stall_time, body.frame()).await;
            let piece = match frame {
                Ok(None) => break Ok(()),
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Ok(Some(Err(error))) => break Err(fault_of(&error, uri)),
                Err(_) => break Err(stalled(uri)),
            };
            let room = max - bytes.len();
            bytes.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                break Err(Fault::new(ErrorKind::TooLarge(max), &place(uri)));
            }
        };
        (bytes.freeze(), outcome)
    }
}

impl Pool {
    fn new(settings: &ClientSettings, rules: &HostRules, tls: Arc<rustls::ClientConfig>) -> Self {
        let addresses = AddressRules {
            denied: settings.denied_addresses.clone(),
            allowed: rules.addresses.clone(),
        };
        let proxy = settings.proxy.0.clone();
        let connector = Connector::new(addresses, proxy, tls, settings.limits.connect_time);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE_MAX)
            .http1_max_buf_size(settings.limits.head_bytes.max(HEAD_MIN_BYTES))
            .build(connector);
        Self {
            client,
            plain_http: rules.plain_http,
        }
    }
}

impl Answer {
    /// A header's value, where it is plain text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The type of the body, without parameters.
    pub(super) fn media_type(&self) -> Option<&str> {
        let value = self.header(header::CONTENT_TYPE.as_str())?;
        value.split(';').next().map(str::trim)
    }

    /// How long the host wants to be left alone. A date instead of seconds is not read: clocks differ.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header(header::RETRY_AFTER.as_str())?.trim().parse();
        seconds.ok().map(Duration::from_secs)
    }

    /// The status as a failure, for a question that it is no answer to.
    pub(super) fn refusal(&self) -> Fault {
        let kind = match self.status {
            401 => ErrorKind::Unauthorised,
            403 => ErrorKind::Forbidden,
            429 => ErrorKind::RateLimited,
            status => ErrorKind::Status(status),
        };
        let text = String::from_utf8_lossy(&self.body);
        let detail = format!("{} answered {}: {text}", place(&self.uri), self.status);
        Fault {
            retry_after: self
                .retry_after()
                .filter(|_| kind == ErrorKind::RateLimited),
            ..Fault::new(kind, &detail)
        }
    }
}

/// Where an answer sends the client, if it does.
fn redirect<T>(from: &Uri, response: &Response<T>) -> Result<Option<Uri>, Fault> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| link::resolve(from, location));
    next.map(Some).ok_or_else(|| {
        let kind = ErrorKind::Malformed("a redirect to nowhere");
        Fault::new(kind, location.unwrap_or_default())
    })
}

fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    // as text: `Authority` compares without regard for case
    let origin = |uri: &Uri| {
        (
            uri.scheme().cloned(),
            uri.authority().map(|a| a.as_str().to_owned()),
        )
    };
    origin(one) == origin(other)
}

fn check_encoding(headers: &HeaderMap, uri: &Uri) -> Result<(), Fault> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    match encodings.find(|encoding| *encoding != "identity") {
        None => Ok(()),
        Some(_) => Err(Fault::new(ErrorKind::Compressed, &place(uri))),
    }
}

fn stalled(uri: &Uri) -> Fault {
    let detail = format!("{}: nothing came for too long", place(uri));
    Fault::new(ErrorKind::TimedOut, &detail)
}

/// An address without a user name and without its query, which may hold a signature that grants access.
fn place(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let authority = authority.rsplit('@').next().unwrap_or_default();
    format!(
        "{}://{authority}{}",
        uri.scheme_str().unwrap_or_default(),
        uri.path()
    )
}

/// What stands behind an error of the libraries.
fn fault_of(error: &(dyn Error + 'static), uri: &Uri) -> Fault {
    let mut kind = ErrorKind::Unreachable;
    let mut words = vec![place(uri)];
    let mut next = Some(error);
    while let Some(error) = next {
        kind = kind_of(error).unwrap_or(kind);
        words.push(error.to_string());
        // an io::Error passes its inner error over when it is asked for its source
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    words.dedup();
    Fault::new(kind, &words.join(": "))
}

fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    if error.is::<Denied>() {
        Some(ErrorKind::Address)
    } else if error.is::<rustls::Error>() {
        Some(ErrorKind::Tls)
    } else if error.is::<ConnectTimedOut>() {
        Some(ErrorKind::TimedOut)
    } else if let Some(error) = error.downcast_ref::<io::Error>() {
        match error.kind() {
            io::ErrorKind::TimedOut => Some(ErrorKind::TimedOut),
            io::ErrorKind::UnexpectedEof => Some(ErrorKind::Interrupted),
            _ => None,
        }
    } else {
        match error.downcast_ref::<hyper::Error>()? {
            error if error.is_parse_too_large() => Some(ErrorKind::HeadTooLarge),
            error if error.is_parse() => Some(ErrorKind::Malformed("something else than HTTP")),
            error if error.is_incomplete_message() => Some(ErrorKind::Interrupted),
            _ => None,
        }
    }
}
