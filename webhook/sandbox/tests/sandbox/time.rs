use std::{
    thread,
    time::{Duration, Instant},
};

use gatehouse_sandbox::{Failure, Policy};

use crate::support::*;

fn run_until(policy: &Policy, deadline: Instant) -> Result<(), Failure> {
    policy
        .evaluate(&tree("null"), &tree("null"), Some(deadline))
        .map(|_| ())
}

#[test]
fn a_policy_has_its_limit_or_until_the_deadline() {
    let sandbox = sandbox(|limits| limits.evaluate_time = Duration::from_millis(50));
    let policy = policy(&sandbox, "loops-in-evaluate", "null");
    let far = Instant::now() + PLENTY;
    assert!(matches!(
        run_until(&policy, far),
        Err(Failure::TimedOut { .. })
    ));
    let near = Instant::now() + Duration::from_millis(5);
    let failure = run_until(&policy, near).unwrap_err();
    assert_eq!(failure, Failure::Deadline);
    assert_eq!(
        failure.to_string(),
        "did not answer before the request's deadline"
    );
}

#[test]
fn after_the_deadline_nothing_is_run() {
    let sandbox = sandbox(|_| {});
    let policy = policy(&sandbox, "silent", "null");
    assert_eq!(run_until(&policy, Instant::now()), Err(Failure::Deadline));
}

#[test]
fn who_finds_no_free_instance_waits_until_the_deadline() {
    let sandbox = sandbox(|limits| {
        limits.instances = 1;
        limits.evaluate_time = Duration::from_millis(500);
    });
    let endless = policy(&sandbox, "loops-in-evaluate", "null");
    let silent = policy(&sandbox, "silent", "null");
    thread::scope(|scope| {
        let running = scope.spawn(|| run(&endless));
        let failure = loop {
            match run_until(&silent, Instant::now() + Duration::from_millis(5)) {
                Err(failure @ Failure::Busy { .. }) => break failure,
                _ => assert!(!running.is_finished(), "it always found an instance"),
            }
        };
        assert_eq!(failure, Failure::Busy { instances: 1 });
        let words = "found no free instance before the request's deadline, of 1";
        assert_eq!(failure.to_string(), words);
        assert_eq!(run(&silent), Ok(None), "without a deadline it waits");
    });
}

#[test]
fn as_many_run_at_once_as_there_are_instances() {
    let sandbox = sandbox(|limits| limits.instances = 3);
    let endless = policy(&sandbox, "loops-in-evaluate", "null");
    let endless_too = || run(&endless);
    thread::scope(|scope| {
        let running = [(); 12].map(|()| scope.spawn(endless_too));
        for run in running {
            let failure = run.join().unwrap().unwrap_err();
            assert!(
                !matches!(failure, Failure::Host(_) | Failure::Busy { .. }),
                "{failure}"
            );
        }
    });
    assert_unharmed(&sandbox);
}

#[test]
fn a_policy_that_always_times_out_is_given_up_and_tried_again() {
    let sandbox = sandbox(|limits| {
        limits.evaluate_time = Duration::from_millis(2);
        limits.give_up_for = Duration::from_millis(300);
    });
    let policy = policy(&sandbox, "loops-in-evaluate", "null");
    for _ in 0..5 {
        assert!(matches!(run(&policy), Err(Failure::TimedOut { .. })));
    }
    let given_up = run(&policy).unwrap_err();
    assert!(matches!(given_up, Failure::GivenUp { timeouts: 5, .. }));
    assert_eq!(
        given_up.to_string(),
        "is not run for 0.3 s: it timed out 5 times running"
    );
    thread::sleep(Duration::from_millis(310));
    assert!(matches!(run(&policy), Err(Failure::TimedOut { .. })));
    assert!(
        matches!(run(&policy), Err(Failure::GivenUp { .. })),
        "one more is enough"
    );
}

#[test]
fn a_deadline_is_not_the_policys_fault() {
    let sandbox = sandbox(|limits| limits.evaluate_time = Duration::from_millis(50));
    let policy = policy(&sandbox, "loops-in-evaluate", "null");
    for _ in 0..8 {
        let near = Instant::now() + Duration::from_millis(1);
        assert!(matches!(run_until(&policy, near), Err(Failure::Deadline)));
    }
    assert!(matches!(run(&policy), Err(Failure::TimedOut { .. })));
}

#[test]
fn a_policy_outlives_its_sandbox_and_is_still_interrupted() {
    let endless = policy(&sandbox(|_| {}), "loops-in-evaluate", "null");
    assert!(matches!(run(&endless), Err(Failure::TimedOut { .. })));
}

#[test]
fn a_policy_can_be_used_by_many_threads() {
    let sandbox = sandbox(|limits| (limits.instances, limits.evaluate_time) = (2, PLENTY));
    let witness = policy(&sandbox, "witness", "null");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert!(matches!(run(&witness), Ok(Some(_))));
                }
            });
        }
    });
}

#[test]
fn a_module_that_is_dropped_takes_nobodys_place() {
    let sandbox = sandbox(|limits| (limits.instances, limits.evaluate_time) = (1, PLENTY));
    let wasm = wasm("silent");
    let precompiled = sandbox.precompile(&wasm).unwrap();
    let witness = policy(&sandbox, "witness", "null");
    let come_and_go = || {
        for _ in 0..2000 {
            let module = sandbox.load_precompiled(&precompiled, &wasm).unwrap();
            assert_eq!(run(&Policy::new(module, tree("null"))), Ok(None));
        }
    };
    thread::scope(|scope| {
        let others = [(); 3].map(|()| scope.spawn(come_and_go));
        while !others.iter().all(|other| other.is_finished()) {
            let answer = run(&witness);
            assert!(matches!(answer, Ok(Some(_))), "{answer:?}");
        }
    });
}
