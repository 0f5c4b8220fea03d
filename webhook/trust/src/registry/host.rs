use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use hyper::Uri;

/// A host and perhaps a port, as they are written. Compared as text: for credentials, mirrors and rules
/// `GHCR.io` is another host than `ghcr.io`, as it is for containerd.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Host {
    text: String,
    name: Name,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    Dns(String),
    Ip(IpAddr),
}

impl Host {
    /// Reads `host`, `host:port`, `[address]` or `[address]:port`. What a resolver would take for an
    /// address though it is not written as one (`0x7f.1`, `2130706433`, `127.1`) is no host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                (
                    Name::Ip(IpAddr::V6(address.parse::<Ipv6Addr>().ok()?)),
                    port,
                )
            }
            None => {
                let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (Name::parse(name)?, port)
            }
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
        let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
        let fits = |port: &str| digits(port) && is_port(port);
        let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(fits);
        port_fits.then(|| Self {
            text: text.to_owned(),
            name,
        })
    }

    /// The host of an absolute address on the web; one with a user name in it is refused.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        Self::parse(uri.authority()?.as_str())
    }

    /// As it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The address, where there is one instead of a name.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        match self.name {
            Name::Dns(_) => None,
            Name::Ip(ip) => Some(ip),
        }
    }

    /// The name without the port, where it is not an address.
    pub(super) fn dns_name(&self) -> Option<&str> {
        match &self.name {
            Name::Dns(name) => Some(name),
            Name::Ip(_) => None,
        }
    }

    /// Whether both are the same name or address, whatever the ports.
    pub(super) fn has_name_of(&self, other: &Host) -> bool {
        self.name == other.name
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Name {
    /// Longest name of DNS, in characters.
    const MAX: usize = 253;

    fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX || !text.split('.').all(is_label) {
            return None;
        }
        match text.rsplit('.').next() {
            Some(last) if is_number(last) => {
                Some(Name::Ip(IpAddr::V4(text.parse::<Ipv4Addr>().ok()?)))
            }
            _ => Some(Name::Dns(text.to_owned())),
        }
    }
}

fn is_label(label: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !label.is_empty() && label.bytes().all(fits)
}

/// What `inet_aton` reads as a number, and the [URL standard] too.
///
/// [URL standard]: https://url.spec.whatwg.org/#ends-in-a-number-checker
fn is_number(label: &str) -> bool {
    let hex = label
        .strip_prefix("0x")
        .or_else(|| label.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_and_what_only_looks_like_one() {
        let cases = [
            ("ghcr.io", true),
            ("GHCR.io", true),
            ("localhost:5000", true),
            ("10.0.0.1:65535", true),
            ("[fd00::1]:5000", true),
            ("[::ffff:127.0.0.1]", true),
            ("ghcr.io:65536", false),
            ("ghcr.io:0", false),
            ("ghcr.io:+80", false),
            ("ghcr.io:", false),
            ("", false),
            (":80", false),
            ("a..b", false),
            ("ghcr.io.", false),
            ("user@ghcr.io", false),
            ("[fd00::1", false),
            ("[fe80::1%eth0]", false),
            ("fd00::1", false),
            ("2130706433", false),
            ("0x7f000001", false),
            ("0x7f.1", false),
            ("127.1", false),
            ("0177.0.0.1", false),
            ("127.0.0.1.", false),
            ("0x", false),
        ];
        for (text, expected) in cases {
            assert_eq!(Host::parse(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn addresses_are_told_from_names() {
        let ip = |text| Host::parse(text).unwrap().ip();
        assert_eq!(ip("127.0.0.1:80"), Some([127, 0, 0, 1].into()));
        assert_eq!(ip("[::1]"), Some(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(ip("127.0.0.1.example.com"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_the_authority_of_an_address(text in "[a-zA-Z0-9.:_\\[\\]@%-]{0,20}") {
            if let Some(host) = Host::parse(&text) {
                let uri: Uri = format!("https://{text}/v2/").parse().unwrap();
                prop_assert_eq!(Host::of(&uri), Some(host));
            }
        }
    }
}
