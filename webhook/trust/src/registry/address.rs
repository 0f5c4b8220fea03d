//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} is refused: {why}")]
pub(super) struct Denied {
    address: IpAddr,
    why: &'static str,
}

/// What an address is checked against.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressRules {
    /// What the operator refuses beside [`DENIED`].
    pub(super) denied: Vec<IpNet>,
    /// What the operator names for this host, which wins over both.
    pub(super) allowed: Vec<IpNet>,
}

/// What no registry has for an address, and what a name that an attacker controls would be made to point
/// to. Private networks are not among them: many registries are there. Numbers from the IANA registries of
/// special-purpose addresses and from the documentation of the clouds.
const DENIED: [(IpNet, &str); 17] = [
    v4([0, 0, 0, 0], 8, "this host"),
    v4([127, 0, 0, 0], 8, LOOPBACK),
    v4([169, 254, 0, 0], 16, LINK_LOCAL),
    v4([100, 100, 100, 200], 32, METADATA),
    v4([168, 63, 129, 16], 32, METADATA),
    v4([192, 0, 0, 192], 32, METADATA),
    v4([224, 0, 0, 0], 4, MULTICAST),
    v4([240, 0, 0, 0], 4, "reserved, or a broadcast"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "this host"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, LOOPBACK),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LINK_LOCAL),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, LINK_LOCAL),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, METADATA),
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, METADATA),
    v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128, METADATA),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, MULTICAST),
    // Teredo: where a packet ends up is hidden in the address
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "a tunnel"),
];

const LOOPBACK: &str = "loopback";
const LINK_LOCAL: &str = "link-local";
const METADATA: &str = "the metadata service of a cloud";
const MULTICAST: &str = "multicast";

impl AddressRules {
    /// Refuses an address that must not be connected to, also where it is hidden in one of IPv6.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Denied> {
        let forms = [Some(address), embedded(address).map(IpAddr::V4)];
        let forms = || forms.iter().flatten();
        if forms().any(|ip| contains(&self.allowed, *ip)) {
            return Ok(());
        }
        match forms().find_map(|ip| self.why_denied(*ip)) {
            Some(why) => Err(Denied { address, why }),
            None => Ok(()),
        }
    }

    fn why_denied(&self, ip: IpAddr) -> Option<&'static str> {
        let by_default = DENIED.iter().find(|(net, _)| net.contains(&ip));
        let by_default = by_default.map(|(_, why)| *why);
        by_default.or_else(|| contains(&self.denied, ip).then_some("in the denied addresses"))
    }
}

fn contains(nets: &[IpNet], ip: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(&ip))
}

/// The IPv4 address that a packet to this one reaches in the end: IPv4-mapped and -compatible addresses,
/// NAT64 (RFC 6052, RFC 8215) and 6to4 (RFC 3056).
fn embedded(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = ip else {
        return None;
    };
    let last = |a: u16, b: u16| Ipv4Addr::from((u32::from(a) << 16) | u32::from(b));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] => Some(last(a, b)),
        [0, 0, 0, 0, 0xffff, 0, a, b] => Some(last(a, b)),
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(last(a, b)),
        [0x64, 0xff9b, 1, .., a, b] => Some(last(a, b)),
        [0x2002, a, b, ..] => Some(last(a, b)),
        _ => None,
    }
}

const fn v4(ip: [u8; 4], prefix: u8, why: &'static str) -> (IpNet, &'static str) {
    let [a, b, c, d] = ip;
    let net = Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix);
    (IpNet::V4(net), why)
}

const fn v6(ip: [u16; 8], prefix: u8, why: &'static str) -> (IpNet, &'static str) {
    let [a, b, c, d, e, f, g, h] = ip;
    let net = Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix);
    (IpNet::V6(net), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rules: &AddressRules, ip: &str) -> bool {
        rules.check(ip.parse().unwrap()).is_ok()
    }

    #[test]
    fn what_is_refused_and_what_is_just_beside_it() {
        let rules = AddressRules::default();
        let refused = [
            "0.0.0.0",
            "0.255.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "2001:0:1::1",
        ];
        for ip in refused {
            assert!(!allows(&rules, ip), "{ip}");
        }
        let allowed = [
            "1.0.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.0.1",
            "100.100.100.201",
            "223.255.255.255",
            "fd00::1",
            "2606:4700::1",
            "::ffff:140.82.121.33",
            "64:ff9b::8c52:7921",
        ];
        for ip in allowed {
            assert!(allows(&rules, ip), "{ip}");
        }
    }

    #[test]
    fn the_operator_refuses_more_and_names_exceptions() {
        let rules = AddressRules {
            denied: vec!["10.96.0.0/12".parse().unwrap()],
            allowed: vec![
                "127.0.0.0/8".parse().unwrap(),
                "10.96.0.7/32".parse().unwrap(),
            ],
        };
        assert!(!allows(&rules, "10.96.0.1"));
        assert!(!allows(&rules, "::ffff:10.96.0.1"));
        assert!(allows(&rules, "10.112.0.1"));
        assert!(allows(&rules, "10.96.0.7"));
        assert!(allows(&rules, "127.0.0.1"));
        assert!(!allows(&rules, "169.254.169.254"));
    }
}
