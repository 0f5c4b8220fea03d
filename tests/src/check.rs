use serde_json::Value;

use crate::{
    Ran,
    files::{temporary_folder, write, write_documents},
    run,
};

/// What `gatehouse check` says of one file.
#[derive(Debug)]
pub struct Checked {
    ran: Ran,
    document: Value,
}

/// Checks a file in `namespace`, by these documents or the default policies.
///
/// # Panics
/// When it does not print JSON.
pub fn check(documents: &[Value], namespace: &str, file: &str) -> Checked {
    let ran = check_as("json", documents, namespace, file);
    let document = ran.json();
    Checked { ran, document }
}

/// Checks a file and prints the result in this format.
pub fn check_as(output: &str, documents: &[Value], namespace: &str, file: &str) -> Ran {
    let folder = temporary_folder();
    let [manifest, policies] =
        ["manifest.yaml", "policies.yaml"].map(|name| folder.path().join(name));
    write(&manifest, file);
    let mut arguments = vec!["check".into(), "--output".into(), output.into()];
    arguments.extend(["--namespace".into(), namespace.to_owned().into()]);
    if !documents.is_empty() {
        write_documents(&policies, documents);
        arguments.extend(["--config".into(), policies.into_os_string()]);
    }
    arguments.push(manifest.into_os_string());
    run(arguments)
}

impl Checked {
    /// The exit code.
    pub fn code(&self) -> i32 {
        self.ran.code
    }

    /// What it says of the file's only object.
    ///
    /// # Panics
    /// When it says something of none or of several.
    #[track_caller]
    pub fn object(&self) -> &Value {
        match self.document["objects"].as_array().map(Vec::as_slice) {
            Some([object]) => object,
            _ => panic!("not one object: {}", self.ran),
        }
    }

    /// The shared text of the file's only object.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    pub fn text(&self) -> &str {
        let text = self.object()["text"].as_str();
        text.unwrap_or_else(|| panic!("no text: {}", self.ran))
    }
}
