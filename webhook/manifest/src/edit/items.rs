use serde_json::Value;

/// What becomes of the items of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Items {
    /// For each old item the index of the new one that it becomes.
    pub(crate) become_: Vec<Option<usize>>,
    /// The new items from this one on are added behind.
    pub(crate) added_from: usize,
}

impl Items {
    /// Pairs the items of two lists. Where some were only taken out, the others keep their places; otherwise
    /// the items are paired by their places.
    pub(crate) fn pair(old: &[Value], new: &[Value]) -> Self {
        if let Some(become_) = taken_out(old, new) {
            return Self {
                become_,
                added_from: new.len(),
            };
        }
        let paired = |at: usize| (at < new.len()).then_some(at);
        Self {
            become_: (0..old.len()).map(paired).collect(),
            added_from: old.len().min(new.len()),
        }
    }
}

/// The new places of old items, if all new ones are among them in their order.
fn taken_out(old: &[Value], new: &[Value]) -> Option<Vec<Option<usize>>> {
    let mut next = 0;
    let place = |item| {
        let found = new.get(next).is_some_and(|new| is_same(item, new));
        next += usize::from(found);
        found.then(|| next - 1)
    };
    let places: Vec<_> = old.iter().map(place).collect();
    (next == new.len()).then_some(places)
}

/// Whether two items are one, which may have changed.
fn is_same(old: &Value, new: &Value) -> bool {
    let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    old == new || name(old).is_some_and(|old| name(new) == Some(old))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pair(old: Value, new: Value) -> (Vec<Option<usize>>, usize) {
        let list = |value: Value| value.as_array().unwrap().clone();
        let items = Items::pair(&list(old), &list(new));
        (items.become_, items.added_from)
    }

    #[test]
    fn items_that_stay_keep_their_places() {
        let old = json!(["a", {"name": "b"}, "c", {"name": "d"}]);
        let new = json!([{"name": "b", "x": 1}, {"name": "d"}]);
        assert_eq!(pair(old, new), (vec![None, Some(0), None, Some(1)], 2));
    }

    #[test]
    fn others_are_paired_by_their_places() {
        assert_eq!(pair(json!(["a"]), json!(["a", "b"])), (vec![Some(0)], 1));
        assert_eq!(
            pair(json!(["a", "b"]), json!(["x"])),
            (vec![Some(0), None], 1)
        );
        assert_eq!(pair(json!([]), json!(["x"])), (vec![], 0));
    }
}
