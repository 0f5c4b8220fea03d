//! What holds for every file and every edit.

use std::collections::BTreeSet;

use gatehouse_abi::{Edit, Path, Segment, tree::Node};
use gatehouse_manifest::{Change, Entry, Limits, Manifest};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    grammar::{self, Dice, File, Mark},
    support::*,
};

/// Files that are edited.
const CASES: u32 = 1024;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() })]

    #[test]
    fn files_change_where_the_edits_say_and_nowhere_else(
        style in prop::collection::vec(any::<u8>(), 0..600),
        wishes in prop::collection::vec(any::<u8>(), 1..40),
        ending in 0_usize..8,
    ) {
        let file = grammar::file(&mut Dice::new(style));
        let text = with_ending(&file.text, ending);
        let errors: Vec<_> = read(&text).documents().iter().filter_map(|d| d.clone().err()).collect();
        prop_assert_eq!(errors, [], "{}", text);
        prop_assert_eq!(values(&text), file.documents.clone(), "{}", text);
        let changes = changes(&text, &mut Dice::new(wishes));
        // that the new value is the right one, and stays so, is checked here
        let edited = edit_all(&text, &changes);
        if !file.has_anchors {
            prop_assert_eq!(&edited.refused, &[], "{}\n{:?}", text, changes);
            check_lines(&file, &text, &edited.text, &changes)?;
        }
    }
}

fn with_ending(text: &str, ending: usize) -> String {
    match ending {
        1 => text.replace('\n', "\r\n"),
        2 if !text.ends_with("\n\n") => text.trim_end_matches('\n').to_owned(),
        3 => format!("\u{feff}{text}"),
        _ => text.to_owned(),
    }
}

/// Wishes as policies have them, at objects of the file.
fn changes(text: &str, dice: &mut Dice) -> Vec<Change> {
    let manifest = read(text);
    let documents = manifest.documents().iter().flatten();
    let objects: Vec<(usize, Path, Value)> = documents
        .flat_map(|document| {
            document
                .entries()
                .iter()
                .map(|entry| (document.index(), entry))
        })
        .filter_map(|(document, entry)| match entry {
            Entry::Object(object) => {
                Some((document, object.path().clone(), object.root().to_value()))
            }
            Entry::NotKubernetes { .. } => None,
        })
        .collect();
    let wish = |dice: &mut Dice| {
        let (document, object, value) = dice.pick(&objects);
        let edits = vec![edit(dice, &value)];
        Change {
            document,
            object,
            edits,
        }
    };
    let wishes: Vec<Change> = (0..1 + dice.roll(6)).map(|_| wish(dice)).collect();
    apart(wishes)
}

/// Of changes at one place only the first: policies that contradict each other never come this far.
fn apart(wishes: Vec<Change>) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for wish in wishes {
        let path = path_of(&wish);
        let near = |other: &Change| {
            let other_path = path_of(other);
            other.document == wish.document
                && (path.contains(&other_path) || other_path.contains(&path))
        };
        if !changes.iter().any(near) {
            changes.push(wish);
        }
    }
    changes
}

fn path_of(change: &Change) -> Path {
    change.object.clone().join(change.edits[0].path())
}

fn edit(dice: &mut Dice, object: &Value) -> Edit {
    let template = object.pointer("/spec/template").is_some();
    let spec = if template {
        "spec.template.spec"
    } else {
        "spec"
    };
    let containers = object.pointer(&format!("/{}/containers", spec.replace('.', "/")));
    let count = containers.and_then(Value::as_array).map_or(1, Vec::len);
    let container = format!("{spec}.containers[name=c{}]", dice.roll(count));
    let contexts = [
        format!("{container}.securityContext"),
        format!("{spec}.securityContext"),
    ];
    let context = dice.pick(&contexts);
    match dice.roll(16) {
        0 => set(&format!("{context}.privileged"), json!(false)),
        1 => set(&format!("{context}.allowPrivilegeEscalation"), json!(false)),
        2 => set(
            &format!("{context}.seccompProfile.type"),
            json!("RuntimeDefault"),
        ),
        3 => set(&format!("{context}.runAsUser"), json!(1000)),
        4 => include(&format!("{context}.capabilities.drop"), json!("ALL")),
        5 => set(&format!("{context}.capabilities"), json!({"drop": ["ALL"]})),
        6 => remove(&format!("{context}.capabilities.add")),
        7 => remove(&format!("{context}.runAsUser")),
        8 => remove(&format!("{container}.ports[0].hostPort")),
        9 => set(&format!("{spec}.hostNetwork"), json!(false)),
        10 => remove(&format!("{spec}.hostNetwork")),
        11 => set(&format!("{container}.image"), json!("r.io/b:1@sha256:1")),
        12 => remove(&format!("{spec}.volumes[name=v0]")),
        13 => include(
            &format!("{spec}.volumes"),
            json!({"name": "tmp", "emptyDir": {}}),
        ),
        14 => set("metadata.labels.config", json!("yes")),
        _ => remove("metadata.annotations.app"),
    }
}

/// Lines that the edits do not concern are all there in their order, and so is every comment that does not stand
/// in what is taken out.
fn check_lines(file: &File, old: &str, new: &str, changes: &[Change]) -> Result<(), TestCaseError> {
    let mut concerned = BTreeSet::new();
    let mut taken_out = BTreeSet::new();
    for change in changes {
        let target = Target::of(file, change);
        concerned.extend(target.concerned());
        taken_out.extend(target.taken_out(&change.edits[0]));
    }
    let mut rest = new.lines();
    for (at, line) in old
        .lines()
        .enumerate()
        .filter(|(at, _)| !concerned.contains(at))
    {
        let found = rest
            .any(|new| new.trim_start_matches('\u{feff}') == line.trim_start_matches('\u{feff}'));
        prop_assert!(
            found,
            "line {}, {line:?}:\n{old}\nbecomes\n{new}\nby {changes:?}",
            at + 1
        );
    }
    for (at, line) in old
        .lines()
        .enumerate()
        .filter(|(at, _)| !taken_out.contains(at))
    {
        let comment = line
            .rsplit_once("# ")
            .map_or("", |(_, comment)| comment.trim_end());
        // every comment has a number of its own
        let comment = if comment.ends_with('!') { comment } else { "" };

        prop_assert!(
            new.contains(comment),
            "line {}, {line:?}:\n{old}\nbecomes\n{new}\nby {changes:?}",
            at + 1
        );
    }
    Ok(())
}

/// What an edit finds.
struct Target<'f> {
    file: &'f File,
    document: usize,
    /// The nearest value at or above the path that the file has.
    path: Path,
    /// It is the path's own.
    exact: bool,
}

impl<'f> Target<'f> {
    fn of(file: &'f File, change: &Change) -> Self {
        let mut value = &file.documents[change.document - 1];
        let mut path = Path::root();
        let mut exact = true;
        for segment in path_of(change).segments() {
            let found = match segment {
                Segment::Key(key) => value.get(key).map(|child| (segment.clone(), child)),
                Segment::Index(at) => value.get(at).map(|child| (segment.clone(), child)),
                Segment::Item { key, value: name } => {
                    let items = value.as_array().into_iter().flatten().enumerate();
                    let mut found = items.filter(|(_, item)| item[key] == **name);
                    found.next().map(|(at, child)| (Segment::Index(at), child))
                }
            };
            let Some((segment, child)) = found else {
                exact = false;
                break;
            };
            path = path.join(&Path::from_iter([segment]));
            value = child;
        }
        Self {
            file,
            document: change.document,
            path,
            exact,
        }
    }

    fn mark(&self, path: &Path) -> Mark {
        let root = Mark {
            first: 0,
            last: usize::MAX,
            block: true,
            compact: false,
        };
        let mut path = path.clone();
        loop {
            let mark = self.file.marks.get(&(self.document, path.clone()));
            match mark {
                Some(mark) => return mark.clone(),
                None if path == Path::root() => return root,
                None => path = parent(&path),
            }
        }
    }

    /// Lines that may change: those of the value itself, unless it is in block style and only gets something; and
    /// those of the value around it, if that is in brackets, is left empty, or begins with what goes.
    fn concerned(&self) -> BTreeSet<usize> {
        let own = self.mark(&self.path);
        let around = self.mark(&parent(&self.path));
        let mut lines = BTreeSet::new();
        if self.exact || !own.block {
            lines.extend(own.first..=own.last);
        }
        if self.exact && (!around.block || around.compact) && around.last < usize::MAX {
            lines.extend(around.first..=around.last);
        }
        if self.exact && around.last < usize::MAX {
            lines.insert(around.first);
        }
        lines
    }

    /// Lines of which nothing needs to stay.
    fn taken_out(&self, edit: &Edit) -> BTreeSet<usize> {
        let own = self.mark(&self.path);
        let replaces = matches!(edit, Edit::Set { value, .. } if value.is_object());
        let takes = self.exact && (matches!(edit, Edit::Remove { .. }) || replaces);
        if takes {
            (own.first..=own.last).collect()
        } else {
            BTreeSet::new()
        }
    }
}

fn parent(path: &Path) -> Path {
    let segments = path.segments();
    segments[..segments.len().saturating_sub(1)]
        .iter()
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * CASES, failure_persistence: None, ..Default::default() })]

    /// Whatever the text is: an edit is made as it should be, or refused with the file as it was.
    #[test]
    fn odd_texts_are_edited_well_or_not_at_all(
        pieces in prop::collection::vec(piece(), 0..24),
        wishes in prop::collection::vec(any::<u8>(), 1..12),
    ) {
        let text = format!("{HEADER}{}", pieces.concat());
        let Ok(manifest) = Manifest::read(text.as_bytes(), &Limits::default()) else {
            return Ok(());
        };
        let dice = &mut Dice::new(wishes);
        let mut changes = Vec::new();
        for document in manifest.documents().iter().flatten() {
            for entry in document.entries() {
                let Entry::Object(object) = entry else { continue };
                changes.push(Change {
                    document: document.index(),
                    object: object.path().clone(),
                    edits: vec![anywhere(object.root(), dice)],
                });
            }
        }
        edit_all(&text, &changes);
    }
}

/// An edit of something that the object has, or could have.
fn anywhere(root: Node<'_>, dice: &mut Dice) -> Edit {
    let mut path = Path::root();
    let mut node = Some(root);
    loop {
        let members: Vec<_> = node.into_iter().flat_map(|node| node.members()).collect();
        let items: Vec<_> = node.into_iter().flat_map(|node| node.items()).collect();
        let chosen = dice.roll(members.len() + items.len() + 1);
        (path, node) = if let Some((key, value)) = members.get(chosen) {
            (path.key(*key), Some(*value))
        } else if let Some(item) = items.get(chosen - members.len()) {
            (path.index(chosen - members.len()), Some(*item))
        } else {
            (path.key("new"), None)
        };
        if node.is_none() || dice.hit(2) {
            break;
        }
    }
    // what decides which objects there are
    if ["apiVersion", "kind", "items"]
        .iter()
        .any(|key| Path::dotted(key).contains(&path))
    {
        path = Path::dotted("new");
    }
    let values = [
        json!(true),
        json!("yes"),
        json!({}),
        json!({"a": {"b": [1]}}),
        json!(["x"]),
    ];
    match dice.roll(4) {
        0 => Edit::Remove { path },
        1 => Edit::Include {
            path,
            item: dice.pick(&values),
        },
        _ => Edit::Set {
            path,
            value: dice.pick(&values),
        },
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
        "# c",
        "  # d\n",
        "&x ",
        "*x",
        "!!str ",
        "|\n",
        ">-\n",
        "|+\n",
        "? ",
        "<<: ",
        "\t",
        "---\n",
        "...\n",
        "~",
        "é",
        "\r",
        "\r\n",
        "\u{feff}",
        "spec: ",
        "spec:\n  ",
        "items:\n- ",
        "l:\n- a\n",
        "m: {a: 1}\n",
        "x: &x\n  a: 1\n",
        "y: *x\n",
        "z:\n  <<: *x\n  ",
        "kind: ",
        "apiVersion: v1\n",
        "\n\n",
        "t: |\n  text\n",
        "q: \"a\n  b\"\n",
    ])
}
