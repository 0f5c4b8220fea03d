//! Lists of JSON of which no more is kept than is wanted: a short text can stand for a long list in memory.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The first items of an array.
pub(super) struct Few<T, const MAX: usize> {
    pub(super) items: Vec<T>,
    pub(super) left_out: usize,
}

/// The first members of an object, in its order.
pub(super) struct FewPairs<T, const MAX: usize> {
    pub(super) pairs: Vec<(String, T)>,
    pub(super) left_out: usize,
}

struct Reader<T>(PhantomData<T>);

impl<T, const MAX: usize> Default for FewPairs<T, MAX> {
    fn default() -> Self {
        Self {
            pairs: Vec::new(),
            left_out: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Few<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Reader::<Self>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for FewPairs<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader::<Self>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Reader<Few<T, MAX>> {
    type Value = Few<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut left_out) = (Vec::new(), 0);
        while items.len() < MAX {
            match list.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(Few { items, left_out }),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            left_out += 1;
        }
        Ok(Few { items, left_out })
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Reader<FewPairs<T, MAX>> {
    type Value = FewPairs<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let (mut pairs, mut left_out) = (Vec::new(), 0);
        while pairs.len() < MAX {
            match object.next_entry()? {
                Some(pair) => pairs.push(pair),
                None => return Ok(FewPairs { pairs, left_out }),
            }
        }
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            left_out += 1;
        }
        Ok(FewPairs { pairs, left_out })
    }
}
