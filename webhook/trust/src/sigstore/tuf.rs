use std::{error::Error as _, sync::Arc, time::SystemTime};

use jiff::Timestamp;
use sigstore_tuf::{
    Error, Repository, Role, TrustedMetadataSet, Updater, UpdaterConfig, transport::FetchFuture,
};

use super::{TRUST_ROOT_BYTES, TrustRoot};
use crate::{text::excerpt, trust_root::MirrorFiles};

/// The longest `root.json` of a TUF repository that is read, in bytes. Sigstore's has 6,000.
pub const TUF_ROOT_BYTES: usize = 512 * 1024;
/// The longest `timestamp.json`, in bytes.
pub const TUF_TIMESTAMP_BYTES: usize = 16 * 1024;
/// The longest `snapshot.json`, in bytes.
pub const TUF_SNAPSHOT_BYTES: usize = 512 * 1024;
/// The longest `targets.json`, in bytes, of each role.
pub const TUF_TARGETS_BYTES: usize = 1024 * 1024;
/// How many new versions of `root.json` one refresh goes through.
pub const TUF_ROOTS: u32 = 64;
/// How many roles are asked for the trust root.
pub const TUF_DELEGATIONS: u32 = 8;

/// What a TUF repository calls the trust root.
const TARGET: &str = "trusted_root.json";

/// What is trusted of a TUF repository: nothing that is older is taken any more.
#[derive(Debug)]
pub(crate) struct TufClient(Updater);

/// A trust root, and when the metadata that vouch for it end, in seconds since 1970.
pub(crate) struct Vouched {
    pub(crate) root: TrustRoot,
    pub(crate) until: i64,
}

/// Checks that this is a TUF repository's root.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_tuf_root(root: &[u8]) -> Result<(), String> {
    if root.len() > TUF_ROOT_BYTES {
        return Err(format!("is longer than {TUF_ROOT_BYTES} bytes"));
    }
    TrustedMetadataSet::from_root(root)
        .map(drop)
        .map_err(|error| format!("is not a TUF `root.json`: {}", why(&error)))
}

impl TufClient {
    /// # Errors
    /// What is wrong with the root.
    pub(crate) fn new(root: &[u8], files: Arc<MirrorFiles>) -> Result<Self, String> {
        let updater = Updater::new(Files(files), root).map_err(|error| why(&error))?;
        Ok(Self(updater.with_config(config())))
    }

    /// Follows the [client workflow] once. What was verified stays trusted, even where a later step fails.
    ///
    /// # Errors
    /// Why it went no further.
    ///
    /// [client workflow]: https://theupdateframework.github.io/specification/v1.0.34/#detailed-client-workflow
    pub(crate) async fn refresh(&mut self, now: SystemTime) -> Result<Vouched, String> {
        let now =
            Timestamp::try_from(now).map_err(|_| "the clock is out of its mind".to_owned())?;
        let refreshed = self.0.refresh(now).await;
        refreshed.map_err(|error| why(&error))?;
        let target = self.0.get_target(TARGET, now).await;
        let target = target.map_err(|error| why(&error))?;
        let root = TrustRoot::parse(&target).map_err(|wrong| format!("its `{TARGET}` {wrong}"))?;
        let until = self.until().ok_or("its metadata are not whole")?;
        Ok(Vouched { root, until })
    }

    /// The first end of all that was verified.
    fn until(&self) -> Option<i64> {
        let trusted = self.0.trusted();
        let ends = [
            trusted.root().expires(),
            trusted.timestamp()?.expires(),
            trusted.snapshot()?.expires(),
            trusted.targets_role("targets")?.expires(),
        ];
        ends.iter().map(|end| end.as_second()).min()
    }
}

fn config() -> UpdaterConfig {
    let mut config = UpdaterConfig::default();
    config.root_max_length = TUF_ROOT_BYTES as u64;
    config.timestamp_max_length = TUF_TIMESTAMP_BYTES as u64;
    config.snapshot_max_length = TUF_SNAPSHOT_BYTES as u64;
    config.targets_max_length = TUF_TARGETS_BYTES as u64;
    config.target_max_length = TRUST_ROOT_BYTES as u64;
    config.max_root_rotations = TUF_ROOTS;
    config.max_delegations = TUF_DELEGATIONS;
    config
}

struct Files(Arc<MirrorFiles>);

impl Files {
    fn fetch(&self, path: String, max_length: u64) -> FetchFuture<'_> {
        Box::pin(async move {
            let max = usize::try_from(max_length).unwrap_or(usize::MAX);
            let file = self.0.fetch(&path, max).await;
            Ok(file.map_err(Error::transport)?.map(Vec::from))
        })
    }
}

impl Repository for Files {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        self.fetch(name.to_owned(), max_length)
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        self.fetch(format!("targets/{path}"), max_length)
    }
}

/// The crate's errors name what a repository wrote: they are made fit to be shown.
fn why(error: &Error) -> String {
    if let Error::Transport { message, .. } = error {
        return excerpt(message);
    }
    match error.source() {
        Some(source) => excerpt(&format!("{error}: {source}")),
        None => excerpt(&error.to_string()),
    }
}
