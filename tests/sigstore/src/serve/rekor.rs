//! What cosign asks of Rekor, of either version.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::{Answer, Request, entry, now};
use crate::{Log, Sigstore, base64, log::hex, tree};

/// The trees of the two logs, which grow. Two clients that propose the same get an entry each.
#[derive(Default)]
pub(super) struct Rekor {
    version_1: Mutex<Vec<tree::Hash>>,
    version_2: Mutex<Vec<tree::Hash>>,
}

impl Rekor {
    /// Adds what is proposed, and proves that it is in the log.
    pub(super) fn add(&self, sigstore: &Sigstore, request: &Request) -> Answer {
        let Some(body) = entry::canonical(&request.json()) else {
            return unknown();
        };
        let mut leaves = self.version_1.lock().unwrap();
        let leaf = tree::leaf(body.as_bytes());
        leaves.push(leaf);
        let uuid = hex(&leaf);
        let entry = json!({&uuid: proved(&sigstore.log, &body, &leaves)});
        Answer::json(201, &entry).tagged(&uuid)
    }

    /// The same as version 2 has it: nobody says when.
    pub(super) fn add_2(&self, sigstore: &Sigstore, request: &Request) -> Answer {
        let Some(body) = entry::canonical_2(&request.json()) else {
            return unknown();
        };
        let mut leaves = self.version_2.lock().unwrap();
        let number = leaves.len();
        leaves.push(tree::leaf(body.as_bytes()));
        let log = &sigstore.rekor_v2;
        Answer::json(201, &log.proved("hashedrekord", &body, number, &leaves))
    }
}

fn unknown() -> Answer {
    Answer::refusal(400, "the test Rekor does not know this type of entry")
}

/// The last leaf of the tree as Rekor returns it.
fn proved(log: &Log, body: &str, leaves: &[tree::Hash]) -> Value {
    let index = leaves.len() - 1;
    let root = tree::root(leaves);
    let path = tree::inclusion(index, leaves);
    let hashes: Vec<_> = path.iter().map(|hash| hex(hash)).collect();
    let mut entry = json!({
        "body": base64(body.as_bytes()),
        "integratedTime": now(),
        "logID": hex(&log.id()),
        "logIndex": index,
    });
    let promise = log.promise(&entry);
    entry["verification"] = json!({
        "signedEntryTimestamp": promise,
        "inclusionProof": {
            "checkpoint": log.checkpoint(leaves.len(), &root),
            "hashes": hashes,
            "logIndex": index,
            "rootHash": hex(&root),
            "treeSize": leaves.len(),
        },
    });
    entry
}
