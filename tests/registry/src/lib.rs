//! An OCI registry in memory, for tests: it counts what it is asked, and misbehaves on demand.
//!
//! It speaks the [distribution specification] 1.1 as far as clients need to push and pull: blobs in one
//! piece or in chunks, manifests by tag and by digest, lists of tags, and the referrers API with its
//! paging. Nothing is ever deleted.
//!
//! ```
//! use gatehouse_test_registry::{Fault, MANIFEST, Registry};
//!
//! let registry = Registry::start();
//! let digest = registry.put_manifest("acme/app", "1.0", MANIFEST, b"{}");
//! registry.misbehave("/v2/acme/app/manifests/*", Fault::Status(500));
//! // … point a client at `registry.host()`, then:
//! assert!(registry.requests().is_empty());
//! # assert!(digest.starts_with("sha256:"));
//! ```
//!
//! [distribution specification]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

mod access;
mod answer;
mod content;
mod fault;
mod log;
mod routes;
mod server;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::ServerConfig;

pub use access::Access;
pub use content::digest;
pub use fault::Fault;
pub use log::{Authorization, Request};

use crate::{content::Content, fault::Faults, server::Server};

/// The media type of an image's manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A registry that listens on loopback until it is dropped.
#[derive(Debug)]
pub struct Registry {
    shared: Arc<Shared>,
    server: Server,
}

/// How a registry is to be.
#[derive(Debug)]
pub struct Builder {
    ip: [u8; 4],
    tls: Option<Arc<ServerConfig>>,
    options: Options,
}

/// What the requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) https: bool,
    pub(crate) content: Mutex<Content>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) requests: Mutex<Vec<Request>>,
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) access: Access,
    pub(crate) referrers_api: bool,
    pub(crate) digest_header: bool,
    pub(crate) page: usize,
}

impl Registry {
    /// A registry over plain http that lets anyone push and pull.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// A registry of another kind.
    pub fn builder() -> Builder {
        Builder {
            ip: [127, 0, 0, 1],
            tls: None,
            options: Options {
                access: Access::Anyone,
                referrers_api: true,
                digest_header: true,
                page: 100,
            },
        }
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The registry as it stands in an image reference: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address().to_string()
    }

    /// Stores a manifest under a tag, or under its digest where `version` is that, and returns the digest.
    pub fn put_manifest(
        &self,
        repository: &str,
        version: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> String {
        let mut content = lock(&self.shared.content);
        content.put_manifest(repository, version, media_type, bytes.to_vec().into())
    }

    /// Stores a blob and returns its digest.
    pub fn put_blob(&self, repository: &str, bytes: &[u8]) -> String {
        lock(&self.shared.content).put_blob(repository, bytes.to_vec().into())
    }

    /// From now on answers requests whose path fits `pattern` with a fault. A `*` stands for any text; the
    /// query is not looked at. Of several patterns that fit, the latest counts.
    pub fn misbehave(&self, pattern: &str, fault: Fault) {
        lock(&self.shared.faults).add(pattern, fault, usize::MAX);
    }

    /// The same for the next `times` requests that fit.
    pub fn misbehave_times(&self, pattern: &str, fault: Fault, times: usize) {
        lock(&self.shared.faults).add(pattern, fault, times);
    }

    /// Ends all misbehaviour.
    pub fn behave(&self) {
        *lock(&self.shared.faults) = Faults::default();
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Forgets what it was asked.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }
}

impl Builder {
    /// Listens on another address of the loopback network.
    #[must_use]
    pub fn listen(mut self, ip: [u8; 4]) -> Self {
        self.ip = ip;
        self
    }

    /// Speaks https, with these certificates.
    #[must_use]
    pub fn tls(mut self, config: ServerConfig) -> Self {
        self.tls = Some(Arc::new(config));
        self
    }

    /// Who may push and pull.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.options.access = access;
        self
    }

    /// Has no referrers API, so that clients keep the list themselves under the tag `sha256-HEX`.
    #[must_use]
    pub fn without_referrers_api(mut self) -> Self {
        self.options.referrers_api = false;
        self
    }

    /// Does not say the digest of a manifest in `Docker-Content-Digest`.
    #[must_use]
    pub fn without_digest_header(mut self) -> Self {
        self.options.digest_header = false;
        self
    }

    /// How many referrers stand on a page. 100 unless said.
    #[must_use]
    pub fn page(mut self, entries: usize) -> Self {
        self.options.page = entries.max(1);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot listen: a test has no use for less.
    pub fn start(self) -> Registry {
        let shared = Arc::new(Shared {
            options: self.options,
            https: self.tls.is_some(),
            content: Mutex::default(),
            faults: Mutex::default(),
            requests: Mutex::default(),
        });
        let server = Server::start((self.ip, 0).into(), self.tls, Arc::clone(&shared));
        Registry { shared, server }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
