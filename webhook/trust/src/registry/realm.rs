use super::host::Host;

/// Words under which the domains of a country's people stand, as in `co.uk`: a parent of this form belongs to
/// nobody who runs a registry.
const SECOND_LEVEL: [&str; 11] = [
    "ac", "co", "com", "edu", "go", "gov", "mil", "ne", "net", "or", "org",
];

/// Whether the token service at `realm` may be sent the credentials that are for `registry`.
///
/// It may be the registry itself on any port; the domain right above the registry's name, or a host below
/// that domain, as `auth.docker.io` is for `registry-1.docker.io`, if that domain has two labels at least;
/// or a host that the operator names. The scheme is checked where the request is made.
pub(super) fn may_receive(realm: &Host, registry: &Host, named: &[String]) -> bool {
    realm.has_name_of(registry)
        || named.iter().any(|name| name == realm.as_str())
        || is_relative(realm, registry)
}

fn is_relative(realm: &Host, registry: &Host) -> bool {
    let (Some(realm), Some(registry)) = (realm.dns_name(), registry.dns_name()) else {
        return false;
    };
    let Some((_, parent)) = registry.split_once('.') else {
        return false;
    };
    let above = realm.strip_suffix(parent);
    is_owned(parent) && above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a domain is one that somebody registers, as far as that can be told without a list.
fn is_owned(domain: &str) -> bool {
    match domain.rsplit_once('.') {
        None => false,
        Some((second, top)) => !(top.len() == 2 && SECOND_LEVEL.contains(&second)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_be_sent_the_credentials() {
        let cases = [
            ("auth.docker.io", "registry-1.docker.io", true),
            ("ghcr.io", "ghcr.io", true),
            ("gitlab.com", "registry.gitlab.com", true),
            ("r.example.com:5001", "r.example.com:5000", true),
            ("10.0.0.1:5001", "10.0.0.1:5000", true),
            ("deep.auth.example.com", "r.example.com", true),
            ("auth.named.example:8443", "ghcr.io", true),
            ("auth.named.example", "ghcr.io", false),
            ("evil.io", "ghcr.io", false),
            ("evil.co.uk", "registry.co.uk", false),
            ("auth.acme.co.uk", "r.acme.co.uk", true),
            ("evildocker.io", "registry-1.docker.io", false),
            ("docker.io.evil.com", "registry-1.docker.io", false),
            ("10.0.0.2", "10.0.0.1", false),
            ("9.0.0.1", "10.0.0.1", false),
            ("evil.example", "localhost", false),
            ("io", "ghcr.io", false),
        ];
        let named = ["auth.named.example:8443".to_owned()];
        for (realm, registry, expected) in cases {
            let host = |text| Host::parse(text).unwrap();
            let may = may_receive(&host(realm), &host(registry), &named);
            assert_eq!(may, expected, "{realm} for {registry}");
        }
    }
}
