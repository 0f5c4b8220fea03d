//! Drives a [`Session`]: runs the policies and fetches the facts that it asks for.

use std::time::Instant;

use futures_util::future::join_all;
use gatehouse_core::{Asked, Decision, Failure, Limits, Purpose, Request, Session, Step};
use gatehouse_sandbox::Failure as SandboxFailure;
use time::{Date, OffsetDateTime};
use tokio::sync::OnceCell;

use crate::{
    config::Snapshot,
    facts::{Asking, FactSource, Puller},
};

/// Judges a request by the policies of a configuration, until `deadline`.
pub async fn judge(
    snapshot: &Snapshot,
    request: Request,
    purpose: Purpose,
    facts: &FactSource,
    deadline: Instant,
) -> Decision {
    judge_on(today(), snapshot, request, purpose, facts, deadline).await
}

/// The same on another day, by which exemptions expire.
pub(crate) async fn judge_on(
    today: Date,
    snapshot: &Snapshot,
    request: Request,
    purpose: Purpose,
    facts: &FactSource,
    deadline: Instant,
) -> Decision {
    let mut session = Session::new(&snapshot.set, request, purpose, today, Limits::default());
    expect(&mut session, snapshot);
    loop {
        match session.step() {
            Step::Run(policies) => run(&mut session, snapshot, &policies, deadline),
            Step::Fetch(asked) => fetch(&mut session, asked, snapshot, facts, deadline).await,
            Step::Done(decision) => return *decision,
        }
    }
}

/// Has the facts fetched at once that policies asked for when they saw the same images before.
fn expect(session: &mut Session<'_>, snapshot: &Snapshot) {
    for (index, runner) in snapshot.policies.iter().enumerate() {
        if !runner.authorities.is_empty() {
            let expected = runner.expected.of(session.request().root());
            expected
                .into_iter()
                .for_each(|need| session.expect(index, need));
        }
    }
}

/// Runs the policies on this thread: an evaluation takes microseconds, and 20 ms at the worst.
fn run(session: &mut Session<'_>, snapshot: &Snapshot, policies: &[usize], deadline: Instant) {
    for &index in policies {
        let facts = session.facts(index);
        let answer = match snapshot.policies.get(index) {
            Some(runner) => runner
                .policy
                .evaluate(session.request(), &facts, Some(deadline))
                .map_err(failure),
            None => Err(Failure::new("bug", "is not loaded")),
        };
        session.answer(index, answer);
    }
}

async fn fetch(
    session: &mut Session<'_>,
    asked: Vec<Asked>,
    snapshot: &Snapshot,
    facts: &FactSource,
    deadline: Instant,
) {
    let puller = Puller::of(session.request().root());
    let asking = Asking {
        snapshot,
        puller: puller.as_ref(),
        access: &OnceCell::new(),
        deadline,
    };
    let fetched = asked.into_iter().map(async |asked| {
        let fact = facts.fetch(&asked, asking).await;
        (asked, fact)
    });
    for (asked, fact) in join_all(fetched).await {
        if let Some(runner) = asked
            .policy
            .and_then(|policy| snapshot.policies.get(policy))
        {
            let request = session.request().root();
            runner.expected.learn(&asked.need, request);
        }
        session.supply(asked, fact);
    }
}

pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// The sandbox knows what went wrong; metrics need it in one word.
fn failure(failure: SandboxFailure) -> Failure {
    let reason = match &failure {
        SandboxFailure::Trapped(_) => "trap",
        SandboxFailure::TimedOut { .. } => "timeout",
        SandboxFailure::Deadline => "deadline",
        SandboxFailure::Busy { .. } => "busy",
        SandboxFailure::GivenUp { .. } => "given-up",
        SandboxFailure::OutOfMemory { .. } | SandboxFailure::OutOfTable { .. } => "memory",
        SandboxFailure::BadAnswer(_) => "answer",
        SandboxFailure::Host(_) => "host",
    };
    Failure::new(reason, failure.to_string())
}
