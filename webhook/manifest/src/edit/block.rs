//! Changes in block style: whole lines come and go.

use super::{
    difference::{Difference, Entries, Place},
    print::Fresh,
    reader::{blank, column},
    style::Style,
    syntax::{Entry, Form, Layout, Quotes, Syntax},
};

/// Takes out the entries that go, and adds lines behind the last one. At least one entry stays.
pub(crate) fn lay_out(
    difference: &mut Difference<'_>,
    entries: &Entries<'_, '_>,
    lines: impl FnOnce(&Style, usize) -> Vec<String>,
) {
    cut(difference, entries);
    let Some(last) = entries.all.last() else {
        return;
    };
    let column = column(difference.text.as_str(), last.at);
    let lines = lines(&difference.style, column);
    add(difference, last.value.end, column, &lines);
}

/// Puts a value in the place of another that stands in block style.
pub(crate) fn replace(
    difference: &mut Difference<'_>,
    node: &Syntax<'_>,
    place: Place,
    fresh: &Fresh<'_>,
) {
    let quotes = match node.form {
        Form::Scalar(quotes) => quotes,
        _ => Quotes::None,
    };
    match (difference.style.inline(fresh, quotes), &node.form) {
        (Some(text), Form::Scalar(_)) => {
            difference.splices.replace(node.start..node.end, text);
        }
        (Some(text), _) => {
            difference.splices.insert(node.lead, format!(" {text}"));
            clear(difference, node);
        }
        (None, _) => {
            clear(difference, node);
            put(difference, node, place, fresh);
        }
    }
}

fn put(difference: &mut Difference<'_>, node: &Syntax<'_>, place: Place, fresh: &Fresh<'_>) {
    let style = &difference.style;
    match place {
        Place::Member(column) => {
            let inside = match fresh {
                Fresh::Value(value) => style.child_column(value, column),
                Fresh::Over { .. } => column + style.columns(),
            };
            let lines = style.block(fresh, inside);
            add(difference, node.end, column, &lines);
        }
        Place::Item(column) => {
            let lines = style.block(fresh, column + "- ".len());
            let mut lines = lines.into_iter();
            let first = lines.next().unwrap_or_default();
            let rest: Vec<_> = lines.collect();
            let first = format!(" {}", first.trim_start());
            difference.splices.insert(node.lead, first);
            add(difference, node.end, usize::MAX, &rest);
        }
        Place::Flow => {}
    }
}

/// Takes a value out; its anchor and its tag stay.
fn clear(difference: &mut Difference<'_>, node: &Syntax<'_>) {
    let text = difference.text;
    let range = match (&node.form, node.entries().first()) {
        (Form::Absent, _) => return,
        (Form::Mapping(Layout::Block, _) | Form::List(Layout::Block, _), Some(first)) => {
            match begins_line(difference, first) {
                true => text.line_start(first.at)..text.next_line(node.end),
                false => node.lead..node.end,
            }
        }
        // a comment between both stays
        _ if text.as_str()[node.lead..node.start].contains('#') => {
            let rest = &text.as_str()[node.end..text.line_end(node.end)];
            match rest.len() == blank(rest) {
                true => text.line_start(node.start)..text.next_line(node.end),
                false => node.start..node.end,
            }
        }
        _ => node.lead..node.end,
    };
    difference.splices.cut(range);
}

fn cut(difference: &mut Difference<'_>, entries: &Entries<'_, '_>) {
    let text = difference.text;
    let first = entries.all.first();
    // whether all before it goes that stands on the same line: what comes next moves up to the `- `
    let mut leads = first.is_some_and(|first| !begins_line(difference, first));
    for (entry, stays) in entries.all.iter().zip(&entries.stays) {
        let next_line = text.next_line(entry.value.end);
        match (stays, leads) {
            (true, _) => leads = false,
            (false, true) => {
                let rest = &text.as_str()[next_line..];
                difference.splices.cut(entry.at..next_line + blank(rest));
            }
            (false, false) => {
                let lines = text.line_start(entry.at)..next_line;
                difference.splices.cut(lines);
            }
        }
    }
}

/// Adds lines after the one that ends with a value. Comments that are indented deeper than the column belong to
/// the value; others to what follows.
fn add(difference: &mut Difference<'_>, end: usize, column: usize, lines: &[String]) {
    let text = difference.text;
    let mut at = text.next_line(end);
    while is_deeper_comment(&text.as_str()[at..], column) {
        at = text.next_line(at);
    }
    if lines.is_empty() {
        return;
    }
    let line_break = text.line_break();
    let lines = lines.join(line_break) + line_break;
    difference.splices.insert(at, lines);
}

fn is_deeper_comment(rest: &str, column: usize) -> bool {
    let content = rest.trim_start_matches(' ');
    content.starts_with('#') && rest.len() - content.len() > column
}

fn begins_line(difference: &Difference<'_>, entry: &Entry<'_>) -> bool {
    let text = difference.text;
    let before = &text.as_str()[text.line_start(entry.at)..entry.at];
    before.trim_matches([' ', '\t', '\u{feff}']).is_empty()
}
