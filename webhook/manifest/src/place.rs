//! Where the values of a tree stand in the file: a second tree of the same shape, which holds no text.

use gatehouse_abi::{
    Path, Segment,
    tree::{Node, TooLarge, TreeBuf, TreeWriter, Word},
};

use crate::{
    node::{self, Member, Range, Value},
    scalar::Scalar,
};

/// A part of one line of a file. What goes over several lines ends with its first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The line, from 1.
    pub line: usize,
    /// The column of the first character, from 1.
    pub column: usize,
    /// The column after the last character; `column`, where a value is not written (`key:`).
    pub end_column: usize,
}

/// Where a path stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The path's key, or its list item.
    Exact(Span),
    /// The file does not have the path: the key or list item of its nearest ancestor.
    Nearest(Span),
}

/// The places of all values of a tree.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The children of a list or object stand together; the root is the last one.
    all: Vec<Place>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// The key; of a list item and of the root, the value.
    pub(crate) key: Range,
    pub(crate) value: Range,
    first_child: u32,
}

/// Writes a node as a tree and its places.
#[derive(Default)]
pub(crate) struct Writer {
    tree: TreeWriter,
    places: Places,
    /// Children of the lists and objects that are not finished.
    words: Vec<Word>,
    pending: Vec<Place>,
}

impl Location {
    /// The span, whichever it is.
    pub fn span(self) -> Span {
        match self {
            Location::Exact(span) | Location::Nearest(span) => span,
        }
    }

    /// Whether the file has the path itself.
    pub fn is_exact(self) -> bool {
        matches!(self, Location::Exact(_))
    }
}

impl Places {
    pub(crate) fn root(&self) -> Place {
        self.all.last().copied().unwrap_or_default()
    }

    /// The place at the path or of its nearest ancestor, and whether it is the path's own.
    pub(crate) fn find(&self, root: Node<'_>, path: &Path) -> (Place, bool) {
        let (mut node, mut place) = (root, self.root());
        for segment in path.segments() {
            let Some((at, child)) = step(segment, node) else {
                return (place, false);
            };
            node = child;
            place = self.child(place, at);
        }
        (place, true)
    }

    fn child(&self, parent: Place, at: usize) -> Place {
        let place = self.all.get(parent.first_child as usize + at);
        place.copied().unwrap_or_default()
    }
}

/// The path with the places of list items instead of their names, as far as it leads.
pub(crate) fn by_index(root: Node<'_>, path: &Path) -> Path {
    let mut node = Some(root);
    let segment = |segment: &Segment| {
        let found = node.and_then(|node| step(segment, node));
        node = found.map(|(_, child)| child);
        match (segment, found) {
            (Segment::Item { .. }, Some((at, _))) => Segment::Index(at),
            _ => segment.clone(),
        }
    };
    path.segments().iter().map(segment).collect()
}

/// The child that a segment names, and which of its siblings it is.
fn step<'a>(segment: &Segment, node: Node<'a>) -> Option<(usize, Node<'a>)> {
    match segment {
        Segment::Key(key) => {
            let mut members = node.members().enumerate();
            let found = members.find(|(_, (name, _))| name == key);
            found.map(|(at, (_, value))| (at, value))
        }
        Segment::Item { key, value } => {
            let named = |item: &Node<'_>| item.get(key).and_then(|v| v.as_str()) == Some(value);
            node.items().enumerate().find(|(_, item)| named(item))
        }
        Segment::Index(at) => node.items().nth(*at).map(|item| (*at, item)),
    }
}

impl Writer {
    /// The tree of this node and the places of its values. `extra` members come first,
    /// and instead of its own with these keys.
    pub(crate) fn write(
        mut self,
        node: &node::Node<'_>,
        extra: &[Member<'_>],
    ) -> Result<(TreeBuf, Places), TooLarge> {
        let (root, mut place) = match &node.value {
            Value::Object(members) => {
                let is_own = |own: &&Member<'_>| extra.iter().all(|extra| extra.key != own.key);
                self.object(extra.iter().chain(members.iter().filter(is_own)), false)?
            }
            _ => self.value(node, false)?,
        };
        place.key = node.range;
        place.value = node.range;
        self.places.all.push(place);
        Ok((self.tree.finish(root)?, self.places))
    }

    fn value(
        &mut self,
        node: &node::Node<'_>,
        in_metadata: bool,
    ) -> Result<(Word, Place), TooLarge> {
        let (word, mut place) = match &node.value {
            Value::Scalar(scalar) => (self.scalar(scalar)?, Place::default()),
            Value::Array(items) => self.array(items)?,
            Value::Object(members) => self.object(members.iter(), in_metadata)?,
        };
        place.key = node.range;
        place.value = node.range;
        Ok((word, place))
    }

    fn scalar(&mut self, scalar: &Scalar<'_>) -> Result<Word, TooLarge> {
        match scalar {
            Scalar::Null => Ok(self.tree.null()),
            Scalar::Bool(value) => Ok(self.tree.bool(*value)),
            Scalar::Int(value) => self.tree.int(*value),
            Scalar::Uint(value) => self.tree.number(&value.to_string()),
            // as a tree's own JSON reader writes it
            Scalar::Float(value) => self.tree.number(&format!("{value:?}")),
            Scalar::Text(text) => self.tree.string(text),
        }
    }

    fn array(&mut self, items: &[node::Node<'_>]) -> Result<(Word, Place), TooLarge> {
        let (words, places) = (self.words.len(), self.pending.len());
        for item in items {
            let (word, place) = self.value(item, false)?;
            self.words.push(word);
            self.pending.push(place);
        }
        let word = self.tree.array(&self.words[words..]);
        Ok((word?, self.finish(words, places)))
    }

    /// Leaves out `metadata.managedFields`, as every tree does.
    fn object<'m>(
        &mut self,
        members: impl Iterator<Item = &'m Member<'m>>,
        in_metadata: bool,
    ) -> Result<(Word, Place), TooLarge> {
        let (words, places) = (self.words.len(), self.pending.len());
        for member in members {
            if in_metadata && member.key == "managedFields" {
                continue;
            }
            let key = self.tree.string(&member.key)?;
            let (word, place) = self.value(&member.node, member.key == "metadata")?;
            self.words.extend([key, word]);
            self.pending.push(Place {
                key: member.key_range,
                ..place
            });
        }
        let word = self.tree.object(&self.words[words..]);
        Ok((word?, self.finish(words, places)))
    }

    fn finish(&mut self, words: usize, places: usize) -> Place {
        self.words.truncate(words);
        let first_child = self.places.all.len() as u32;
        self.places.all.extend(self.pending.drain(places..));
        Place {
            first_child,
            ..Place::default()
        }
    }
}
