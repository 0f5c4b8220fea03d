use std::fmt;

use gatehouse_reference::{Algorithm, Reference};

use super::{
    digest::OwnedDigest,
    error::{ErrorKind, RegistryError},
    host::Host,
};
use crate::text::excerpt;

/// A repository of a registry that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: Host,
    path: String,
}

/// Which manifest of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The one that a tag names now.
    Tag(Tag),
    /// The one with this digest.
    Digest(OwnedDigest),
}

/// The tag of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Repository {
    /// The repository that a reference is of.
    ///
    /// # Errors
    /// When its registry cannot be a host: a port over 65535, or an address written in a way that only some
    /// programs take for one. Nothing is asked then.
    pub fn of(reference: &Reference<'_>) -> Result<Self, RegistryError> {
        let registry = Host::parse(reference.registry()).ok_or_else(|| {
            let detail = "neither a host's name nor an address as it is usually written";
            RegistryError::new(&excerpt(reference.registry()), ErrorKind::NotAHost, detail)
        })?;
        Ok(Self {
            registry,
            path: reference.repository().into_owned(),
        })
    }

    /// The registry: `ghcr.io`, `docker.io`, `registry.example.com:5000`.
    pub fn registry(&self) -> &str {
        self.registry.as_str()
    }

    /// The repository there: `library/nginx`.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn host(&self) -> &Host {
        &self.registry
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Tag(tag) => tag.fmt(f),
            Version::Digest(digest) => digest.fmt(f),
        }
    }
}

impl Tag {
    /// Longest tag of the distribution specification, in characters.
    const MAX: usize = 128;
    /// How many digits of a digest stand in a tag made from it, so that the tag is not too long.
    const DIGITS_MAX: usize = 64;

    /// Reads a tag: at most 128 letters, digits, `_`, `.` and `-`, with no `.` or `-` at the beginning.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        let length_fits = (1..=Self::MAX).contains(&text.len());
        let fits = length_fits && text.bytes().all(fits) && !text.starts_with(['.', '-']);
        fits.then(|| Self(text.to_owned()))
    }

    /// `sha256-HEX`: where the [referrers tag schema] keeps the list of what refers to a digest.
    ///
    /// [referrers tag schema]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
    pub fn of_referrers(digest: &OwnedDigest) -> Self {
        let hex = digest.hex();
        let hex = hex.get(..Self::DIGITS_MAX).unwrap_or(hex);
        Self(format!("{}-{hex}", digest.algorithm()))
    }

    /// `sha256-HEX.SUFFIX`: where cosign 2 keeps what it attaches; `sig` for signatures. `None` for other
    /// digests than SHA-256, which cosign 2 does not attach to.
    pub fn of_attachment(digest: &OwnedDigest, suffix: &str) -> Option<Self> {
        let is_sha256 = digest.algorithm() == Algorithm::Sha256;
        let text = is_sha256.then(|| format!("sha256-{}.{suffix}", digest.hex()))?;
        Self::parse(&text)
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_that_is_no_host_is_refused() {
        for text in [
            "ghcr.io:70000/a",
            "0x7f.1/a",
            "2130706433:80/a",
            "[::g]/a",
            "127.1:5000/a",
        ] {
            let Ok(reference) = Reference::parse(text) else {
                continue;
            };
            let refused = Repository::of(&reference).unwrap_err();
            assert_eq!(*refused.kind(), ErrorKind::NotAHost, "{text}");
        }
        let repository = Repository::of(&Reference::parse("nginx").unwrap()).unwrap();
        assert_eq!(repository.to_string(), "docker.io/library/nginx");
    }

    #[test]
    fn tags_are_checked_and_derived() {
        assert!(Tag::parse(&"a".repeat(Tag::MAX)).is_some());
        assert!(Tag::parse(&"a".repeat(Tag::MAX + 1)).is_none());
        for wrong in ["", ".a", "-a", "a/b", "a b", "../x"] {
            assert_eq!(Tag::parse(wrong), None, "{wrong}");
        }
        let digest = OwnedDigest::of(b"");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(
            Tag::of_referrers(&digest).as_str(),
            format!("sha256-{empty}")
        );
        let signatures = Tag::of_attachment(&digest, "sig").unwrap();
        assert_eq!(signatures.as_str(), format!("sha256-{empty}.sig"));
    }
}
