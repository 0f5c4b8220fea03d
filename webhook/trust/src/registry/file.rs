use bytes::Bytes;
use hyper::{Method, Uri};
use tokio::time::timeout;

use super::{
    Client, RegistryError,
    error::{ErrorKind, Fault},
    http::Call,
};

impl Client {
    /// A file of a host that is no registry, under the same rules: addresses, TLS, proxy, limits. Without
    /// credentials, and not followed to anywhere else. `None` where the host says that there is none, or says
    /// that it is forbidden, as stores of objects do of what they do not have.
    ///
    /// # Errors
    /// When the host cannot be asked, or does not answer the question.
    pub(crate) async fn file(
        &self,
        uri: &Uri,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, RegistryError> {
        let call = Call {
            method: Method::GET,
            uri: uri.clone(),
            accept: "*/*",
            authorization: None,
            form: None,
            max_bytes,
        };
        let time = self.0.limits.exchange_time;
        let answer = timeout(time, self.0.http.once(call)).await;
        let answer = answer.unwrap_or_else(|_| {
            let detail = format!("not done within {time:?}");
            Err(Fault::new(ErrorKind::TimedOut, &detail))
        });
        let file = answer.and_then(|answer| match answer.status {
            200 => Ok(Some(answer.body)),
            403 | 404 => Ok(None),
            _ => Err(answer.refusal()),
        });
        let host = uri.authority().map_or("", |authority| authority.as_str());
        file.map_err(|fault| fault.of(host))
    }
}
