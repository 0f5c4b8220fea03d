//! Every limit from both sides, hostile files, and how long reading takes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::time::{Duration, Instant};

use gatehouse_manifest::{FileError, Limit, Limits, Manifest, Problem};

#[test]
fn file_size() {
    let limits = Limits {
        file_bytes: 8,
        ..Limits::default()
    };
    assert!(Manifest::read(b"a: 12345", &limits).is_ok());
    let error = Manifest::read(b"a: 123456", &limits).unwrap_err();
    assert_eq!(error, FileError::Limit(Limit::FileBytes(8)));
    assert_eq!(error.to_string(), "the file is larger than 8 bytes");
}

#[test]
fn a_file_of_100_megabytes_is_refused_unread() {
    let text = vec![b'['; 100_000_000];
    let start = Instant::now();
    let error = Manifest::read(&text, &Limits::default()).unwrap_err();
    assert_eq!(error, FileError::Limit(Limit::FileBytes(16 << 20)));
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[test]
fn documents() {
    let limits = Limits {
        documents: 3,
        ..Limits::default()
    };
    for three in ["a: 1\n---\n---\nb: 1\n", "{\"a\":1}{\"a\":2}{\"a\":3}"] {
        assert!(Manifest::read(three.as_bytes(), &limits).is_ok());
    }
    for four in [
        "a: 1\n---\n---\nb: 1\n---\nc: [\n",
        "{\"a\":1}{\"a\":2}{\"a\":3}{\"a\":4}",
    ] {
        let error = Manifest::read(four.as_bytes(), &limits).unwrap_err();
        assert_eq!(error, FileError::Limit(Limit::Documents(3)));
        assert_eq!(error.to_string(), "the file has more than 3 documents");
    }
}

#[test]
fn depth() {
    let limits = Limits {
        depth: 5,
        ..Limits::default()
    };
    for fits in [
        "a: {b: {c: [[1]]}}",
        "{\"a\":{\"b\":{\"c\":[[1]]}}}",
        "a:\n- - - - 1\n",
    ] {
        assert_eq!(problem(fits, &limits), None, "{fits}");
    }
    for deep in [
        "a: {b: {c: [[[1]]]}}",
        "{\"a\":{\"b\":{\"c\":[[[]]]}}}",
        "a:\n- - - - - 1\n",
    ] {
        assert_eq!(
            problem(deep, &limits),
            Some(Limit::Depth(5).into()),
            "{deep}"
        );
    }
    // through aliases as well
    let aliases = |levels| {
        format!(
            "a: &a {}1{}\nb: [[*a]]\n",
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert_eq!(problem(&aliases(2), &limits), None);
    let crossed = problem(&aliases(3), &limits).unwrap();
    assert_eq!(
        crossed.to_string(),
        "lists and objects are nested deeper than 5 levels"
    );
}

#[test]
fn values() {
    let limits = Limits {
        values: 6,
        ..Limits::default()
    };
    for fits in [
        "a: [1, 2, 3, 4]",
        "{\"a\": [1, 2, 3, 4]}",
        "a: &a [1]\nb: *a\n",
    ] {
        assert_eq!(problem(fits, &limits), None, "{fits}");
    }
    for many in [
        "a: [1, 2, 3, 4, 5]",
        "{\"a\": [1, 2, 3, 4, 5]}",
        "a: &a [1, 2]\nb: *a\n",
    ] {
        let problem = problem(many, &limits).unwrap();
        assert_eq!(problem, Limit::Values(6).into(), "{many}");
        assert_eq!(problem.to_string(), "the file has more than 6 values");
    }
}

#[test]
fn alias_bytes() {
    // a repeated text costs its bytes and 16
    let limits = Limits {
        alias_bytes: 2 * 20,
        ..Limits::default()
    };
    assert_eq!(problem("a: &a text\nb: [*a, *a]\n", &limits), None);
    let problem = problem("a: &a text\nb: [*a, *a, *a]\n", &limits).unwrap();
    assert_eq!(problem, Limit::AliasBytes(40).into());
    assert_eq!(problem.to_string(), "aliases add more than 40 bytes");
}

/// What one document took is not there for the next; what a refused one took is.
#[test]
fn budgets_are_those_of_the_file() {
    let limits = Limits {
        values: 10,
        ..Limits::default()
    };
    let text = "a: [1, 2, 3]\n---\na: [1, 2, 3, 4, 5, 6]\n---\na: [1, 2]\n---\na: [1, 2]\n";
    let manifest = Manifest::read(text.as_bytes(), &limits).unwrap();
    let read: Vec<bool> = manifest.documents().iter().map(Result::is_ok).collect();
    assert_eq!(read, [true, false, true, false]);
}

#[test]
fn bombs_do_not_explode() {
    let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (outer, inner) in ('b'..='i').zip('a'..='h') {
        let aliases = vec![format!("*{inner}"); 9].join(", ");
        laughs += &format!("{outer}: &{outer} [{aliases}]\n");
    }
    assert!(matches!(
        refused(&laughs),
        Problem::Limit(Limit::AliasBytes(_))
    ));
    let keys: String = (0..1000).map(|i| format!("k{i}: v, ")).collect();
    let merges = format!("a: &a {{{keys}}}\nb:\n{}", "- <<: *a\n".repeat(10_000));
    assert!(matches!(
        refused(&merges),
        Problem::Limit(Limit::AliasBytes(_))
    ));
    for deep in ["[", "{a: ", "- ", "{\"a\":"] {
        let problem = refused(&format!("a:\n {}", deep.repeat(500_000)));
        assert_eq!(problem, Limit::Depth(100).into(), "{deep}");
    }
    assert_eq!(
        refused(&"{\"a\":".repeat(500_000)),
        Limit::Depth(100).into()
    );
    let values = format!("a: [{}1]", "1,".repeat(3_000_000));
    assert_eq!(refused(&values), Limit::Values(2_000_000).into());
}

#[test]
fn many_anchors_are_no_bomb() {
    let anchors: String = (0..100_000).map(|i| format!("- &x{i} {i}\n")).collect();
    let aliases: String = (0..100_000).map(|i| format!("- *x{i}\n")).collect();
    assert_eq!(
        problem(&format!("a:\n{anchors}b:\n{aliases}"), &Limits::default()),
        None
    );
}

/// 5,000 Deployments in well under 2 s; measured: 0.2 s of one core, two thirds of it in the YAML parser. The best
/// of five runs counts, because tests run beside each other.
#[test]
fn small_manifests_are_read_fast() {
    let text = include_str!("deployment.yaml");
    let run = |_| {
        let start = Instant::now();
        (0..1_000).for_each(|_| assert_eq!(problem(text, &Limits::default()), None));
        start.elapsed() * 5
    };
    let best = (0..5).map(run).min().unwrap();
    println!("5,000 manifests of {} bytes: {best:?}", text.len());
    assert!(best < Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 }));
}

fn refused(text: &str) -> Problem {
    problem(text, &Limits::default()).unwrap()
}

/// What is wrong with the first document.
fn problem(text: &str, limits: &Limits) -> Option<Problem> {
    let manifest = Manifest::read(text.as_bytes(), limits).unwrap();
    let document = manifest.documents()[0].as_ref();
    document.err().map(|error| error.problem.clone())
}
