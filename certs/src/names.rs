//! The names that a serving certificate is issued for.

use std::fmt;
use std::net::IpAddr;

use crate::{Error, NameFault};

/// The most names that one certificate is issued for: 100.
pub const MAX_SERVING_NAMES: usize = 100;

/// The most characters in a DNS name, without a final dot (RFC 1035, 2.3.4).
const MAX_DNS_NAME_CHARS: usize = 253;

/// The most characters between two dots of a DNS name (RFC 1035, 2.3.4).
const MAX_LABEL_CHARS: usize = 63;

/// The DNS names and IP addresses that a serving certificate is issued for.
///
/// At least one, at most [`MAX_SERVING_NAMES`], each once, in the order given; DNS names in lower
/// case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServingNames(Vec<ServingName>);

impl ServingNames {
    /// Reads DNS names (`localhost`, `gatehouse.example.com`) and IP addresses (`127.0.0.1`, `::1`).
    ///
    /// # Errors
    ///
    /// [`Error::Name`] for the first that a certificate cannot carry, [`Error::NoNames`] and
    /// [`Error::TooManyNames`].
    pub fn parse<I>(names: I) -> Result<Self, Error>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        Self(Vec::new()).with(names)
    }

    /// The names by which a cluster reaches a service.
    ///
    /// The first, `SERVICE.NAMESPACE.svc`, is the one that the API server asks for, whatever the
    /// cluster's domain. The bare service name is left out: it means another service in every other
    /// namespace.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] if `service` or `namespace` is not a DNS label (RFC 1123).
    pub fn for_service(service: &str, namespace: &str) -> Result<Self, Error> {
        check_object_name("a service", service)?;
        check_object_name("a namespace", namespace)?;
        Self::parse([
            format!("{service}.{namespace}.svc"),
            format!("{service}.{namespace}.svc.cluster.local"),
            format!("{service}.{namespace}"),
        ])
    }

    /// These names and more.
    ///
    /// # Errors
    ///
    /// As [`ServingNames::parse`].
    pub fn with<I>(mut self, more: I) -> Result<Self, Error>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        for name in more {
            let name = ServingName::parse(name.as_ref())?;
            if !self.0.contains(&name) {
                self.0.push(name);
            }
            if self.0.len() > MAX_SERVING_NAMES {
                return Err(Error::TooManyNames);
            }
        }
        if self.0.is_empty() {
            return Err(Error::NoNames);
        }
        Ok(self)
    }

    /// Each name, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &ServingName> {
        self.0.iter()
    }
}

/// As in a message: "`localhost`, `127.0.0.1`".
impl fmt::Display for ServingNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}`{name}`")?;
        }
        Ok(())
    }
}

/// One name that a client can ask a server for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServingName {
    /// A host name in lower case, without a final dot.
    Dns(String),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
}

impl ServingName {
    fn parse(name: &str) -> Result<Self, Error> {
        let refused = |fault| Error::Name {
            name: name.to_owned(),
            fault,
        };
        if let Ok(address) = name.parse::<IpAddr>() {
            return Self::from_address(address).map_err(refused);
        }
        check_dns_name(name).map_err(refused)?;
        Ok(Self::Dns(name.to_ascii_lowercase()))
    }

    fn from_address(address: IpAddr) -> Result<Self, NameFault> {
        // An IPv4 address in IPv6 clothes is compared as IPv4 by Go, so it is written as one.
        let address = address.to_canonical();
        if address.is_unspecified() {
            return Err(NameFault::Unspecified);
        }
        Ok(Self::Ip(address))
    }
}

impl fmt::Display for ServingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

fn check_dns_name(name: &str) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.len() > MAX_DNS_NAME_CHARS {
        return Err(NameFault::TooLong);
    }
    if name.contains('*') {
        return Err(NameFault::Wildcard);
    }
    name.split('.').try_for_each(check_label)?;
    match name.rsplit('.').next() {
        // No top-level domain is a number, so this is a mistyped address (`127.0.0.256`).
        Some(last) if last.bytes().all(|byte| byte.is_ascii_digit()) => Err(NameFault::LikeAddress),
        _ => Ok(()),
    }
}

fn check_label(label: &str) -> Result<(), NameFault> {
    if label.is_empty() {
        return Err(NameFault::EmptyLabel);
    }
    if label.len() > MAX_LABEL_CHARS {
        return Err(NameFault::LongLabel);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !label.bytes().all(allowed) {
        return Err(NameFault::Characters);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameFault::Hyphen);
    }
    Ok(())
}

/// Refuses what Kubernetes would not take as the name of a service or a namespace.
fn check_object_name(kind: &'static str, name: &str) -> Result<(), Error> {
    let upper_case = name.bytes().any(|byte| byte.is_ascii_uppercase());
    let fault = match check_label(name) {
        Err(NameFault::EmptyLabel) => NameFault::Empty,
        Err(NameFault::Characters) if name.contains('.') => NameFault::Dot,
        Err(fault) => fault,
        Ok(()) if upper_case => NameFault::UpperCase,
        Ok(()) => return Ok(()),
    };
    Err(Error::Service {
        kind,
        name: name.to_owned(),
        fault,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        ServingNames::parse([name]).unwrap_err().to_string()
    }

    #[test]
    fn names_and_addresses_are_told_apart() {
        let names = ServingNames::parse(["LocalHost", "127.0.0.1", "::1", "a.b-c.9d"]).unwrap();
        assert_eq!(
            names.to_string(),
            "`localhost`, `127.0.0.1`, `::1`, `a.b-c.9d`"
        );
        let addresses = names
            .iter()
            .filter(|name| matches!(name, ServingName::Ip(_)));
        assert_eq!(addresses.count(), 2);
    }

    #[test]
    fn a_name_given_twice_is_kept_once() {
        let names = ServingNames::parse(["a", "A", "127.0.0.1", "::ffff:127.0.0.1"]).unwrap();
        assert_eq!(names.to_string(), "`a`, `127.0.0.1`");
    }

    #[test]
    fn a_service_has_its_cluster_names() {
        let names = ServingNames::for_service("gate", "keep").unwrap();
        assert_eq!(
            names.to_string(),
            "`gate.keep.svc`, `gate.keep.svc.cluster.local`, `gate.keep`"
        );
    }

    #[test]
    fn names_can_be_added() {
        let names = ServingNames::for_service("a", "b").unwrap();
        let more = names.with(["localhost", "a.b.svc"]).unwrap();
        assert_eq!(
            more.to_string(),
            "`a.b.svc`, `a.b.svc.cluster.local`, `a.b`, `localhost`"
        );
    }

    #[test]
    fn what_is_not_a_name_is_refused_with_the_reason() {
        let start = "cannot be a name in a certificate";
        let long_label = "a".repeat(64);
        let cases = [
            ("", "it is empty"),
            (
                "a..b",
                "it has nothing between two dots, or begins or ends with one",
            ),
            (
                "localhost.",
                "it has nothing between two dots, or begins or ends with one",
            ),
            (
                &long_label,
                "it has more than 63 characters between two dots",
            ),
            (
                "a_b",
                "it has a character that is none of `a` to `z`, `0` to `9` and `-`",
            ),
            (
                "[::1]",
                "it has a character that is none of `a` to `z`, `0` to `9` and `-`",
            ),
            (
                "http://a",
                "it has a character that is none of `a` to `z`, `0` to `9` and `-`",
            ),
            (
                "bücher.example",
                "it has a character that is none of `a` to `z`, `0` to `9` and `-`",
            ),
            ("a.-b", "a part of it begins or ends with a hyphen"),
            ("*.example.com", "wildcards are not issued, list each name"),
            ("127.0.0.256", "it looks like an IP address but is none"),
            (
                "0.0.0.0",
                "it is an address to listen on, give those that clients connect to",
            ),
            (
                "::",
                "it is an address to listen on, give those that clients connect to",
            ),
        ];
        for (name, reason) in cases {
            assert_eq!(refusal(name), format!("`{name}` {start}: {reason}"));
        }
    }

    #[test]
    fn a_name_may_have_253_characters() {
        let label = "a".repeat(49);
        let longest = [label.as_str(); 5].join(".") + ".ab";
        assert_eq!(longest.len(), 252);
        assert!(ServingNames::parse([format!("{longest}c")]).is_ok());
        let refused = ServingNames::parse([format!("{longest}cd")]).unwrap_err();
        assert!(
            refused
                .to_string()
                .ends_with(": it has more than 253 characters")
        );
    }

    #[test]
    fn there_must_be_one_name_and_at_most_a_hundred() {
        let none = ServingNames::parse([""; 0]).unwrap_err();
        assert_eq!(
            none.to_string(),
            "no name to issue a certificate for: give at least one DNS name or IP address"
        );
        let numbered = |count| (0..count).map(|number| format!("host-{number}"));
        assert!(ServingNames::parse(numbered(MAX_SERVING_NAMES)).is_ok());
        let refused = ServingNames::parse(numbered(MAX_SERVING_NAMES + 1)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "more than 100 names for one certificate: issue several certificates"
        );
    }

    #[test]
    fn services_are_named_as_kubernetes_names_them() {
        let refused = |service, namespace| {
            let error = ServingNames::for_service(service, namespace).unwrap_err();
            error.to_string()
        };
        assert_eq!(
            refused("", "b"),
            "`` cannot be the name of a service: it is empty"
        );
        assert_eq!(
            refused("Gate", "b"),
            "`Gate` cannot be the name of a service: it has upper-case letters"
        );
        assert_eq!(
            refused("a", "b.c"),
            "`b.c` cannot be the name of a namespace: it has a dot"
        );
    }
}
