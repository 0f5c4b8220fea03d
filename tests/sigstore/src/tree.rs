//! A Merkle tree (RFC 9162, section 2.1).

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// The hash of a leaf with this content.
pub(crate) fn leaf(content: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(content)
        .finalize()
        .into()
}

/// The root over these leaves, of which there is at least one.
pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            let node = Sha256::new().chain_update([1]);
            node.chain_update(root(left))
                .chain_update(root(right))
                .finalize()
                .into()
        }
    }
}

/// What proves that the leaf of this number is under the root.
pub(crate) fn inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = halves(leaves);
    let (mut path, sibling) = match index.checked_sub(left.len()) {
        None => (inclusion(index, left), root(right)),
        Some(index) => (inclusion(index, right), root(left)),
    };
    path.push(sibling);
    path
}

/// The left one has the largest power of two of leaves that leaves some to the right one.
fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}
