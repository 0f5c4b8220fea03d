use std::{fmt::Write, fs, path::Path};

use serde_json::{Value, json};

use crate::policy;

const TEMPLATE: &str = include_str!("../guests/unless-present.wat");

/// A policy made for a test: it has one finding unless the request's JSON contains some text.
#[derive(Clone, Debug)]
pub struct Guest {
    /// Name of the policy and of its module.
    pub name: &'static str,
    /// What a request must contain.
    pub needle: &'static str,
    /// What is found otherwise.
    pub finding: Value,
}

impl Guest {
    /// Wants `path` to be `value`, and can set it.
    pub fn wants(name: &'static str, needle: &'static str, path: &str, value: &Value) -> Self {
        let finding = json!({
            "code": name,
            "path": path,
            "message": format!("{path} is not {value}"),
            "required": value.to_string(),
            "fix": {"edits": [{"op": "set", "path": path, "value": value}]},
        });
        Self {
            name,
            needle,
            finding,
        }
    }

    /// Writes the module into this folder; the Policy that uses it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn policy(&self, folder: &Path, mode: &str) -> Value {
        let file = folder.join(format!("{}.wasm", self.name));
        fs::write(&file, self.wasm()).expect("the module is written");
        policy(
            self.name,
            &json!({"module": format!("file:{}", file.display()), "mode": mode}),
        )
    }

    fn wasm(&self) -> Vec<u8> {
        let answer = json!({"findings": [self.finding]}).to_string();
        let text = TEMPLATE
            .replace("@METADATA@", &escaped(&self.metadata().to_string()))
            .replace("@NEEDLE_LEN@", &self.needle.len().to_string())
            .replace("@NEEDLE@", &escaped(self.needle))
            .replace("@ANSWER_LEN@", &answer.len().to_string())
            .replace("@ANSWER@", &escaped(&answer));
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn metadata(&self) -> Value {
        let code = self.finding["code"].as_str().expect("a finding has a code");
        json!({
            "name": self.name,
            "version": "1.0.0",
            "title": "A policy of a test",
            "description": "It wants one value.",
            "abi": 1,
            "input": "json",
            "kinds": ["Pod"],
            "operations": ["CREATE", "UPDATE"],
            "settings": {"type": "object"},
            "codes": {code: {"title": "t", "explanation": "e", "bad": "b", "good": "g"}},
        })
    }
}

/// Every byte as the text format's `\hh`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        // Writing to a String never fails.
        let _ = write!(escaped, "\\{byte:02x}");
        escaped
    })
}
