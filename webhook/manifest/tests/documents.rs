//! How a file falls into documents, and documents into objects.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use gatehouse_abi::tree::MAX_DEPTH;
use gatehouse_manifest::{DocumentError, Entry, FileError, Limits, MAX_LINE_CHARS, Manifest};
use serde::Deserialize;

const A: &str = "apiVersion: v1\nkind: A\n";
const B: &str = "apiVersion: v1\nkind: B\n";
const C: &str = "apiVersion: v1\nkind: C\n";

#[test]
fn documents_are_separated_by_lines_of_dashes() {
    for separator in [
        "---\n",
        "--- \n",
        "--- # comment\n",
        "---#comment\n",
        "---\t\n",
        "...\n",
        "...\n---\n",
    ] {
        assert_eq!(
            kinds(&format!("{A}{separator}{B}")),
            "1:1 A, 2:LAST B".fill(A, separator)
        );
    }
    assert_eq!(kinds(&format!("---\n{A}---\n{B}---\n")), "1:2 A, 2:5 B");
    assert_eq!(
        kinds(&format!("{A}--- {{apiVersion: v1, kind: B}}\n")),
        "1:1 A, 2:3 B"
    );
    assert_eq!(
        kinds(&format!("{A}x: |\n  text\n  ---\n  more\n---\n{B}")),
        "1:1 A, 2:8 B"
    );
    assert_eq!(kinds(&format!("{A}x: ----\ny:\n- --- z\n")), "1:1 A");
}

#[test]
fn empty_documents_count_but_are_left_out() {
    let text = format!("# first\n---\n# nothing\n---\n{A}---\n~\n---\nnull\n---\n\n---\n{B}---\n");
    assert_eq!(kinds(&text), "2:5 A, 6:14 B");
}

#[test]
fn directives_belong_to_the_document_that_follows() {
    assert_eq!(kinds(&format!("%YAML 1.1\n# c\n---\n{A}")), "1:4 A");
    assert_eq!(
        kinds(&format!("{A}...\n%YAML 1.2\n%TAG ! !x\n---\n{B}")),
        "1:1 A, 2:7 B"
    );
    let tagged = format!("%TAG !s! tag:yaml.org,2002:\n---\n{A}v: !s!str 1\n");
    let manifest = read(&tagged);
    let document = manifest.documents()[0].as_ref().unwrap();
    assert_eq!(document.root().get("v").unwrap().as_str(), Some("1"));
}

#[test]
fn byte_order_marks_and_line_breaks_of_all_kinds_are_read() {
    assert_eq!(
        kinds(&format!("\u{feff}{A}---\n\u{feff}{B}\u{feff}---\n{C}")),
        "1:1 A, 2:4 B, 3:7 C"
    );
    assert_eq!(
        kinds(&format!("{A}---\n{B}").replace('\n', "\r\n")),
        "1:1 A, 2:4 B"
    );
    assert_eq!(
        kinds(&format!("{A}---\n{B}").replace('\n', "\r")),
        "1:1 A, 2:4 B"
    );
    let crlf = read("apiVersion: v1\r\nkind: A\r\nx: |\r\n  a\r\n  b\r\n");
    let document = crlf.documents()[0].as_ref().unwrap();
    assert_eq!(document.root().get("x").unwrap().as_str(), Some("a\nb\n"));
    assert_eq!(crlf.line_text(4), "  a");
}

#[test]
fn json_texts_follow_each_other() {
    let a = r#"{"apiVersion":"v1","kind":"A"}"#;
    let b =
        "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"B\", \"x\": \"\\ud83d\\ude00 \u{2028}\"\n}";
    assert_eq!(kinds(&format!("{a}{a}\n {b}\n")), "1:1 A, 2:1 A, 3:2 B");
    assert_eq!(
        kinds(&format!("{a}\n---\n{b}\n---\n{A}")),
        "1:1 A, 2:3 B, 3:8 A"
    );
    assert_eq!(kinds(&format!("{a}\n---\n---\n{b}")), "1:1 A, 3:4 B");
    assert_eq!(kinds(&format!("{A}--- {a}\n")), "1:1 A, 2:3 A");
    // YAML that begins like JSON
    assert_eq!(kinds("{apiVersion: v1, kind: A}\n# comment\n"), "1:1 A");
    assert_eq!(kinds("{\"apiVersion\": v1, 'kind': A, }\n"), "1:1 A");
}

#[test]
fn broken_json_says_where() {
    let a = r#"{"apiVersion":"v1","kind":"A"}"#;
    assert_eq!(
        kinds(&format!("{a}\n{{\"a\": 1,}}")),
        "1:1 A, line 2, column 9: not valid JSON: expected a key in double quotes"
    );
    assert_eq!(
        kinds("{\n  \"a\": 1\n  \"b\": 2\n}"),
        "line 3, column 3: not valid JSON: expected `,` or `}`"
    );
    assert_eq!(
        kinds("{\n  \"a\": 1,\n  \"a\": 2\n}"),
        "line 3, column 3: duplicate key `a`, already on line 2"
    );
    assert_eq!(
        kinds("{\"a\": {\n"),
        "line 2, column 1: not valid JSON: the text ends in the middle of a list or object"
    );
}

#[test]
fn a_broken_document_hides_no_other() {
    let text = format!("{A}---\nkind: [\n---\n{B}---\na: 1\na: 2\n---\n- a\n---\nplain\n---\n{C}");
    assert_eq!(
        kinds(&text),
        "1:1 A, \
         line 4, column 7: not valid YAML: this `[` is not closed, \
         3:6 B, \
         line 10, column 1: duplicate key `a`, already on line 9, \
         line 12, column 1: a manifest is a mapping, this is a list, \
         line 14, column 1: a manifest is a mapping, this is text, \
         7:16 C"
    );
    let errors: Vec<usize> = errors(&text).iter().map(|error| error.document).collect();
    assert_eq!(errors, [2, 4, 5, 6]);
}

/// kubectl reads what follows these characters in a comment, wherever the comment stands.
#[test]
fn nothing_hides_in_comments() {
    for hidden in ["\u{85}", "\u{2028}", "\u{2029}"] {
        let comment = format!("# c{hidden}spec: {{hostPID: true}}\n");
        for text in [
            format!("{comment}{A}"),
            format!("---\n{comment}---\n{A}"),
            format!("--- {comment}{A}"),
            format!("---{comment}{A}"),
            format!("{A}---\n\n{comment}"),
            format!("{A}...\n{comment}"),
            format!("%YAML 1.1\n{comment}---\n{A}"),
            format!("{comment}{{\"apiVersion\":\"v1\",\"kind\":\"A\"}}"),
            format!("{A}{comment}"),
        ] {
            assert!(kinds(&text).contains("ends a line for kubectl"), "{text:?}");
        }
    }
}

#[test]
fn mistakes_are_told_in_plain_words() {
    for (text, expected) in [
        (
            "a:\n\tb: c\n",
            "line 2, column 2: not valid YAML: a tab cannot indent a line: use spaces",
        ),
        (
            "a: b: c\n",
            "line 1, column 5: not valid YAML: `:` cannot stand here: check the indentation, or put the text in quotes",
        ),
        (
            "a: 1\nb\nc: 2\n",
            "line 2, column 1: not valid YAML: expected `:` after a key",
        ),
        (
            "a: @x\n",
            "line 1, column 4: not valid YAML: `@` cannot begin a value: put the text in quotes",
        ),
        (
            "é: \"\\q\"\n",
            "line 1, column 4: not valid YAML: an unknown escape in double quotes: write `\\\\` for a backslash",
        ),
        (
            "  a: 1\nb: 2\n",
            "line 2, column 1: not valid YAML: this belongs to nothing above it: check the indentation",
        ),
        (
            "a:\n  b: c\n\td: e\n",
            "line 3, column 1: not valid YAML: a tab cannot indent a line: use spaces",
        ),
        (
            "a: |\n\tb\n",
            "line 2, column 1: not valid YAML: a tab cannot indent a line: use spaces",
        ),
        (
            "a: *.example.com\n",
            "line 1, column 4: not valid YAML: an alias whose anchor does not stand above it in this document: put text that begins with `*` in quotes",
        ),
        (
            "a: &\n",
            "line 1, column 4: not valid YAML: a name is missing after `&` or `*`: put text that begins so in quotes",
        ),
        (
            "a: \"b\" c\n",
            "line 1, column 8: not valid YAML: nothing can follow the closing quote: put the whole text in quotes",
        ),
        (
            "a: \"\\ud800\"\n",
            "line 1, column 4: not valid YAML: an escape in double quotes that stands for no character",
        ),
        (
            "a: - b\n",
            "line 1, column 4: not valid YAML: `-` cannot stand here: begin a list on a line of its own, or put the text in quotes",
        ),
        (
            "a: [-]\n",
            "line 1, column 5: not valid YAML: `-` alone is no value: put it in quotes",
        ),
        (
            "a: ? b\n",
            "line 1, column 4: not valid YAML: `?` cannot stand here: put text that begins with it in quotes",
        ),
        (
            "a: |x\n b\n",
            "line 1, column 4: not valid YAML: after `|` and `>` there can be only `-` or `+`, a digit from 1 to 9, and a comment",
        ),
        (
            "a: b #c\n d: e\n",
            "line 1, column 6: not valid YAML: the text goes on after a comment: move the comment, or put the text in quotes",
        ),
        (
            "a: !x!y z\n",
            "line 1, column 4: not valid YAML: a tag of a kind that this document does not declare: put text that begins with `!` in quotes",
        ),
        (
            "a: [b,,c]\n",
            "line 1, column 7: not valid YAML: expected a value or the end of this list or mapping",
        ),
        (
            "a: {b: c]\n",
            "line 1, column 4: not valid YAML: this `{` is closed by `]`",
        ),
        (
            "name: {{ .Values.name }}\n",
            "line 1, column 8: `{{` looks like a template: render it first and check the result",
        ),
        (
            "a: 1\n{{- if .Values.x }}\nb: 2\n",
            "line 2, column 3: `{{` looks like a template: render it first and check the result",
        ),
        (
            "a:\n- b: 1\n- {{ .Values.x }}\n",
            "line 3, column 4: `{{` looks like a template: render it first and check the result",
        ),
    ] {
        assert_eq!(kinds(text), expected, "{text}");
    }
}

#[test]
fn files_without_manifests_say_why() {
    let read = |bytes: &[u8]| Manifest::read(bytes, &Limits::default()).unwrap_err();
    for empty in [
        "",
        "\n\n",
        "# comment\n",
        "---\n---\n",
        "null\n",
        "\u{feff}",
    ] {
        assert_eq!(read(empty.as_bytes()), FileError::Empty, "{empty:?}");
    }
    assert_eq!(
        read(b"a: \xc3\xa9\nb: x\xff\n"),
        FileError::NotUtf8 { line: 2, column: 5 }
    );
    assert_eq!(
        read(b"\x7fELF\nx\0\0"),
        FileError::Binary { line: 2, column: 2 }
    );
    assert_eq!(read(b"\xff\xfea\0"), FileError::Utf16);
    assert_eq!(
        FileError::Empty.to_string(),
        "the file has no document: it is empty or has only comments"
    );
}

#[test]
fn lists_are_their_items() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n- apiVersion: v1\n  kind: BList\n  items:\n  - {metadata: {name: x}}\n  - {kind: C}\n  - {apiVersion: v2, kind: D, items: {}}\n- 5\n- {metadata: {name: y}}\n";
    assert_eq!(
        kinds(text),
        "1:4 A at items[0], 1:9 B at items[1].items[0], \
         not Kubernetes at items[1].items[1] line 10, 1:11 D at items[1].items[2], \
         not Kubernetes at items[2] line 12, not Kubernetes at items[3] line 13"
    );
}

#[test]
fn the_items_of_a_typed_list_need_no_kind() {
    let manifest = read("kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: x}\n");
    let [Entry::Object(pod)] = manifest.documents()[0].as_ref().unwrap().entries() else {
        panic!("a pod expected")
    };
    assert_eq!((pod.api_version(), pod.kind()), ("v1", "Pod"));
    assert_eq!(pod.root().at("metadata.name").unwrap().as_str(), Some("x"));
    assert_eq!(
        pod.span(&"metadata.name".parse().unwrap()).span().column,
        14
    );
    assert_eq!(pod.span(&"kind".parse().unwrap()).span().line, 4);
    let odd = "kind: PodList\napiVersion: v1\nitems:\n- {kind: '', apiVersion: null, x: 1}\n";
    assert_eq!(kinds(odd), "1:4 Pod at items[0]");
}

/// kubectl applies the items of anything.
#[test]
fn items_are_judged_whatever_holds_them() {
    let text = "apiVersion: v1\nkind: A\nitems:\n- {apiVersion: v1, kind: B}\n- {name: x}\n";
    assert_eq!(kinds(text), "1:1 A, 1:4 B at items[0]");
    assert_eq!(kinds("apiVersion: v1\nkind: List\nitems: []\n"), "");
    assert_eq!(kinds("apiVersion: v1\nkind: AllowList\n"), "1:1 AllowList");
}

#[test]
fn what_is_no_object_is_said() {
    for text in [
        "a: 1\n",
        "apiVersion: v1\n",
        "kind: A\n",
        "apiVersion: v1\nkind: 5\n",
        "apiVersion: ''\nkind: A\n",
        "items: []\n",
    ] {
        assert_eq!(kinds(text), "not Kubernetes line 1", "{text}");
    }
}

#[test]
fn managed_fields_are_left_out() {
    let manifest = read(&format!(
        "{A}metadata: {{managedFields: [{{a: b}}], name: x}}\n"
    ));
    let document = manifest.documents()[0].as_ref().unwrap();
    assert!(document.root().at("metadata.managedFields").is_none());
    let name = document.span(&"metadata.name".parse().unwrap());
    assert_eq!((name.span().column, name.is_exact()), (37, true));
}

#[test]
fn documents_are_read_as_types() {
    #[derive(Deserialize)]
    struct Config<'a> {
        #[serde(borrow)]
        names: Vec<&'a str>,
        on: Option<bool>,
    }
    let manifest = read("names: [a, 'b']\n\"on\": yes\n");
    let document = manifest.documents()[0].as_ref().unwrap();
    let config = Config::deserialize(document.root().deserializer()).unwrap();
    assert_eq!((config.names, config.on), (vec!["a", "b"], Some(true)));
}

#[test]
fn lines_are_shown_without_breaks_and_bounded() {
    let long = "é".repeat(MAX_LINE_CHARS + 5);
    let manifest = read(&format!("a: b\r\n# {long}\nc: d"));
    assert_eq!(manifest.line_text(1), "a: b");
    assert_eq!(manifest.line_text(2).chars().count(), MAX_LINE_CHARS);
    assert_eq!(manifest.line_text(3), "c: d");
    assert_eq!((manifest.line_text(0), manifest.line_text(99)), ("", ""));
    let rest = manifest.line_from(2, 4);
    assert_eq!(rest.chars().count(), MAX_LINE_CHARS);
    assert_eq!(manifest.line_from(2, 4 + MAX_LINE_CHARS), "éééé");
    for (line, column) in [(0, 1), (1, 99), (99, 1), (2, usize::MAX)] {
        assert_eq!(manifest.line_from(line, column), "", "{line}:{column}");
    }
}

#[test]
fn nesting_in_trees_stays_below_their_limit() {
    let limits = Limits {
        depth: usize::MAX,
        ..Limits::default()
    };
    let text = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    for (depth, fits) in [(MAX_DEPTH - 2, true), (MAX_DEPTH - 1, false)] {
        let manifest = Manifest::read(text(depth).as_bytes(), &limits).unwrap();
        let document = manifest.documents()[0].as_ref();
        assert_eq!(document.is_ok(), fits);
        assert!(document.is_err() || document.is_ok_and(|d| d.root() == d.root()));
    }
}

fn read(text: &str) -> Manifest {
    Manifest::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn errors(text: &str) -> Vec<DocumentError> {
    let manifest = read(text);
    let documents = manifest.documents().iter();
    documents
        .filter_map(|document| document.clone().err())
        .collect()
}

/// What a file is: `document:line kind` of every object, and every error.
fn kinds(text: &str) -> String {
    let mut found = Vec::new();
    for document in read(text).documents() {
        match document {
            Err(error) => found.push(error.to_string()),
            Ok(document) => {
                let index = document.index();
                found.extend(document.entries().iter().map(|entry| show(index, entry)));
            }
        }
    }
    found.join(", ")
}

fn show(index: usize, entry: &Entry) -> String {
    let at = |path: &gatehouse_abi::Path| match path.segments() {
        [] => String::new(),
        _ => format!(" at {path}"),
    };
    match entry {
        Entry::Object(object) => {
            format!(
                "{index}:{} {}{}",
                object.line(),
                object.kind(),
                at(object.path())
            )
        }
        Entry::NotKubernetes { path, span } => {
            format!("not Kubernetes{} line {}", at(path), span.line)
        }
    }
}

trait Fill {
    fn fill(&self, before: &str, separator: &str) -> String;
}

impl Fill for str {
    /// The line after both texts, for `LAST`.
    fn fill(&self, before: &str, separator: &str) -> String {
        let lines = before.lines().count() + separator.lines().count() + 1;
        self.replace("LAST", &lines.to_string())
    }
}
