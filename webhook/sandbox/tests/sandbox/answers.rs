use gatehouse_abi::{Answer, Need, Path, SettingsError};
use gatehouse_sandbox::{BadAnswer, Failure, Policy, Sandbox};
use proptest::prelude::*;
use std::sync::LazyLock;

use crate::support::*;

const FINDING: &str = r#"{"code":"seen","path":"spec","message":"m"}"#;

#[test]
fn findings_and_needs_are_handed_on() {
    let Ok(Some(Answer::Judged { findings, .. })) =
        answer(&format!("{{\"findings\":[{FINDING}]}}"))
    else {
        panic!("findings expected");
    };
    assert_eq!(findings[0].path, Path::dotted("spec"));
    let needs = vec![Need::new("namespace", "shop")];
    assert_eq!(
        answer(r#"{"need":[{"fact":"namespace","key":"shop"}]}"#),
        Ok(Some(Answer::Need(needs)))
    );
}

#[test]
fn no_findings_are_silence() {
    assert_eq!(answer(r#"{"findings":[]}"#), Ok(None));
}

#[test]
fn settings_errors_are_handed_on() {
    let error = SettingsError {
        path: Path::dotted("level"),
        message: "there is no level `x`".into(),
    };
    let text = r#"[{"path":"level","message":"there is no level `x`"}]"#;
    let settings = serde_json::to_string(text).unwrap();
    assert_eq!(configure("echoes", &settings), Ok(vec![error]));
    assert_eq!(configure("echoes", r#""[]""#), Ok(vec![]));
}

#[test]
fn what_is_no_answer_is_refused() {
    for (text, words) in [
        (
            "",
            "answered with JSON that is not an answer: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{",
            "answered with JSON that is not an answer: EOF while parsing an object at line 1 column 1",
        ),
        (
            "0",
            "answered with JSON that is not an answer: invalid type: integer `0`, expected an object with `need` or `findings` at line 1 column 1",
        ),
        (
            "{}",
            "answered with JSON that is not an answer: neither `need` nor `findings`",
        ),
        (
            r#"{"verdict":"allow"}"#,
            "answered with JSON that is not an answer: unknown field `verdict`, expected one of `need`, `findings`, `unchecked` at line 1 column 10",
        ),
        (
            r#"{"findings":[]} x"#,
            "answered with JSON that is not an answer: trailing characters at line 1 column 17",
        ),
        (r#"{"need":[]}"#, "asked for facts, but for none"),
        (
            r#"{"need":[{"fact":"secret","key":"k"}]}"#,
            "asked for a fact `secret`, a kind that its metadata does not declare",
        ),
        (
            r#"{"findings":[{"code":"other","path":"","message":"m"}]}"#,
            "found `other`, a code that its metadata does not declare",
        ),
    ] {
        let Err(Failure::BadAnswer(bad)) = answer(text) else {
            panic!("`{text}` must be refused");
        };
        assert_eq!(bad.to_string(), words);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = "[".repeat(100_000);
    let text =
        format!(r#"{{"findings":[{{"fix":{{"edits":[{{"op":"set","path":"a","value":{deep}"#);
    assert!(matches!(
        answer(&text),
        Err(Failure::BadAnswer(BadAnswer::NotAnAnswer(_)))
    ));
}

#[test]
fn what_a_module_says_cannot_garble_a_message() {
    let code = "x\u{1b}[2J\u{202e}".to_string() + &"y".repeat(1000);
    let finding = serde_json::json!({"findings": [{"code": code, "path": "", "message": "m"}]});
    let words = answer(&finding.to_string()).unwrap_err().to_string();
    assert!(words.starts_with("found `x[2Jyyy"), "{words}");
    assert!(words.chars().count() < 300, "{words}");
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    // The room begins with the words of the request's tree: 5 of them, which is a control character.
    let at = |ptr: i64, len: i64| evaluate("returns", &(ptr << 32 | len).to_string());
    assert!(matches!(
        at(65536, 8),
        Err(Failure::BadAnswer(BadAnswer::NotAnAnswer(_)))
    ));
    // Its settings, a whole number, are in the memory too: -1 is 8 bytes of 0xff.
    let policy = evaluate("returns", "-1");
    assert!(matches!(
        policy,
        Err(Failure::BadAnswer(BadAnswer::TooLong { .. }))
    ));
}

#[test]
fn documents_are_handed_over_in_one_room() {
    assert_eq!(
        evaluate("checks-its-inputs", r#"{"level":"odd length"}"#),
        Ok(None)
    );
    assert_eq!(
        configure("checks-its-inputs", r#"{"level":"odd length!"}"#),
        Ok(vec![])
    );
}

#[test]
fn a_module_that_reads_json_gets_json() {
    let document = |which: i64| {
        let settings = format!(r#"[{which},{{"findings":[]}}]"#);
        let Err(Failure::BadAnswer(bad)) = evaluate("echoes-json", &settings) else {
            panic!("none of the documents is an answer");
        };
        bad.to_string()
    };
    assert!(
        document(0).contains("unknown field `name`"),
        "{}",
        document(0)
    );
    assert!(
        document(1).contains("sequence") || document(1).contains("expected"),
        "{}",
        document(1)
    );
    assert!(
        document(2).contains("neither `need` nor `findings`"),
        "{}",
        document(2)
    );
    let sandbox = sandbox(|_| {});
    let policy = Policy::new(module(&sandbox, "echoes-json"), tree("[0]"));
    let request = tree(&format!(r#"{{"findings":[{FINDING}]}}"#));
    let answer = policy.evaluate(&request, &tree("null"), None);
    assert!(matches!(answer, Ok(Some(Answer::Judged { .. }))));
    let policy = Policy::new(module(&sandbox, "echoes-json"), tree("[]"));
    assert_eq!(policy.configure(), Ok(vec![]));
}

static SANDBOX: LazyLock<Sandbox> =
    LazyLock::new(|| sandbox(|limits| limits.evaluate_time = PLENTY));

proptest! {
    /// Whatever pointer and length a module returns: silence for 0, otherwise a failure that says what is
    /// wrong with it, and never a byte from outside its memory.
    #[test]
    fn any_pointer_and_length(ptr in pointer(), len in pointer()) {
        let returned = (u64::from(ptr) << 32 | u64::from(len)) as i64;
        let result = run(&policy(&SANDBOX, "returns", &returned.to_string()));
        let limit = SANDBOX.limits().answer as u64;
        match result {
            Ok(answer) => prop_assert!(answer.is_none() && returned == 0),
            Err(Failure::BadAnswer(bad)) => match bad {
                BadAnswer::TooLong { .. } => prop_assert!(u64::from(len) > limit),
                BadAnswer::OutOfRange { .. } => prop_assert!(u64::from(ptr) + u64::from(len) > 131072),
                BadAnswer::NotAnAnswer(_) | BadAnswer::NotText { .. } => {
                    prop_assert!(u64::from(ptr) + u64::from(len) <= 131072)
                }
                other => prop_assert!(false, "{other:?}"),
            },
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

/// Any number, but often one near a border.
fn pointer() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0u32..16,
        65_520u32..65_700,
        131_060u32..131_080,
        (1u32 << 20) - 4..(1 << 20) + 4,
        u32::MAX - 16..=u32::MAX,
    ]
}
