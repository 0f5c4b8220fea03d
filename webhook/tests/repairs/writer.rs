//! Values as files: YAML and JSON as many hands and tools write them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Serializer, Value, ser::PrettyFormatter};

use crate::{dice::Dice, scalars};

/// A file, and how it is written.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) text: String,
    /// The values of its documents, in their order.
    pub(crate) documents: Vec<Value>,
    /// What of the many ways there are it has, and how often.
    pub(crate) ways: BTreeMap<&'static str, usize>,
}

impl File {
    pub(crate) fn saw(&mut self, way: &'static str) {
        *self.ways.entry(way).or_default() += 1;
    }

    /// Adds a document in YAML.
    pub(crate) fn yaml(&mut self, value: &Value, dice: &mut Dice) {
        let step = dice.pick(&[2, 2, 2, 4, 3, 8]);
        let mut writer = Writer {
            list: dice.pick(&[0, 0, step]),
            step,
            quotes: dice.pick(&["", "", "'", "\""]),
            flows: dice.pick(&[0, 4, 10]),
            comments: dice.pick(&[0, 4, 12]),
            anchors: dice.hit(2).then(Vec::new),
            sorted: dice.hit(8),
            behind_text: false,
            file: self,
            dice,
        };
        let column = if writer.dice.hit(12) { 2 } else { 0 };
        if column > 0 {
            writer.file.saw("indented as a whole");
        }
        writer.members(value.as_object().unwrap(), column, false);
        self.documents.push(value.clone());
    }

    /// Adds a document in JSON.
    pub(crate) fn json(&mut self, value: &Value, dice: &mut Dice) {
        self.saw("json");
        let text = match dice.roll(3) {
            0 => value.to_string(),
            1 => format!("{value:#}"),
            _ => indented_by_tabs(value),
        };
        self.text.push_str(&text);
        self.text.push('\n');
        self.documents.push(value.clone());
    }
}

struct Writer<'f> {
    file: &'f mut File,
    dice: &'f mut Dice,
    step: usize,
    /// What a list is indented by below its key.
    list: usize,
    /// The quotes that are liked most.
    quotes: &'static str,
    /// Brackets and comments: one time of so many, or never.
    flows: usize,
    comments: usize,
    anchors: Option<Vec<(String, Value)>>,
    sorted: bool,
    /// A text block ended here: a comment that is indented deeper would belong to it.
    behind_text: bool,
}

impl Writer<'_> {
    /// Members in this column; the first may stand behind a `- `.
    fn members(&mut self, members: &Map<String, Value>, column: usize, compact: bool) {
        let merged = self.merged(members);
        let mut behind_dash = compact;
        if let Some((name, _)) = &merged {
            self.begin(column, &mut behind_dash);
            self.file.saw("merge key");
            self.push(&format!("<<: *{name}"));
            self.end_line();
        }
        let shared = merged.map_or_else(Map::new, |(_, shared)| shared);
        for (key, value) in self.ordered(members) {
            if shared.get(key) == Some(value) {
                continue;
            }
            self.begin(column, &mut behind_dash);
            let key = match self.dice.hit(30) {
                true => format!("\"{key}\":"),
                false => format!("{}:", scalars::key(key)),
            };
            self.push(&key);
            self.value(value, column);
        }
    }

    /// The order in which people write members, or that of the alphabet.
    fn ordered<'v>(&self, members: &'v Map<String, Value>) -> Vec<(&'v String, &'v Value)> {
        let first = [
            "x-common",
            "apiVersion",
            "kind",
            "metadata",
            "name",
            "image",
        ];
        let rank = |key: &str| first.iter().position(|other| *other == key);
        let mut all: Vec<_> = members.iter().collect();
        if !self.sorted {
            all.sort_by_key(|(key, _)| rank(key).unwrap_or(first.len()));
        }
        all
    }

    fn begin(&mut self, column: usize, behind_dash: &mut bool) {
        if !std::mem::take(behind_dash) {
            self.comment_lines(column);
            self.indent(column);
        }
    }

    /// An anchor all of whose members the mapping has: some of them with other values, which stand below it.
    fn merged(&mut self, members: &Map<String, Value>) -> Option<(String, Map<String, Value>)> {
        let fits = |shared: &Map<String, Value>| {
            let same = |(key, value): (&String, &Value)| members.get(key) == Some(value);
            shared.keys().all(|key| members.contains_key(key)) && shared.iter().any(same)
        };
        let anchors = self.anchors.iter().flatten().rev();
        let shared = |(name, value): &(String, Value)| {
            let shared = value.as_object().filter(|shared| fits(shared))?;
            Some((name.clone(), shared.clone()))
        };
        let found = anchors.filter_map(shared).next();
        found.filter(|_| !self.dice.hit(4))
    }

    /// What stands behind a key in this column, and the end of the line.
    fn value(&mut self, value: &Value, column: usize) {
        if self.alias(value) {
            return;
        }
        let anchor = self.anchor(value);
        let is_full = is_full(value);
        let brackets = self.flows > 0 && self.dice.hit(self.flows);
        match value {
            Value::Array(items) if is_full && !brackets => {
                self.end_line();
                self.items(items, column + self.list);
            }
            Value::Object(members) if is_full && !brackets => {
                self.end_line();
                self.members(members, column + self.step, false);
            }
            Value::String(text) if self.text_block(text, column) => {}
            value => self.inline(value, column),
        }
        if let (Some(name), Some(anchors)) = (anchor, &mut self.anchors) {
            anchors.push((name, value.clone()));
        }
    }

    /// Whether an alias stands for the value.
    fn alias(&mut self, value: &Value) -> bool {
        let mut anchors = self.anchors.iter().flatten().rev();
        let same = anchors.find(|(_, other)| other == value);
        let Some((name, _)) = same.filter(|_| !self.dice.hit(3)).cloned() else {
            return false;
        };
        self.file.saw("alias");
        self.push(&format!(" *{name}"));
        self.end_line();
        true
    }

    fn anchor(&mut self, value: &Value) -> Option<String> {
        let wanted = self.anchors.is_some() && is_full(value) && self.dice.hit(4);
        if !wanted {
            return None;
        }
        self.file.saw("anchor");
        let name = format!("a{}", self.file.ways["anchor"]);
        self.push(&format!(" &{name}"));
        Some(name)
    }

    fn items(&mut self, items: &[Value], column: usize) {
        for item in items {
            self.comment_lines(column);
            self.indent(column);
            self.push("-");
            match item.as_object().filter(|members| !members.is_empty()) {
                Some(members) if !self.dice.hit(8) => {
                    let wide = self.dice.pick(&[1, 1, 1, 3]);
                    self.indent(wide);
                    self.members(members, column + 1 + wide, true);
                }
                Some(members) if self.dice.hit(2) => {
                    self.end_line();
                    self.members(members, column + 2, false);
                }
                _ => match item {
                    Value::String(text) if self.text_block(text, column) => {}
                    item => self.inline(item, column),
                },
            }
        }
    }

    /// A scalar or brackets behind a key or a dash in this column, and the end of the line.
    fn inline(&mut self, value: &Value, column: usize) {
        if value.is_null() && self.dice.hit(2) {
            return self.end_line();
        }
        self.push(" ");
        match value {
            Value::String(text) if scalars::folds(text) && self.dice.hit(3) => {
                self.file.saw("text over two lines");
                let text = text.replacen(' ', &format!("\n{:1$}", "", column + self.step), 1);
                self.push(&format!("\"{text}\""));
            }
            Value::String(text) if text.parse::<f64>().is_ok() && self.dice.hit(6) => {
                self.file.saw("tag");
                self.push(&format!("!!str {text}"));
            }
            value => {
                let lines = self.dice.hit(3).then_some(column + self.step);
                self.brackets(value, lines);
            }
        }
        self.end_line();
    }

    /// Whether the text is written as a block of lines.
    fn text_block(&mut self, text: &str, column: usize) -> bool {
        let has_lines = text.trim_end_matches('\n').contains('\n');
        let wanted = match has_lines {
            true => !self.dice.hit(4),
            false => self.dice.hit(if scalars::folds(text) { 3 } else { 60 }),
        };
        let Some(block) = scalars::Block::of(text).filter(|_| wanted) else {
            return false;
        };
        self.file.saw(block.way);
        let indicator = match block.begins_with_space {
            true => self.step.to_string(),
            false => String::new(),
        };
        self.push(&format!(" {}{indicator}{}", block.header, block.ending));
        self.end_line();
        for line in &block.lines {
            if !line.is_empty() {
                self.indent(column + self.step);
            }
            self.push(&format!("{line}\n"));
        }
        self.behind_text = true;
        true
    }

    /// A value in brackets, on a line for each entry if a column for them is given, or a scalar.
    fn brackets(&mut self, value: &Value, lines: Option<usize>) {
        let (brackets, entries): (_, Vec<(Option<&String>, &Value)>) = match value {
            Value::Array(items) => (['[', ']'], items.iter().map(|item| (None, item)).collect()),
            Value::Object(map) => (['{', '}'], map.iter().map(|(k, v)| (Some(k), v)).collect()),
            scalar => {
                let text = scalars::flow(scalar, self.quotes, self.dice);
                return self.push(&text);
            }
        };
        let lines = lines.filter(|_| !entries.is_empty());
        self.file.saw(if lines.is_some() {
            "brackets over lines"
        } else {
            "brackets"
        });
        self.push(&brackets[0].to_string());
        let last = entries.len().saturating_sub(1);
        for (at, (key, value)) in entries.into_iter().enumerate() {
            if let Some(column) = lines {
                self.end_line();
                self.indent(column);
            }
            if let Some(key) = key {
                self.push(&format!("{}: ", scalars::key(key)));
            }
            self.brackets(value, lines.map(|column| column + 2));
            match at == last {
                false => self.push(if lines.is_some() { "," } else { ", " }),
                true if self.dice.hit(6) => self.push(","),
                true => {}
            }
        }
        if let Some(column) = lines {
            self.end_line();
            self.indent(column - 2);
        }
        self.push(&brackets[1].to_string());
    }

    fn push(&mut self, text: &str) {
        self.file.text.push_str(text);
    }

    fn indent(&mut self, columns: usize) {
        self.push(&" ".repeat(columns));
    }

    fn end_line(&mut self) {
        if self.comments > 0 && self.dice.hit(self.comments) {
            self.push("  ");
            self.comment("comment behind");
        }
        let ending = if self.dice.hit(25) { "  \n" } else { "\n" };
        self.push(ending);
    }

    /// Every comment has a number of its own.
    fn comment(&mut self, way: &'static str) {
        self.file.saw(way);
        let number: usize = self.file.ways.values().sum();
        let text = self
            .dice
            .pick(&["why", "TODO: {a: b}", "it's \"quoted\"", "- x: y", "\ttab"]);
        self.push(&format!("# {text} #{number}!"));
    }

    /// Comments on lines of their own before what begins in this column, and blank lines.
    fn comment_lines(&mut self, column: usize) {
        while self.comments > 0 && self.dice.hit(self.comments) {
            let deeper = if self.behind_text { column } else { column + 2 };
            let column = self.dice.pick(&[column, column, 0, deeper]);
            self.indent(column);
            self.comment("comment above");
            self.push("\n");
            if self.dice.hit(4) {
                self.push("\n");
            }
        }
        self.behind_text = false;
    }
}

fn indented_by_tabs(value: &Value) -> String {
    let mut text = Vec::new();
    let format = PrettyFormatter::with_indent(b"\t");
    value
        .serialize(&mut Serializer::with_formatter(&mut text, format))
        .unwrap();
    String::from_utf8(text).unwrap()
}

/// Whether it has members or items.
fn is_full(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    }
}
