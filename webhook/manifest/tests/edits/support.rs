use gatehouse_abi::{Edit, Path, Segment};
use gatehouse_manifest::{Change, Edited, Entry, Limits, Manifest};
use serde_json::Value;

/// What stands before each document of these tests that does not say it itself.
pub(crate) const HEADER: &str = "apiVersion: v1\nkind: Pod\n";

pub(crate) fn set(path: &str, value: Value) -> Edit {
    let path = path.parse().unwrap();
    Edit::Set { path, value }
}

pub(crate) fn remove(path: &str) -> Edit {
    let path = path.parse().unwrap();
    Edit::Remove { path }
}

pub(crate) fn include(path: &str, item: Value) -> Edit {
    let path = path.parse().unwrap();
    Edit::Include { path, item }
}

/// A file with a change for each edit of its first object.
pub(crate) fn edit(text: &str, edits: &[Edit]) -> Edited {
    let change = |edit: &Edit| change(1, "", std::slice::from_ref(edit));
    edit_all(text, &edits.iter().map(change).collect::<Vec<_>>())
}

pub(crate) fn change(document: usize, object: &str, edits: &[Edit]) -> Change {
    Change {
        document,
        object: object.parse().unwrap(),
        edits: edits.to_vec(),
    }
}

/// Makes changes and checks what always holds: the new text is read as the old value with the edits, and making
/// them again changes nothing.
pub(crate) fn edit_all(text: &str, changes: &[Change]) -> Edited {
    let manifest = read(text);
    let edited = manifest.edit(changes);
    let made = changes.iter().enumerate();
    let made = made.filter(|(at, _)| edited.refused.iter().all(|refused| refused.change != *at));
    let made: Vec<Change> = made.map(|(_, change)| change.clone()).collect();
    assert_eq!(
        values(&edited.text),
        wanted(&manifest, &made),
        "{}",
        edited.text
    );
    // taking out the first item again takes out another one
    let by_place = |edit: &Edit| matches!(edit, Edit::Remove { path } if matches!(path.segments().last(), Some(Segment::Index(_))));
    if made.iter().flat_map(|change| &change.edits).any(by_place) {
        return edited;
    }
    let again = read(&edited.text).edit(&made);
    assert_eq!(again.refused, []);
    assert_eq!(again.text, edited.text);
    edited
}

/// The file after the edits, none of which may be refused.
#[track_caller]
pub(crate) fn assert_edits(before: &str, edits: &[Edit], after: &str) {
    let edited = edit(before, edits);
    assert_eq!(edited.refused, []);
    assert!(
        edited.text == after,
        "got:\n{}\nexpected:\n{after}",
        edited.text
    );
}

/// The same for text below [`HEADER`].
#[track_caller]
pub(crate) fn assert_pod(before: &str, edits: &[Edit], after: &str) {
    let file = |text: &str| format!("{HEADER}{text}");
    assert_edits(&file(before), edits, &file(after));
}

pub(crate) fn read(text: &str) -> Manifest {
    Manifest::read(text.as_bytes(), &Limits::default()).unwrap()
}

/// The values of a file's documents that can be read.
pub(crate) fn values(text: &str) -> Vec<Value> {
    let manifest = read(text);
    let documents = manifest.documents().iter().flatten();
    documents
        .map(|document| document.root().to_value())
        .collect()
}

/// The values of the documents with these changes, by the rule of the ABI alone.
fn wanted(manifest: &Manifest, changes: &[Change]) -> Vec<Value> {
    let documents = manifest.documents().iter().flatten();
    let value = |document: &gatehouse_manifest::Document| {
        let mut value = document.root().to_value();
        for change in changes.iter().filter(|c| c.document == document.index()) {
            assert!(document.entries().iter().any(|entry| {
                matches!(entry, Entry::Object(object) if *object.path() == change.object)
            }));
            let edits: Vec<Edit> = change
                .edits
                .iter()
                .map(|e| below(&change.object, e))
                .collect();
            Edit::apply_all(&edits, &mut value).unwrap();
        }
        value
    };
    documents.map(value).collect()
}

fn below(object: &Path, edit: &Edit) -> Edit {
    let path = object.clone().join(edit.path());
    match edit.clone() {
        Edit::Set { value, .. } => Edit::Set { path, value },
        Edit::Remove { .. } => Edit::Remove { path },
        Edit::Include { item, .. } => Edit::Include { path, item },
    }
}
