use std::fmt;

use serde::{
    de::{
        DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, MapAccessDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{Items, Kind, MAX_DEPTH, Members, Node};

/// What keeps a value from being read as the type that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(String);

impl Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> Node<'de> {
    /// A serde deserializer over this value; strings are borrowed from the document.
    pub fn deserializer(self) -> impl Deserializer<'de, Error = ReadError> {
        Nested(self, MAX_DEPTH)
    }
}

/// A node and how much deeper it may nest: only a corrupt tree, which may contain itself, goes past it.
#[derive(Clone, Copy)]
struct Nested<'a>(Node<'a>, usize);

impl<'a> Nested<'a> {
    fn deeper(self) -> Result<usize, ReadError> {
        self.1
            .checked_sub(1)
            .ok_or_else(|| ReadError("nested too deeply to be read".into()))
    }

    fn visit_number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let text = self.0.as_number().unwrap_or("0");
        match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(whole), _) => visitor.visit_u64(whole),
            (_, Ok(number)) => visitor.visit_f64(number),
            _ => Err(ReadError(format!("`{text}` is not a number"))),
        }
    }
}

impl<'de> Deserializer<'de> for Nested<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::False => visitor.visit_bool(false),
            Kind::True => visitor.visit_bool(true),
            Kind::Int => visitor.visit_i64(self.0.as_i64().unwrap_or_default()),
            Kind::Number => self.visit_number(visitor),
            Kind::String => visitor.visit_borrowed_str(self.0.as_str().unwrap_or_default()),
            Kind::Array => visitor.visit_seq(ItemAccess(self.0.items(), self.deeper()?)),
            Kind::Object => visitor.visit_map(MemberAccess::new(self.0, self.deeper()?)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.0.kind() {
            Kind::Object => {
                let members = MemberAccess::new(self.0, self.deeper()?);
                MapAccessDeserializer::new(members).deserialize_enum(name, variants, visitor)
            }
            _ => visitor.visit_enum(self.0.as_str().unwrap_or_default().into_deserializer()),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct ItemAccess<'a>(Items<'a>, usize);

impl<'de> SeqAccess<'de> for ItemAccess<'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let item = self.0.next();
        item.map(|item| seed.deserialize(Nested(item, self.1)))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct MemberAccess<'a> {
    members: Members<'a>,
    value: Option<Node<'a>>,
    depth: usize,
}

impl<'a> MemberAccess<'a> {
    fn new(object: Node<'a>, depth: usize) -> Self {
        Self {
            members: object.members(),
            value: None,
            depth,
        }
    }
}

impl<'de> MapAccess<'de> for MemberAccess<'de> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some((key, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        match self.value.take() {
            Some(value) => seed.deserialize(Nested(value, self.depth)),
            None => Err(ReadError("a value was asked for before its key".into())),
        }
    }
}
