//! The grammar of registries, repositories and tags.

/// The registry that is meant where none is written.
pub(crate) const DEFAULT_REGISTRY: &str = "docker.io";
/// The namespace that is meant there.
pub(crate) const DEFAULT_NAMESPACE: &str = "library";
/// The tag that is meant where there is neither tag nor digest.
pub(crate) const DEFAULT_TAG: &str = "latest";

/// Longest repository, with its namespace: `RepositoryNameTotalLengthMax` of distribution.
pub(crate) const REPOSITORY_MAX: usize = 255;
/// Longest registry, with its port: a DNS name has 253 characters at most.
pub(crate) const REGISTRY_MAX: usize = 255;
const TAG_MAX: usize = 128;

/// The older name of the default registry.
const LEGACY_REGISTRY: &str = "index.docker.io";

/// The registry and what follows it: tag and all, the digest aside.
pub(crate) fn split_registry(named: &str) -> (&str, &str) {
    match named.split_once('/') {
        Some((LEGACY_REGISTRY, rest)) => (DEFAULT_REGISTRY, rest),
        Some((first, rest)) if names_registry(first) => (first, rest),
        _ => (DEFAULT_REGISTRY, named),
    }
}

/// Whether what stands before the first slash is meant as a registry, not as a namespace.
fn names_registry(first: &str) -> bool {
    let telling = |b: u8| b == b'.' || b == b':' || b.is_ascii_uppercase();
    first == "localhost" || first.bytes().any(telling)
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
pub(crate) fn is_registry(text: &str) -> bool {
    let (is_host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, port))) => (is_ipv6(address), port),
        Some(None) => return false,
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (host.split('.').all(is_label), port)
        }
    };
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Neither zones (`%eth0`) nor embedded IPv4 addresses.
fn is_ipv6(address: &str) -> bool {
    let fits = |b: u8| b.is_ascii_hexdigit() || b == b':';
    !address.is_empty() && address.bytes().all(fits)
}

fn is_label(label: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

/// What stands between two slashes of a repository: runs of letters and digits, joined by separators.
pub(crate) fn is_part(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = text;
    loop {
        let after_word = rest.trim_start_matches(word);
        if after_word.len() == rest.len() {
            return false;
        }
        if after_word.is_empty() {
            return true;
        }
        let (separator, next) = after_word.split_at(after_word.find(word).unwrap_or(0));
        if !is_separator(separator) {
            return false;
        }
        rest = next;
    }
}

fn is_separator(text: &str) -> bool {
    let dashes = !text.is_empty() && text.bytes().all(|b| b == b'-');
    dashes || matches!(text, "." | "_" | "__")
}

pub(crate) fn is_tag(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=TAG_MAX).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with(['.', '-'])
}
