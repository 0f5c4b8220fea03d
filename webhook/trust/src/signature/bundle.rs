//! Signatures of cosign 3: a Sigstore bundle around an in-toto statement.

use std::{borrow::Cow, collections::BTreeMap};

use gatehouse_abi::tree::{Node, TreeBuf};
use serde::Deserialize;

use super::{
    BUNDLE_BYTES, PAYLOAD_BYTES, Rejection, SUBJECTS, TIMESTAMPS, TLOG_ENTRIES,
    claim::{Certificates, Claim, ClaimedImage},
};
use crate::{
    sigstore::{Bundle, Material},
    text::excerpt,
};

const MEDIA_TYPES: [&str; 2] = [
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
];
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];
/// What cosign 3 signs images with; every other type is an attestation.
const PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";

/// Reads the JSON of a bundle.
pub(super) fn read(bytes: &[u8]) -> Result<Claim<'static>, Rejection> {
    if bytes.len() > BUNDLE_BYTES {
        return Err(Rejection::TooLarge {
            what: "bundle",
            limit: BUNDLE_BYTES,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Rejection::Malformed("it is not text"))?;
    let tree = strict_json(text, "it is not JSON, or has a key twice")?;
    check_shape(tree.root())?;
    let bundle = Bundle::parse(text)
        .filter(Bundle::is_v0_3)
        .ok_or(Rejection::Malformed(
            "its members are not those of a bundle",
        ))?;
    let Some(envelope) = bundle.envelope() else {
        return Err(Rejection::NotAnImageSignature(
            "the signature of a file".to_owned(),
        ));
    };
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(Rejection::NotAnImageSignature(excerpt(
            envelope.payload_type,
        )));
    }
    let images = statement(envelope.payload)?;
    let (signed, signature) = (envelope.signed, envelope.signature.to_vec());
    let (hint, certificate) = material(&bundle)?;
    Ok(Claim {
        signed: Cow::Owned(signed),
        signature,
        hint,
        certificate,
        images,
        log: Ok(bundle),
        logs_payload: false,
    })
}

/// What Sigstore's types would take in silence: an older version, both of two that exclude each other,
/// lists without an end.
fn check_shape(bundle: Node<'_>) -> Result<(), Rejection> {
    let media_type = bundle.get("mediaType").and_then(|node| node.as_str());
    match media_type {
        Some(media_type) if MEDIA_TYPES.contains(&media_type) => {}
        Some(other) => return Err(Rejection::UnsupportedVersion(excerpt(other))),
        None => return Err(Rejection::Malformed("it has no media type")),
    }
    let material = bundle.get("verificationMaterial").unwrap_or(Node::NULL);
    check_count(
        material.get("tlogEntries"),
        "number of log entries",
        TLOG_ENTRIES,
    )?;
    let timestamps = material.at("timestampVerificationData.rfc3161Timestamps");
    check_count(timestamps, "number of timestamps", TIMESTAMPS)?;
    let both = |node: Node<'_>, a, b| node.get(a).is_some() && node.get(b).is_some();
    if both(bundle, "messageSignature", "dsseEnvelope")
        || both(material, "publicKey", "certificate")
    {
        return Err(Rejection::Malformed(
            "it has two members of which it may have one",
        ));
    }
    match bundle.at("dsseEnvelope.signatures") {
        Some(signatures) if signatures.count() != 1 => {
            Err(Rejection::Malformed("it has not exactly one signature"))
        }
        _ => Ok(()),
    }
}

fn check_count(list: Option<Node<'_>>, what: &'static str, limit: usize) -> Result<(), Rejection> {
    match list {
        Some(list) if list.count() > limit => Err(Rejection::TooLarge { what, limit }),
        _ => Ok(()),
    }
}

/// The hint of the key, or the certificate.
fn material(bundle: &Bundle) -> Result<(Option<String>, Option<Certificates>), Rejection> {
    match bundle.material() {
        Some(Material::Key { hint }) => Ok((Some(hint.to_owned()), None)),
        Some(Material::Certificate(der)) => {
            let (leaf, chain) = (der.to_vec(), Vec::new());
            Ok((None, Some(Certificates { leaf, chain })))
        }
        None => Err(Rejection::Malformed(
            "it has neither one key nor one certificate",
        )),
    }
}

/// The images that the statement is about, if it says that they are signed.
fn statement(payload: &[u8]) -> Result<Vec<ClaimedImage>, Rejection> {
    if payload.len() > PAYLOAD_BYTES {
        return Err(Rejection::TooLarge {
            what: "payload",
            limit: PAYLOAD_BYTES,
        });
    }
    let text = std::str::from_utf8(payload)
        .map_err(|_| Rejection::Malformed("its statement is not text"))?;
    let tree = strict_json(text, "its statement is not JSON, or has a key twice")?;
    check_count(tree.root().get("subject"), "number of subjects", SUBJECTS)?;
    let statement = Statement::deserialize(tree.root().deserializer())
        .map_err(|_| Rejection::Malformed("its statement has not the members of one"))?;
    if !STATEMENT_TYPES.contains(&statement.kind.as_str()) {
        return Err(Rejection::NotAnImageSignature(excerpt(&statement.kind)));
    }
    if statement.predicate_type != PREDICATE_TYPE {
        return Err(Rejection::NotAnImageSignature(excerpt(
            &statement.predicate_type,
        )));
    }
    Ok(statement
        .subject
        .into_iter()
        .flat_map(Subject::images)
        .collect())
}

/// An in-toto statement ([format]).
///
/// [format]: https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    /// The repository, where the signer writes one; cosign 3.1 does not.
    name: Option<String>,
    digest: BTreeMap<String, String>,
}

impl Subject {
    fn images(self) -> impl Iterator<Item = ClaimedImage> {
        let Self { name, digest } = self;
        digest
            .into_iter()
            .map(move |(algorithm, hex)| ClaimedImage {
                digest: format!("{algorithm}:{hex}"),
                reference: name.clone(),
            })
    }
}

/// Duplicate keys are refused: two readers could take different ones.
fn strict_json(text: &str, mistake: &'static str) -> Result<TreeBuf, Rejection> {
    TreeBuf::from_json(text).map_err(|_| Rejection::Malformed(mistake))
}
