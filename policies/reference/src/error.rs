use crate::Algorithm;

/// Why a text is not an image reference, and what to do about it.
///
/// Text of the input stands in it shortened, and with everything that is not printable ASCII escaped, so
/// that a letter that only looks like another can be seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is no text.
    #[error("there is no image reference: write one such as `ghcr.io/acme/app:1.25`")]
    Empty,
    /// A space, a tab, a line break.
    #[error("`{0}` has white space in it: remove it")]
    WhiteSpace(String),
    /// A character that no part of a reference can have.
    #[error(
        "`{reference}` has `{character}` in it: write only ASCII letters, digits and `.`, `_`, `-`, `/`, `:`, `@`"
    )]
    Character {
        /// The reference.
        reference: String,
        /// The character.
        character: String,
    },
    /// `https://` and the like.
    #[error("`{0}` begins with the scheme of a web address: leave that out")]
    Scheme(String),
    /// The id that an image has on one node.
    #[error(
        "`{0}` is the id that an image has on a node: write the registry and repository that it comes from"
    )]
    Identifier(String),
    /// A registry that cannot be a host's name or address.
    #[error(
        "`{0}` is not a registry: write a host name, an IPv4 address or an IPv6 address in brackets, and a port number if need be"
    )]
    Registry(String),
    /// A registry that is too long.
    #[error("the name of the registry has {0} characters: no host has more than 255")]
    RegistryTooLong(usize),
    /// Nothing where the repository should be.
    #[error("`{0}` names no repository: write one such as `ghcr.io/acme/app`")]
    NoRepository(String),
    /// Upper case where only lower case can stand.
    #[error("the repository `{0}` has upper-case letters: write it in lower case")]
    UpperCase(String),
    /// Nothing between two slashes, or after the last one.
    #[error("the repository `{0}` has an empty part: leave out the `/` that is too many")]
    EmptyPart(String),
    /// A part of the repository that cannot be one.
    #[error(
        "`{part}` cannot be a part of the repository `{repository}`: write lower-case letters and digits, joined by `.`, `_`, `__` or `-`"
    )]
    Part {
        /// The repository.
        repository: String,
        /// What stands between two slashes.
        part: String,
    },
    /// A repository that is too long.
    #[error("the name of the repository has {0} characters: shorten it to 255")]
    RepositoryTooLong(usize),
    /// A tag that cannot be one.
    #[error(
        "`{0}` is not a tag: write at most 128 letters, digits, `_`, `.` and `-`, with no `.` or `-` at the beginning"
    )]
    Tag(String),
    /// A digest that cannot be one.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

/// Why a text is not a digest, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// No algorithm and colon.
    #[error("`{0}` is not a digest: write `sha256:` and 64 hexadecimal digits")]
    Form(String),
    /// An algorithm that registries do not use.
    #[error(
        "`{0}` is not the algorithm of an image's digest: write `sha256`, `sha384` or `sha512`"
    )]
    Algorithm(String),
    /// Too many digits or too few.
    #[error(
        "the digest has {found} digits: write all {len} of a {algorithm} digest",
        len = algorithm.hex_len()
    )]
    Length {
        /// The algorithm that it names.
        algorithm: Algorithm,
        /// How many there are.
        found: usize,
    },
    /// Upper case, or something else that is no digit.
    #[error("the digest `{0}` has characters other than `0` to `9` and `a` to `f`: copy it anew")]
    Hex(String),
}

/// Longest excerpt of an input in an error.
const EXCERPT_MAX_CHARS: usize = 80;

/// The text, fit to be shown anywhere.
pub(crate) fn excerpt(text: &str) -> String {
    let mut escaped = text.chars().flat_map(char::escape_default);
    let mut shown: String = escaped.by_ref().take(EXCERPT_MAX_CHARS).collect();
    if escaped.next().is_some() {
        shown.push('…');
    }
    shown
}
