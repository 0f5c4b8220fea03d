use hyper::{HeaderMap, Method, header};

/// One request, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What stands behind the `?`, or nothing.
    pub query: String,
    /// The host that the client asked for.
    pub host: String,
    /// How the client said who it is.
    pub authorization: Authorization,
    /// The encodings that the client would take.
    pub accept_encoding: String,
}

/// The kind of an `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// There is none.
    None,
    /// A user name and a password.
    Basic,
    /// A token.
    Bearer,
    /// Something else.
    Other,
}

impl Request {
    pub(crate) fn new(method: &Method, uri: &hyper::Uri, headers: &HeaderMap) -> Self {
        let text = |name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        Self {
            method: method.to_string(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            host: text(header::HOST),
            authorization: Authorization::of(&text(header::AUTHORIZATION)),
            accept_encoding: text(header::ACCEPT_ENCODING),
        }
    }

    /// Method and path: `GET /v2/`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Authorization {
    fn of(value: &str) -> Self {
        match value.split_once(' ') {
            _ if value.is_empty() => Authorization::None,
            Some(("Basic", _)) => Authorization::Basic,
            Some(("Bearer", _)) => Authorization::Bearer,
            _ => Authorization::Other,
        }
    }
}
