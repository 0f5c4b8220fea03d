//! Manifests as people and tools write them: one value in many styles.

use std::{collections::BTreeMap, fmt::Write};

use gatehouse_abi::Path;
use serde_json::{Map, Value, json};

/// Choices, from bytes; when they are used up, always the first one.
pub(crate) struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into_iter())
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % sides
    }

    /// True one time of `sides`.
    pub(crate) fn hit(&mut self, sides: usize) -> bool {
        self.roll(sides) == sides - 1
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }
}

/// Where a value stands: its lines, from 0, that of its key included.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) block: bool,
    /// Its first member stands behind a `-`.
    pub(crate) compact: bool,
}

/// A file, its values and where they stand.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) text: String,
    pub(crate) documents: Vec<Value>,
    pub(crate) marks: BTreeMap<(usize, Path), Mark>,
    pub(crate) has_anchors: bool,
}

pub(crate) fn file(dice: &mut Dice) -> File {
    let mut file = File::default();
    if dice.hit(4) {
        file.text.push_str("# Copyright\n\n---\n");
    }
    let count = 1 + dice.roll(3);
    for document in 1..=count {
        if document > 1 {
            // no comment may follow JSON
            let markers = ["---\n", "---  # next\n", "...\n---\n", "# tail\n---\n"];
            let markers = if file.text.ends_with("}\n") {
                &markers[..1]
            } else {
                &markers[..]
            };
            file.text.push_str(dice.pick(markers));
        }
        let value = if dice.hit(6) {
            list(dice)
        } else {
            workload(dice)
        };
        write_document(&mut file, document, &value, dice);
        file.documents.push(value);
    }
    file
}

fn write_document(file: &mut File, document: usize, value: &Value, dice: &mut Dice) {
    let json = dice.hit(5);
    let mut writer = Writer {
        out: std::mem::take(&mut file.text),
        step: dice.pick(&[2, 2, 4, 1, 3]),
        list: 0,
        json,
        unit: dice.pick(&["  ", "\t", "    "]),
        anchors: Vec::new(),
        may_anchor: dice.hit(3),
        comments: document * 1000,
        names: 0,
        behind_text: false,
        document,
        dice,
        marks: &mut file.marks,
    };
    writer.list = if writer.dice.hit(2) { writer.step } else { 0 };
    if json {
        let lines = !writer.dice.hit(3);
        writer.brackets(value, lines, "", &Path::root());
        writer.out.push('\n');
    } else {
        writer.mapping(value.as_object().unwrap(), 0, &Path::root(), false);
    }
    file.has_anchors |= !writer.anchors.is_empty();
    file.text = writer.out;
}

fn list(dice: &mut Dice) -> Value {
    let items: Vec<Value> = (0..=dice.roll(2)).map(|_| workload(dice)).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn workload(dice: &mut Dice) -> Value {
    let mut metadata = json!({"name": dice.pick(&["web", "db"])});
    for key in ["labels", "annotations"] {
        if dice.hit(2) {
            metadata[key] = strings(dice);
        }
    }
    let spec = pod(dice);
    match dice.hit(2) {
        true => json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}),
        false => json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
            "spec": {"replicas": 2, "template": {"metadata": {}, "spec": spec}},
        }),
    }
}

fn strings(dice: &mut Dice) -> Value {
    let texts = [
        "web",
        "true",
        "a b",
        "",
        "1",
        "it's \"x\"",
        "tab\tin text",
        "two\nlines\n",
        "two\n\n lines",
        "ends\n\n",
        "# no comment",
        "é: ü",
        "{{x}}",
        "- a",
        "long text that is folded somewhere",
    ];
    let keys = ["app", "example.com/a", "on", "x y", "config"];
    let member = |dice: &mut Dice| {
        let text = dice.pick(&texts);
        (dice.pick(&keys).to_owned(), Value::from(text))
    };
    (0..dice.roll(4)).map(|_| member(dice)).collect()
}

fn pod(dice: &mut Dice) -> Value {
    let mut spec = Map::new();
    optional(&mut spec, "securityContext", dice, context);
    optional(&mut spec, "hostNetwork", dice, |dice| json!(dice.hit(2)));
    let containers: Vec<Value> = (0..=dice.roll(3)).map(|at| container(at, dice)).collect();
    spec.insert("containers".into(), containers.into());
    optional(&mut spec, "volumes", dice, |dice| {
        let volume = |at| json!({"name": format!("v{at}"), "hostPath": {"path": "/"}});
        (0..dice.roll(3)).map(volume).collect()
    });
    spec.into()
}

fn container(at: usize, dice: &mut Dice) -> Value {
    let mut container = Map::new();
    container.insert("name".into(), format!("c{at}").into());
    container.insert(
        "image".into(),
        dice.pick(&["nginx", "r.io:5000/a@sha256:0"]).into(),
    );
    optional(&mut container, "args", dice, |dice| {
        (0..dice.roll(3))
            .map(|_| dice.pick(&["-c", "a: b", "echo\n"]))
            .collect()
    });
    optional(&mut container, "ports", dice, |dice| {
        (0..dice.roll(3))
            .map(|at| json!({"containerPort": at, "hostPort": 80}))
            .collect()
    });
    optional(&mut container, "securityContext", dice, |dice| {
        context(dice)
    });
    optional(&mut container, "env", dice, strings);
    container.into()
}

fn context(dice: &mut Dice) -> Value {
    let mut context = Map::new();
    optional(&mut context, "privileged", dice, |dice| json!(dice.hit(2)));
    optional(&mut context, "runAsUser", dice, |_| json!(0));
    optional(&mut context, "capabilities", dice, |dice| {
        let mut capabilities = Map::new();
        for key in ["add", "drop"] {
            optional(&mut capabilities, key, dice, |dice| {
                (0..dice.roll(3))
                    .map(|_| dice.pick(&["ALL", "NET_RAW", "SYS_ADMIN"]))
                    .collect()
            });
        }
        capabilities.into()
    });
    context.into()
}

fn optional(
    members: &mut Map<String, Value>,
    key: &str,
    dice: &mut Dice,
    value: impl Fn(&mut Dice) -> Value,
) {
    let value = match dice.roll(6) {
        0 | 1 => return,
        2 => Value::Null,
        _ => value(dice),
    };
    members.insert(key.into(), value);
}

struct Writer<'a> {
    out: String,
    dice: &'a mut Dice,
    marks: &'a mut BTreeMap<(usize, Path), Mark>,
    document: usize,
    step: usize,
    list: usize,
    json: bool,
    unit: &'static str,
    may_anchor: bool,
    anchors: Vec<(String, Value)>,
    comments: usize,
    names: usize,
    /// A text block ended here: a comment that is indented deeper would belong to it.
    behind_text: bool,
}

impl Writer<'_> {
    fn line(&self) -> usize {
        self.out.matches('\n').count()
    }

    /// Members from this column on; the first may stand behind a `- `.
    fn mapping(&mut self, members: &Map<String, Value>, column: usize, path: &Path, compact: bool) {
        let merged = self.merge(members, column, compact);
        let left = members
            .iter()
            .filter(|(key, value)| merged.get(*key) != Some(value));
        let mut behind_dash = compact && merged.is_empty();
        for (key, value) in left {
            if !behind_dash {
                self.comment_lines(column);
                self.indent(column);
            }
            behind_dash = false;
            let path = path.clone().key(key);
            let first = self.line();
            let key = self.text(key);
            self.out.push_str(&key);
            self.out.push(':');
            self.behind_key(value, column, &path, first);
        }
    }

    /// Perhaps a merge key; what it stands for.
    fn merge(
        &mut self,
        members: &Map<String, Value>,
        column: usize,
        compact: bool,
    ) -> Map<String, Value> {
        let fits = |value: &Value| {
            let shared = value.as_object();
            shared.is_some_and(|shared| {
                !shared.is_empty() && shared.iter().all(|(key, _)| members.contains_key(key))
            })
        };
        let found = self
            .anchors
            .iter()
            .rev()
            .find(|(_, value)| fits(value))
            .cloned();
        let Some((name, Value::Object(shared))) = found.filter(|_| self.dice.hit(2)) else {
            return Map::new();
        };
        if !compact {
            self.indent(column);
        }
        writeln!(self.out, "<<: *{name}").unwrap();
        shared
    }

    fn behind_key(&mut self, value: &Value, column: usize, path: &Path, first: usize) {
        let lines_of = |value: &Value| {
            value.as_array().is_some_and(|l| !l.is_empty())
                || value.as_object().is_some_and(|m| !m.is_empty())
        };
        let shared = self
            .anchors
            .iter()
            .find(|(_, other)| other == value)
            .cloned();
        if let Some((name, _)) = shared.filter(|_| self.dice.hit(2)) {
            write!(self.out, " *{name}").unwrap();
            self.end_line();
            return self.mark(path, first, false, false);
        }
        let anchor = self.may_anchor && !value.is_null() && self.dice.hit(4);
        let name = format!("a{}", self.names);
        if anchor {
            self.names += 1;
            write!(self.out, " &{name}").unwrap();
        }
        let block = lines_of(value) && !self.dice.hit(3);
        if block {
            self.end_line();
            match value {
                Value::Array(items) => self.items(items, column + self.list, path),
                _ => self.mapping(value.as_object().unwrap(), column + self.step, path, false),
            }
        } else {
            self.inline(value, column, path);
        }
        if anchor {
            self.anchors.push((name, value.clone()));
        }
        self.mark(path, first, block, false);
    }

    fn items(&mut self, items: &[Value], column: usize, path: &Path) {
        for (at, item) in items.iter().enumerate() {
            let path = path.clone().index(at);
            self.comment_lines(column);
            self.indent(column);
            let first = self.line();
            self.out.push('-');
            match item.as_object().filter(|members| !members.is_empty()) {
                Some(members) if !self.dice.hit(4) => {
                    let wide = self.dice.pick(&[1, 1, 3]);
                    self.indent(wide);
                    self.mapping(members, column + 1 + wide, &path, true);
                    self.mark(&path, first, true, true);
                }
                Some(members) if self.dice.hit(2) => {
                    self.end_line();
                    self.mapping(members, column + 2, &path, false);
                    self.mark(&path, first, true, false);
                }
                _ => {
                    self.inline(item, column, &path);
                    self.mark(&path, first, false, false);
                }
            }
        }
    }

    /// A scalar or brackets behind a key or a dash, and the end of the line.
    fn inline(&mut self, value: &Value, column: usize, path: &Path) {
        let text = value
            .as_str()
            .filter(|text| text.len() > 3 && !text.starts_with(' '));
        if let Some(text) = text.filter(|_| self.dice.hit(3)) {
            return self.text_block(text, column + self.step.max(2));
        }
        if !value.is_null() || self.dice.hit(2) {
            self.out.push(' ');
            let lines = self.dice.hit(3);
            let indent = " ".repeat(column + self.step);
            self.brackets(value, lines, &indent, path);
        }
        self.end_line();
    }

    fn text_block(&mut self, text: &str, column: usize) {
        let ending = match text.len() - text.trim_end_matches('\n').len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        writeln!(self.out, " |{ending}").unwrap();
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.indent(column);
            }
            writeln!(self.out, "{line}").unwrap();
        }
        self.behind_text = true;
        if ending != "+" && self.dice.hit(3) {
            self.out.push('\n');
        }
    }

    /// A value in brackets, or a scalar.
    fn brackets(&mut self, value: &Value, lines: bool, indent: &str, path: &Path) {
        let first = self.line();
        let inside = format!("{indent}{}", if self.json { self.unit } else { "  " });
        let (open, close, entries): (_, _, Vec<(Option<&String>, &Value)>) = match value {
            Value::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
            Value::Object(map) => ('{', '}', map.iter().map(|(k, v)| (Some(k), v)).collect()),
            scalar => {
                let text = self.scalar(scalar);
                self.out.push_str(&text);
                return;
            }
        };
        self.out.push(open);
        let count = entries.len();
        let lines = lines && count > 0;
        for (at, (key, value)) in entries.into_iter().enumerate() {
            if lines {
                write!(self.out, "\n{inside}").unwrap();
            }
            let path = match key {
                Some(key) => path.clone().key(key),
                None => path.clone().index(at),
            };
            if let Some(key) = key {
                let key = self.text(key);
                write!(self.out, "{key}: ").unwrap();
            }
            self.brackets(value, lines, &inside, &path);
            if at + 1 < count {
                self.out.push_str(if lines { "," } else { ", " });
            } else if !self.json && self.dice.hit(5) {
                self.out.push(',');
            }
            if lines {
                self.comment(6);
            }
        }
        if lines {
            write!(self.out, "\n{indent}").unwrap();
        }
        self.out.push(close);
        self.mark(path, first, false, false);
    }

    fn scalar(&mut self, scalar: &Value) -> String {
        match scalar {
            Value::String(text) => self.text(text),
            Value::Bool(true) if !self.json && self.dice.hit(4) => "yes".into(),
            Value::Null if !self.json && self.dice.hit(2) => "~".into(),
            scalar => scalar.to_string(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '@');
        let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(simple)
            && !matches!(text, "true" | "on");
        match self.dice.roll(4) {
            _ if self.json => Value::from(text).to_string(),
            0 | 1 if plain => text.into(),
            2 if !text.contains(['\n', '\t']) => format!("'{}'", text.replace('\'', "''")),
            _ => Value::from(text).to_string(),
        }
    }

    fn indent(&mut self, columns: usize) {
        self.out.push_str(&" ".repeat(columns));
    }

    fn end_line(&mut self) {
        self.comment(4);
        if self.dice.hit(6) {
            self.out.push_str("  ");
        }
        self.out.push('\n');
    }

    fn comment(&mut self, sides: usize) {
        if !self.json && self.dice.hit(sides) {
            self.comments += 1;
            write!(self.out, "  # {}!", self.comments).unwrap();
        }
    }

    /// Lines of comments before what begins in this column.
    fn comment_lines(&mut self, column: usize) {
        while self.dice.hit(5) {
            let deeper = if self.behind_text { column } else { column + 2 };
            let column = self.dice.pick(&[column, column, 0, deeper]);
            self.indent(column);
            self.comments += 1;
            writeln!(self.out, "# {}!", self.comments).unwrap();
            if self.dice.hit(2) {
                self.out.push('\n');
            }
        }
        self.behind_text = false;
    }

    fn mark(&mut self, path: &Path, first: usize, block: bool, compact: bool) {
        let last = self.line() - usize::from(self.out.ends_with('\n'));
        let mark = Mark {
            first,
            last,
            block,
            compact,
        };
        self.marks.insert((self.document, path.clone()), mark);
    }
}
