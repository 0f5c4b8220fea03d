use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

fn tree(value: &Value) -> TreeBuf {
    TreeBuf::from_value(value).unwrap()
}

#[test]
fn a_document_reads_as_it_was_written() {
    let document = tree(&json!({"a": [1, -2, 1.5, "x", null, true, false], "b": {"c": {"d": 3}}}));
    let bytes = document.to_bytes();
    let root = Tree::parse(&bytes).unwrap().root();
    assert_eq!(root.at("b.c.d").unwrap().as_i64(), Some(3));
    assert_eq!(root.at("b.x.d").map(Node::kind), None);
    let items: Vec<_> = root.get("a").unwrap().items().collect();
    assert_eq!(items[1].as_i64(), Some(-2));
    assert_eq!(items[2].as_number(), Some("1.5"));
    assert_eq!(items[3].as_str(), Some("x"));
    assert!(items[4].is_null());
    assert_eq!(
        (items[5].as_bool(), items[6].as_bool()),
        (Some(true), Some(false))
    );
    assert_eq!(root.get("a").unwrap().count(), 7);
}

#[test]
fn the_form_is_the_documented_one() {
    let bytes = tree(&json!({"a": 5})).to_bytes();
    let (header, rest) = bytes.split_at(8);
    assert_eq!(header, [4, 0, 0, 0, 1, 0, 0, 0]);
    let (words, text) = rest.split_at(32);
    let words: Vec<u64> = words
        .as_chunks::<8>()
        .0
        .iter()
        .map(|w| u64::from_le_bytes(*w))
        .collect();
    // the int itself; the key (string, 1 byte, at 0); its value (int in word 0); the root (object, 1 member, at word 1)
    assert_eq!(words, [5, 5 | 1 << 3, 3, 7 | 1 << 3 | 1 << 32]);
    assert_eq!(text, b"a");
}

#[test]
fn members_compare_in_any_order() {
    let a = tree(&json!({"x": 1, "y": [1, 2]}));
    assert_eq!(a.root(), tree(&json!({"y": [1, 2], "x": 1})).root());
    assert_ne!(a.root(), tree(&json!({"y": [2, 1], "x": 1})).root());
    assert_ne!(
        a.root(),
        tree(&json!({"y": [1, 2], "x": 1, "z": null})).root()
    );
}

#[test]
fn duplicate_keys_are_refused() {
    let error = TreeBuf::from_json(r#"{"a": {"b": 1, "b": 1}}"#).unwrap_err();
    assert!(
        error.to_string().starts_with("duplicate key `b`"),
        "{error}"
    );
    let escaped = TreeBuf::from_json(r#"{"b": 1, "\u0062": 1}"#).unwrap_err();
    assert!(
        escaped.to_string().starts_with("duplicate key `b`"),
        "{escaped}"
    );
    let many: String = (0..100).map(|i| format!("\"k{i}\":0,")).collect();
    assert!(TreeBuf::from_json(&format!("{{{many}\"k50\":1}}")).is_err());
    assert!(TreeBuf::from_json(&format!("{{{many}\"k100\":1}}")).is_ok());
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(TreeBuf::from_json(&nested(MAX_DEPTH - 1)).is_ok());
    assert!(TreeBuf::from_json(&nested(MAX_DEPTH + 1)).is_err());
}

#[test]
fn managed_fields_are_left_out_of_metadata_alone() {
    let document =
        tree(&json!({"metadata": {"managedFields": [1], "name": "x"}, "managedFields": 2}));
    let root = document.root();
    assert_eq!(root.at("metadata.managedFields"), None);
    assert_eq!(root.at("metadata.name").unwrap().as_str(), Some("x"));
    assert_eq!(root.get("managedFields").unwrap().as_i64(), Some(2));
}

#[test]
fn typed_values_borrow_from_the_document() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        High,
        Custom(u8),
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Settings<'a> {
        #[serde(borrow)]
        names: Vec<&'a str>,
        level: Level,
        other: Level,
        absent: Option<bool>,
        ratio: f64,
    }
    let document =
        tree(&json!({"names": ["a", "b"], "level": "high", "other": {"custom": 3}, "ratio": 0.5}));
    let settings = Settings::deserialize(document.root().deserializer()).unwrap();
    assert_eq!(settings.names, ["a", "b"]);
    assert_eq!(
        (settings.level, settings.other),
        (Level::High, Level::Custom(3))
    );
    assert_eq!((settings.absent, settings.ratio), (None, 0.5));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Walks everything that can be reached, so that a bad bound shows.
fn walk(node: Node<'_>, budget: &mut usize) {
    if *budget == 0 {
        return;
    }
    *budget -= 1;
    let _ = (
        node.as_bool(),
        node.as_i64(),
        node.as_number(),
        node.as_str(),
    );
    node.items().take(64).for_each(|item| walk(item, budget));
    node.members().take(64).for_each(|(key, value)| {
        let _ = node.get(key);
        walk(value, budget);
    });
}

proptest! {
    #[test]
    fn every_value_survives(value in json_value()) {
        let bytes = tree(&value).to_bytes();
        let root = Tree::parse(&bytes).unwrap().root();
        prop_assert_eq!(root.to_value(), value.clone());
        let read = Value::deserialize(root.deserializer()).unwrap();
        prop_assert_eq!(read, value);
    }

    #[test]
    fn no_bytes_panic(words in prop::collection::vec(any::<u64>(), 1..40), text in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = Vec::new();
        bytes.extend((words.len() as u32).to_le_bytes());
        bytes.extend((text.len() as u32).to_le_bytes());
        // small lengths and offsets, so that most words point somewhere
        bytes.extend(words.iter().flat_map(|w| (w & 0x0000_003f_0000_00ff).to_le_bytes()));
        bytes.extend(text);
        let root = Tree::parse(&bytes).unwrap().root();
        walk(root, &mut 10_000);
        let _ = root == root;
    }
}
