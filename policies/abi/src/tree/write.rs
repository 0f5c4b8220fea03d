use super::{Kind, Node, Tree};

/// Builds a tree from its leaves up.
#[derive(Clone, Debug, Default)]
pub struct TreeWriter {
    words: Vec<[u8; 8]>,
    text: Vec<u8>,
}

/// A value that a [`TreeWriter`] has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(u64);

/// A document that is too large for the form: 2^29 items, 2^29 bytes a string, 2^32 bytes in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the document is too large for a request tree")]
pub struct TooLarge;

/// A finished document that owns its bytes.
#[derive(Clone, Debug, Default)]
pub struct TreeBuf {
    words: Vec<[u8; 8]>,
    text: Vec<u8>,
}

const MAX_LEN: u64 = 1 << 29;

impl TreeWriter {
    /// An empty document with room for what so many bytes of JSON usually become.
    pub(super) fn for_json(len: usize) -> Self {
        Self {
            words: Vec::with_capacity(len / 8),
            text: Vec::with_capacity(len),
        }
    }

    /// Goes on writing after a finished document, whose values can be shared by [`TreeWriter::share`].
    pub fn extending(document: TreeBuf) -> Self {
        Self {
            words: document.words,
            text: document.text,
        }
    }

    /// A value of the document that is being extended, as it is.
    pub fn share(node: Node<'_>) -> Word {
        Word(node.raw())
    }

    /// The keys and values of an object in the document that is being extended, as
    /// [`TreeWriter::object`] takes them.
    pub fn member_words(object: Node<'_>) -> Vec<Word> {
        object
            .member_nodes()
            .flat_map(|(key, value)| [Word(key.raw()), Word(value.raw())])
            .collect()
    }

    /// `null`
    pub fn null(&self) -> Word {
        Word(Kind::Null as u64)
    }

    /// `true` or `false`
    pub fn bool(&self, value: bool) -> Word {
        Word(if value { Kind::True } else { Kind::False } as u64)
    }

    /// A whole number.
    ///
    /// # Errors
    /// When the document is full.
    pub fn int(&mut self, value: i64) -> Result<Word, TooLarge> {
        let word = word(Kind::Int, 0, self.words.len())?;
        self.words.push(value.to_le_bytes());
        Ok(word)
    }

    /// A number that is not an `i64`, as decimal text.
    ///
    /// # Errors
    /// When the document is full.
    pub fn number(&mut self, text: &str) -> Result<Word, TooLarge> {
        self.append(Kind::Number, text)
    }

    /// Text.
    ///
    /// # Errors
    /// When the document is full.
    pub fn string(&mut self, text: &str) -> Result<Word, TooLarge> {
        self.append(Kind::String, text)
    }

    /// A list of values written before.
    ///
    /// # Errors
    /// When the document is full.
    pub fn array(&mut self, items: &[Word]) -> Result<Word, TooLarge> {
        let word = word(Kind::Array, items.len(), self.words.len())?;
        self.words.extend(items.iter().map(|w| w.0.to_le_bytes()));
        Ok(word)
    }

    /// An object of members written before: key, value, key, value. The keys must be unique strings.
    ///
    /// # Errors
    /// When the document is full.
    pub fn object(&mut self, keys_and_values: &[Word]) -> Result<Word, TooLarge> {
        let word = word(Kind::Object, keys_and_values.len() / 2, self.words.len())?;
        self.words
            .extend(keys_and_values.iter().map(|w| w.0.to_le_bytes()));
        Ok(word)
    }

    /// The document with this root.
    ///
    /// # Errors
    /// When the document is full.
    pub fn finish(mut self, root: Word) -> Result<TreeBuf, TooLarge> {
        self.words.push(root.0.to_le_bytes());
        let Self { words, text } = self;
        if u32::try_from(words.len()).is_err() || u32::try_from(text.len()).is_err() {
            return Err(TooLarge);
        }
        Ok(TreeBuf { words, text })
    }

    fn append(&mut self, kind: Kind, text: &str) -> Result<Word, TooLarge> {
        let word = word(kind, text.len(), self.text.len())?;
        self.text.extend_from_slice(text.as_bytes());
        Ok(word)
    }

    pub(super) fn node(&self, word: Word) -> Node<'_> {
        Tree::from_parts(&self.words, &self.text).node_of(word.0)
    }
}

impl TreeBuf {
    /// The document, to be read.
    pub fn tree(&self) -> Tree<'_> {
        Tree::from_parts(&self.words, &self.text)
    }

    /// The document's value.
    pub fn root(&self) -> Node<'_> {
        self.tree().root()
    }

    /// Length of the document's bytes, header included.
    pub fn byte_len(&self) -> usize {
        8 + self.words.len() * 8 + self.text.len()
    }

    /// The document's header, words and text: its bytes in three parts, so that they can be copied into
    /// a guest's memory without being joined first.
    pub fn parts(&self) -> ([u8; 8], &[u8], &[u8]) {
        let words = (self.words.len() as u32).to_le_bytes();
        let text = (self.text.len() as u32).to_le_bytes();
        let [a, b, c, d] = words;
        let [e, f, g, h] = text;
        (
            [a, b, c, d, e, f, g, h],
            self.words.as_flattened(),
            &self.text,
        )
    }

    /// The document's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (header, words, text) = self.parts();
        [&header, words, text].concat()
    }
}

fn word(kind: Kind, len: usize, offset: usize) -> Result<Word, TooLarge> {
    let (len, offset) = (len as u64, offset as u64);
    if len >= MAX_LEN || offset > u64::from(u32::MAX) {
        return Err(TooLarge);
    }
    Ok(Word(offset << 32 | len << 3 | kind as u64))
}
