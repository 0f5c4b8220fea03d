//! `gatehouse check` of files that are no manifests, or want to be its end.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
};

use support::Folder;

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostNetwork: true
  containers: [{name: app, image: nginx}]
";

/// Nine lists, each of nine times the one before it.
fn laughs() -> String {
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (outer, inner) in ('b'..='i').zip('a'..) {
        let nine = vec![format!("*{inner}"); 9].join(", ");
        laughs += &format!("{outer}: &{outer} [{nine}]\n");
    }
    laughs
}

/// The same with mappings that take in the one before it under many keys.
fn merges() -> String {
    let keys: String = (0..1000).map(|i| format!("k{i}: v, ")).collect();
    let merged = "- <<: *a\n".repeat(10_000);
    format!("a: &a {{{keys}}}\nb:\n{merged}")
}

fn utf_16(mark: &[u8]) -> Vec<u8> {
    let units = POD.encode_utf16().flat_map(u16::to_le_bytes);
    mark.iter().copied().chain(units).collect()
}

/// A folder with a pod that is refused between files that cannot be read.
fn bad_files() -> Folder {
    let files: [(&str, Vec<u8>); 25] = [
        ("anchor-in-itself.yaml", b"a: &a [*a]\n".into()),
        ("anchor-merges-itself.yaml", b"a: &a\n  <<: *a\n".into()),
        ("anchor-missing.yaml", b"a: *b\n".into()),
        ("bomb-of-aliases.yaml", laughs().into()),
        (
            "bomb-of-brackets.yaml",
            "a: ".bytes().chain([b'['; 500_000]).collect(),
        ),
        (
            "bomb-of-lists.yaml",
            format!("a:\n {}", "- ".repeat(500_000)).into(),
        ),
        ("bomb-of-merges.yaml", merges().into()),
        ("bomb-of-objects.json", "{\"a\":".repeat(500_000).into()),
        ("documents.yaml", "a: 1\n---\n".repeat(10_001).into()),
        (
            "duplicate.json",
            b"{\"kind\": \"Pod\",\n \"kind\": \"Job\"}".into(),
        ),
        ("duplicate.yaml", b"spec:\n  a: 1\n  b: 2\n  a: 3\n".into()),
        ("empty.yaml", b"".into()),
        ("executable.yaml", b"\x7fELF\x02\x01\x01\0\0\0".into()),
        ("latin-1.yaml", b"metadata: {name: caf\xe9}\n".into()),
        ("list.yaml", b"- a\n- b\n".into()),
        ("number.yaml", b"42\n".into()),
        ("only-comments.yaml", b"# a\n---\n# b\n".into()),
        ("picture.yaml", b"\x89PNG\r\n\x1a\n".into()),
        (
            "template.yaml",
            b"metadata:\n  name: {{ .Values.name }}\n".into(),
        ),
        ("text.yaml", b"\x1b[31mno such page".into()),
        ("truncated.json", b"{\"kind\": \"Pod\",".into()),
        ("unclosed.yaml", b"a: [b\nc: 'd\n".into()),
        ("utf-16-without-mark.yaml", utf_16(b"")),
        ("utf-16.yaml", utf_16(b"\xff\xfe")),
        ("web.yaml", POD.into()),
    ];
    let folder = Folder::with(&[]);
    for (name, bytes) in files {
        fs::write(folder.path(name), bytes).unwrap();
    }
    let large = fs::File::create(folder.path("large.yaml")).unwrap();
    large.set_len(100_000_000).unwrap();
    folder
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_judged() {
    let folder = bad_files();
    let run = folder.run(&["check", "."]);
    assert_eq!(run.code(), 2);
    assert!(
        run.out().starts_with("Pod web is refused, "),
        "{}",
        run.out()
    );
    assert!(
        run.out().ends_with("\n1 object: 1 refused\n"),
        "{}",
        run.out()
    );
    let errors = run.out().lines().filter(|line| line.starts_with("error"));
    insta::assert_snapshot!(errors.collect::<Vec<_>>().join("\n"), @r"
    error: anchor-in-itself.yaml: line 1, column 8: the value of this anchor contains itself
    error: anchor-merges-itself.yaml: line 2, column 7: the value of this anchor contains itself
    error: anchor-missing.yaml: line 1, column 4: not valid YAML: an alias whose anchor does not stand above it in this document: put text that begins with `*` in quotes
    error: bomb-of-aliases.yaml: line 6, column 16: aliases add more than 4194304 bytes
    error: bomb-of-brackets.yaml: line 1, column 105: lists and objects are nested deeper than 100 levels
    error: bomb-of-lists.yaml: line 2, column 200: lists and objects are nested deeper than 100 levels
    error: bomb-of-merges.yaml: line 203, column 7: aliases add more than 4194304 bytes
    error: bomb-of-objects.json: line 1, column 501: lists and objects are nested deeper than 100 levels
    error: documents.yaml: the file has more than 10000 documents
    error: duplicate.json: line 2, column 2: duplicate key `kind`, already on line 1
    error: duplicate.yaml: line 4, column 3: duplicate key `a`, already on line 2
    error: empty.yaml: the file has no document: it is empty or has only comments
    error: executable.yaml: not a text file: a NUL character at line 1, column 8
    error: large.yaml: the file is larger than 16777216 bytes
    error: latin-1.yaml: not UTF-8 text: line 1, column 21
    error: list.yaml: line 1, column 1: a manifest is a mapping, this is a list
    error: number.yaml: line 1, column 1: a manifest is a mapping, this is a number
    error: only-comments.yaml: the file has no document: it is empty or has only comments
    error: picture.yaml: not UTF-8 text: line 1, column 1
    error: template.yaml: line 2, column 10: `{{` looks like a template: render it first and check the result
    error: text.yaml: line 1, column 1: not valid YAML: `\u{1b}` cannot begin a value: put the text in quotes
    error: truncated.json: line 2, column 1: not valid JSON: the text ends in the middle of a list or object
    error: unclosed.yaml: line 2, column 2: not valid YAML: `:` cannot stand here: check the indentation, or put the text in quotes
    error: utf-16-without-mark.yaml: not a text file: a NUL character at line 1, column 2
    error: utf-16.yaml: the text is UTF-16 or UTF-32: save it as UTF-8
    ");
}

#[test]
fn every_output_tells_of_every_file() {
    let folder = bad_files();
    let files = fs::read_dir(folder.path("")).unwrap();
    let files: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    for output in ["text", "json", "sarif", "junit", "github"] {
        let run = folder.run(&["check", "--output", output, "."]);
        assert_eq!(run.code(), 2, "{output}");
        for file in &files {
            assert!(run.out().contains(&**file), "{output}: {file}");
        }
    }
}

#[test]
fn text_that_only_looks_odd_is_judged() {
    let comment = format!("# {}\n{POD}", "x".repeat(10_000_000));
    let pods = [
        ("long-line.yaml", comment),
        ("mark.yaml", format!("\u{feff}{POD}")),
        ("windows.yaml", POD.replace('\n', "\r\n")),
        ("no-last-line-break.yaml", POD.trim_end().to_owned()),
    ];
    for (name, pod) in pods {
        let run = Folder::with(&[(name, &pod)]).run(&["check", name]);
        assert_eq!(run.code(), 1, "{name}: {}", run.out());
        assert!(run.out().ends_with("1 object: 1 refused\n"), "{name}");
    }
}

#[test]
fn nothing_where_something_was_expected_is_an_error() {
    let folder = Folder::with(&[("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n")]);
    fs::create_dir(folder.path("charts")).unwrap();
    let said = ["-", "list.yaml", "charts", "missing", "*.json", "[", "a**"].map(|path| {
        let run = folder.run(&["check", path]);
        assert_eq!(run.code(), 2, "{path}");
        run.out().lines().next().unwrap().to_owned()
    });
    insta::assert_snapshot!(said.join("\n"), @"
    error: <stdin>: the file has no document: it is empty or has only comments
    error: list.yaml: there is no Kubernetes object in it
    error: charts: no file in it ends in .yaml, .yml or .json
    error: missing: there is no such file or folder
    error: *.json: no file matches it
    error: [: it is no pattern: invalid range pattern
    error: a**: it is no pattern: recursive wildcards must form a single path component
    ");
}

/// Reading them might never end, so that nobody would hear of the others.
#[test]
fn what_is_no_file_is_left_alone() {
    let folder = Folder::with(&[("web.yaml", POD)]);
    fs::create_dir(folder.path("base")).unwrap();
    for (link, target) in [
        ("device.yaml", "/dev/zero"),
        ("gone.yaml", "nowhere.yaml"),
        ("itself.yaml", "itself.yaml"),
        ("folder.yaml", "base"),
        ("up", ".."),
    ] {
        symlink(target, folder.path(link)).unwrap();
    }
    let pipe = Command::new("mkfifo")
        .arg(folder.path("pipe.yaml"))
        .status();
    assert!(pipe.unwrap().success());
    let (all, some) = (
        folder.run(&["check", "."]),
        folder.run(&["check", "*.yaml"]),
    );
    for run in [&all, &some] {
        assert_eq!(run.code(), 2);
        assert!(
            run.out().ends_with("\n1 object: 1 refused\n"),
            "{}",
            run.out()
        );
    }
    let errors = |run: &support::Run| {
        let errors = run.out().lines().filter(|line| line.starts_with("error"));
        errors.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(errors(&all), @"
    error: device.yaml: it is a pipe, a socket or a device, which is read only if it is named itself
    error: folder.yaml: it is a link to a folder, and those are not followed: name the folder itself
    error: gone.yaml: there is no such file or folder
    error: itself.yaml: it cannot be read: too many levels of symbolic links
    error: pipe.yaml: it is a pipe, a socket or a device, which is read only if it is named itself
    ");
    // a pattern has a name for the link
    let others = |line: &&str| !line.contains("folder.yaml");
    let all = errors(&all);
    let found: Vec<_> = all.lines().filter(others).collect();
    assert_eq!(errors(&some), found.join("\n"));
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let folder = Folder::with(&[("web.yaml", POD)]);
    let script = format!(
        "exec '{}' check <(cat web.yaml)",
        env!("CARGO_BIN_EXE_gatehouse")
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir(folder.path(""));
    let output = command.output().unwrap();
    assert!(output.stdout.ends_with(b"\n1 object: 1 refused\n"));
}

#[test]
fn folders_without_an_end_hide_no_others() {
    let folder = Folder::with(&[("web.yaml", POD)]);
    let deep = (0..33).fold(folder.path(""), |path, _| path.join("d"));
    fs::create_dir_all(&deep).unwrap();
    let run = folder.run(&["check", "."]);
    assert_eq!(run.code(), 2);
    assert!(
        run.out().contains("/d: folders nest deeper than 32\n"),
        "{}",
        run.out()
    );
    assert!(
        run.out().ends_with("\n1 object: 1 refused\n"),
        "{}",
        run.out()
    );
}

/// What runs with its output somewhere else.
fn ended(folder: &Folder, args: &[&str], out: Stdio, err: Stdio) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.args(args).current_dir(folder.path(""));
    let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
    child.unwrap().wait_with_output().unwrap()
}

/// A pipe that nobody reads any more.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_stops_changes_no_verdict_and_is_no_error() {
    let policy = "\
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: pods}
spec: {module: 'builtin:pod-security', facts: [namespace], settings: {level: privileged}}
";
    let folder = Folder::with(&[("web.yaml", POD), ("old", policy)]);
    let check: &[&[&str]] = &[
        &["--output", "text"],
        &["--output", "text", "--color", "always"],
        &["--output", "json"],
        &["--output", "sarif"],
        &["--output", "junit"],
        &["--output", "github"],
        &["--diff"],
        &["--against", "old"],
        &["--against", "old", "--output", "json"],
    ];
    for args in check {
        let args = [&["check"], *args, &["web.yaml"]].concat();
        let output = ended(&folder, &args, broken_pipe(), Stdio::piped());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(
            !said.contains("error") && !said.contains("panic"),
            "{args:?}: {said}"
        );
    }
    for args in [
        &["explain"][..],
        &["explain", "host-pid"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let output = ended(&folder, args, broken_pipe(), Stdio::piped());
        assert_eq!(
            (output.status.code(), &*output.stderr),
            (Some(0), &b""[..]),
            "{args:?}"
        );
    }
}

#[test]
fn a_mistake_that_nobody_reads_of_keeps_its_code() {
    let folder = Folder::with(&[]);
    for args in [
        &["check", "--config", "missing", "-"][..],
        &["explain", "missing"],
        &["chekc"],
    ] {
        let output = ended(&folder, args, Stdio::null(), broken_pipe());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = Folder::with(&[("web.yaml", POD)]);
    for args in [
        &["check", "web.yaml"][..],
        &["check", "--output", "json", "web.yaml"],
        &["explain"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = ended(&folder, args, full.into(), Stdio::piped());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            said,
            "error: the result could not be written: no space left on device\n"
        );
    }
}

/// Every registry may have been asked by then.
#[test]
fn a_record_that_cannot_be_written_costs_no_report() {
    let folder = Folder::with(&[("web.yaml", POD)]);
    for (record, why) in [
        ("no/facts.json", "there is no such folder"),
        (".", "it is a folder"),
        ("/dev/full", "no space left on device"),
    ] {
        for fix in [&[][..], &["--diff"]] {
            let args = [&["check", "--record", record], fix, &["web.yaml"]].concat();
            let run = folder.run(&args);
            assert_eq!(run.code(), 2, "{record}");
            assert!(run.out().contains("hostNetwork: true"), "{}", run.out());
            let last = run.err().lines().last().unwrap();
            let expected = format!("error: {record}: it cannot be written: {why}");
            assert_eq!(last, expected);
        }
    }
}

#[test]
fn files_of_facts_that_cannot_be_read_are_said() {
    let folder = Folder::with(&[("web.yaml", POD)]);
    let said = ["none.json", "."].map(|facts| {
        let run = folder.run(&["check", "--facts", facts, "web.yaml"]);
        assert_eq!((run.code(), run.out()), (2, ""), "{facts}");
        run.err().to_owned()
    });
    insta::assert_snapshot!(said.concat(), @r"
    error: none.json: there is no such file or folder
    error: .: it cannot be read: it is a folder
    ");
}

/// Before anything is read: the paths are not there.
#[test]
fn a_comparison_has_no_form_for_programs_but_json() {
    let folder = Folder::with(&[]);
    for output in ["sarif", "junit", "github"] {
        let args = ["check", "--against", "none", "--output", output, "none"];
        let run = folder.run(&args);
        assert_eq!((run.code(), run.out()), (2, ""), "{output}");
        assert_eq!(run.err(), "error: --against writes text or json\n");
    }
}
