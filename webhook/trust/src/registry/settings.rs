use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;
use ipnet::IpNet;

use super::host::Host;
use crate::text::excerpt;

/// What a [`super::Client`] needs to know.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// Rules for hosts, by `HOST[:PORT]` as it stands in references, in the case in which it stands there.
    /// Those of `docker.io` hold for `registry-1.docker.io`, too.
    pub hosts: BTreeMap<String, HostRules>,
    /// Addresses that are never asked: the API server's, the range of services.
    pub denied_addresses: Vec<IpNet>,
    /// The way to the outside.
    pub proxy: Proxy,
    /// The limits.
    pub limits: Limits,
}

/// What is different about one host: a registry, a mirror, a token service, or where one redirects to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRules {
    /// It is asked over plain http, and what redirects to it may do so.
    pub plain_http: bool,
    /// Certificate authorities that it is trusted by, beside those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// Who is asked first, in this order.
    pub mirrors: Vec<Mirror>,
    /// Addresses that it may have though they are refused otherwise.
    pub addresses: Vec<IpNet>,
    /// Hosts that may be sent its credentials, as they stand in its realm: `HOST[:PORT]`.
    pub token_realms: Vec<String>,
}

/// A host that has copies of another one's repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    pub(super) host: Host,
    /// What stands before the repository there: `proxy/`, or nothing.
    pub(super) prefix: String,
}

/// Whether requests go through a proxy. Its own address is trusted, and it resolves the names of registries:
/// only addresses that are written as such can be checked then.
#[derive(Clone, Default)]
pub struct Proxy(pub(super) Option<Arc<Matcher>>);

/// What no registry may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a connection may take: DNS, TCP and TLS together.
    pub connect_time: Duration,
    /// How long may pass without a byte of an answer.
    pub stall_time: Duration,
    /// How long a call may take at one host, with its tokens, redirects and pages.
    pub exchange_time: Duration,
    /// Longest head of an answer, in bytes; 8 KiB at least.
    pub head_bytes: usize,
    /// Longest manifest, in bytes: the least that a registry must take.
    pub manifest_bytes: usize,
    /// Longest answer of a token service, in bytes.
    pub token_bytes: usize,
    /// Longest page of referrers, in bytes: the most that the specification wants a page to have.
    pub referrers_page_bytes: usize,
    /// How many pages of referrers are read.
    pub referrers_pages: usize,
    /// How many referrers are read; no more than 1000 of one page.
    pub referrers_entries: usize,
    /// All pages together, in bytes: once they are longer no further one is read.
    pub referrers_bytes: usize,
    /// How many redirects are followed.
    pub redirects: usize,
}

/// Why a client cannot be made of its settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A key of the hosts, a mirror or a realm that is no host.
    #[error("`{0}` is not a host: write `HOST` or `HOST:PORT`, without a scheme")]
    Host(String),
    /// A private certificate authority that cannot be read.
    #[error(
        "the certificate authorities of `{0}` cannot be read: give one or more certificates in PEM form"
    )]
    Authorities(String),
    /// The TLS library refuses its settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            connect_time: Duration::from_secs(3),
            stall_time: Duration::from_secs(5),
            exchange_time: Duration::from_secs(15),
            head_bytes: 64 * 1024,
            manifest_bytes: 4 * MIB,
            token_bytes: 64 * 1024,
            referrers_page_bytes: 4 * MIB,
            referrers_pages: 10,
            referrers_entries: 1000,
            referrers_bytes: 8 * MIB,
            redirects: 3,
        }
    }
}

impl Mirror {
    /// Reads `HOST[:PORT][/PREFIX]`: with a prefix, `library/nginx` is there `PREFIX/library/nginx`.
    ///
    /// # Errors
    /// When the host or the prefix is none.
    pub fn parse(text: &str) -> Result<Self, SetupError> {
        let wrong = || SetupError::Host(excerpt(text));
        let (host, prefix) = text.split_once('/').unwrap_or((text, ""));
        let prefix = prefix.trim_end_matches('/');
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let is_part =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits);
        if !prefix.is_empty() && !prefix.split('/').all(is_part) {
            return Err(wrong());
        }
        Ok(Self {
            host: Host::parse(host).ok_or_else(wrong)?,
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
        })
    }
}

impl Proxy {
    /// None: every host is asked directly.
    pub fn none() -> Self {
        Self(None)
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in upper case or lower case. Only
    /// proxies with an `http://` address can be used.
    pub fn from_environment() -> Self {
        Self(Some(Arc::new(Matcher::from_env())))
    }

    /// The same, said directly; empty text is nothing.
    pub fn through(https_proxy: &str, http_proxy: &str, no_proxy: &str) -> Self {
        let builder = Matcher::builder().https(https_proxy).http(http_proxy);
        Self(Some(Arc::new(builder.no(no_proxy).build())))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Proxy(set)"
        } else {
            "Proxy(none)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_have_a_host_and_perhaps_a_prefix() {
        let mirror = Mirror::parse("harbor.example:8443/hub/proxy/").unwrap();
        assert_eq!(mirror.host.as_str(), "harbor.example:8443");
        assert_eq!(mirror.prefix, "hub/proxy/");
        assert_eq!(Mirror::parse("mirror.gcr.io").unwrap().prefix, "");
        for wrong in [
            "",
            "https://mirror.gcr.io",
            "m.io:99999",
            "m.io/../x",
            "m.io/a//b",
            "m.io/A",
        ] {
            assert!(Mirror::parse(wrong).is_err(), "{wrong}");
        }
    }
}
