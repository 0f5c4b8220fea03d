//! JSON to trees and back: what a tree holds is what serde_json reads in the same text.
#![no_main]

use gatehouse_abi::tree::{Tree, TreeBuf};
use gatehouse_fuzz::has_duplicates;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match (
        TreeBuf::from_json(text),
        serde_json::from_str::<Value>(text),
    ) {
        (Ok(tree), Ok(value)) => check(&tree, &value, text),
        (Ok(_), Err(error)) => {
            // what is left out of trees is read over, so it need not be right
            assert!(
                text.contains("managedFields"),
                "a tree of wrong JSON: {error}"
            );
        }
        (Err(error), Ok(_)) => {
            assert!(has_duplicates(text), "no tree of right JSON: {error}");
        }
        (Err(_), Err(_)) => {}
    }
});

fn check(tree: &TreeBuf, value: &Value, text: &str) {
    assert!(!has_duplicates(text), "a tree of duplicate keys");
    let kept = without_managed_fields(value);
    let bytes = tree.to_bytes();
    let read = Tree::parse(&bytes).expect("the reader takes what the writer wrote");
    assert_eq!(read.root().to_value(), kept);
    let written = serde_json::to_string(&tree.root()).expect("a tree of JSON is JSON");
    let again = TreeBuf::from_json(&written).expect("and reads again");
    assert!(again.root() == tree.root(), "{written}");
    let from_value = TreeBuf::from_value(&kept).expect("a value nests no deeper than a text");
    assert!(from_value.root() == tree.root(), "{kept}");
}

fn without_managed_fields(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_managed_fields).collect(),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let mut value = without_managed_fields(value);
                if let (true, Value::Object(members)) = (key == "metadata", &mut value) {
                    members.remove("managedFields");
                }
                (key.clone(), value)
            };
            members.iter().map(member).collect()
        }
        scalar => scalar.clone(),
    }
}
