//! The reader of manifests: it never panics, never takes long, and knows where everything stands.
#![no_main]

use gatehouse_abi::tree::{Node, TreeBuf};
use gatehouse_fuzz::paths;
use gatehouse_manifest::{Document, Entry, Limits, Manifest};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    match Manifest::read(data, &Limits::default()) {
        Ok(manifest) => check(&manifest, data),
        Err(error) => drop(error.to_string()),
    }
});

fn check(manifest: &Manifest, data: &[u8]) {
    assert!(!manifest.documents().is_empty());
    for document in manifest.documents() {
        match document {
            Ok(document) => check_document(manifest, document),
            Err(error) => {
                assert!(error.line >= 1 && error.column >= 1 && error.document >= 1);
                let _ = (error.to_string(), manifest.line_text(error.line));
            }
        }
    }
    if let [Ok(document)] = manifest.documents() {
        check_json(document, data);
    }
}

fn check_document(manifest: &Manifest, document: &Document) {
    for path in paths(document.root(), 200) {
        let span = document.span(&path).span();
        assert!(span.line >= 1 && span.column >= 1, "{path}");
        assert!(span.end_column >= span.column, "{path}");
        let _ = manifest.line_text(span.line);
        let _ = document.value_span(&path);
    }
    for entry in document.entries() {
        let Entry::Object(object) = entry else {
            continue;
        };
        let text = |key| object.root().get(key).and_then(Node::as_str);
        assert!(text("apiVersion").is_some() && text("kind").is_some());
        for path in paths(object.root(), 100) {
            assert!(object.span(&path).span().line >= 1);
        }
    }
}

/// JSON says the same here as to everyone else, but that `1.0` is `1`, as for kubectl.
fn check_json(document: &Document, data: &[u8]) {
    let tree = str::from_utf8(data)
        .ok()
        .and_then(|text| TreeBuf::from_json(text).ok());
    if let Some(tree) = tree {
        let (read, here) = (tree.root().to_value(), document.root().to_value());
        assert_eq!(whole(read), here, "another reading of JSON");
    }
}

/// Numbers without a fraction as whole ones, where they fit.
fn whole(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(whole).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, whole(value)))
            .collect(),
        Value::Number(number) if number.is_f64() => {
            let digits = number
                .as_f64()
                .map(|float| float.to_string())
                .unwrap_or_default();
            let whole = |digits: &str| digits.parse::<i64>().map(Value::from);
            whole(&digits)
                .or_else(|_| digits.parse::<u64>().map(Value::from))
                .unwrap_or(number.into())
        }
        scalar => scalar,
    }
}
