use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{TooLarge, TreeBuf, TreeWriter, Word};

/// How deep lists and objects may nest. serde_json's own limit is the same.
pub const MAX_DEPTH: usize = 128;

/// Members of an object up to which duplicate keys are looked for by comparing all of them.
const FEW_MEMBERS: usize = 32;

/// Reads any serde input into a tree.
///
/// Duplicate keys are an error: two parsers that disagree about which one counts would be a way around
/// every policy. `metadata.managedFields` is left out, as no policy may judge by it and it is often half
/// of an object.
#[derive(Debug, Default)]
pub struct TreeSeed {
    writer: TreeWriter,
    scratch: Vec<Word>,
}

impl TreeBuf {
    /// Reads one JSON document.
    ///
    /// # Errors
    /// What serde_json says of text that is not JSON; also duplicate keys and nesting past [`MAX_DEPTH`].
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = TreeSeed {
            writer: TreeWriter::for_json(text.len()),
            scratch: Vec::with_capacity(64),
        };
        let tree = seed.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(tree)
    }

    /// Reads a JSON value.
    ///
    /// # Errors
    /// Nesting past [`MAX_DEPTH`], or a document that is [`TooLarge`].
    pub fn from_value(value: &serde_json::Value) -> Result<Self, serde_json::Error> {
        TreeSeed::default().deserialize(value)
    }
}

impl<'de> DeserializeSeed<'de> for TreeSeed {
    type Value = TreeBuf;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<TreeBuf, D::Error> {
        let root = ValueSeed {
            tree: &mut self,
            depth: 0,
            in_metadata: false,
        }
        .deserialize(deserializer)?;
        self.writer.finish(root).map_err(D::Error::custom)
    }
}

struct ValueSeed<'t> {
    tree: &'t mut TreeSeed,
    depth: usize,
    /// Whether the value is the member `metadata` of its parent.
    in_metadata: bool,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Word;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Word, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ValueSeed<'_> {
    fn deeper<E: Error>(&mut self, in_metadata: bool) -> Result<ValueSeed<'_>, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!(
                "nested deeper than {MAX_DEPTH} levels"
            )));
        }
        Ok(ValueSeed {
            tree: self.tree,
            depth: self.depth + 1,
            in_metadata,
        })
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Word, E> {
        Ok(self.tree.writer.bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Word, E> {
        full(self.tree.writer.int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Word, E> {
        match i64::try_from(value) {
            Ok(value) => full(self.tree.writer.int(value)),
            Err(_) => full(self.tree.writer.number(&value.to_string())),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Word, E> {
        if !value.is_finite() {
            return Err(E::custom("a number that JSON cannot hold"));
        }
        full(self.tree.writer.number(&format!("{value:?}")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Word, E> {
        full(self.tree.writer.string(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Word, E> {
        Ok(self.tree.writer.null())
    }

    fn visit_none<E: Error>(self) -> Result<Word, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Word, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Word, A::Error> {
        let start = self.tree.scratch.len();
        while let Some(item) = seq.next_element_seed(self.deeper(false)?)? {
            self.tree.scratch.push(item);
        }
        let word = self.tree.writer.array(&self.tree.scratch[start..]);
        self.tree.scratch.truncate(start);
        full(word)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Word, A::Error> {
        let start = self.tree.scratch.len();
        while let Some(key) = map.next_key_seed(KeySeed(&mut self.tree.writer))? {
            // as bytes: the parser has checked that it is UTF-8
            let name = self.tree.writer.node(key).bytes();
            if self.in_metadata && name == Some(b"managedFields".as_slice()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let in_metadata = name == Some(b"metadata".as_slice());
            let value = map.next_value_seed(self.deeper(in_metadata)?)?;
            self.tree.scratch.extend([key, value]);
        }
        self.tree.refuse_duplicates(start)?;
        let word = self.tree.writer.object(&self.tree.scratch[start..]);
        self.tree.scratch.truncate(start);
        full(word)
    }
}

struct KeySeed<'t>(&'t mut TreeWriter);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Word;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Word, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Word, E> {
        full(self.0.string(value))
    }
}

impl TreeSeed {
    /// Looks through the members that `scratch` holds from `start`.
    fn refuse_duplicates<E: Error>(&self, start: usize) -> Result<(), E> {
        let (members, _) = self.scratch[start..].as_chunks::<2>();
        let keys = || members.iter().map(|[key, _]| self.writer.node(*key));
        let duplicate = if members.len() <= FEW_MEMBERS {
            let earlier = |i| keys().take(i);
            let mut numbered = keys().enumerate();
            numbered.find(|(i, key)| earlier(*i).any(|other| other.is_same_string(*key)))
        } else {
            let mut seen = std::collections::HashSet::new();
            keys()
                .enumerate()
                .find(|(_, key)| !seen.insert(key.bytes()))
        };
        let duplicate = duplicate.map(|(_, key)| key.as_str().unwrap_or_default());
        match duplicate {
            Some(key) => Err(E::custom(format_args!("duplicate key `{key}`"))),
            None => Ok(()),
        }
    }
}

fn full<E: Error>(word: Result<Word, TooLarge>) -> Result<Word, E> {
    word.map_err(E::custom)
}
