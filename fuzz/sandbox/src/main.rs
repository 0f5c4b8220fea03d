//! Fuzzes the sandbox's handling of what a module hands it: `gatehouse-fuzz-sandbox SECONDS [SEED]`.
//!
//! Each round makes a module with a memory, a room for its inputs and data that are random, often at or near
//! a border, and calls it often with settings that tell it which pointer and length to answer with. What
//! comes of each call is compared with a model of it. Some rounds damage the module itself: it is refused,
//! or runs within its limits.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers"
)]

mod dice;
mod guest;
mod model;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use gatehouse_abi::tree::TreeBuf;
use gatehouse_sandbox::{Limits, Policy, Sandbox};
use serde_json::{Value, json};

use dice::Dice;
use guest::{Guest, MAX_PAGES, PAGE, answer_bytes};
use model::{Model, same_failure};

/// Calls of one module.
const CALLS: u64 = 64;

/// What a round came to.
#[derive(Default)]
struct Count {
    calls: u64,
    /// Of them those that found or needed something.
    answers: u64,
}

fn main() -> ExitCode {
    let mut numbers = env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (seconds, seed) = match (numbers.next(), numbers.next()) {
        (Some(Ok(seconds)), None) => (seconds, None),
        (Some(Ok(seconds)), Some(Ok(seed))) => (seconds, Some(seed)),
        _ => {
            eprintln!("usage: gatehouse-fuzz-sandbox SECONDS [SEED], of one round alone");
            return ExitCode::from(2);
        }
    };
    match Sandbox::new(limits()) {
        Ok(sandbox) => fuzz(&sandbox, Duration::from_secs(seconds), seed),
        Err(error) => {
            eprintln!("gatehouse-fuzz-sandbox: {error}");
            ExitCode::from(2)
        }
    }
}

/// Small, so that their borders are near.
fn limits() -> Limits {
    Limits {
        memory: MAX_PAGES * PAGE,
        instances: 1,
        answer: 40_000,
        findings: 4,
        needs: 4,
        ..Limits::default()
    }
}

fn fuzz(sandbox: &Sandbox, time: Duration, only: Option<u64>) -> ExitCode {
    let start = Instant::now();
    let mut seed = only.unwrap_or_else(random_seed);
    let (mut calls, mut answers) = (0, 0);
    loop {
        let told = catch_unwind(AssertUnwindSafe(|| round(sandbox, seed)));
        match told.unwrap_or_else(|_| Err("a panic, see above".to_owned())) {
            Ok(count) => {
                calls += count.calls;
                answers += count.answers;
            }
            Err(problem) => {
                println!("sandbox: CRASH\n  {problem}\n  again: gatehouse-fuzz-sandbox 0 {seed}");
                return ExitCode::FAILURE;
            }
        }
        if only.is_some() || start.elapsed() >= time {
            break;
        }
        seed = seed.wrapping_add(1);
    }
    let took = start.elapsed().as_secs();
    println!("sandbox: {calls} executions in {took} s, {answers} of them answers, no crash");
    ExitCode::SUCCESS
}

fn random_seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_nanos() as u64)
}

/// One module and its calls.
fn round(sandbox: &Sandbox, seed: u64) -> Result<Count, String> {
    let mut dice = Dice::new(seed);
    let guest = Guest::random(&mut dice);
    if dice.one_in(8) {
        run_damaged(sandbox, guest.wasm(), &mut dice);
        return Ok(Count {
            calls: 1,
            answers: 0,
        });
    }
    let module = sandbox.load(&guest.wasm());
    let module = module.map_err(|error| format!("the module {error}: {guest:?}"))?;
    let mut answers = 0;
    for _ in 0..CALLS {
        let (request, settings, facts) = documents(&guest, &mut dice);
        let policy = Policy::new(module.clone(), settings.clone());
        let documents = [&request, &settings, &facts];
        let answered = compare(&guest, sandbox.limits(), &policy, documents)?;
        answers += u64::from(answered);
    }
    Ok(Count {
        calls: 2 * CALLS,
        answers,
    })
}

/// Calls both exports; whether the policy had something to say.
fn compare(
    guest: &Guest,
    limits: &Limits,
    policy: &Policy,
    documents: [&TreeBuf; 3],
) -> Result<bool, String> {
    let [request, settings, facts] = documents;
    let got = policy.configure();
    let wanted = Model::new(guest, limits).configure(settings);
    same(&got, &wanted, guest, settings)?;
    let got = policy.evaluate(request, facts, None);
    let wanted = Model::new(guest, limits).evaluate(documents);
    same(&got, &wanted, guest, settings)?;
    Ok(got.is_ok_and(|answer| answer.is_some()))
}

fn same<T: PartialEq + std::fmt::Debug>(
    got: &Result<T, gatehouse_sandbox::Failure>,
    wanted: &Result<T, gatehouse_sandbox::Failure>,
    guest: &Guest,
    settings: &TreeBuf,
) -> Result<(), String> {
    let same = match (got, wanted) {
        (Err(got), Err(wanted)) => same_failure(got, wanted),
        _ => got == wanted,
    };
    let settings = settings.root().to_value();
    let problem = || format!("got {got:?}, not {wanted:?}, of {guest:?} with settings {settings}");
    same.then_some(()).ok_or_else(problem)
}

/// A request, settings and facts. The settings are what the guest answers with, and a text that it may
/// point at.
fn documents(guest: &Guest, dice: &mut Dice) -> (TreeBuf, TreeBuf, TreeBuf) {
    let request = tree(&json!({"object": {"a": "é".repeat(dice.below(20))}}));
    let facts = tree(&json!({"namespace": {"shop": dice.below(1000)}}));
    let text = String::from_utf8_lossy(&answer_bytes(dice)).into_owned();
    let returned = returned(guest, &request, &text, dice);
    let settings = tree(&json!([returned.cast_signed(), text]));
    (request, settings, facts)
}

/// A pointer and a length: of the settings' text, of the guest's data, of nothing; sometimes not quite.
fn returned(guest: &Guest, request: &TreeBuf, text: &str, dice: &mut Dice) -> u64 {
    // a tree's text stands after its header and, in the settings, four words
    let text_at = |settings: u32| settings.wrapping_add(8 + 4 * 8);
    let settings = guest
        .room
        .wrapping_add(request.byte_len().next_multiple_of(8) as u32);
    let end = (guest.pages * PAGE) as u32;
    let places = [
        (text_at(settings), text.len() as u32),
        // of `configure`, which gets no request
        (text_at(guest.room), text.len() as u32),
        (guest.data_at as u32, guest.data.len() as u32),
        (
            dice.near(&[0, settings, end, u32::MAX]),
            dice.near(&[0, 8, 40_000, u32::MAX]),
        ),
    ];
    let (ptr, len) = dice.choose(&places);
    let mut shift = |number: u32| match dice.below(6) {
        0 => number.wrapping_add(dice.below(5) as u32).wrapping_sub(2),
        _ => number,
    };
    let returned = u64::from(shift(ptr)) << 32 | u64::from(shift(len));
    if dice.one_in(50) { 0 } else { returned }
}

fn tree(value: &Value) -> TreeBuf {
    // the values here are small
    TreeBuf::from_value(value).unwrap_or_default()
}

/// Loads a module some of whose bytes were changed, and runs it if it loads.
fn run_damaged(sandbox: &Sandbox, mut wasm: Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(wasm.len());
        if let Some(byte) = wasm.get_mut(at) {
            *byte = dice.next() as u8;
        }
    }
    let null = tree(&Value::Null);
    if let Ok(module) = sandbox.load(&wasm) {
        let policy = Policy::new(module, tree(&json!([1_i64 << 32, "text"])));
        let _ = (policy.configure(), policy.evaluate(&null, &null, None));
    }
}
