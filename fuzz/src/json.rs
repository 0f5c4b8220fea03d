use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Whether some object of this JSON has two members with one key. `metadata.managedFields`, which no tree
/// has, is passed over.
pub fn has_duplicates(text: &str) -> bool {
    let error = serde_json::from_str::<Unique>(text).err();
    error.is_some_and(|error| error.to_string().starts_with(DUPLICATE))
}

const DUPLICATE: &str = "a duplicate key";

/// Reads anything but duplicate keys.
struct Unique;

/// The same, of the member `metadata`.
struct UniqueMetadata;

struct Keys {
    in_metadata: bool,
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let in_metadata = false;
        deserializer.deserialize_any(Keys { in_metadata })?;
        Ok(Self)
    }
}

impl<'de> Deserialize<'de> for UniqueMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let in_metadata = true;
        deserializer.deserialize_any(Keys { in_metadata })?;
        Ok(Self)
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<Unique>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "managedFields" if self.in_metadata => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                "metadata" => map.next_value::<UniqueMetadata>().map(|_| ())?,
                _ => map.next_value::<Unique>().map(|_| ())?,
            }
            if !keys.insert(key) {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(())
    }
}
