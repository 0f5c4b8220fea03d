use crate::{sigstore::LogFault, text::moment};

/// Why a signature does not count, in the order of how much it tells: of several rejections for one
/// image the greatest is the one to show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// A limit of this crate is exceeded.
    #[error("its {what} exceeds the limit of {limit}")]
    TooLarge {
        /// What is too large: `bundle`, `number of subjects`.
        what: &'static str,
        /// The limit, in bytes or as a number.
        limit: usize,
    },
    /// It is not what its media type says.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// A bundle of a version that a registry must not offer: older ones can do without proofs.
    #[error("it is a bundle of the version `{0}`; only version 0.3 is accepted")]
    UnsupportedVersion(String),
    /// It signs something else: a file, another payload.
    #[error("it is neither a signature nor an attestation of an image but `{0}`")]
    NotAnImageSignature(String),
    /// A signature where an attestation is wanted.
    #[error("it is a signature, not an attestation")]
    NotAnAttestation,
    /// An attestation where a signature or one of another type is wanted. That it is one, it says itself.
    #[error("it is an attestation of the type `{0}`")]
    OtherPredicate(String),
    /// It is signed by someone else.
    #[error("it is signed by {0}")]
    OtherSigner(NamedSigner),
    /// A certificate is expected and there is none.
    #[error("it is signed with a key, without a certificate")]
    NoCertificate,
    /// It says that the key or certificate made it, which is not so.
    #[error("it names the right key, but its signature does not verify{}", if *.ed25519 { ED25519PH } else { "" })]
    BadSignature {
        /// Whether the key is of a kind that cosign 3 signs with as nobody verifies it.
        ed25519: bool,
    },
    /// No chain leads from its certificate to an anchor of the authority.
    #[error("its certificate{} is not of this certificate authority", of(.0.as_deref()))]
    OtherAuthority(Option<String>),
    /// The certificate may not sign images.
    #[error("its certificate {0}")]
    UnusableCertificate(&'static str),
    /// A certificate of the authority, for somebody else.
    #[error("its certificate is for {}, who is not among the identities", named(.0.as_deref()))]
    OtherIdentity(Option<String>),
    /// A certificate for the right subject, for which another issuer vouched.
    #[error("its certificate names {}", another("issuer", .0.as_deref()))]
    OtherIssuer(Option<String>),
    /// A certificate for the right subject, for another build.
    #[error("its certificate names {}", another(.claim, .found.as_deref()))]
    OtherClaim {
        /// What it is that the certificate has to name: `repository`.
        claim: &'static str,
        /// What it names.
        found: Option<String>,
    },
    /// The certificate was not valid yet when it signed.
    #[error("its certificate was not valid before {}", moment(*.0))]
    NotYetValid(i64),
    /// The certificate was not valid any more when it signed, or is not now and nothing proves when it
    /// signed.
    #[error("its certificate expired on {}{}", moment(*.not_after), if *.proven { "" } else { UNPROVEN })]
    Expired {
        /// Its last second, since 1970.
        not_after: i64,
        /// Whether a log or a timestamp proves that it signed later.
        proven: bool,
    },
    /// The right signer signed another image.
    #[error("it is for another image, `{0}`")]
    OtherDigest(String),
    /// The right signer signed this image for another repository.
    #[error("it is for another repository, `{0}`")]
    OtherRepository(String),
    /// The right signer signed this image, but for which repository is not said.
    #[error(
        "it does not say for which repository it is (cosign 3 records none; cosign 2 does, and cosign 3 with `--new-bundle-format=false`)"
    )]
    NoRepository,
    /// The right signer signed this image, but no transparency log that is trusted shows it.
    #[error("no transparency log shows it: {0}")]
    NotLogged(LogFault),
}

/// Who made a signature, as far as it says so itself: nothing of this is verified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NamedSigner {
    /// It does not say.
    #[error("another key")]
    Unnamed,
    /// The fingerprint of a key.
    #[error("another key, `{0}`")]
    Key(String),
    /// The first identity in a certificate.
    #[error("a certificate of {}", named(.0.as_deref()))]
    Certificate(Option<String>),
}

const ED25519PH: &str = "; cosign 3 signs images with Ed25519ph, which cosign does not verify either: sign with an ECDSA key, or with cosign 2";
const UNPROVEN: &str =
    ", and neither a trusted log nor a trusted timestamp proves that it signed before";

fn of(identity: Option<&str>) -> String {
    identity.map_or_else(String::new, |identity| format!(" of `{identity}`"))
}

/// `another issuer, `https://…``
fn another(what: &str, found: Option<&str>) -> String {
    found.map_or_else(
        || format!("no {what}"),
        |found| format!("another {what}, `{found}`"),
    )
}

fn named(identity: Option<&str>) -> String {
    identity.map_or_else(
        || "nobody who is named".to_owned(),
        |identity| format!("`{identity}`"),
    )
}
