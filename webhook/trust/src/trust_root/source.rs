use std::{fmt, sync::Arc};

use hyper::Uri;

use crate::{
    registry::Host,
    sigstore::{TrustRoot, check_tuf_root},
    text::moment,
};

/// Where an authority's trust root comes from.
#[derive(Clone, Debug)]
pub(crate) enum TrustRootSource {
    /// It is what it is for as long as the configuration is.
    Fixed {
        trust: Arc<Trust>,
        /// Whether it stands in the document itself, so that a mistake in it is one of the document.
        is_written: bool,
    },
    /// It is fetched, again and again.
    Mirror(MirrorAddress),
}

/// What a source gives at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// The trust root, or why there is none: a clause whose subject it is.
    pub(crate) root: Result<Arc<TrustRoot>, String>,
    /// The last second since 1970 at which it may be used, whatever it says itself.
    pub(crate) until: Option<i64>,
    /// What a mirror did since, where that was a failure.
    pub(crate) failure: Option<String>,
}

/// A mirror of TUF metadata and the root that its metadata begins with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MirrorAddress {
    url: String,
    root: Vec<u8>,
}

impl TrustRootSource {
    /// That of Sigstore's public instance.
    pub(crate) fn public() -> Self {
        Self::fixed(TrustRoot::public(), true)
    }

    /// One that the document holds.
    pub(crate) fn written(root: TrustRoot) -> Self {
        Self::fixed(Ok(Arc::new(root)), true)
    }

    /// One from files, if they can be read.
    pub(crate) fn from_file(root: Result<TrustRoot, String>) -> Self {
        let root = root.map(Arc::new);
        Self::fixed(root.map_err(|why| format!("cannot be used: {why}")), false)
    }

    fn fixed(root: Result<Arc<TrustRoot>, String>, is_written: bool) -> Self {
        let trust = Arc::new(Trust {
            root,
            until: None,
            failure: None,
        });
        Self::Fixed { trust, is_written }
    }

    /// What it gives before anybody was asked.
    pub(crate) fn first(&self) -> Arc<Trust> {
        match self {
            Self::Fixed { trust, .. } => Arc::clone(trust),
            Self::Mirror(address) => Arc::new(Trust::before_the_first(address, None)),
        }
    }

    pub(crate) fn is_written(&self) -> bool {
        matches!(self, Self::Fixed { is_written, .. } if *is_written)
    }

    pub(crate) fn mirror(&self) -> Option<&MirrorAddress> {
        match self {
            Self::Fixed { .. } => None,
            Self::Mirror(address) => Some(address),
        }
    }
}

impl Trust {
    /// That of a mirror which has given nothing yet.
    pub(crate) fn before_the_first(mirror: &MirrorAddress, failure: Option<&str>) -> Self {
        let why = failure.map_or_else(String::new, |failure| format!(": {failure}"));
        Self {
            root: Err(format!("of `{mirror}` has not been fetched yet{why}")),
            until: None,
            failure: failure.map(str::to_owned),
        }
    }

    /// Why it may not be used any more: a clause whose subject is the trust root.
    pub(crate) fn fault(&self, now: i64) -> Option<String> {
        let until = self.until.filter(|until| now > *until)?;
        let failure = self.failure.as_deref();
        let why = failure.map_or_else(String::new, |failure| format!(": {failure}"));
        Some(format!(
            "was not fetched again before its metadata (TUF) ended on {}{why}",
            moment(until)
        ))
    }
}

impl MirrorAddress {
    /// Reads `https://HOST[:PORT][/PATH]`, or the same of plain http.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check_url(text: &str) -> Result<String, String> {
        const EXPECTED: &str = "expected the address of a TUF repository, as in `https://tuf.example/sigstore`, without a user name and `?`";
        let uri: Uri = text.parse().map_err(|_| EXPECTED.to_owned())?;
        let is_web = matches!(uri.scheme_str(), Some("https" | "http"));
        if !is_web || Host::of(&uri).is_none() || uri.query().is_some() || text.contains('#') {
            return Err(EXPECTED.to_owned());
        }
        Ok(text.trim_end_matches('/').to_owned())
    }

    /// The mirror at this address, whose first `root.json` this is.
    ///
    /// # Errors
    /// What is wrong with the root.
    pub(crate) fn new(url: String, root: Vec<u8>) -> Result<Self, String> {
        check_tuf_root(&root)?;
        Ok(Self { url, root })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The first `root.json`.
    pub(crate) fn root(&self) -> &[u8] {
        &self.root
    }
}

impl fmt::Display for MirrorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl fmt::Debug for MirrorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MirrorAddress").field(&self.url).finish()
    }
}
