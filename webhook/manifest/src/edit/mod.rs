//! Edits in the text of a file: comments, order, styles, anchors and line breaks stay as they are.
//!
//! The old and the new value of a document are compared along its text as it is written (`difference`), which
//! gives replacements of parts of the text (`splices`). Nobody has to trust them: the new text is read again, and
//! given back only if it is what the edits ask for.

mod alias;
mod anchors;
mod block;
mod difference;
mod flow;
mod items;
mod mapping;
mod print;
mod problem;
mod reader;
mod splices;
mod style;
mod syntax;

use std::collections::{BTreeMap, HashMap, HashSet};

use gatehouse_abi::{DoesNotFit, Edit, Path, Segment};
use serde_json::Value;

use crate::{Document, Entry, Manifest, document::Source, place};
use difference::Difference;
pub use problem::{EditProblem, Refused};
use splices::Splices;
use style::Style;

/// Changes of a document that are tried again, each by itself, at most.
const RETRIES: usize = 50;

/// Edits of one object that belong together: all of them are made, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// [`Document::index`]
    pub document: usize,
    /// [`Object::path`](crate::Object::path)
    pub object: Path,
    /// The edits, on paths of the object.
    pub edits: Vec<Edit>,
}

/// A file with its changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// The text of the whole file. Read again, it has every change that was not refused, and no other.
    pub text: String,
    /// The changes that were not made, in their order.
    pub refused: Vec<Refused>,
}

impl Manifest {
    /// Makes changes in the text of the file. Lines that they do not concern stay as they are, byte for byte.
    ///
    /// Where an edit finds what it asks for, nothing changes. What cannot be changed without damage to something
    /// else is refused, with the reason, and all else is done.
    pub fn edit(&self, changes: &[Change]) -> Edited {
        let mut editing = Editing {
            manifest: self,
            changes,
            refused: BTreeMap::new(),
        };
        let text = editing.run();
        Edited {
            text,
            refused: editing.refused.into_values().collect(),
        }
    }
}

struct Editing<'m> {
    manifest: &'m Manifest,
    changes: &'m [Change],
    /// By the change's index.
    refused: BTreeMap<usize, Refused>,
}

/// The new values of documents, by their indices, and the replacements that lead there.
#[derive(Default)]
struct Plan {
    values: HashMap<usize, Value>,
    splices: Splices,
}

impl<'m> Editing<'m> {
    fn run(&mut self) -> String {
        let text = self.manifest.text();
        loop {
            let plan = self.plan();
            if plan.values.is_empty() {
                return text.file_of(text.as_str(), false);
            }
            let last_line_goes = plan.splices.cut_end(text.as_str().len());
            let new = plan.splices.apply(text.as_str());
            let new = new.map(|new| text.file_of(&new, last_line_goes));
            let damaged = new.as_ref().map(|new| self.damaged(new, &plan.values));
            match (new, damaged.flatten()) {
                (Some(new), Some(damaged)) if damaged.is_empty() => return new,
                (_, damaged) => self.refuse_damage(damaged),
            }
        }
    }

    fn plan(&mut self) -> Plan {
        let mut by_document: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, change) in self.changes.iter().enumerate() {
            by_document.entry(change.document).or_default().push(index);
        }
        let mut plan = Plan::default();
        for (document, changes) in by_document {
            let mut all = self.manifest.documents().iter().flatten();
            match all.find(|found| found.index() == document) {
                Some(document) => self.plan_document(document, &changes, &mut plan),
                None => changes
                    .iter()
                    .for_each(|at| self.refuse(*at, 0, EditProblem::NoObject)),
            }
        }
        plan
    }

    fn plan_document(&mut self, document: &Document, changes: &[usize], plan: &mut Plan) {
        let old = document.root().to_value();
        let mut blamed = Vec::new();
        loop {
            let new = self.new_value(document, changes, &old);
            let open: Vec<usize> = self.open(changes).collect();
            match self.difference(document, &old, &new) {
                Some(difference) if difference.problems.is_empty() => {
                    if self.retry_alone(document, changes, &old, &std::mem::take(&mut blamed)) {
                        continue;
                    }
                    plan.splices.append(difference.splices);
                    if new != old {
                        plan.values.insert(document.index(), new);
                    }
                    return;
                }
                Some(difference) => self.blame(document, changes, difference.problems),
                None => self.refuse_all(document, changes, EditProblem::Layout),
            }
            blamed.extend(open.iter().filter(|at| self.refused.contains_key(at)));
        }
    }

    /// Of these changes those that are not refused.
    fn open<'c>(&'c self, changes: &'c [usize]) -> impl Iterator<Item = usize> + 'c {
        let open = changes.iter().filter(|at| !self.refused.contains_key(at));
        open.copied()
    }

    /// Makes the changes after all that were refused for what others near them led to; whether there are any.
    fn retry_alone(
        &mut self,
        document: &Document,
        changes: &[usize],
        old: &Value,
        blamed: &[usize],
    ) -> bool {
        let mut any = false;
        let (again, too_many) = blamed.split_at(blamed.len().min(RETRIES));
        for at in too_many {
            if let Some(refused) = self.refused.get_mut(at) {
                refused.problem = EditProblem::NotRetried(Box::new(refused.problem.clone()));
            }
        }
        for &at in again {
            let Some(refused) = self.refused.remove(&at) else {
                continue;
            };
            let new = self.new_value(document, changes, old);
            let difference = self.difference(document, old, &new);
            let is_possible = difference.is_some_and(|difference| difference.problems.is_empty());
            match is_possible && !self.refused.contains_key(&at) {
                true => any = true,
                false => drop(self.refused.insert(at, refused)),
            }
        }
        any
    }

    fn new_value(&mut self, document: &Document, changes: &[usize], old: &Value) -> Value {
        let mut new = old.clone();
        let objects = document.entries().iter().filter_map(|entry| match entry {
            Entry::Object(object) => Some(object.path()),
            Entry::NotKubernetes { .. } => None,
        });
        let objects = objects.collect();
        for at in changes {
            if self.refused.contains_key(at) {
                continue;
            }
            if let Err(problem) = apply(&self.changes[*at], &objects, &mut new) {
                self.refuse(*at, document.line(), problem);
            }
        }
        new
    }

    /// `None`, if the document is written in a way that no edit is prepared for.
    fn difference<'v>(
        &self,
        document: &Document,
        old: &'v Value,
        new: &'v Value,
    ) -> Option<Difference<'v>>
    where
        'm: 'v,
    {
        let text = self.manifest.text();
        if old == new {
            return Some(Difference::new(text, Style::default()));
        }
        let source = document.source();
        let syntax = reader::syntax(text, source, self.manifest.limits())?;
        let style = match source {
            Source::Json(_) => Style::of_json(&syntax, text.as_str()),
            Source::Yaml(_) => Style::of_yaml(&syntax, text.as_str()),
        };
        let mut difference = Difference::new(text, style);
        difference.document(&syntax, difference::Change { old, new });
        Some(difference)
    }

    /// Refuses the changes whose edits led to problems.
    fn blame(
        &mut self,
        document: &Document,
        changes: &[usize],
        problems: Vec<(Path, EditProblem)>,
    ) {
        let before = self.refused.len();
        let paths = |at: &usize| edited_paths(document, &self.changes[*at], *at);
        let edited: Vec<(usize, Path)> = changes.iter().flat_map(paths).collect();
        for (path, problem) in problems {
            let line = document.span(&path).span().line;
            let near = |edited: &Path| edited.contains(&path) || path.contains(edited);
            for (at, _) in edited.iter().filter(|(_, edited)| near(edited)) {
                self.refuse(*at, line, problem.clone());
            }
        }
        if self.refused.len() == before {
            self.refuse_all(document, changes, EditProblem::Layout);
        }
    }

    /// Documents, by their indices, that the new text does not have as they should be; `None` if it has not even
    /// as many.
    fn damaged(&self, new: &str, values: &HashMap<usize, Value>) -> Option<Vec<usize>> {
        let new = Manifest::read(new.as_bytes(), self.manifest.limits()).ok()?;
        let (old, new) = (self.manifest.documents(), new.documents());
        let pairs = old.iter().zip(new).enumerate();
        let bad = pairs.filter(|(_, (old, new))| match (old, new) {
            (Ok(old), Ok(new)) => !is_as_wanted(old, new, values.get(&old.index())),
            (Err(old), Err(new)) => old.document != new.document,
            _ => true,
        });
        let index = |old: &Result<Document, _>| old.as_ref().map_or(0, Document::index);
        let bad = bad.map(|(_, (old, _))| index(old)).collect();
        (old.len() == new.len()).then_some(bad)
    }

    /// Refuses the changes in these documents; all, if none of them is known to be the cause.
    fn refuse_damage(&mut self, documents: Option<Vec<usize>>) {
        let documents = documents.unwrap_or_default();
        let all: Vec<usize> = (0..self.changes.len()).collect();
        let open: Vec<usize> = self.open(&all).collect();
        let is_guilty = |at: &usize| documents.contains(&self.changes[*at].document);
        let guilty: Vec<usize> = open.iter().copied().filter(is_guilty).collect();
        for at in if guilty.is_empty() { open } else { guilty } {
            let change = &self.changes[at];
            let mut all = self.manifest.documents().iter().flatten();
            let document = all.find(|document| document.index() == change.document);
            let path = change.edits.first().map(|edit| full(change, edit));
            let line = document
                .zip(path)
                .map(|(document, path)| document.span(&path).span().line);
            self.refuse(at, line.unwrap_or_default(), EditProblem::Layout);
        }
    }

    fn refuse_all(&mut self, document: &Document, changes: &[usize], problem: EditProblem) {
        for at in changes {
            self.refuse(*at, document.line(), problem.clone());
        }
    }

    /// The first reason stays.
    fn refuse(&mut self, change: usize, line: usize, problem: EditProblem) {
        self.refused.entry(change).or_insert(Refused {
            change,
            line,
            problem,
        });
    }
}

fn apply(
    change: &Change,
    objects: &HashSet<&Path>,
    document: &mut Value,
) -> Result<(), EditProblem> {
    let object = objects.contains(&change.object).then_some(document);
    let object = object.and_then(|document| value_at(document, &change.object));
    let object = object.ok_or(EditProblem::NoObject)?;
    if let Some(edit) = change
        .edits
        .iter()
        .find(|edit| *edit.path() == Path::root())
    {
        let path = edit.path().clone();
        return Err(DoesNotFit { path }.into());
    }
    Ok(Edit::apply_all(&change.edits, object)?)
}

fn value_at<'v>(document: &'v mut Value, path: &Path) -> Option<&'v mut Value> {
    let mut segments = path.segments().iter();
    segments.try_fold(document, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
        Segment::Item { .. } => None,
    })
}

fn full(change: &Change, edit: &Edit) -> Path {
    change.object.clone().join(edit.path())
}

/// The paths in the document that the change at this index has edits of, with the places of list items.
fn edited_paths(document: &Document, change: &Change, at: usize) -> Vec<(usize, Path)> {
    let edits = change.edits.iter();
    let path = |edit| place::by_index(document.root(), &full(change, edit));
    edits.map(|edit| (at, path(edit))).collect()
}

fn is_as_wanted(old: &Document, new: &Document, wanted: Option<&Value>) -> bool {
    use Source::{Json, Yaml};
    let same_language = matches!(
        (old.source(), new.source()),
        (Json(_), Json(_)) | (Yaml(_), Yaml(_))
    );
    let same_value = match wanted {
        Some(wanted) => new.root().to_value() == *wanted,
        None => new.root() == old.root(),
    };
    same_language && same_value && old.index() == new.index()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn a_document_is_as_wanted_if_its_value_and_its_language_are() {
        let document = |text: &str| {
            let manifest = Manifest::read(text.as_bytes(), &Limits::default()).unwrap();
            manifest.documents()[0].clone().unwrap()
        };
        let json = document("{\"a\": 1}");
        for (text, expected) in [
            ("{\"a\":1}", true),
            ("{\"a\": 2}", false),
            ("{a: 1}", false),
            ("---\n---\n{\"a\": 1}", false),
        ] {
            assert_eq!(
                is_as_wanted(&json, &document(text), None),
                expected,
                "{text}"
            );
            let wanted = json.root().to_value();
            assert_eq!(
                is_as_wanted(&json, &document(text), Some(&wanted)),
                expected,
                "{text}"
            );
        }
    }
}
