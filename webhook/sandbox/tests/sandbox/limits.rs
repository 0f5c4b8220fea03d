use gatehouse_sandbox::{BadAnswer, Failure, Limits, LoadError, Sandbox, SandboxError, Size, Trap};

use crate::support::*;

const FINDING: &str = r#"{"code":"seen","path":"","message":"m"}"#;
const NEED: &str = r#"{"fact":"namespace","key":"shop"}"#;

#[test]
fn the_defaults_are_those_of_the_design() {
    let limits = Limits::default();
    assert_eq!(limits.evaluate_time.as_millis(), 20);
    assert_eq!(limits.memory, 512 * 65536);
    assert_eq!(
        (limits.give_up_after, limits.give_up_for.as_secs()),
        (5, 10)
    );
}

#[test]
fn a_limit_of_zero_is_refused_by_name() {
    let limits = Limits {
        instances: 0,
        ..Limits::default()
    };
    let error = Sandbox::new(limits).unwrap_err();
    assert_eq!(error, SandboxError::ZeroLimit("instances"));
    assert_eq!(error.to_string(), "the limit `instances` must not be zero");
}

#[test]
fn a_module_may_be_as_large_as_the_limit() {
    let wasm = wasm("silent");
    let with_limit = |limit| sandbox(|limits| limits.module = limit).load(&wasm);
    assert!(with_limit(wasm.len()).is_ok());
    let error = with_limit(wasm.len() - 1).unwrap_err();
    let (found, limit) = (wasm.len() as u64, wasm.len() as u64 - 1);
    assert_eq!(
        error,
        LoadError::TooLarge {
            what: Size::Module,
            found,
            limit
        }
    );
    let words = format!("has a file size in bytes of {found}, more than the limit of {limit}");
    assert_eq!(error.to_string(), words);
}

#[test]
fn a_module_may_start_with_as_much_memory_as_the_limit() {
    let with_limit = |limit| sandbox(|limits| limits.memory = limit).load(&wasm("silent"));
    assert!(with_limit(2 << 16).is_ok());
    let too_large = LoadError::TooLarge {
        what: Size::Memory,
        found: 2 << 16,
        limit: 1 << 16,
    };
    assert_eq!(with_limit(1 << 16).unwrap_err(), too_large);
}

#[test]
fn memory_may_grow_up_to_the_limit() {
    assert_eq!(evaluate("grows", "512"), Ok(None));
    assert_eq!(configure("grows", "512"), Ok(vec![]));
    let failure = Failure::OutOfMemory { limit: 512 * 65536 };
    assert_eq!(evaluate("grows", "513"), Err(failure.clone()));
    assert_eq!(configure("grows", "513"), Err(failure));
}

#[test]
fn a_policy_that_makes_do_with_less_memory_is_not_to_blame() {
    assert_eq!(evaluate("grows-in-vain", "null"), Ok(None));
}

#[test]
fn inputs_that_no_memory_could_hold_are_not_copied() {
    let sandbox = sandbox(|limits| limits.memory = 2 << 16);
    let policy = policy(&sandbox, "silent", "null");
    let text = |len| tree(&format!("\"{}\"", "x".repeat(len)));
    let evaluate = |len| policy.evaluate(&text(len), &tree("null"), None);
    // The room of `silent` is its second page; 16 bytes a tree besides the text, two of them `null`.
    assert_eq!(evaluate(65536 - 3 * 16), Ok(None));
    let outside = BadAnswer::RoomOutOfRange {
        ptr: 65536,
        len: 65544,
        memory: 131072,
    };
    assert_eq!(evaluate(65536 - 3 * 16 + 1), Err(outside.into()));
    assert_eq!(
        evaluate(131072),
        Err(Failure::OutOfMemory { limit: 131072 })
    );
}

#[test]
fn a_table_may_grow_up_to_the_limit() {
    assert_eq!(evaluate("grows-its-table", "10000"), Ok(None));
    let failure = Failure::OutOfTable { limit: 10_000 };
    assert_eq!(evaluate("grows-its-table", "10001"), Err(failure));
}

#[test]
fn calls_may_nest_as_deeply_as_the_stack_allows() {
    let with_stack = |stack| {
        let sandbox = sandbox(|limits| limits.stack = stack);
        run(&policy(&sandbox, "recurses", "2000"))
    };
    assert_eq!(with_stack(256 << 10), Ok(None));
    assert_eq!(
        with_stack(16 << 10),
        Err(Failure::Trapped(Trap::StackOverflow))
    );
}

#[test]
fn an_answer_may_be_as_long_as_the_limit() {
    let text = format!("{{\"findings\":[{FINDING}]}}");
    let settings = serde_json::to_string(&text).unwrap();
    let with_limit = |limit| {
        let sandbox = sandbox(|limits| limits.answer = limit);
        let policy = policy(&sandbox, "echoes", &settings);
        run(&policy).map(|answer| answer.is_some())
    };
    assert_eq!(with_limit(text.len()), Ok(true));
    let (len, limit) = (text.len() as u32, text.len() - 1);
    assert_eq!(
        with_limit(limit),
        Err(BadAnswer::TooLong { len, limit }.into())
    );
}

#[test]
fn an_answer_may_have_as_many_items_as_the_limit() {
    let sandbox = sandbox(|limits| (limits.findings, limits.needs) = (3, 2));
    let run = |list: &str, item: &str, items: usize| {
        let text = format!("{{\"{list}\":[{}]}}", vec![item; items].join(","));
        let settings = serde_json::to_string(&text).unwrap();
        run(&policy(&sandbox, "echoes", &settings)).map(|answer| answer.is_some())
    };
    let too_many = |what, found, limit| Err(BadAnswer::TooMany { what, found, limit }.into());
    assert_eq!(run("findings", FINDING, 3), Ok(true));
    assert_eq!(run("findings", FINDING, 4), too_many("findings", 4, 3));
    assert_eq!(run("need", NEED, 2), Ok(true));
    assert_eq!(run("need", NEED, 3), too_many("needs", 3, 2));
}

#[test]
fn settings_may_have_as_many_mistakes_as_the_limit() {
    let sandbox = sandbox(|limits| limits.findings = 2);
    let configure = |mistakes: usize| {
        let text = vec![r#"{"path":"","message":"m"}"#; mistakes].join(",");
        let settings = serde_json::to_string(&format!("[{text}]")).unwrap();
        policy(&sandbox, "echoes", &settings)
            .configure()
            .map(|errors| errors.len())
    };
    assert_eq!(configure(2), Ok(2));
    let too_many = BadAnswer::TooMany {
        what: "mistakes",
        found: 3,
        limit: 2,
    };
    assert_eq!(configure(3), Err(too_many.into()));
}
