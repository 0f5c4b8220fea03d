//! What people read, and which of several rejections they read.

use gatehouse_trust::{
    LogFault,
    signature::{NamedSigner, Rejection},
};

/// Every rejection, from the one that tells least to the one that tells most.
fn all() -> Vec<(Rejection, &'static str)> {
    let name = || Some("builds@acme.example".to_owned());
    vec![
        (
            Rejection::TooLarge {
                what: "bundle",
                limit: 524_288,
            },
            "its bundle exceeds the limit of 524288",
        ),
        (
            Rejection::Malformed("it is not text"),
            "it is malformed: it is not text",
        ),
        (
            Rejection::UnsupportedVersion("v0.1".to_owned()),
            "it is a bundle of the version `v0.1`; only version 0.3 is accepted",
        ),
        (
            Rejection::NotAnImageSignature("text/plain".to_owned()),
            "it is neither a signature nor an attestation of an image but `text/plain`",
        ),
        (
            Rejection::NotAnAttestation,
            "it is a signature, not an attestation",
        ),
        (
            Rejection::OtherPredicate("https://slsa.dev/provenance/v1".to_owned()),
            "it is an attestation of the type `https://slsa.dev/provenance/v1`",
        ),
        (
            Rejection::OtherSigner(NamedSigner::Unnamed),
            "it is signed by another key",
        ),
        (
            Rejection::OtherSigner(NamedSigner::Key("sha256:12".to_owned())),
            "it is signed by another key, `sha256:12`",
        ),
        (
            Rejection::OtherSigner(NamedSigner::Certificate(None)),
            "it is signed by a certificate of nobody who is named",
        ),
        (
            Rejection::OtherSigner(NamedSigner::Certificate(name())),
            "it is signed by a certificate of `builds@acme.example`",
        ),
        (
            Rejection::NoCertificate,
            "it is signed with a key, without a certificate",
        ),
        (
            Rejection::BadSignature { ed25519: false },
            "it names the right key, but its signature does not verify",
        ),
        (
            Rejection::BadSignature { ed25519: true },
            "it names the right key, but its signature does not verify; cosign 3 signs images with \
             Ed25519ph, which cosign does not verify either: sign with an ECDSA key, or with cosign 2",
        ),
        (
            Rejection::OtherAuthority(None),
            "its certificate is not of this certificate authority",
        ),
        (
            Rejection::OtherAuthority(name()),
            "its certificate of `builds@acme.example` is not of this certificate authority",
        ),
        (
            Rejection::UnusableCertificate("may not sign code"),
            "its certificate may not sign code",
        ),
        (
            Rejection::OtherIdentity(name()),
            "its certificate is for `builds@acme.example`, who is not among the identities",
        ),
        (
            Rejection::OtherIssuer(None),
            "its certificate names no issuer",
        ),
        (
            Rejection::OtherIssuer(Some("https://evil.example".to_owned())),
            "its certificate names another issuer, `https://evil.example`",
        ),
        (
            Rejection::OtherClaim {
                claim: "repository",
                found: None,
            },
            "its certificate names no repository",
        ),
        (
            Rejection::OtherClaim {
                claim: "repository",
                found: Some("acme/evil".to_owned()),
            },
            "its certificate names another repository, `acme/evil`",
        ),
        (
            Rejection::NotYetValid(1_750_000_000),
            "its certificate was not valid before 2025-06-15 15:06 UTC",
        ),
        (
            Rejection::Expired {
                not_after: 1_750_000_000,
                proven: false,
            },
            "its certificate expired on 2025-06-15 15:06 UTC, and neither a trusted log nor a trusted \
             timestamp proves that it signed before",
        ),
        (
            Rejection::Expired {
                not_after: 1_750_000_000,
                proven: true,
            },
            "its certificate expired on 2025-06-15 15:06 UTC",
        ),
        (
            Rejection::Expired {
                not_after: i64::MAX,
                proven: true,
            },
            "its certificate expired on a day beyond the calendar",
        ),
        (
            Rejection::OtherDigest("sha256:12".to_owned()),
            "it is for another image, `sha256:12`",
        ),
        (
            Rejection::OtherRepository("docker.io/acme/app".to_owned()),
            "it is for another repository, `docker.io/acme/app`",
        ),
        (
            Rejection::NoRepository,
            "it does not say for which repository it is (cosign 3 records none; cosign 2 does, and \
             cosign 3 with `--new-bundle-format=false`)",
        ),
        (
            Rejection::NotLogged(LogFault::Absent),
            "no transparency log shows it: it has no entry of a transparency log",
        ),
        (
            Rejection::NotLogged(LogFault::OtherEntry),
            "no transparency log shows it: its log entry is for another signature",
        ),
    ]
}

#[test]
fn every_rejection_is_a_sentence() {
    for (rejection, sentence) in all() {
        assert_eq!(rejection.to_string(), sentence);
    }
}

#[test]
fn the_more_telling_rejection_is_the_greater() {
    let rejections: Vec<_> = all().into_iter().map(|(rejection, _)| rejection).collect();
    assert!(rejections.is_sorted());
}
