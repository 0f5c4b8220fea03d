//! What holds for every text and every value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fmt::Write;

use gatehouse_abi::{Path, tree::TreeBuf};
use gatehouse_manifest::{Document, Limits, Manifest, Span};
use proptest::prelude::*;
use serde_json::Value;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn json_reads_back(value in object(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let document = document(&text.unwrap());
        prop_assert!(same(&document.root().to_value(), &value));
    }

    #[test]
    fn yaml_reads_back(value in object()) {
        let mut text = String::new();
        print(&value, 0, &mut text);
        let document = document(&text);
        prop_assert!(same(&document.root().to_value(), &value), "{}", text);
    }

    /// A document that came from JSON is the tree that the API server's JSON gives.
    #[test]
    fn trees_are_those_of_json(value in object_with(short_float())) {
        let text = go_json(&value);
        let tree = TreeBuf::from_json(&text).unwrap();
        prop_assert!(document(&text).root() == tree.root());
    }

    #[test]
    fn every_key_of_json_is_where_its_span_says(value in object()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let document = document(&text);
        for (path, key) in paths(&value, Path::root()) {
            let location = document.span(&path);
            prop_assert!(location.is_exact());
            prop_assert_eq!(slice(&text, location.span()), serde_json::to_string(&key).unwrap());
        }
    }

    #[test]
    fn no_text_panics(text in "(?s).{0,60}") {
        walk(&text);
    }

    #[test]
    fn nothing_like_yaml_panics(pieces in prop::collection::vec(piece(), 0..30)) {
        walk(&pieces.concat());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Manifest::read(&bytes, &Limits::default());
    }
}

/// Reads a text and asks for everything that can be asked.
fn walk(text: &str) {
    let Ok(manifest) = Manifest::read(text.as_bytes(), &Limits::default()) else {
        return;
    };
    for document in manifest.documents() {
        match document {
            Err(error) => {
                let line = manifest.line_text(error.line).chars().count();
                assert!(
                    error.column >= 1 && error.column <= line + 2,
                    "{error}: {text:?}"
                );
                assert!(!error.to_string().contains('\n'));
            }
            Ok(document) => {
                for (path, _) in paths(&document.root().to_value(), Path::root()) {
                    let span = document.span(&path).span();
                    let line = manifest.line_text(span.line).chars().count();
                    assert!(
                        span.column <= span.end_column && span.end_column <= line + 1,
                        "{text:?}"
                    );
                    assert!(document.value_span(&path).is_some());
                }
            }
        }
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b: ",
        "1",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "'",
        "# ",
        "&x ",
        "*x",
        "!!str ",
        "|\n",
        ">-\n",
        "? ",
        "<<: ",
        "\t",
        "---\n",
        "...\n",
        "%",
        "\\",
        "~",
        "é",
        "\r",
        "\u{feff}",
        "\u{2028}",
        "{\"a\":",
        "\"b\": 1",
        "items: ",
        "kind: List\n",
        "apiVersion: v1\n",
    ])
}

fn object() -> impl Strategy<Value = Value> {
    object_with(prop_oneof![short_float(), prop::num::f64::NORMAL].boxed())
}

/// Numbers that every parser rounds alike.
fn short_float() -> BoxedStrategy<f64> {
    (-100_000_i32..100_000)
        .prop_map(|n| f64::from(n) / 64.0)
        .boxed()
}

fn object_with(floats: BoxedStrategy<f64>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map("(?s).{0,24}", json_value(floats), 0..6)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn json_value(floats: BoxedStrategy<f64>) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        floats.prop_map(Value::from),
        "(?s).{0,24}".prop_map(Value::from),
        "[a-zA-Z0-9.:_ -]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("(?s).{0,24}", inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn document(text: &str) -> Document {
    let manifest = Manifest::read(text.as_bytes(), &Limits::default()).unwrap();
    manifest.documents()[0].clone().unwrap()
}

/// The paths of all members, and their keys.
fn paths(value: &Value, path: Path) -> Vec<(Path, String)> {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| *key != "managedFields")
            .flat_map(|(key, value)| {
                let path = path.clone().key(key);
                let inside = paths(value, path.clone());
                std::iter::once((path, key.clone())).chain(inside)
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| paths(item, path.clone().index(index)))
            .collect(),
        _ => Vec::new(),
    }
}

fn slice(text: &str, span: Span) -> String {
    let line = text.split('\n').nth(span.line - 1).unwrap();
    let chars = line.chars().skip(span.column - 1);
    chars.take(span.end_column - span.column).collect()
}

/// Block style, with text in double quotes.
fn print(value: &Value, indent: usize, out: &mut String) {
    let start = |out: &mut String| write!(out, "\n{:indent$}", "").unwrap();
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                start(out);
                write!(out, "? {}", quoted(key)).unwrap();
                start(out);
                out.push_str(": ");
                print(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                start(out);
                out.push_str("- ");
                print(item, indent + 2, out);
            }
        }
        Value::String(text) => out.push_str(&quoted(text)),
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// JSON's own quotes, with the characters escaped that YAML 1.1 takes for line breaks or does not allow.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap();
    json.chars().fold(String::new(), |mut quoted, c| {
        match c {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                write!(quoted, "\\u{:04x}", c as u32).unwrap();
            }
            _ => quoted.push(c),
        }
        quoted
    })
}

/// JSON as Go writes it: whole numbers without a point.
fn go_json(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_json).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                format!("{}:{}", serde_json::to_string(key).unwrap(), go_json(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.abs() < 1e21 => float.to_string(),
            _ => number.to_string(),
        },
        scalar => scalar.to_string(),
    }
}

/// Equal, where `1.0` and `1` are the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::Number(x), Value::Number(y)) if x.is_f64() || y.is_f64() => {
            x.as_f64() == y.as_f64()
        }
        _ => a == b,
    }
}
