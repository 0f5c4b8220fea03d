use std::path::Path;

use serde_json::Value;

use crate::{
    Ran,
    files::{temporary_folder, write, write_documents},
    run,
};

/// What `gatehouse check` says.
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
    Checked::of(check_as("json", documents, namespace, file))
}

/// Checks a file or folder that is there already.
///
/// # Panics
/// When it does not print JSON.
pub fn check_at(documents: &[Value], namespace: &str, path: &Path) -> Checked {
    Checked::of(run_check("json", documents, namespace, path))
}

/// Checks a file and prints the result in this format.
pub fn check_as(output: &str, documents: &[Value], namespace: &str, file: &str) -> Ran {
    let folder = temporary_folder();
    let manifest = folder.path().join("manifest.yaml");
    write(&manifest, file);
    run_check(output, documents, namespace, &manifest)
}

fn run_check(output: &str, documents: &[Value], namespace: &str, path: &Path) -> Ran {
    let folder = temporary_folder();
    let policies = folder.path().join("policies.yaml");
    let mut arguments = vec!["check".into(), "--output".into(), output.into()];
    arguments.extend(["--namespace".into(), namespace.to_owned().into()]);
    if !documents.is_empty() {
        write_documents(&policies, documents);
        arguments.extend(["--config".into(), policies.into_os_string()]);
    }
    arguments.push(path.as_os_str().to_owned());
    run(arguments)
}

impl Checked {
    fn of(ran: Ran) -> Self {
        let document = ran.json();
        Self { ran, document }
    }

    /// The exit code.
    pub fn code(&self) -> i32 {
        self.ran.code
    }

    /// What it says of each object.
    ///
    /// # Panics
    /// When it says nothing of objects.
    #[track_caller]
    pub fn objects(&self) -> &[Value] {
        let objects = self.document["objects"].as_array();
        objects.unwrap_or_else(|| panic!("no objects: {}", self.ran))
    }

    /// What it says of the file's only object.
    ///
    /// # Panics
    /// When it says something of none or of several.
    #[track_caller]
    pub fn object(&self) -> &Value {
        match self.objects() {
            [object] => object,
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

    /// The findings about the file's only object.
    ///
    /// # Panics
    /// When it says something of none or of several.
    #[track_caller]
    pub fn findings(&self) -> &[Value] {
        let findings = self.object()["findings"].as_array();
        findings.map_or(&[], Vec::as_slice)
    }
}
