//! Edits in the text of a manifest: made as the rule of the ABI says, or refused with the file as it was.
#![no_main]

use gatehouse_abi::{Edit, Path};
use gatehouse_fuzz::{Script, paths, split, value};
use gatehouse_manifest::{Change, Document, Entry, Limits, Manifest, Object};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let (text, mut script) = split(data);
    let Ok(manifest) = Manifest::read(text, &Limits::default()) else {
        return;
    };
    let documents = manifest.documents().iter().flatten();
    let changes: Vec<Change> = documents
        .flat_map(objects)
        .map(|(document, object)| Change {
            document: document.index(),
            object: object.path().clone(),
            edits: vec![edit(object, &mut script)],
        })
        .collect();
    check(&manifest, text, &changes);
});

fn objects(document: &Document) -> impl Iterator<Item = (&Document, &Object)> {
    document.entries().iter().filter_map(move |entry| match entry {
        Entry::Object(object) => Some((document, object)),
        Entry::NotKubernetes { .. } => None,
    })
}

/// An edit at or below something that the object has.
fn edit(object: &Object, script: &mut Script<'_>) -> Edit {
    let mut all = paths(object.root(), 100);
    let mut path = all.swap_remove(script.below(all.len()));
    for _ in 0..script.below(3) {
        path = path.key(script.choose(&["new", "on", "a b"]));
    }
    match script.below(4) {
        0 => Edit::Remove { path },
        1 => Edit::Include { path, item: value(script) },
        _ => Edit::Set { path, value: value(script) },
    }
}

fn check(manifest: &Manifest, text: &[u8], changes: &[Change]) {
    let edited = manifest.edit(changes);
    let refused = |at: usize| edited.refused.iter().any(|refused| refused.change == at);
    let made = changes.iter().enumerate().filter(|(at, _)| !refused(*at));
    let made: Vec<&Change> = made.map(|(_, change)| change).collect();
    if made.is_empty() {
        assert_eq!(edited.text.as_bytes(), text, "nothing was changed");
    }
    let new = Manifest::read(edited.text.as_bytes(), &Limits::default());
    let new = new.expect("an edited file can be read");
    assert_eq!(manifest.documents().len(), new.documents().len());
    for (old, new) in manifest.documents().iter().zip(new.documents()) {
        let (Ok(old), Ok(new)) = (old, new) else {
            assert!(old.is_err() && new.is_err());
            continue;
        };
        let own = made.iter().filter(|change| change.document == old.index());
        let wanted = own.fold(old.root().to_value(), |value, change| apply(change, value));
        assert_eq!(new.root().to_value(), wanted);
    }
}

fn apply(change: &Change, mut value: Value) -> Value {
    let full = |path: &Path| change.object.clone().join(path);
    let edits = change.edits.iter().map(|edit| match edit.clone() {
        Edit::Set { path, value } => Edit::Set { path: full(&path), value },
        Edit::Remove { path } => Edit::Remove { path: full(&path) },
        Edit::Include { path, item } => Edit::Include { path: full(&path), item },
    });
    let edits: Vec<Edit> = edits.collect();
    Edit::apply_all(&edits, &mut value).expect("what fits");
    value
}
