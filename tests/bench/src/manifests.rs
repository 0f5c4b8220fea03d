//! Manifests for `check`: different ones, of the kinds that lie in real repositories.

use std::{fs, path::Path};

/// A Deployment that passes comes first. Half of them pass, half have findings; most have comments.
const TEMPLATES: [(&str, &str); 6] = [
    (
        "deployment.yaml",
        include_str!("../manifests/deployment.yaml"),
    ),
    ("chart.yaml", include_str!("../manifests/chart.yaml")),
    (
        "statefulset.yaml",
        include_str!("../manifests/statefulset.yaml"),
    ),
    ("cronjob.yaml", include_str!("../manifests/cronjob.yaml")),
    ("job.json", include_str!("../manifests/job.json")),
    (
        "daemonset.yaml",
        include_str!("../manifests/daemonset.yaml"),
    ),
];

/// Namespaces that they are spread over.
const NAMESPACES: usize = 40;

/// The manifest of this number: the name of its file, and its text.
pub(crate) fn manifest(number: usize) -> (String, String) {
    let (file, text) = TEMPLATES[number % TEMPLATES.len()];
    let text = text
        .replace("__NAME__", &format!("shop-{number}"))
        .replace("__NAMESPACE__", &format!("team-{}", number % NAMESPACES))
        .replace("__COUNT__", &(number % 9 + 1).to_string())
        .replace("__DIGEST__", &format!("{number:064x}"));
    (format!("{number:05}-{file}"), text)
}

/// Writes so many manifests into a folder, each into a file of its own.
pub(crate) fn write(folder: &Path, count: usize) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    for (file, text) in (0..count).map(manifest) {
        let written = fs::write(folder.join(&file), text);
        written.map_err(|error| format!("`{file}` cannot be written: {error}"))?;
    }
    Ok(())
}

/// As many manifests as one stream, as `helm template` and `kubectl kustomize` print them.
pub(crate) fn stream(count: usize) -> String {
    let manifests = (0..count).map(|number| manifest(number).1);
    manifests.collect::<Vec<_>>().join("---\n")
}
