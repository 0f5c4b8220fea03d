use std::{fmt, time::Duration};

use crate::text::excerpt;

/// Why a registry gave no answer that could be used: "could not check", never "does not exist".
///
/// Displayed it is the short form for people, which holds no text that the registry chose:
/// `registry ghcr.io: unauthorised`. The detail is for the log alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryError {
    registry: String,
    kind: ErrorKind,
    detail: String,
}

/// What kind of failure it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// It wants other credentials than it was given, or some at all (401).
    #[error("unauthorised")]
    Unauthorised,
    /// It knows who asks, and refuses (403).
    #[error("forbidden")]
    Forbidden,
    /// It was asked too often (429).
    #[error("rate limited")]
    RateLimited,
    /// There is no address for its name, or no connection to it.
    #[error("unreachable")]
    Unreachable,
    /// It broke the connection off before its answer was complete.
    #[error("broke off its answer")]
    Interrupted,
    /// The TLS handshake failed.
    #[error("no trusted TLS connection")]
    Tls,
    /// It took longer than the limits allow.
    #[error("timed out")]
    TimedOut,
    /// It answered with a status that means nothing here.
    #[error("answered {0}")]
    Status(u16),
    /// The service that gives out its tokens did.
    #[error("its token service answered {0}")]
    TokenService(u16),
    /// Its address, or that of a host that it refers to, is one that must not be asked.
    #[error("address not allowed")]
    Address,
    /// It refers to plain http, and the host is not named for that.
    #[error("plain http not allowed")]
    PlainHttp,
    /// It cannot be a host.
    #[error("not a host that can be asked")]
    NotAHost,
    /// The answer is longer than the limit, in bytes.
    #[error("answer too large: more than {0} bytes")]
    TooLarge(usize),
    /// The head of the answer is longer than [`super::Limits::head_bytes`], or announces an endless body.
    #[error("answer too large: its headers")]
    HeadTooLarge,
    /// The answer is compressed, though that was not asked for.
    #[error("answered in a compressed form, which is not read")]
    Compressed,
    /// The content does not have the digest that it was asked for by.
    #[error("sent other content than the digest names")]
    Digest,
    /// A manifest names a blob that is not there.
    #[error("has no blob that one of its manifests names")]
    NoSuchBlob,
    /// The answer is not of the form that the specification gives it.
    #[error("answered what a registry should not: {0}")]
    Malformed(&'static str),
    /// It wants its credentials sent to a host that it does not share a domain with.
    #[error(
        "wants its credentials sent to `{0}`, which is refused: if that is its token service, name it in `tokenRealms` of the registry"
    )]
    Realm(String),
    /// It sends its clients from one address to the next.
    #[error("redirects too often")]
    Redirects,
    /// It failed repeatedly and is not asked until a moment later.
    #[error("not asked for up to 30 seconds, as it failed before: {0}")]
    Spared(Box<ErrorKind>),
}

/// A failure before it is said of which registry it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) detail: String,
    /// How long the registry wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl RegistryError {
    pub(super) fn new(registry: &str, kind: ErrorKind, detail: &str) -> Self {
        Self {
            registry: registry.to_owned(),
            kind,
            detail: detail.to_owned(),
        }
    }

    /// The registry or mirror that was asked.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What is known beyond that, for the log: bounded, printable, and without credentials.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registry {}: {}", self.registry, self.kind)
    }
}

impl std::error::Error for RegistryError {}

impl ErrorKind {
    /// A word for metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            ErrorKind::Unauthorised => "unauthorised",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::RateLimited => "rate-limited",
            ErrorKind::Unreachable => "unreachable",
            ErrorKind::Interrupted => "interrupted",
            ErrorKind::Tls => "tls",
            ErrorKind::TimedOut => "timed-out",
            ErrorKind::Status(_) => "status",
            ErrorKind::TokenService(_) => "token-service",
            ErrorKind::Address | ErrorKind::PlainHttp | ErrorKind::NotAHost => "address",
            ErrorKind::TooLarge(_) | ErrorKind::HeadTooLarge => "too-large",
            ErrorKind::Compressed | ErrorKind::Malformed(_) => "malformed",
            ErrorKind::Digest | ErrorKind::NoSuchBlob => "content",
            ErrorKind::Realm(_) => "realm",
            ErrorKind::Redirects => "redirects",
            ErrorKind::Spared(_) => "spared",
        }
    }

    /// Whether the registry is in trouble, so that asking it again at once helps nobody.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            ErrorKind::Unreachable | ErrorKind::Interrupted | ErrorKind::Tls => true,
            ErrorKind::TimedOut | ErrorKind::RateLimited => true,
            ErrorKind::Status(status) | ErrorKind::TokenService(status) => *status >= 500,
            _ => false,
        }
    }
}

impl Fault {
    /// `detail` may hold text from outside: it is made fit to be shown here.
    pub(super) fn new(kind: ErrorKind, detail: &str) -> Self {
        Self {
            kind,
            detail: excerpt(detail),
            retry_after: None,
        }
    }

    pub(super) fn of(self, registry: &str) -> RegistryError {
        RegistryError::new(registry, self.kind, &self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_outages_let_a_registry_be_spared() {
        for kind in [
            ErrorKind::Status(500),
            ErrorKind::RateLimited,
            ErrorKind::TimedOut,
        ] {
            assert!(kind.is_outage(), "{kind}");
        }
        for kind in [
            ErrorKind::Status(404),
            ErrorKind::Forbidden,
            ErrorKind::Unauthorised,
        ] {
            assert!(!kind.is_outage(), "{kind}");
        }
    }

    #[test]
    fn the_short_form_says_which_registry_and_what() {
        let unreachable = Box::new(ErrorKind::Unreachable);
        let fault = Fault::new(ErrorKind::Spared(unreachable), "de\u{7}tail");
        let error = fault.of("ghcr.io");
        assert_eq!(
            error.to_string(),
            "registry ghcr.io: not asked for up to 30 seconds, as it failed before: unreachable"
        );
        assert_eq!(error.detail(), "de\\u{7}tail");
    }
}
