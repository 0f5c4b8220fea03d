use gatehouse_abi::{Input, METADATA_SECTION};
use gatehouse_sandbox::LoadError;
use sha2::{Digest, Sha256};

use crate::support::*;

fn refusal(wasm: &[u8]) -> String {
    sandbox(|_| {}).load(wasm).unwrap_err().to_string()
}

#[test]
fn a_module_says_what_it_is_without_being_run() {
    let module = module(&sandbox(|_| {}), "traps-in-start");
    assert_eq!(module.metadata(), &metadata());
    assert_eq!(module.metadata().input, Input::Tree);
    assert_eq!(
        *module.sha256(),
        <[u8; 32]>::from(Sha256::digest(wasm("traps-in-start")))
    );
    assert!(!module.is_precompiled());
}

#[test]
fn each_mistake_is_named() {
    for (guest, words) in [
        (
            "imports-a-function",
            "imports `env.now`; a policy imports nothing",
        ),
        (
            "imports-a-memory",
            "imports `env.memory`; a policy imports nothing",
        ),
        (
            "imports-a-strange-name",
            "imports `e[31mnv.now`; a policy imports nothing",
        ),
        ("lacks-memory", "does not export `memory`"),
        ("lacks-alloc", "does not export `gatehouse_alloc`"),
        ("lacks-configure", "does not export `gatehouse_configure`"),
        ("lacks-evaluate", "does not export `gatehouse_evaluate`"),
        (
            "memory-is-a-function",
            "exports `memory` as a function () -> (); it must be a memory",
        ),
        (
            "alloc-is-a-global",
            "exports `gatehouse_alloc` as a global; it must be a function (i32) -> i32",
        ),
        (
            "configure-of-another-type",
            "exports `gatehouse_configure` as a function (i64, i64) -> i64; it must be a function (i32, i32) -> i64",
        ),
        (
            "evaluate-of-another-type",
            "exports `gatehouse_evaluate` as a function (i32, i32, i32, i32) -> i64; it must be a function (i32, i32, i32, i32, i32, i32) -> i64",
        ),
        (
            "evaluate-of-two-results",
            "exports `gatehouse_evaluate` as a function (i32, i32, i32, i32, i32, i32) -> (i32, i32); it must be a function (i32, i32, i32, i32, i32, i32) -> i64",
        ),
        (
            "metadata-of-abi-2",
            "was made for version 2 of the policy ABI; this is version 1",
        ),
        (
            "metadata-not-json",
            "has a section `gatehouse.policy` that cannot be read: expected ident at line 1 column 2",
        ),
        (
            "metadata-incomplete",
            "has a section `gatehouse.policy` that cannot be read: missing field `version` at line 1 column 20",
        ),
        (
            "metadata-twice",
            "has the section `gatehouse.policy` more than once",
        ),
        (
            "metadata-missing",
            "has no section `gatehouse.policy`: it is not a policy",
        ),
        (
            "memory-too-large",
            "has an initial memory in bytes of 33619968, more than the limit of 33554432",
        ),
        (
            "table-too-large",
            "has a table size in elements of 10001, more than the limit of 10000",
        ),
        (
            "tables-too-many",
            "has a number of tables of 2, more than the limit of 1",
        ),
    ] {
        assert_eq!(refusal(&wasm(guest)), words, "{guest}");
    }
}

#[test]
fn proposals_that_no_policy_needs_are_off() {
    for (guest, words) in [
        ("proposal-multi-memory", "multiple memories"),
        ("proposal-memory64", "memory64"),
        ("proposal-threads", "threads"),
        ("proposal-simd", "SIMD"),
        ("proposal-tail-call", "tail calls"),
    ] {
        let refusal = refusal(&wasm(guest));
        assert!(
            refusal.starts_with("is not valid: ") && refusal.contains(words),
            "{refusal}"
        );
    }
}

#[test]
fn what_is_not_a_module_is_refused() {
    let component = b"\0asm\x0d\0\x01\0";
    let not_wasm = "is not a WebAssembly module: it does not begin as one";
    for (bytes, words) in [
        (&b""[..], not_wasm),
        (b"\0as", not_wasm),
        (b"\x7fELF\x02\x01\x01\0", not_wasm),
        (b"(module)", not_wasm),
        (
            b"\0asm",
            "is not a WebAssembly module: unexpected end-of-file (at offset 0x4)",
        ),
        (
            component,
            "is not a WebAssembly module: it is a component, not a core module",
        ),
        (
            b"\0asm\x01\0\0\0",
            "has no section `gatehouse.policy`: it is not a policy",
        ),
    ] {
        assert_eq!(refusal(bytes), words);
    }
}

#[test]
fn no_piece_of_a_module_loads() {
    let sandbox = sandbox(|_| {});
    let wasm = wasm("witness");
    for len in 0..wasm.len() {
        assert!(sandbox.load(&wasm[..len]).is_err(), "the first {len} bytes");
    }
}

#[test]
fn metadata_is_found_wherever_its_section_stands() {
    let sandbox = sandbox(|_| {});
    let metadata = serde_json::to_vec(&metadata()).unwrap();
    let mut first = b"\0asm\x01\0\0\0".to_vec();
    add_section(&mut first, METADATA_SECTION, &metadata);
    let mut wasm = wasm("metadata-missing");
    wasm.splice(..8, first);
    assert!(sandbox.load(&wasm).is_ok());
    add_section(&mut wasm, METADATA_SECTION, &metadata);
    assert_eq!(sandbox.load(&wasm).unwrap_err(), LoadError::TwoMetadata);
}
