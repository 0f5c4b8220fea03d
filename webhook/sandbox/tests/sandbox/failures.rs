use gatehouse_sandbox::{BadAnswer, Failure, Trap};

use crate::support::*;

#[test]
fn a_policy_that_has_nothing_to_say_is_heard() {
    assert_eq!(evaluate("silent", "null"), Ok(None));
    assert_eq!(configure("silent", "null"), Ok(vec![]));
}

#[test]
fn endless_loops_are_interrupted() {
    let timed_out = Failure::TimedOut { limit: LITTLE };
    for guest in [
        "loops-in-start",
        "loops-in-alloc",
        "loops-in-evaluate",
        "loops-filling-memory",
    ] {
        assert_eq!(evaluate(guest, "null"), Err(timed_out.clone()), "{guest}");
    }
    for guest in ["loops-in-start", "loops-in-alloc", "loops-in-configure"] {
        assert_eq!(configure(guest, "null"), Err(timed_out.clone()), "{guest}");
    }
}

#[test]
fn a_trap_ends_the_call_wherever_it_happens() {
    let trapped = Failure::Trapped(Trap::Unreachable);
    for guest in ["traps-in-start", "traps-in-alloc", "traps-in-evaluate"] {
        assert_eq!(evaluate(guest, "null"), Err(trapped.clone()), "{guest}");
    }
    for guest in ["traps-in-start", "traps-in-alloc", "traps-in-configure"] {
        assert_eq!(configure(guest, "null"), Err(trapped.clone()), "{guest}");
    }
    assert_eq!(evaluate("traps-in-configure", "null"), Ok(None));
    assert_eq!(configure("traps-in-evaluate", "null"), Ok(vec![]));
    assert_eq!(evaluate("loops-in-configure", "null"), Ok(None));
    assert_eq!(configure("loops-in-evaluate", "null"), Ok(vec![]));
}

#[test]
fn each_kind_of_trap_has_its_words() {
    let traps = [
        (Trap::Unreachable, "trapped: it gave up (`unreachable`)"),
        (
            Trap::MemoryOutOfBounds,
            "trapped: it reached outside its memory",
        ),
        (
            Trap::TableOutOfBounds,
            "trapped: it reached outside its table",
        ),
        (
            Trap::BadCall,
            "trapped: it called a function pointer that is not valid",
        ),
        (
            Trap::BadCall,
            "trapped: it called a function pointer that is not valid",
        ),
        (Trap::DivisionByZero, "trapped: it divided by zero"),
        (Trap::NumberOverflow, "trapped: a number did not fit"),
        (Trap::NumberOverflow, "trapped: a number did not fit"),
    ];
    for (i, (trap, words)) in traps.into_iter().enumerate() {
        let failure = evaluate("traps", &i.to_string()).unwrap_err();
        assert_eq!(failure, Failure::Trapped(trap), "{i}");
        assert_eq!(failure.to_string(), words);
        assert_eq!(configure("traps", &i.to_string()), Err(failure));
    }
}

#[test]
fn bulk_instructions_stay_inside_the_memory() {
    let trapped = Failure::Trapped(Trap::MemoryOutOfBounds);
    for guest in ["fills-too-much", "initialises-too-much", "data-outside"] {
        assert_eq!(evaluate(guest, "null"), Err(trapped.clone()), "{guest}");
    }
}

#[test]
fn endless_recursion_traps() {
    let overflow = Failure::Trapped(Trap::StackOverflow);
    assert_eq!(evaluate("recurses", "-1"), Err(overflow.clone()));
    assert_eq!(configure("recurses", "-1"), Err(overflow));
}

#[test]
fn room_for_the_inputs_must_be_inside_the_memory_and_aligned() {
    let outside = |ptr| {
        BadAnswer::RoomOutOfRange {
            ptr,
            len: 72,
            memory: 131072,
        }
        .into()
    };
    assert_eq!(evaluate("room-past-the-end", "null"), Err(outside(131064)));
    assert_eq!(
        evaluate("room-far-outside", "null"),
        Err(outside(u32::MAX - 7))
    );
    let unaligned = BadAnswer::RoomNotAligned { ptr: 65540 }.into();
    assert_eq!(evaluate("room-not-aligned", "null"), Err(unaligned));
}

#[test]
fn failures_read_on_after_the_policy() {
    let texts = [
        evaluate("room-past-the-end", "null"),
        evaluate("room-not-aligned", "null"),
        evaluate("loops-in-evaluate", "null"),
        evaluate("grows", "2000"),
        evaluate("grows-its-table", "20000"),
    ]
    .map(|result| result.unwrap_err().to_string());
    assert_eq!(
        texts,
        [
            "gave 72 bytes at 131064 for its inputs, outside its memory of 131072 bytes",
            "gave room for its inputs at 65540, which is not a multiple of 8",
            "ran longer than 100 ms",
            "needs more than 33554432 bytes of memory",
            "needs a table of more than 10000 elements",
        ]
    );
}

/// Every guest is named by some test.
#[test]
fn no_guest_is_without_a_test() {
    let sources: String = [
        include_str!("answers.rs"),
        include_str!("failures.rs"),
        include_str!("limits.rs"),
        include_str!("loading.rs"),
        include_str!("precompiled.rs"),
        include_str!("time.rs"),
    ]
    .concat();
    for file in std::fs::read_dir(GUESTS).unwrap() {
        let path = file.unwrap().path();
        let guest = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            sources.contains(&format!("\"{guest}\"")),
            "{guest} has no test"
        );
    }
}
