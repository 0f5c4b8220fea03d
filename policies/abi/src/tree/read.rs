/// A document, borrowed from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    words: &'a [[u8; 8]],
    text: &'a [u8],
}

/// One value of a [`Tree`].
///
/// The host is the only writer of trees, so a word that points outside its document can only be a bug
/// there; it reads as `null` and never outside the document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    tree: Tree<'a>,
    word: u64,
}

/// What a [`Node`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `null`
    Null = 0,
    /// `false`
    False = 1,
    /// `true`
    True = 2,
    /// A whole number that fits 64 bits, signed.
    Int = 3,
    /// Any other number, kept as text.
    Number = 4,
    /// Text.
    String = 5,
    /// A list.
    Array = 6,
    /// Members with unique keys.
    Object = 7,
}

/// Bytes that are not a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a request tree: the header does not match the {0} bytes that follow it")]
pub struct TreeError(usize);

const HEADER: usize = 8;

impl<'a> Tree<'a> {
    /// Reads the header; the words are checked when they are read.
    ///
    /// # Errors
    /// When the lengths in the header are not exactly the bytes' length, or there is no root.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TreeError> {
        let (header, body) = bytes
            .split_first_chunk::<HEADER>()
            .ok_or(TreeError(bytes.len()))?;
        let [a, b, c, d, e, f, g, h] = *header;
        let words = u32::from_le_bytes([a, b, c, d]) as u64 * 8;
        let text = u32::from_le_bytes([e, f, g, h]) as u64;
        if words == 0 || words + text != body.len() as u64 {
            return Err(TreeError(body.len()));
        }
        let (words, text) = body.split_at(words as usize);
        Ok(Self::from_parts(words.as_chunks().0, text))
    }

    pub(super) fn from_parts(words: &'a [[u8; 8]], text: &'a [u8]) -> Self {
        Self { words, text }
    }

    /// The document's value.
    pub fn root(self) -> Node<'a> {
        self.node(self.words.len().wrapping_sub(1))
    }

    pub(super) fn node_of(self, word: u64) -> Node<'a> {
        Node { tree: self, word }
    }

    fn node(self, index: usize) -> Node<'a> {
        let word = self.words.get(index).map_or(0, |w| u64::from_le_bytes(*w));
        Node { tree: self, word }
    }
}

impl<'a> Node<'a> {
    /// `null`, for where there is nothing to read.
    pub const NULL: Node<'static> = Node {
        tree: Tree {
            words: &[],
            text: &[],
        },
        word: 0,
    };

    /// What the value is.
    pub fn kind(self) -> Kind {
        match self.word & 7 {
            1 => Kind::False,
            2 => Kind::True,
            3 => Kind::Int,
            4 => Kind::Number,
            5 => Kind::String,
            6 => Kind::Array,
            7 => Kind::Object,
            _ => Kind::Null,
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value, if it is a boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The value, if it is a whole number that fits.
    pub fn as_i64(self) -> Option<i64> {
        if self.kind() != Kind::Int {
            return None;
        }
        let word = self.tree.words.get(self.offset())?;
        Some(i64::from_le_bytes(*word))
    }

    /// The decimal text of a number that is not an `i64`.
    pub fn as_number(self) -> Option<&'a str> {
        (self.kind() == Kind::Number).then(|| self.text()).flatten()
    }

    /// The text, if it is a string.
    pub fn as_str(self) -> Option<&'a str> {
        (self.kind() == Kind::String).then(|| self.text()).flatten()
    }

    /// The member with this key, if this is an object that has it.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        let wanted = (key.len() as u64) << 3 | Kind::String as u64;
        let first = self.first_of(Kind::Object)?;
        let members = self.tree.words.get(first..first + 2 * self.len())?;
        for [name, value] in members.as_chunks().0 {
            let name = self.tree.node_of(u64::from_le_bytes(*name));
            if name.word & 0xffff_ffff == wanted && name.bytes().is_some_and(|n| same(n, key)) {
                return Some(self.tree.node_of(u64::from_le_bytes(*value)));
            }
        }
        None
    }

    /// The member with this key, unless it is absent or `null`, which Kubernetes reads alike.
    pub fn set(self, key: &str) -> Option<Node<'a>> {
        self.get(key).filter(|node| !node.is_null())
    }

    /// The value at a path of plain keys, as in `securityContext.runAsUser`; `None` where any part is
    /// absent or `null`.
    pub fn at(self, dotted: &str) -> Option<Node<'a>> {
        dotted.split('.').try_fold(self, |node, key| node.set(key))
    }

    /// The items of a list; none if it is not one.
    pub fn items(self) -> Items<'a> {
        let next = self.first_of(Kind::Array);
        Items {
            tree: self.tree,
            next: next.unwrap_or(0),
            left: next.map_or(0, |_| self.len()),
        }
    }

    /// The members of an object in document order; none if it is not one.
    pub fn members(self) -> Members<'a> {
        let next = self.first_of(Kind::Object);
        Members {
            tree: self.tree,
            next: next.unwrap_or(0),
            left: next.map_or(0, |_| self.len()),
        }
    }

    /// Items of a list or members of an object; 0 for anything else.
    pub fn count(self) -> usize {
        match self.kind() {
            Kind::Array | Kind::Object => self.len(),
            _ => 0,
        }
    }

    /// The members with their keys as nodes.
    pub(super) fn member_nodes(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let first = self.first_of(Kind::Object).unwrap_or(0);
        let count = self.members().len();
        (0..count).map(move |i| {
            let key = first + 2 * i;
            (self.tree.node(key), self.tree.node(key + 1))
        })
    }

    /// Whether both are the same string; cheaper than to compare what [`Node::as_str`] gives.
    pub(super) fn is_same_string(self, other: Node<'_>) -> bool {
        self.word as u32 == other.word as u32 && self.bytes() == other.bytes()
    }

    pub(super) fn raw(self) -> u64 {
        self.word
    }

    fn len(self) -> usize {
        (self.word as u32 >> 3) as usize
    }

    fn offset(self) -> usize {
        (self.word >> 32) as usize
    }

    /// Where the words of a container begin, if all of them are inside the document.
    fn first_of(self, kind: Kind) -> Option<usize> {
        let words = self.len() * if kind == Kind::Object { 2 } else { 1 };
        let inside = self.offset().checked_add(words)? <= self.tree.words.len();
        (self.kind() == kind && inside).then(|| self.offset())
    }

    /// The text of a string or a number, not yet checked to be UTF-8.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        let end = self.offset().checked_add(self.len())?;
        self.tree.text.get(self.offset()..end)
    }

    fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// Whether both are the same; they are as long as each other. A guest's `memcmp` goes byte by byte.
fn same(name: &[u8], key: &str) -> bool {
    let ((a, a_rest), (b, b_rest)) = (name.as_chunks::<8>(), key.as_bytes().as_chunks::<8>());
    let words = a.iter().zip(b);
    let mut rest = a_rest.iter().zip(b_rest);
    rest.all(|(a, b)| a == b)
        && words
            .into_iter()
            .all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
}

impl PartialEq for Node<'_> {
    /// Equal content; members are compared whatever their order.
    fn eq(&self, other: &Self) -> bool {
        super::serialize::equal(*self, *other, super::MAX_DEPTH)
    }
}

/// The items of a list.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    tree: Tree<'a>,
    next: usize,
    left: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.next += 1;
        Some(self.tree.node(self.next - 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    tree: Tree<'a>,
    next: usize,
    left: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.next += 2;
        let key = self.tree.node(self.next - 2).as_str().unwrap_or_default();
        Some((key, self.tree.node(self.next - 1)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Members<'_> {}
