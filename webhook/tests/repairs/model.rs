//! What files should become, worked out without their text.

use std::collections::BTreeMap;

use gatehouse_abi::{Edit, Path};
use gatehouse_manifest::{Entry, Limits, Manifest};
use serde_json::Value;

use crate::{
    findings::{Found, Refusals},
    support::Folder,
};

/// What fixes make of the documents of files.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The documents' values, by the files' names.
    pub(crate) files: BTreeMap<String, Vec<Value>>,
    /// The findings whose fixes are made.
    pub(crate) made: Vec<Found>,
}

/// A repair may bring another rule to bear.
const ROUNDS: usize = 4;

impl Model {
    pub(crate) fn of(files: BTreeMap<String, Vec<Value>>, refused: &Refusals) -> Self {
        let mut model = Self {
            files,
            made: Vec::new(),
        };
        for _ in 0..ROUNDS {
            let texts = model
                .files
                .iter()
                .map(|(name, values)| (name.clone(), text(values)));
            let texts = texts.collect();
            let found = judge(&texts).into_iter();
            let found: Vec<_> = found
                .filter(|f| f.fix.is_some() && !refused.has(f))
                .collect();
            if found.is_empty() {
                break;
            }
            let places = texts
                .iter()
                .map(|(name, text)| (name, objects(text)))
                .collect();
            found
                .into_iter()
                .for_each(|found| model.make(found, &places));
        }
        model
    }

    fn make(&mut self, found: Found, places: &BTreeMap<&String, Vec<(usize, Path)>>) {
        let (document, object) = &places[&found.file][found.object];
        let edits: Vec<Edit> = found
            .fix
            .iter()
            .flatten()
            .map(|edit| below(object, edit))
            .collect();
        let documents = self.files.get_mut(&found.file).unwrap();
        Edit::apply_all(&edits, &mut documents[*document]).unwrap();
        self.made.push(found);
    }
}

fn judge(files: &BTreeMap<String, String>) -> Vec<Found> {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    Found::all(
        &Folder::with(&files)
            .run(&["check", "--output", "json", "."])
            .json(),
    )
}

/// The values of a file's documents that can be read.
pub(crate) fn values(text: &str) -> Vec<Value> {
    let manifest = read(text);
    let documents = manifest.documents().iter().flatten();
    documents
        .map(|document| document.root().to_value())
        .collect()
}

pub(crate) fn read(text: &str) -> Manifest {
    Manifest::read(text.as_bytes(), &Limits::default()).unwrap()
}

/// A file of these documents.
fn text(documents: &[Value]) -> String {
    let documents: Vec<String> = documents.iter().map(Value::to_string).collect();
    documents.join("\n---\n")
}

/// Where the objects of a file stand: the document, from 0, and the path in it.
pub(crate) fn objects(text: &str) -> Vec<(usize, Path)> {
    let manifest = read(text);
    let documents = manifest.documents().iter().flatten().enumerate();
    let objects = documents.flat_map(|(at, document)| {
        let objects = document
            .entries()
            .iter()
            .filter_map(move |entry| match entry {
                Entry::Object(object) => Some((at, object.path().clone())),
                Entry::NotKubernetes { .. } => None,
            });
        objects.collect::<Vec<_>>()
    });
    objects.collect()
}

fn below(object: &Path, edit: &Edit) -> Edit {
    let path = object.clone().join(edit.path());
    match edit.clone() {
        Edit::Set { value, .. } => Edit::Set { path, value },
        Edit::Remove { .. } => Edit::Remove { path },
        Edit::Include { item, .. } => Edit::Include { path, item },
    }
}
