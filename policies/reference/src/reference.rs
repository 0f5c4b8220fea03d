use std::{borrow::Cow, fmt};

use crate::{
    Algorithm, Digest, ReferenceError,
    error::excerpt,
    name::{
        DEFAULT_NAMESPACE, DEFAULT_REGISTRY, DEFAULT_TAG, REGISTRY_MAX, REPOSITORY_MAX, is_part,
        is_registry, is_tag, split_registry,
    },
};

/// What a runtime would pull: a repository of a registry, and there a tag or a digest.
///
/// Two references are equal when they name the same, however they are written: `nginx` and
/// `index.docker.io/library/nginx:latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference<'a> {
    registry: &'a str,
    /// Whether the repository begins with `library/`, which need not stand in the text that is borrowed.
    in_library: bool,
    /// The repository without that.
    path: &'a str,
    version: Version<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Version<'a> {
    Tag(&'a str),
    Digest(Digest<'a>),
}

impl<'a> Reference<'a> {
    /// Reads a reference as people write it.
    ///
    /// # Errors
    /// What is wrong with it and what to do.
    pub fn parse(text: &'a str) -> Result<Self, ReferenceError> {
        check_characters(text)?;
        check_form(text)?;
        let (named, digest) = cut(text, '@');
        let (registry, rest) = split_registry(named);
        check_registry(registry)?;
        let (repository, tag) = cut(rest, ':');
        if repository.is_empty() {
            return Err(ReferenceError::NoRepository(excerpt(text)));
        }
        check_parts(repository)?;
        let (in_library, path) = split_library(registry, repository);
        check_length(in_library, path)?;
        let version = Version::parse(tag, digest)?;
        Ok(Self {
            registry,
            in_library,
            path,
            version,
        })
    }

    /// The registry: a host and perhaps a port, `docker.io` for Docker Hub.
    pub fn registry(&self) -> &'a str {
        self.registry
    }

    /// The repository in the registry, with its namespace: `library/nginx`.
    pub fn repository(&self) -> Cow<'a, str> {
        if self.in_library {
            Cow::Owned(format!("{DEFAULT_NAMESPACE}/{}", self.path))
        } else {
            Cow::Borrowed(self.path)
        }
    }

    /// What stands between the slashes of the repository: `library`, `nginx`.
    pub fn parts(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        let namespace = self.in_library.then_some(DEFAULT_NAMESPACE);
        namespace.into_iter().chain(self.path.split('/'))
    }

    /// The tag that decides what is pulled: `None` where a digest does, even if a tag stands beside it.
    pub fn tag(&self) -> Option<&'a str> {
        match self.version {
            Version::Tag(tag) => Some(tag),
            Version::Digest(_) => None,
        }
    }

    /// The digest.
    pub fn digest(&self) -> Option<Digest<'a>> {
        match self.version {
            Version::Tag(_) => None,
            Version::Digest(digest) => Some(digest),
        }
    }
}

impl<'a> TryFrom<&'a str> for Reference<'a> {
    type Error = ReferenceError;

    fn try_from(text: &'a str) -> Result<Self, ReferenceError> {
        Self::parse(text)
    }
}

impl fmt::Display for Reference<'_> {
    /// The normal form, which names everything: `docker.io/library/nginx:latest`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.registry)?;
        for part in self.parts() {
            write!(f, "/{part}")?;
        }
        match self.version {
            Version::Tag(tag) => write!(f, ":{tag}"),
            Version::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

impl<'a> Version<'a> {
    fn parse(tag: Option<&'a str>, digest: Option<&'a str>) -> Result<Self, ReferenceError> {
        // beside a digest a tag decides nothing, but a wrong one is still refused
        let tag = tag.unwrap_or(DEFAULT_TAG);
        if !is_tag(tag) {
            return Err(ReferenceError::Tag(excerpt(tag)));
        }
        match digest {
            Some(digest) => Ok(Version::Digest(Digest::parse(digest)?)),
            None => Ok(Version::Tag(tag)),
        }
    }
}

/// Refuses what can stand in no part of a reference; all that is left is ASCII.
fn check_characters(text: &str) -> Result<(), ReferenceError> {
    let sign = |c| matches!(c, '.' | '-' | '_' | '/' | ':' | '@' | '[' | ']' | '+');
    let fits = |c: char| c.is_ascii_alphanumeric() || sign(c);
    match text.chars().find(|c| !fits(*c)) {
        None => Ok(()),
        Some(c) if c.is_whitespace() => Err(ReferenceError::WhiteSpace(excerpt(text))),
        Some(c) => Err(ReferenceError::Character {
            reference: excerpt(text),
            character: excerpt(c.encode_utf8(&mut [0; 4])),
        }),
    }
}

/// Refuses what is something else than a reference.
fn check_form(text: &str) -> Result<(), ReferenceError> {
    if text.is_empty() {
        return Err(ReferenceError::Empty);
    }
    if text.contains("://") {
        return Err(ReferenceError::Scheme(excerpt(text)));
    }
    if is_identifier(text) {
        return Err(ReferenceError::Identifier(excerpt(text)));
    }
    Ok(())
}

/// The id of an image: 64 digits, or an algorithm and any part of its digits.
fn is_identifier(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match text.split_once(':') {
        Some((algorithm, digits)) => Algorithm::named(algorithm).is_some() && is_hex(digits),
        None => text.len() == Algorithm::Sha256.hex_len() && is_hex(text),
    }
}

fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    if registry.len() > REGISTRY_MAX {
        return Err(ReferenceError::RegistryTooLong(registry.len()));
    }
    if !is_registry(registry) {
        return Err(ReferenceError::Registry(excerpt(registry)));
    }
    Ok(())
}

fn check_parts(repository: &str) -> Result<(), ReferenceError> {
    if repository.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(ReferenceError::UpperCase(excerpt(repository)));
    }
    match repository.split('/').find(|part| !is_part(part)) {
        None => Ok(()),
        Some("") => Err(ReferenceError::EmptyPart(excerpt(repository))),
        Some(part) => Err(ReferenceError::Part {
            repository: excerpt(repository),
            part: excerpt(part),
        }),
    }
}

fn check_length(in_library: bool, path: &str) -> Result<(), ReferenceError> {
    let namespace = if in_library {
        DEFAULT_NAMESPACE.len() + 1
    } else {
        0
    };
    match namespace + path.len() {
        ..=REPOSITORY_MAX => Ok(()),
        length => Err(ReferenceError::RepositoryTooLong(length)),
    }
}

/// Whether the repository is in the default namespace of the default registry, and its path there.
fn split_library<'a>(registry: &str, repository: &'a str) -> (bool, &'a str) {
    if registry != DEFAULT_REGISTRY {
        return (false, repository);
    }
    match repository.split_once('/') {
        Some((DEFAULT_NAMESPACE, path)) => (true, path),
        Some(_) => (false, repository),
        None => (true, repository),
    }
}

/// What stands before the first `separator`, and what after it.
fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}
