//! In-toto statements: what bundles and attestations sign.

use std::{collections::BTreeMap, sync::Arc};

use gatehouse_abi::tree::{Node, TreeBuf};
use serde::Deserialize;

use super::{
    ATTESTED_SUBJECTS, DIGESTS, PAYLOAD_BYTES, Rejection, SIGNATURE_PREDICATE, SUBJECTS,
    claim::{ClaimedImage, Content},
};
use crate::text::excerpt;

/// What envelopes call a statement.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The versions of statements that are understood.
pub(crate) const STATEMENT_TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];

/// What a statement says, and of which images.
pub(super) struct Statement {
    pub(super) content: Content,
    pub(super) images: Vec<ClaimedImage>,
}

impl Statement {
    /// Reads what an envelope holds.
    pub(super) fn read(payload_type: &str, payload: &[u8]) -> Result<Self, Rejection> {
        if payload_type != PAYLOAD_TYPE {
            return Err(Rejection::NotAnImageSignature(excerpt(payload_type)));
        }
        let text = std::str::from_utf8(payload)
            .map_err(|_| Rejection::Malformed("its statement is not text"))?;
        let tree = strict_json(text, "its statement is not JSON, or has a key twice")?;
        let subjects = tree.root().get("subject");
        check_count(subjects, "number of subjects", ATTESTED_SUBJECTS)?;
        for subject in subjects.into_iter().flat_map(Node::items) {
            check_count(subject.get("digest"), "number of digests", DIGESTS)?;
        }
        let read = Members::deserialize(tree.root().deserializer())
            .map_err(|_| Rejection::Malformed("its statement has not the members of one"))?;
        if !STATEMENT_TYPES.contains(&read.kind.as_str()) {
            return Err(Rejection::NotAnImageSignature(excerpt(&read.kind)));
        }
        let is_signature = read.predicate_type == SIGNATURE_PREDICATE;
        if is_signature {
            check_count(subjects, "number of subjects", SUBJECTS)?;
            check_length(text.len(), "payload", PAYLOAD_BYTES)?;
        }
        Ok(Self {
            images: read.subject.into_iter().flat_map(Subject::images).collect(),
            content: match is_signature {
                true => Content::Signature,
                false => Content::Attestation {
                    predicate_type: read.predicate_type,
                    statement: tree,
                },
            },
        })
    }
}

/// An in-toto statement ([format]).
///
/// [format]: https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    /// The repository, where the signer writes one; cosign 3.1 does not when it signs.
    name: Option<String>,
    digest: BTreeMap<String, String>,
}

impl Subject {
    fn images(self) -> impl Iterator<Item = ClaimedImage> {
        let Self { name, digest } = self;
        // one text for all: it may be as long as the statement
        let name: Option<Arc<str>> = name.map(Arc::from);
        digest
            .into_iter()
            .map(move |(algorithm, hex)| ClaimedImage {
                digest: format!("{algorithm}:{hex}"),
                reference: name.clone(),
            })
    }
}

/// Duplicate keys are refused: two readers could take different ones.
pub(super) fn strict_json(text: &str, mistake: &'static str) -> Result<TreeBuf, Rejection> {
    TreeBuf::from_json(text).map_err(|_| Rejection::Malformed(mistake))
}

pub(super) fn check_count(
    list: Option<Node<'_>>,
    what: &'static str,
    limit: usize,
) -> Result<(), Rejection> {
    check_length(list.map_or(0, Node::count), what, limit)
}

pub(super) fn check_length(
    length: usize,
    what: &'static str,
    limit: usize,
) -> Result<(), Rejection> {
    match length <= limit {
        true => Ok(()),
        false => Err(Rejection::TooLarge { what, limit }),
    }
}
