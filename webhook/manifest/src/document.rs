use std::{ops::Range, sync::Arc};

use gatehouse_abi::{
    Path,
    tree::{self, TreeBuf},
};

use crate::{
    Entry, Location, Problem, Span, entry,
    node::{Member, Node, Value},
    place::{Places, Writer},
    text::Text,
};

/// One document of a file: a mapping, whatever it describes.
#[derive(Clone, Debug)]
pub struct Document {
    index: usize,
    source: Source,
    content: Arc<Content>,
    entries: Vec<Entry>,
}

/// The part of the file that a document was read from, and as what.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Yaml(Range<usize>),
    /// Only the beginning counts: one JSON text may follow another.
    Json(Range<usize>),
}

/// A tree and where its values stand.
#[derive(Debug)]
pub(crate) struct Content {
    text: Arc<Text>,
    tree: TreeBuf,
    places: Places,
}

impl Document {
    pub(crate) fn new(
        text: &Arc<Text>,
        index: usize,
        source: Source,
        node: &Node<'_>,
    ) -> Result<Self, Problem> {
        let Value::Object(_) = node.value else {
            let found = node.describe();
            return Err(Problem::NotAMapping { found });
        };
        let content = Arc::new(Content::new(text, node, &[])?);
        let entries = entry::entries(text, node, &content)?;
        Ok(Self {
            index,
            source,
            content,
            entries,
        })
    }

    /// Which document of the file it is, from 1; empty ones count.
    pub fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The line of its first key.
    pub fn line(&self) -> usize {
        self.content.line()
    }

    /// The Kubernetes objects in it: itself, or those of its list. Everything else is here too, as what it is.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Its tree.
    pub fn tree(&self) -> &TreeBuf {
        &self.content.tree
    }

    /// Its value; [`deserializer`](tree::Node::deserializer) reads it as any type.
    pub fn root(&self) -> tree::Node<'_> {
        self.content.tree.root()
    }

    /// Where the key or list item at the path stands, or its nearest ancestor that the file has.
    pub fn span(&self, path: &Path) -> Location {
        self.content.span(path)
    }

    /// Where the value at the path stands, if the file has it. A list or mapping in block style begins with
    /// its first item or key, a text block (`|`) with its first line.
    pub fn value_span(&self, path: &Path) -> Option<Span> {
        self.content.value_span(path)
    }
}

impl Content {
    /// `extra` members come before the node's own, and instead of those with their keys.
    pub(crate) fn new(
        text: &Arc<Text>,
        node: &Node<'_>,
        extra: &[Member<'_>],
    ) -> Result<Self, Problem> {
        let (tree, places) = Writer::default().write(node, extra)?;
        Ok(Self {
            text: Arc::clone(text),
            tree,
            places,
        })
    }

    pub(crate) fn tree(&self) -> &TreeBuf {
        &self.tree
    }

    pub(crate) fn line(&self) -> usize {
        self.text.line_at(self.places.root().value.at())
    }

    pub(crate) fn span(&self, path: &Path) -> Location {
        let (place, exact) = self.places.find(self.tree.root(), path);
        let span = self.text.span(place.key);
        match exact {
            true => Location::Exact(span),
            false => Location::Nearest(span),
        }
    }

    pub(crate) fn value_span(&self, path: &Path) -> Option<Span> {
        let (place, exact) = self.places.find(self.tree.root(), path);
        exact.then(|| self.text.span(place.value))
    }
}
