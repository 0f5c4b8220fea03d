//! A fix as a person would make it: YAML of what has to stand in the file, and what has to go.

use gatehouse_abi::{Edit, Fix, Segment};
use serde_json::{Map, Value, json};

/// Lines of a fix that are shown; those of the built-in policies have at most nine. What is past them is not even
/// written: a module's answer may hold a megabyte of it.
pub(super) const FIX_LINES: usize = 32;

/// The lines of a fix, and one more if there are more than [`FIX_LINES`]. First the YAML, from the container on (or whatever list item holds all of it),
/// otherwise from the object's root on; then a line for each thing that goes.
///
/// An item of `Include` is shown as the one item of its list: what else is there stays.
pub(super) fn lines(fix: &Fix) -> Vec<String> {
    // each gives a line at least
    let edits = fix.edits.iter().take(FIX_LINES + 1);
    let (shown, said): (Vec<_>, Vec<_>) = edits.partition(|edit| is_shown(edit));
    let outside = steps_outside(&shown);
    let mut tree = Value::Null;
    for edit in shown {
        make(edit, outside, &mut tree);
    }
    let mut lines = Vec::new();
    if !tree.is_null() {
        write_block(&mut lines, &tree, 0);
    }
    lines.extend(said.into_iter().map(words));
    lines.truncate(FIX_LINES + 1);
    lines
}

/// Whether YAML can show the edit. It cannot show that something goes, nor which item the third one is.
fn is_shown(edit: &Edit) -> bool {
    let stays = match edit {
        Edit::Set { value, .. } => !value.is_null(),
        Edit::Include { .. } => true,
        Edit::Remove { .. } => false,
    };
    let is_named = |segment: &Segment| !matches!(segment, Segment::Index(_));
    stays && edit.path().segments().iter().all(is_named)
}

/// How many steps of the edits' paths lie outside the YAML: those before the innermost item that holds all edits.
fn steps_outside(edits: &[&Edit]) -> usize {
    let Some((first, others)) = edits.split_first() else {
        return 0;
    };
    let steps = first.path().segments();
    let holds_all = |at: &usize| {
        let is_shared = |edit: &&Edit| edit.path().segments().get(..=*at) == steps.get(..=*at);
        others.iter().all(is_shared)
    };
    let is_item = |at: &usize| matches!(steps.get(*at), Some(Segment::Item { .. }));
    let innermost_first = (0..steps.len()).rev();
    let mut items = innermost_first.filter(is_item);
    items.find(holds_all).unwrap_or(0)
}

fn make(edit: &Edit, outside: usize, tree: &mut Value) {
    let mut steps = edit.path().segments().iter().skip(outside);
    let place = steps.try_fold(tree, |tree, step| match step {
        Segment::Key(key) => member(tree, key),
        Segment::Item { key, value } => item(tree, key, value),
        Segment::Index(_) => None,
    });
    match (place, edit) {
        (Some(place), Edit::Set { value, .. }) => *place = value.clone(),
        (Some(place), Edit::Include { item, .. }) => include(place, item),
        _ => {}
    }
}

fn include(list: &mut Value, item: &Value) {
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(items) = list.as_array_mut() {
        items.push(item.clone());
    }
}

fn member<'v>(tree: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    if tree.is_null() {
        *tree = Value::Object(Map::new());
    }
    Some(tree.as_object_mut()?.entry(key).or_insert(Value::Null))
}

fn item<'v>(tree: &'v mut Value, key: &str, value: &str) -> Option<&'v mut Value> {
    if tree.is_null() {
        *tree = json!([]);
    }
    let items = tree.as_array_mut()?;
    let has_name = |item: &Value| item.get(key).and_then(Value::as_str) == Some(value);
    let at = items.iter().position(has_name).unwrap_or_else(|| {
        items.push(json!({ key: value }));
        items.len() - 1
    });
    items.get_mut(at)
}

fn words(edit: &Edit) -> String {
    match edit {
        Edit::Set { path, value } if !value.is_null() => {
            format!("set {path:#} to {}", inline(value))
        }
        Edit::Include { path, item } => format!("add {} to {path:#}", inline(item)),
        Edit::Set { path, .. } | Edit::Remove { path } => format!("remove {path:#}"),
    }
}

/// Appends the lines of a value in block style, as `kubectl get --output yaml` writes them.
fn write_block(lines: &mut Vec<String>, value: &Value, indent: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in name_first(members) {
                write_member(lines, key, value, indent);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let first = lines.len();
                write_block(lines, item, indent + 2);
                // past the limit there is none
                if let Some(line) = lines.get_mut(first) {
                    line.replace_range(indent..indent + 2, "- ");
                }
            }
        }
        scalar => write_line(lines, indent, &inline(scalar)),
    }
}

fn write_member(lines: &mut Vec<String>, key: &str, value: &Value, indent: usize) {
    let key = text(key);
    let inside = match value {
        Value::Object(members) if !members.is_empty() => indent + 2,
        Value::Array(items) if !items.is_empty() => indent,
        scalar => return write_line(lines, indent, &format!("{key}: {}", inline(scalar))),
    };
    write_line(lines, indent, &format!("{key}:"));
    write_block(lines, value, inside);
}

fn write_line(lines: &mut Vec<String>, indent: usize, text: &str) {
    if lines.len() <= FIX_LINES {
        lines.push(format!("{:indent$}{text}", ""));
    }
}

fn name_first(members: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut members: Vec<_> = members.iter().map(|(k, v)| (k.as_str(), v)).collect();
    members.sort_by_key(|(key, _)| (*key != "name", *key));
    members
}

/// A value on one line; JSON is YAML, too.
fn inline(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        other => other.to_string(),
    }
}

/// Without quotes where every reader takes that for text; more is quoted than has to be.
fn text(text: &str) -> String {
    // YAML 1.1's other scalars of letters: https://yaml.org/type/bool.html, https://yaml.org/type/null.html
    const NO_TEXT: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_.:@+-".contains(c))
        && !text.ends_with(':')
        && !NO_TEXT.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_plain {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::Path;

    use super::*;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    fn set(at: &str, value: Value) -> Edit {
        let path = path(at);
        Edit::Set { path, value }
    }

    fn include(at: &str, item: Value) -> Edit {
        let path = path(at);
        Edit::Include { path, item }
    }

    fn shown(edits: Vec<Edit>) -> String {
        lines(&Fix { edits, risk: None }).join("\n")
    }

    #[test]
    fn a_container_is_shown_from_its_name_on() {
        let at = "spec.template.spec.containers[name=app].securityContext.capabilities.drop";
        let edits = vec![include(at, json!("ALL")), include(at, json!("SYS_TIME"))];
        insta::assert_snapshot!(shown(edits), @r"
        - name: app
          securityContext:
            capabilities:
              drop:
              - ALL
              - SYS_TIME
        ");
    }

    #[test]
    fn what_is_no_list_item_is_shown_from_the_root_on() {
        let edit = set(
            "spec.template.metadata.annotations[\"example.com/a\"]",
            json!("true"),
        );
        insta::assert_snapshot!(shown(vec![edit]), @r#"
        spec:
          template:
            metadata:
              annotations:
                example.com/a: "true"
        "#);
    }

    #[test]
    fn edits_share_what_they_have_in_common() {
        let edits = vec![
            set(
                "spec.containers[name=b].securityContext",
                json!({"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}),
            ),
            set("spec.containers[name=a].ports[name=web].hostPort", json!(0)),
            set("spec.containers[name=a].args", json!([])),
            set("spec.volumes", json!([["nested"], {}])),
        ];
        insta::assert_snapshot!(shown(edits), @r"
        spec:
          containers:
          - name: b
            securityContext:
              capabilities:
                drop:
                - ALL
              runAsNonRoot: true
          - name: a
            args: []
            ports:
            - name: web
              hostPort: 0
          volumes:
          - - nested
          - {}
        ");
        let edits = vec![
            set("l[name=a].m[name=x].p", json!(1)),
            set("l[name=a].m[name=z].p", json!(2)),
        ];
        insta::assert_snapshot!(shown(edits), @r"
        - name: a
          m:
          - name: x
            p: 1
          - name: z
            p: 2
        ");
    }

    #[test]
    fn what_yaml_cannot_show_is_said() {
        let edits = vec![
            Edit::Remove {
                path: path("spec.containers[name=app].ports[1].hostPort"),
            },
            set("spec.hostPID", Value::Null),
            set("spec.tolerations[0].key", json!("a b")),
            set("spec.hostIPC", json!(false)),
        ];
        insta::assert_snapshot!(shown(edits), @r#"
        spec:
          hostIPC: false
        remove spec.containers[app].ports[1].hostPort
        remove spec.hostPID
        set spec.tolerations[0].key to "a b"
        "#);
    }

    #[test]
    fn no_more_is_written_than_is_shown() {
        let many = |value: Value| Value::Array(vec![value; 100_000]);
        let deep = (0..100).fold(many(json!(1)), |value, _| json!([value]));
        let members = (0..100_000).map(|i| (format!("k{i}"), json!({"a": {}})));
        for value in [deep, many(json!([1])), members.collect()] {
            let edits = vec![set("spec.x", value)];
            assert_eq!(lines(&Fix { edits, risk: None }).len(), FIX_LINES + 1);
        }
        let items = |i: usize| set(&format!("l[name=a{i}].b"), json!(1));
        for (edits, shown) in [(10, 21), (100_000, FIX_LINES + 1)] {
            let edits = (0..edits).map(items).collect();
            assert_eq!(lines(&Fix { edits, risk: None }).len(), shown);
        }
    }

    #[test]
    fn what_some_reader_takes_for_something_else_is_quoted() {
        for plain in [
            "ALL",
            "RuntimeDefault",
            "docker.io/nginx:1.27@sha256:ab",
            "/x",
        ] {
            assert_eq!(text(plain), plain);
        }
        for quoted in [
            "", "1", "No", "y", "null", "1e3", "0x1f", ".inf", "a:", "a b", "*a", "é", "a\nb", "-",
            "#a",
        ] {
            assert!(text(quoted).starts_with('"'), "{quoted}");
        }
    }

    #[test]
    fn edits_that_contradict_one_another_are_shown_as_far_as_they_go() {
        let edits = vec![
            set("a", json!(1)),
            set("a.b", json!(2)),
            set("a[name=x]", json!(3)),
        ];
        assert_eq!(shown(edits), "a: 1");
        assert_eq!(shown(vec![set("", json!("x"))]), "x");
    }
}
