//! Changes inside brackets, of YAML and of JSON: on one line, or on a line for each entry.

use std::ops::Range;

use super::{
    difference::{Difference, Entries},
    print::Fresh,
    reader::{blank, skip},
    style::Style,
    syntax::{Entry, Form, Layout, Quotes, Syntax},
};
use crate::text::Text;

/// Takes out the entries that go, and adds others behind the last one that stays; there is one. `print` gives the
/// text of those to add, for lines that begin with the white space that it is given.
pub(crate) fn lay_out(
    difference: &mut Difference<'_>,
    entries: &Entries<'_, '_>,
    print: impl FnOnce(&Style, &str) -> Vec<String>,
) {
    let Some(last) = entries.stays.iter().rposition(|stays| *stays) else {
        return;
    };
    let brackets = Brackets {
        text: difference.text,
        all: entries.all,
        last,
    };
    let texts = print(&difference.style, brackets.indent());
    brackets.add(difference, &texts);
    for at in (0..last).filter(|at| !entries.stays[*at]) {
        difference.splices.cut(brackets.before_another(at));
    }
    brackets.cut_tail(difference);
}

/// Puts a value in the place of another.
pub(crate) fn replace(difference: &mut Difference<'_>, node: &Syntax<'_>, fresh: &Fresh<'_>) {
    let quotes = match node.form {
        Form::Scalar(quotes) => quotes,
        _ => Quotes::None,
    };
    let text = difference.text;
    let line = &text.as_str()[text.line_start(node.start)..node.start];
    let indent = &line[..blank(line)];
    let new = difference.style.flow(fresh, quotes, indent);
    let new = new.replace('\n', text.line_break());
    match node.form {
        Form::Absent => {
            let blanks = blank(&text.as_str()[node.lead..text.line_end(node.lead)]);
            let place = node.lead..node.lead + blanks;
            difference.splices.replace(place, format!(" {new}"));
        }
        _ => difference.splices.replace(node.start..node.end, new),
    }
}

/// Puts other entries in the place of all that there are, where a comment stands before them, or alone. It stays;
/// whether this could be done.
pub(crate) fn replace_behind_comment(
    difference: &mut Difference<'_>,
    node: &Syntax<'_>,
    fresh: &Fresh<'_>,
) -> bool {
    let (Form::Mapping(Layout::Flow, entries) | Form::List(Layout::Flow, entries)) = &node.form
    else {
        return false;
    };
    let text = difference.text.as_str();
    let first = entries.first().map_or(node.end - 1, |entry| entry.at);
    let new = difference.style.flow(fresh, Quotes::None, "");
    let same_brackets = new.strip_prefix(&text[node.start..=node.start]);
    let Some(rest) = same_brackets.filter(|_| text[node.start..first].contains('#')) else {
        return false;
    };
    let step = difference.style.step.as_ref();
    let indent = step.filter(|_| entries.is_empty()).cloned();
    let new = indent.unwrap_or_default() + rest;
    difference.splices.replace(first..node.end, new);
    true
}

/// A list or mapping in brackets.
struct Brackets<'e, 't> {
    text: &'e Text,
    all: &'e [Entry<'t>],
    /// The last entry that stays.
    last: usize,
}

impl Brackets<'_, '_> {
    /// The white space at the beginning of the last entry's line.
    fn indent(&self) -> &str {
        let line = &self.text.as_str()[self.text.line_start(self.all[self.last].at)..];
        &line[..blank(line)]
    }

    fn add(&self, difference: &mut Difference<'_>, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        let last = &self.all[self.last];
        let end = last.value.end;
        let line_start = self.text.line_start(last.at);
        if line_start + self.indent().len() < last.at {
            let comma = if difference.style.tight { "," } else { ", " };
            let new = format!("{comma}{}", texts.join(comma));
            return difference.splices.insert(end, new);
        }
        let line_break = self.text.line_break();
        let texts = texts.iter().map(|text| text.replace('\n', line_break));
        let line = |text: String| format!("{line_break}{}{text}", self.indent());
        let lines: Vec<String> = texts.map(line).collect();
        let has_comma = self.comma(self.last).is_some();
        match self.line_end_after(self.last) {
            Some(line_end) if has_comma && self.last + 1 == self.all.len() => {
                difference.splices.insert(line_end, lines.join(",") + ",");
            }
            Some(line_end) => {
                difference.splices.insert(end, ",");
                difference.splices.insert(line_end, lines.join(","));
            }
            None => difference
                .splices
                .insert(end, format!(",{}", lines.join(","))),
        }
    }

    /// From an entry to the next one, or to the comment before it.
    fn before_another(&self, at: usize) -> Range<usize> {
        let start = self.all[at].at;
        match self.line_end_after(at) {
            None => start..self.all[at + 1].at,
            Some(line_end) => {
                let rest = &self.text.as_str()[line_end..];
                start..line_end + blank(rest)
            }
        }
    }

    /// Cuts what stands behind the last entry that stays, and the comma before it.
    fn cut_tail(&self, difference: &mut Difference<'_>) {
        let end = self.all[self.last].value.end;
        let Some(removed) = self.all.get(self.last + 1..).and_then(<[_]>::last) else {
            return;
        };
        match (self.comma(self.last), self.line_end_after(self.last)) {
            (Some(comma), Some(line_end)) => {
                let tail = self.line_end_after(self.all.len() - 1);
                difference.splices.cut(comma..comma + 1);
                difference
                    .splices
                    .cut(line_end..tail.unwrap_or(removed.value.end));
            }
            _ => difference.splices.cut(end..removed.value.end),
        }
    }

    /// The comma after an entry.
    fn comma(&self, at: usize) -> Option<usize> {
        let next = skip(self.text.as_str(), self.all[at].value.end);
        self.text.as_str()[next..].starts_with(',').then_some(next)
    }

    /// The end of the line that an entry ends on, if only a comma and a comment follow it there.
    fn line_end_after(&self, at: usize) -> Option<usize> {
        let end = self.all[at].value.end;
        let after = self.comma(at).map_or(end, |comma| comma + 1);
        let next = skip(self.text.as_str(), after);
        let same_line = self.text.line_start(next) <= end;
        (!same_line).then(|| self.text.line_end(end))
    }
}
