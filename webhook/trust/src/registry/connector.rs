//! Connections to addresses that were checked.

use std::{
    error::Error,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use hyper::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, dns::Name, proxy::Tunnel},
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use rustls::ClientConfig;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tower_service::Service;

use super::{address::AddressRules, host::Host, proxied::Proxied};

type BoxError = Box<dyn Error + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Connects within a time to what the rules of one host allow.
#[derive(Clone)]
pub(super) struct Connector {
    tls: HttpsConnector<Dialer>,
    time: Duration,
}

/// A connection took longer than [`super::Limits::connect_time`].
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(super) struct ConnectTimedOut(Duration);

/// Opens TCP connections, through a proxy where there is one.
#[derive(Clone)]
struct Dialer {
    rules: Arc<AddressRules>,
    direct: HttpConnector<Resolver>,
    to_proxy: HttpConnector,
    proxy: Option<Arc<Matcher>>,
}

/// Resolves to addresses that are allowed. What it returns is what is connected to: nothing is resolved
/// twice, so a name cannot have another address by then.
#[derive(Clone)]
struct Resolver(Arc<AddressRules>);

impl Connector {
    pub(super) fn new(
        rules: AddressRules,
        proxy: Option<Arc<Matcher>>,
        tls: Arc<ClientConfig>,
        time: Duration,
    ) -> Self {
        let rules = Arc::new(rules);
        let mut direct = HttpConnector::new_with_resolver(Resolver(Arc::clone(&rules)));
        let mut to_proxy = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        // divided among the addresses, so that one that is silent leaves time for the next
        direct.set_connect_timeout(Some(time));
        to_proxy.set_nodelay(true);
        let dialer = Dialer {
            rules,
            direct,
            to_proxy,
            proxy,
        };
        Self {
            tls: HttpsConnector::from((dialer, tls)),
            time,
        }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Proxied>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tls.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.tls.call(uri);
        let time = self.time;
        Box::pin(async move {
            let connected = timeout(time, connecting).await;
            connected.map_err(|_| ConnectTimedOut(time))?
        })
    }
}

impl Dialer {
    /// A literal address never reaches the resolver.
    fn check_literal(&self, uri: &Uri) -> Result<(), BoxError> {
        let host = Host::of(uri).ok_or_else(|| io::Error::other("not a host"))?;
        if let Some(ip) = host.ip() {
            self.rules.check(ip)?;
        }
        Ok(())
    }

    async fn dial(mut self, uri: Uri) -> Result<Proxied, BoxError> {
        self.check_literal(&uri)?;
        let intercept = self.proxy.as_ref().and_then(|proxy| proxy.intercept(&uri));
        match intercept {
            None => Ok(Proxied::to_host(self.direct.call(uri).await?)),
            Some(intercept) => self.dial_through(&intercept, uri).await,
        }
    }

    async fn dial_through(mut self, proxy: &Intercept, uri: Uri) -> Result<Proxied, BoxError> {
        if uri.scheme_str() != Some("https") {
            let stream = self.to_proxy.call(proxy.uri().clone()).await?;
            return Ok(Proxied::to_proxy(stream));
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy);
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let stream: TokioIo<TcpStream> = tunnel.call(uri).await?;
        Ok(Proxied::to_host(stream))
    }
}

impl Service<Uri> for Dialer {
    type Response = Proxied;
    type Error = BoxError;
    type Future = BoxFuture<Proxied>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rules = Arc::clone(&self.0);
        Box::pin(async move {
            // the connector puts the port in
            let found = lookup_host((name.as_str(), 0)).await?;
            allowed(&rules, found).map(Vec::into_iter)
        })
    }
}

/// Those addresses that may be connected to; if there are none, why not.
fn allowed(
    rules: &AddressRules,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, BoxError> {
    let mut allowed = Vec::new();
    let mut denied = None;
    for address in found {
        match rules.check(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(why) => denied = Some(why),
        }
    }
    match denied {
        Some(why) if allowed.is_empty() => Err(why.into()),
        _ => Ok(allowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::address::Denied;

    #[test]
    fn a_name_with_good_and_bad_addresses_is_connected_to_by_the_good_ones() {
        let rules = AddressRules::default();
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let mixed = addresses(&["127.0.0.1:0", "10.0.0.1:0", "[::1]:0"]);
        assert_eq!(
            allowed(&rules, mixed.into_iter()).unwrap(),
            addresses(&["10.0.0.1:0"])
        );
        let bad = addresses(&["127.0.0.1:0", "169.254.169.254:0"]);
        assert!(allowed(&rules, bad.into_iter()).unwrap_err().is::<Denied>());
    }
}
