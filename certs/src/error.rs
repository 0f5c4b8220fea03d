//! What can be wrong with certificates, keys and names, in words for people.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::authority::MAX_COMMON_NAME_CHARS;
use crate::names::MAX_SERVING_NAMES;
use crate::pem_text::MAX_PEM_BYTES;
use crate::validity::describe;

/// The most characters of a name given by a person that a message repeats.
const MAX_QUOTED_CHARS: usize = 100;

/// Why a certificate, a key, a bundle or a name cannot be used or made.
///
/// Messages never repeat what was in a file: it may be a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no certificate in the text.
    #[error(
        "no certificate found: expected a block that starts with `-----BEGIN CERTIFICATE-----`"
    )]
    NoCertificate,
    /// There is no private key in the text.
    #[error(
        "no private key found: expected a block that starts with `-----BEGIN PRIVATE KEY-----`"
    )]
    NoKey,
    /// There is a private key, but it is encrypted with a passphrase.
    #[error(
        "the private key is encrypted and nobody is there to type the passphrase: \
         store it decrypted, as `openssl pkey` writes it"
    )]
    EncryptedKey,
    /// The text has more than [`MAX_PEM_BYTES`].
    #[error("{item} is larger than {MAX_PEM_BYTES} bytes: is it the right file?")]
    TooLarge {
        /// What was to be read from the text.
        item: Item,
    },
    /// The text is damaged PEM.
    #[error("{item} cannot be read: {fault}")]
    BrokenPem {
        /// What was to be read from the text.
        item: Item,
        /// What is wrong with it.
        fault: PemFault,
    },
    /// A certificate's bytes are not a certificate.
    #[error("certificate {position} cannot be read: its block does not hold an X.509 certificate")]
    BrokenCertificate {
        /// Which of the certificates in the text, counted from 1.
        position: usize,
    },
    /// There are more certificates than a limit.
    #[error(
        "{item} comes as {found} certificates, over the limit of {limit}: \
         leave out those that are not needed"
    )]
    TooManyCertificates {
        /// What holds them.
        item: Item,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The certificate is too old-fashioned or too exotic for the TLS library.
    #[error(
        "{item} is of a kind that TLS libraries refuse: \
         make it as X.509 version 3, without unknown critical extensions"
    )]
    UnsupportedCertificate {
        /// Whose certificate.
        item: Item,
    },
    /// The private key is of a kind that the TLS library cannot use, or damaged.
    #[error(
        "the private key cannot be used: \
         make one for ECDSA (P-256, P-384, P-521), Ed25519 or RSA (2048 to 8192 bits)"
    )]
    UnusableKey,
    /// The private key belongs to another certificate.
    #[error(
        "the private key does not belong to the certificate: \
         give the key that the first certificate in the file was made for"
    )]
    KeyMismatch,
    /// The end of the validity has passed.
    #[error(
        "{item} expired at {}, and it is {} now: replace it",
        describe(*not_after),
        describe(*now)
    )]
    Expired {
        /// Whose validity.
        item: Item,
        /// The last moment of the validity.
        not_after: SystemTime,
        /// The time at which it was checked.
        now: SystemTime,
    },
    /// The validity has not begun.
    #[error(
        "{item} is not valid before {}, and it is {} now: \
         wait until then, or set this machine's clock",
        describe(*not_before),
        describe(*now)
    )]
    NotYetValid {
        /// Whose validity.
        item: Item,
        /// The first moment of the validity.
        not_before: SystemTime,
        /// The time at which it was checked.
        now: SystemTime,
    },
    /// The certificate has neither a DNS name nor an IP address as subject alternative name.
    #[error(
        "the certificate names no host: give it subject alternative names, \
         Kubernetes does not look at the common name"
    )]
    NamesNoHost,
    /// The certificate has extended key usages, and serving is not among them.
    #[error("{item} is not for servers: add `serverAuth` to its extended key usage")]
    NotForServers {
        /// Whose certificate.
        item: Item,
    },
    /// The certificate is not one of a certificate authority.
    #[error(
        "the certificate is not one of a certificate authority: \
         make it with the basic constraint `CA:TRUE`"
    )]
    NotAnAuthority,
    /// The certificate authority has key usages, and signing certificates is not among them.
    #[error(
        "the certificate authority may not sign certificates: add `keyCertSign` to its key usage"
    )]
    MayNotSign,
    /// The certificate authority's name cannot be written as the issuer of another certificate.
    #[error(
        "the certificate authority's subject cannot be repeated in what it issues: \
         make it with every attribute once and in a part of its own"
    )]
    UnsupportedSubject,
    /// There are several certificates where the certificate authority's own was expected.
    #[error(
        "expected the certificate authority's own certificate, found {found} certificates: \
         leave out the others"
    )]
    NotOneAuthority {
        /// How many there are.
        found: usize,
    },
    /// No certificate of the bundle is valid any more.
    #[error(
        "every certificate in the bundle has expired, the last at {}: \
         make a new certificate authority",
        describe(*not_after)
    )]
    AllExpired {
        /// When the last of them expired.
        not_after: SystemTime,
    },
    /// A certificate authority cannot have this common name.
    #[error(
        "{} cannot be the common name of a certificate authority: {fault}",
        quoted(name)
    )]
    CommonName {
        /// The name given.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// A certificate cannot be issued for this name.
    #[error("{} cannot be a name in a certificate: {fault}", quoted(name))]
    Name {
        /// The name given.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// Kubernetes has no service or namespace of this name.
    #[error("{} cannot be the name of {kind}: {fault}", quoted(name))]
    Service {
        /// "a service" or "a namespace".
        kind: &'static str,
        /// The name given.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// There is no name to issue a certificate for.
    #[error("no name to issue a certificate for: give at least one DNS name or IP address")]
    NoNames,
    /// There are more than [`MAX_SERVING_NAMES`].
    #[error("more than {MAX_SERVING_NAMES} names for one certificate: issue several certificates")]
    TooManyNames,
    /// A certificate cannot be issued for so short or so long a time.
    #[error(
        "a certificate cannot be valid for {} seconds: choose between 1 second and 100 years",
        asked.as_secs_f64()
    )]
    Lifetime {
        /// The time asked for.
        asked: Duration,
    },
    /// The machine's clock is outside the years that a certificate can state.
    #[error("this machine's clock is outside the years 1970 to 9999: set it")]
    Clock,
    /// Clients that trust the certificate authority would refuse the certificate it issued.
    #[error(
        "clients would refuse a certificate of this certificate authority for {names}: \
         look for name constraints in the authority's certificate"
    )]
    CannotVouch {
        /// The names that the certificate was to be issued for, as a message lists them.
        names: String,
    },
    /// The cryptographic library refused to make a key or a certificate.
    #[error("no key or certificate could be made: the cryptographic library refused")]
    Generation,
}

/// What an [`Error`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A serving certificate with its chain.
    Certificate,
    /// A certificate authority's own certificate.
    Authority,
    /// Certificates of certificate authorities.
    Bundle,
    /// A private key.
    Key,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "the certificate",
            Self::Authority => "the certificate authority's certificate",
            Self::Bundle => "the bundle of certificate authorities",
            Self::Key => "the private key",
        })
    }
}

/// What is wrong with a PEM text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemFault {
    /// A block has no end.
    #[error("a block has no `-----END` line, is it cut off or were line breaks lost?")]
    NoEnd,
    /// A line that begins a block does not end as it should.
    #[error("a `-----BEGIN` line does not end in five dashes, were line breaks lost?")]
    BrokenBegin,
    /// A block holds what is not base64.
    #[error("a block holds characters that are not base64")]
    NotBase64,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// It has no characters.
    #[error("it is empty")]
    Empty,
    /// A DNS name has more than 253 characters.
    #[error("it has more than 253 characters")]
    TooLong,
    /// A common name has more than [`MAX_COMMON_NAME_CHARS`].
    #[error("it has more than {MAX_COMMON_NAME_CHARS} characters")]
    LongCommonName,
    /// A common name has a control character.
    #[error("it has a control character")]
    ControlCharacter,
    /// A part of a DNS name is empty.
    #[error("it has nothing between two dots, or begins or ends with one")]
    EmptyLabel,
    /// A part of a DNS name has more than 63 characters.
    #[error("it has more than 63 characters between two dots")]
    LongLabel,
    /// A DNS name has a character that none may have.
    #[error("it has a character that is none of `a` to `z`, `0` to `9` and `-`")]
    Characters,
    /// A part of a DNS name begins or ends with a hyphen.
    #[error("a part of it begins or ends with a hyphen")]
    Hyphen,
    /// A service or namespace has a dot.
    #[error("it has a dot")]
    Dot,
    /// A service or namespace has an upper-case letter.
    #[error("it has upper-case letters")]
    UpperCase,
    /// A DNS name has a wildcard.
    #[error("wildcards are not issued, list each name")]
    Wildcard,
    /// It ends like an IP address but does not parse as one.
    #[error("it looks like an IP address but is none")]
    LikeAddress,
    /// It is `0.0.0.0` or `::`.
    #[error("it is an address to listen on, give those that clients connect to")]
    Unspecified,
}

/// A name given by a person, in backticks.
fn quoted(name: &str) -> String {
    quoted_up_to(name, MAX_QUOTED_CHARS)
}

/// A person's input in backticks, without control characters, cut after `limit` characters.
pub(crate) fn quoted_up_to(input: &str, limit: usize) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let shown: String = input.chars().take(limit).map(printable).collect();
    let is_cut = input.chars().nth(limit).is_some();
    format!("`{shown}{}`", if is_cut { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_shown_without_control_characters() {
        assert_eq!(quoted("a\u{1b}[31m\nb"), "`a\u{fffd}[31m\u{fffd}b`");
    }

    #[test]
    fn long_input_is_cut() {
        let longest = "ä".repeat(MAX_QUOTED_CHARS);
        assert_eq!(quoted(&longest), format!("`{longest}`"));
        assert_eq!(quoted(&(longest.clone() + "b")), format!("`{longest}…`"));
    }

    #[test]
    fn what_no_test_can_provoke_reads_well_too() {
        assert_eq!(
            Error::Generation.to_string(),
            "no key or certificate could be made: the cryptographic library refused"
        );
    }
}
