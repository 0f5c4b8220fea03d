//! The same Sigstore over HTTP, for the real cosign.

mod entry;
mod fulcio;
mod http;
mod rekor;
mod timestamp;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{Sigstore, Workload};
use fulcio::Tokens;
use http::{Answer, Request, Thread};
use rekor::Rekor;

/// A Sigstore with which the real cosign can sign: Fulcio, Rekor (versions 1 and 2) and a timestamp authority, over
/// plain HTTP on loopback, until it is dropped. Its certificates are valid around the real now.
pub struct Server {
    shared: Arc<Shared>,
    thread: Thread,
}

/// What proves when something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A log of version 1, which says when.
    Rekor1,
    /// A log of version 2, and a timestamp.
    Rekor2,
    /// A timestamp alone.
    Timestamp,
}

struct Shared {
    sigstore: Sigstore,
    tokens: Tokens,
    rekor: Rekor,
}

impl Server {
    /// Serves this one.
    pub fn start(sigstore: Sigstore) -> Self {
        let shared = Arc::new(Shared {
            sigstore,
            tokens: Tokens::default(),
            rekor: Rekor::default(),
        });
        let answering = Arc::clone(&shared);
        let thread = Thread::start(move |request| answering.answer(request));
        Self { shared, thread }
    }

    /// What it serves.
    pub fn sigstore(&self) -> &Sigstore {
        &self.shared.sigstore
    }

    /// Where all its services are.
    pub fn url(&self) -> String {
        format!("http://{}", self.thread.address())
    }

    /// An identity token for which Fulcio issues certificates that say this, but that each is valid for ten
    /// minutes from then on.
    pub fn identity_token(&self, workload: &Workload) -> String {
        self.shared.tokens.issue(workload)
    }

    /// The `signing_config.json` by which cosign 3 signs so that this proves when.
    pub fn signing_config(&self, proof: Proof) -> Value {
        let mut tsa = self.service(1);
        tsa["url"] = self.timestamp_url().into();
        let (logs, tsas) = match proof {
            Proof::Rekor1 => (vec![self.service(1)], vec![]),
            Proof::Rekor2 => (vec![self.service(2)], vec![tsa]),
            Proof::Timestamp => (vec![], vec![tsa]),
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [self.service(1)],
            "rekorTlogUrls": logs,
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": tsas,
            "tsaConfig": {"selector": "ANY"},
        })
    }

    /// Where its timestamp authority is.
    pub fn timestamp_url(&self) -> String {
        format!("{}/api/v1/timestamp", self.url())
    }

    fn service(&self, version: u32) -> Value {
        json!({
            "url": self.url(),
            "majorApiVersion": version,
            "validFor": {"start": "2020-01-01T00:00:00Z"},
            "operator": "acme",
        })
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/api/v1/signingCert") => fulcio::version_1(self, request),
            ("POST", "/api/v2/signingCert") => fulcio::version_2(self, request),
            ("POST", "/api/v1/log/entries") => self.rekor.add(&self.sigstore, request),
            ("POST", "/api/v2/log/entries") => self.rekor.add_2(&self.sigstore, request),
            ("POST", "/api/v1/timestamp") => timestamp::answer(&self.sigstore.tsa, request),
            _ => Answer::refusal(404, "the test Sigstore does not serve this"),
        }
    }
}

/// The real now, in seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
