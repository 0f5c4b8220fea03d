use arc_swap::ArcSwapOption;
use bytes::Bytes;
use hyper::Uri;

use crate::registry::Client;

/// The files of a mirror, asked for by the client of the configuration that is in use.
#[derive(Debug)]
pub(crate) struct MirrorFiles {
    url: String,
    client: ArcSwapOption<Client>,
}

impl MirrorFiles {
    pub(super) fn new(url: &str) -> Self {
        let (url, client) = (url.to_owned(), ArcSwapOption::empty());
        Self { url, client }
    }

    pub(super) fn ask_with(&self, client: &Client) {
        self.client.store(Some(client.clone().into()));
    }

    /// A file of at most so many bytes, if there is one.
    ///
    /// # Errors
    /// Why it cannot be had, fit to be shown.
    pub(crate) async fn fetch(
        &self,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, String> {
        let uri: Uri = format!("{}/{path}", self.url)
            .parse()
            .map_err(|_| "a file has a name that cannot be asked for".to_owned())?;
        let client = self.client.load_full();
        let client = client.ok_or("there is no way to the outside")?;
        let file = client.file(&uri, max_bytes).await;
        file.map_err(|error| {
            tracing::info!(%uri, detail = error.detail(), "a file of a mirror cannot be had");
            format!("{}: {}", error.registry(), error.kind())
        })
    }
}
