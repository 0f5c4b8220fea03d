use super::{
    reader::column,
    syntax::{Entry, Form, Layout, Syntax},
};

/// The habits of a document, which what is new in it follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Style {
    /// JSON, not YAML.
    pub(crate) json: bool,
    /// JSON over several lines, or all YAML: what one level is indented by.
    pub(crate) step: Option<String>,
    /// Spaces by which a list is indented below its key.
    pub(crate) list: usize,
    /// No blanks after `:` and `,`: JSON without any white space.
    pub(crate) tight: bool,
}

/// How far most people indent.
const STEP: usize = 2;

impl Style {
    pub(crate) fn of_json(root: &Syntax<'_>, text: &str) -> Self {
        let first = root.entries().first();
        let before = first.map_or("", |entry| &text[root.start + 1..entry.at]);
        let last_line = before.rsplit_once(['\n', '\r']).map(|(_, line)| line);
        Self {
            json: true,
            step: last_line.map(str::to_owned),
            list: 0,
            tight: first.is_some_and(|entry| entry.value.lead == entry.value.start),
        }
    }

    pub(crate) fn of_yaml(root: &Syntax<'_>, text: &str) -> Self {
        let mut habits = Habits::default();
        habits.look(root, text);
        let step = habits.step.unwrap_or(STEP);
        Self {
            json: false,
            step: Some(" ".repeat(step)),
            list: habits.list.unwrap_or_default(),
            tight: false,
        }
    }

    /// Columns by which a mapping is indented below its key.
    pub(crate) fn columns(&self) -> usize {
        self.step.as_ref().map_or(STEP, String::len)
    }
}

/// What the first of its kind in the document shows.
#[derive(Default)]
struct Habits {
    step: Option<usize>,
    list: Option<usize>,
}

impl Habits {
    fn look(&mut self, node: &Syntax<'_>, text: &str) {
        if let Form::Mapping(Layout::Block, members) = &node.form {
            members.iter().for_each(|member| self.member(member, text));
        }
        for entry in node.entries() {
            if self.step.is_some() && self.list.is_some() {
                return;
            }
            self.look(&entry.value, text);
        }
    }

    fn member(&mut self, member: &Entry<'_>, text: &str) {
        let Some(first) = member.value.entries().first() else {
            return;
        };
        let indent = || column(text, first.at).checked_sub(column(text, member.at));
        match &member.value.form {
            Form::Mapping(Layout::Block, _) => self.step = self.step.or_else(indent),
            Form::List(Layout::Block, _) => self.list = self.list.or_else(indent),
            _ => {}
        }
    }
}
