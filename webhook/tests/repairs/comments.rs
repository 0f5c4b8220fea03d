//! Where comments stand that may go.

use std::{collections::BTreeSet, ops::Range};

use gatehouse_abi::{Edit, Path, Segment};
use gatehouse_manifest::Document;
use serde_json::Value;

use crate::{
    findings::Found,
    model::{self, objects},
};

/// The lines, from 1, of the comments that a new text lacks.
pub(crate) fn lost(old: &str, new: &str) -> Vec<usize> {
    let lines = old.lines().enumerate();
    let lost = lines.filter(|(_, line)| {
        let comment = line
            .rsplit_once(" #")
            .map_or("", |(_, number)| number.trim_end());
        // every comment has a number of its own
        let number = comment
            .strip_suffix('!')
            .filter(|number| number.parse::<usize>().is_ok());
        number.is_some_and(|number| !new.contains(&format!(" #{number}!")))
    });
    lost.map(|(at, _)| at + 1).collect()
}

/// The lines of what the fixes take out or replace: from the key or list item to what comes next.
pub(crate) fn replaced_lines(text: &str, made: &[&Found]) -> Vec<Range<usize>> {
    let manifest = model::read(text);
    let documents: Vec<&Document> = manifest.documents().iter().flatten().collect();
    let places = objects(text);
    let edits = made.iter().flat_map(|found| {
        let edits = found.fix.iter().flatten();
        edits.map(|edit| (&places[found.object], edit))
    });
    let lines = edits.filter_map(|((document, object), edit)| match edit {
        Edit::Include { .. } => None,
        edit => lines(documents[*document], &object.clone().join(edit.path())),
    });
    lines
        .map(|lines| dash(text, lines.start)..lines.end)
        .collect()
}

fn lines(document: &Document, path: &Path) -> Option<Range<usize>> {
    let root = document.root().to_value();
    let path = by_index(&root, path)?;
    let at = |path: &Path| {
        let span = document.span(path).span();
        (span.line, span.column)
    };
    let (below, others): (Vec<Path>, Vec<Path>) = all_below(&root, Path::root())
        .into_iter()
        .partition(|other| path.contains(other));
    // what an alias stands for is where its anchor is
    let below: BTreeSet<_> = below.iter().map(at).collect();
    let first = at(&path).0;
    let others = others
        .iter()
        .map(at)
        .filter(|place| place.0 > first && !below.contains(place));
    Some(first..others.map(|(line, _)| line).min().unwrap_or(usize::MAX))
}

/// The line of a `-` that stands alone above an item, with comments at most.
fn dash(text: &str, line: usize) -> usize {
    let above: Vec<&str> = text.lines().take(line - 1).collect();
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let comments = above
        .iter()
        .rev()
        .take_while(|line| is_comment(line))
        .count();
    let is_dash = |line: &&str| {
        let behind = line.trim_start().strip_prefix('-');
        behind.is_some_and(|behind| is_comment(&behind))
    };
    match above
        .iter()
        .rev()
        .nth(comments)
        .filter(|line| is_dash(line))
    {
        Some(_) => line - 1 - comments,
        None => line,
    }
}

/// The path with the places of list items, if there is such a value.
fn by_index(root: &Value, path: &Path) -> Option<Path> {
    let mut value = root;
    let mut exact = Path::root();
    for segment in path.segments() {
        (value, exact) = match segment {
            Segment::Key(key) => (value.get(key)?, exact.key(key)),
            Segment::Index(index) => (value.get(index)?, exact.index(*index)),
            Segment::Item { key, value: name } => {
                let mut items = value.as_array()?.iter();
                let index = items.position(|item| item[key] == **name)?;
                (&value[index], exact.index(index))
            }
        };
    }
    Some(exact)
}

fn all_below(value: &Value, path: Path) -> Vec<Path> {
    let members = value.as_object().into_iter().flatten();
    let members = members.map(|(key, value)| (path.clone().key(key), value));
    let items = value.as_array().into_iter().flatten().enumerate();
    let items = items.map(|(index, value)| (path.clone().index(index), value));
    let below = members.chain(items).flat_map(|(path, value)| {
        let below = all_below(value, path.clone());
        std::iter::once(path).chain(below)
    });
    below.collect()
}
