use std::sync::Arc;

use gatehouse_abi::{
    Path,
    tree::{self, TreeBuf},
};

use crate::{
    Location, Problem, Span,
    document::Content,
    node::{Member, Node, Value},
    scalar::Scalar,
    text::Text,
};

/// What a document, or an item of its list, is.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A Kubernetes object.
    Object(Object),
    /// Something without an `apiVersion` and a `kind` that are text: not Kubernetes YAML.
    NotKubernetes {
        /// Where in the document.
        path: Path,
        /// Where in the file.
        span: Span,
    },
}

/// A Kubernetes object with a tree of its own, wherever in a list it stands.
#[derive(Clone, Debug)]
pub struct Object {
    path: Path,
    content: Arc<Content>,
}

impl Object {
    /// Where in the document it is: the root, or `items[3]`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line of its first key.
    pub fn line(&self) -> usize {
        self.content.line()
    }

    /// Its `apiVersion`; not empty.
    pub fn api_version(&self) -> &str {
        self.text("apiVersion")
    }

    /// Its `kind`; not empty.
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    /// Its tree.
    pub fn tree(&self) -> &TreeBuf {
        self.content.tree()
    }

    /// Its value; [`deserializer`](tree::Node::deserializer) reads it as any type.
    pub fn root(&self) -> tree::Node<'_> {
        self.tree().root()
    }

    /// Where the key or list item at this path of the object stands, or its nearest ancestor that the file
    /// has.
    pub fn span(&self, path: &Path) -> Location {
        self.content.span(path)
    }

    /// Where the value at this path of the object stands, if the file has it. A list or mapping in block style
    /// begins with its first item or key, a text block (`|`) with its first line.
    pub fn value_span(&self, path: &Path) -> Option<Span> {
        self.content.value_span(path)
    }

    fn text(&self, key: &str) -> &str {
        let value = self.root().get(key);
        value.and_then(|value| value.as_str()).unwrap_or_default()
    }
}

/// The entries of a document, whose own content is `content`.
pub(crate) fn entries(
    text: &Arc<Text>,
    root: &Node<'_>,
    content: &Arc<Content>,
) -> Result<Vec<Entry>, Problem> {
    let mut lists = Lists {
        text,
        entries: Vec::new(),
    };
    match list_items(root) {
        Some(items) => lists.items(root, items, &Path::root())?,
        None => {
            let itself = Arc::clone(content);
            lists.push(root, Path::root(), itself, is_object(root));
            lists.hidden_items(root)?;
        }
    }
    Ok(lists.entries)
}

struct Lists<'a> {
    text: &'a Arc<Text>,
    entries: Vec<Entry>,
}

impl Lists<'_> {
    /// The items of a list; those of lists in it as well.
    fn items(&mut self, list: &Node<'_>, items: &[Node<'_>], path: &Path) -> Result<(), Problem> {
        for (index, item) in items.iter().enumerate() {
            let path = path.clone().key("items").index(index);
            match list_items(item) {
                Some(inner) => self.items(item, inner, &path)?,
                None => self.item(item, path, &implied_members(list, item))?,
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &Node<'_>, path: Path, implied: &[Member<'_>]) -> Result<(), Problem> {
        let content = Arc::new(Content::new(self.text, item, implied)?);
        self.push(item, path, content, is_object(item) || !implied.is_empty());
        Ok(())
    }

    /// kubectl takes anything with `items` for a list, whatever its kind, and applies what is in it.
    fn hidden_items(&mut self, root: &Node<'_>) -> Result<(), Problem> {
        let Some(Value::Array(items)) = root.get("items").map(|items| &items.value) else {
            return Ok(());
        };
        for (index, item) in items.iter().enumerate().filter(|(_, item)| is_object(item)) {
            let path = Path::dotted("items").index(index);
            match list_items(item) {
                Some(inner) => self.items(item, inner, &path)?,
                None => self.item(item, path, &[])?,
            }
        }
        Ok(())
    }

    fn push(&mut self, node: &Node<'_>, path: Path, content: Arc<Content>, is_object: bool) {
        let span = || self.text.span(node.range);
        self.entries.push(match is_object {
            true => Entry::Object(Object { path, content }),
            false => Entry::NotKubernetes { path, span: span() },
        });
    }
}

fn is_object(node: &Node<'_>) -> bool {
    node.text("apiVersion").is_some() && node.text("kind").is_some()
}

/// The items of a Kubernetes list.
fn list_items<'n, 't>(node: &'n Node<'t>) -> Option<&'n [Node<'t>]> {
    let is_list = node.text("apiVersion").is_some() && node.text("kind")?.ends_with("List");
    match &node.get("items")?.value {
        Value::Array(items) if is_list => Some(items),
        _ => None,
    }
}

/// What an item of a list is if it does not say it: one of a `PodList` is a Pod.
fn implied_members<'n>(list: &'n Node<'_>, item: &Node<'_>) -> Vec<Member<'n>> {
    let says_nothing = matches!(item.value, Value::Object(_))
        && item.text("apiVersion").is_none()
        && item.text("kind").is_none();
    let kind = list.text("kind").and_then(|kind| kind.strip_suffix("List"));
    let kind = kind.filter(|kind| says_nothing && !kind.is_empty());
    let (Some(api_version), Some(kind)) = (list.text("apiVersion"), kind) else {
        return Vec::new();
    };
    let member = |key: &'static str, value: &'n str| Member {
        key: key.into(),
        key_range: item.range,
        node: Node::scalar(item.range, Scalar::Text(value.into())),
    };
    vec![member("apiVersion", api_version), member("kind", kind)]
}
