use gatehouse_abi::{
    Answer, Edit, Finding, Fix, Path,
    tree::{Kind, Node},
};
use serde_json::Value;

/// The rules that a request breaks, and what could not be checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    findings: Vec<Finding>,
    unchecked: Vec<String>,
}

/// A finding in the making. It starts at a place in the object; paths given to it are relative to the
/// pod or container that made it.
#[derive(Clone, Debug)]
pub struct FindingBuilder<'a> {
    base: Node<'a>,
    base_path: Path,
    finding: Finding,
}

/// Longest rendering of a value found; more is cut.
const FOUND_MAX_CHARS: usize = 120;

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, finding: impl Into<Finding>) {
        self.findings.push(finding.into());
    }

    /// Adds something that could not be checked, once; it reads on after the policy's name:
    /// ``could not verify `app:1`: registry ghcr.io: timed out``.
    pub fn unchecked(&mut self, what_and_why: String) {
        if !self.unchecked.contains(&what_and_why) {
            self.unchecked.push(what_and_why);
        }
    }

    /// The findings, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// Whether nothing was found, and all was checked.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.unchecked.is_empty()
    }

    /// The findings.
    pub fn into_vec(self) -> Vec<Finding> {
        self.findings
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        self.findings.extend(findings);
    }
}

impl From<Findings> for Answer {
    fn from(findings: Findings) -> Self {
        Answer::Judged {
            findings: findings.findings,
            unchecked: findings.unchecked,
        }
    }
}

impl<'a> FindingBuilder<'a> {
    pub(crate) fn new(code: &str, base: Node<'a>, base_path: Path, at: Path) -> Self {
        let found = at.find(base).unwrap_or(Node::NULL);
        Self {
            base,
            finding: Finding {
                code: code.to_owned(),
                path: base_path.clone().join(&at),
                container: None,
                message: String::new(),
                found: Some(written(found)),
                required: None,
                help: None,
                fix: None,
            },
            base_path,
        }
    }

    /// A finding about any object, at a path in it; for policies that judge no pods.
    pub fn in_object(code: &str, object: Node<'a>, at: impl Into<Path>) -> Self {
        Self::new(code, object, Path::root(), at.into())
    }

    /// One sentence: what is wrong, in the author's terms.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.finding.message = message.into();
        self
    }

    /// What stands there, where it is not what stands at the finding's path.
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.finding.found = Some(found.into());
        self
    }

    /// The value at `at`, as what was found.
    pub fn found_at(self, at: impl Into<Path>) -> Self {
        let found = at.into().find(self.base).unwrap_or(Node::NULL);
        self.found(written(found))
    }

    /// What must stand there.
    pub fn required(mut self, required: impl Into<String>) -> Self {
        self.finding.required = Some(required.into());
        self
    }

    /// What to do, in one line; without a fix, also why there is none.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.finding.help = Some(help.into());
        self
    }

    /// Repairs it by setting the value at `at`.
    pub fn set(self, at: impl Into<Path>, value: impl Into<Value>) -> Self {
        let path = self.base_path.clone().join(&at.into());
        self.edit(Edit::Set {
            path,
            value: value.into(),
        })
    }

    /// Repairs it by removing the value at `at`.
    pub fn remove(self, at: impl Into<Path>) -> Self {
        let path = self.base_path.clone().join(&at.into());
        self.edit(Edit::Remove { path })
    }

    /// Repairs it by adding `item` to the list at `at`.
    pub fn include(self, at: impl Into<Path>, item: impl Into<Value>) -> Self {
        let path = self.base_path.clone().join(&at.into());
        self.edit(Edit::Include {
            path,
            item: item.into(),
        })
    }

    /// One line on what the repair may break. A fix without it promises that no container that works
    /// today stops working.
    pub fn risk(mut self, risk: impl Into<String>) -> Self {
        self.fix().risk = Some(risk.into());
        self
    }

    /// The container that the finding is about.
    pub fn container(mut self, name: &str) -> Self {
        self.finding.container = Some(name.to_owned()).filter(|name| !name.is_empty());
        self
    }

    fn edit(mut self, edit: Edit) -> Self {
        self.fix().edits.push(edit);
        self
    }

    fn fix(&mut self) -> &mut Fix {
        self.finding.fix.get_or_insert_with(|| Fix {
            edits: Vec::new(),
            risk: None,
        })
    }
}

impl From<FindingBuilder<'_>> for Finding {
    fn from(builder: FindingBuilder<'_>) -> Self {
        builder.finding
    }
}

/// A value as a person would write it on one line; absent, `null` and `{}` read alike, since API
/// defaulting turns one into the other.
fn written(node: Node<'_>) -> String {
    let empty = matches!(node.kind(), Kind::Array | Kind::Object) && node.count() == 0;
    if node.is_null() || empty {
        return "not set".to_owned();
    }
    let text = flow(node);
    match text.char_indices().nth(FOUND_MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// YAML flow style, members sorted.
fn flow(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Array => {
            let items: Vec<_> = node.items().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Object => {
            let mut members: Vec<_> = node
                .members()
                .map(|(key, value)| format!("{key}: {}", flow(value)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(", "))
        }
        Kind::String => text(node.as_str().unwrap_or_default()),
        _ => serde_json::to_string(&node).unwrap_or_default(),
    }
}

/// Text as it is where it reads as text, otherwise quoted.
fn text(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@+*".contains(c);
    let reads_as_other =
        ["true", "false", "null", ""].contains(&text) || text.parse::<f64>().is_ok();
    if text.chars().all(plain) && !reads_as_other {
        text.to_owned()
    } else {
        serde_json::to_string(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::tree::TreeBuf;

    use super::*;

    fn shown(json: &str) -> String {
        written(TreeBuf::from_json(json).unwrap().root())
    }

    #[test]
    fn values_read_as_a_person_writes_them() {
        assert_eq!(shown("null"), "not set");
        assert_eq!(shown("{}"), "not set");
        assert_eq!(
            shown(r#"{"b": [1, "x"], "a": true}"#),
            "{a: true, b: [1, x]}"
        );
        assert_eq!(shown(r#""true""#), r#""true""#);
        assert_eq!(shown(r#""a b""#), r#""a b""#);
        assert_eq!(shown(r#""nginx:1.25""#), "nginx:1.25");
        assert_eq!(shown("0"), "0");
    }

    #[test]
    fn long_values_are_cut() {
        let long = format!("\"{}\"", "é".repeat(200));
        assert_eq!(shown(&long).chars().count(), FOUND_MAX_CHARS + 1);
    }
}
