//! What an edit makes of an object.

use serde_json::{Map, Value};

use super::Edit;
use crate::{Path, Segment};

/// An edit for which the object has no place: a list item that is missing, a member of something that has none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the object has no place for `{path:#}`")]
pub struct DoesNotFit {
    /// The path of the edit.
    pub path: Path,
}

impl Edit {
    /// Makes all edits in their order, or none.
    ///
    /// # Errors
    /// If one of them does not fit what the edits before it made of the object.
    pub fn apply_all(edits: &[Edit], object: &mut Value) -> Result<(), DoesNotFit> {
        let mut changed = object.clone();
        for edit in edits {
            edit.apply(&mut changed).ok_or_else(|| DoesNotFit {
                path: edit.path().clone(),
            })?;
        }
        *object = changed;
        Ok(())
    }

    fn apply(&self, object: &mut Value) -> Option<()> {
        match self {
            Edit::Set { path, value } if value.is_null() => remove(object, path),
            Edit::Set { path, value } => {
                *place(object, path)? = value.clone();
                Some(())
            }
            Edit::Remove { path } => remove(object, path),
            Edit::Include { path, item } => include(place(object, path)?, item),
        }
    }
}

fn include(list: &mut Value, item: &Value) -> Option<()> {
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let items = list.as_array_mut()?;
    if !items.contains(item) {
        items.push(item.clone());
    }
    Some(())
}

fn remove(object: &mut Value, path: &Path) -> Option<()> {
    let (last, parents) = path.segments().split_last()?;
    let parent = parents
        .iter()
        .try_fold(object, |value, segment| existing(value, segment));
    match (parent, last) {
        (Some(Value::Object(members)), Segment::Key(key)) => drop(members.remove(key)),
        (Some(Value::Array(items)), segment) => {
            if let Some(index) = position(items, segment) {
                items.remove(index);
            }
        }
        _ => {}
    }
    Some(())
}

/// The value at `path`. Missing objects on the way are created; a missing list item is not, as nobody
/// could say what else it holds.
fn place<'v>(object: &'v mut Value, path: &Path) -> Option<&'v mut Value> {
    let segments = path.segments().iter();
    segments
        .into_iter()
        .try_fold(object, |value, segment| match segment {
            Segment::Key(key) => {
                if value.is_null() {
                    *value = Value::Object(Map::new());
                }
                let members = value.as_object_mut()?;
                Some(members.entry(key).or_insert(Value::Null))
            }
            item => existing(value, item),
        })
}

fn existing<'v>(value: &'v mut Value, segment: &Segment) -> Option<&'v mut Value> {
    match (value, segment) {
        (Value::Object(members), Segment::Key(key)) => members.get_mut(key),
        (Value::Array(items), segment) => {
            let index = position(items, segment)?;
            items.get_mut(index)
        }
        _ => None,
    }
}

fn position(items: &[Value], segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Key(_) => None,
        Segment::Index(index) => (*index < items.len()).then_some(*index),
        Segment::Item { key, value } => items
            .iter()
            .position(|item| item.get(key).and_then(Value::as_str) == Some(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(path: &str, value: Value) -> Edit {
        Edit::Set {
            path: path.parse().unwrap(),
            value,
        }
    }

    fn applied(mut object: Value, edits: &[Edit]) -> Value {
        Edit::apply_all(edits, &mut object).unwrap();
        object
    }

    #[test]
    fn missing_parents_are_created_and_null_is_absent() {
        let edits = [
            set("spec.securityContext.runAsNonRoot", json!(true)),
            set("spec.containers[name=b].securityContext.x", json!(1)),
        ];
        let object = json!({"spec": {"securityContext": null, "containers": [{"name": "a"}, {"name": "b"}]}});
        let expected = json!({"spec": {
            "securityContext": {"runAsNonRoot": true},
            "containers": [{"name": "a"}, {"name": "b", "securityContext": {"x": 1}}],
        }});
        assert_eq!(applied(object, &edits), expected);
        assert_eq!(
            applied(json!({"a": 1}), &[set("a", Value::Null)]),
            json!({})
        );
    }

    #[test]
    fn a_list_gets_an_item_once() {
        let include = Edit::Include {
            path: "drop".into(),
            item: json!("ALL"),
        };
        assert_eq!(
            applied(json!({}), &[include.clone(), include.clone()]),
            json!({"drop": ["ALL"]})
        );
        assert_eq!(
            applied(json!({"drop": ["X"]}), &[include]),
            json!({"drop": ["X", "ALL"]})
        );
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let remove = |path: &str| Edit::Remove {
            path: path.parse().unwrap(),
        };
        assert_eq!(
            applied(json!({"a": 1}), &[remove("b.c"), remove("l[0]")]),
            json!({"a": 1})
        );
        assert_eq!(
            applied(json!({"l": [1, 2]}), &[remove("l[0]")]),
            json!({"l": [2]})
        );
    }

    #[test]
    fn edits_that_do_not_fit_leave_everything_as_it_was() {
        let mut object = json!({"spec": {"containers": "no list"}});
        let before = object.clone();
        let edits = [
            set("spec.a", json!(1)),
            set("spec.containers[name=a].b", json!(1)),
        ];
        let error = Edit::apply_all(&edits, &mut object).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the object has no place for `spec.containers[a].b`"
        );
        assert_eq!(object, before);
    }
}
