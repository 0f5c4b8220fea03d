//! The reader of request trees, on any bytes: it never panics, and never reads outside of them.
#![no_main]

use gatehouse_abi::tree::{Node, Tree, TreeBuf};
use gatehouse_fuzz::{paths, walk};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;

/// Values that are read of one tree; a corrupt one may have more than there are atoms.
const BUDGET: usize = 5_000;

fuzz_target!(|data: &[u8]| {
    if let Ok(tree) = Tree::parse(data) {
        read(tree.root());
    }
    let bytes = with_header(data);
    if let Ok(tree) = Tree::parse(&bytes) {
        read(tree.root());
    }
});

/// The bytes as words and text: a header that fits is rarely hit upon.
fn with_header(data: &[u8]) -> Vec<u8> {
    let (words, body) = data.split_first().unwrap_or((&0, &[]));
    let words = usize::from(*words).min(body.len() / 8);
    let text = body.len() - 8 * words;
    let header = [words as u32, text as u32].map(u32::to_le_bytes);
    [header.as_flattened(), body].concat()
}

fn read(root: Node<'_>) {
    if !walk(root, &mut BUDGET.clone()) {
        // the scalars are read in any case; what nests without end is an error to whoever follows it
        return;
    }
    for path in paths(root, 200) {
        let _ = path.find(root).map(Node::kind);
    }
    let value = root.to_value();
    let read = Value::deserialize(root.deserializer());
    if let Ok(read) = read {
        assert_eq!(read, value, "two ways to read one tree");
    }
    // of a corrupt tree this may say anything
    let same = root;
    let _ = root == same;
    let right = TreeBuf::from_value(&value);
    assert!(
        right.is_ok_and(|right| right.root().to_value() == value),
        "{value}"
    );
}
