//! What cases judge, read from files.

use std::path::Path;

use gatehouse_core::{Limits, MalformedRequest, Request, Review, Workloads};
use gatehouse_manifest::{Entry, Manifest};
use serde_json::Value;

use super::files;

/// The one object of a file.
///
/// # Errors
/// Why there is none.
pub(super) fn in_manifest(path: &Path) -> Result<Value, String> {
    let bytes = files::read(path)?;
    let manifest = Manifest::read(&bytes, &gatehouse_manifest::Limits::default());
    let manifest = manifest.map_err(|error| error.to_string())?;
    let mut objects = Vec::new();
    for document in manifest.documents() {
        let document = document.as_ref().map_err(ToString::to_string)?;
        for entry in document.entries() {
            match entry {
                Entry::Object(object) => objects.push(object),
                Entry::NotKubernetes { span, .. } => {
                    return Err(format!("line {}: it is no Kubernetes object", span.line));
                }
            }
        }
    }
    match objects.as_slice() {
        [object] => Ok(object.root().to_value()),
        many => Err(format!("it has {} objects: a case judges one", many.len())),
    }
}

/// The request of a file with an AdmissionReview.
///
/// # Errors
/// Why it cannot be judged.
pub(super) fn in_review(
    path: &Path,
    workloads: &Workloads,
) -> Result<Result<Request, Box<MalformedRequest>>, String> {
    let bytes = files::read(path)?;
    let review = Review::parse(&bytes, workloads, &Limits::default());
    Ok(review.map_err(|error| error.to_string())?.request)
}
