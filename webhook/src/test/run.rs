//! Judges cases, on all processors.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use gatehouse_core::{Decision, Purpose};

use super::{
    case::Case,
    comparison::{Difference, Got, compare},
};
use crate::judge::{block_on, judge_on};

/// What came of a case.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) decision: Decision,
    /// The policies that the case concerns, by their indices.
    pub(super) judged_by: Vec<usize>,
    pub(super) differences: Vec<Difference>,
}

/// How long one case may take: as long as the API server waits for a webhook.
const DEADLINE: Duration = Duration::from_secs(10);

/// What comes of each case, in their order.
///
/// # Errors
/// When the machine gives no runtime.
pub(super) fn all(cases: &[Case]) -> Result<Vec<Outcome>, String> {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let worked = thread::scope(|scope| {
        let workers = (0..processors.min(cases.len()))
            .map(|_| scope.spawn(|| block_on(work(cases, &next))))
            .collect::<Vec<_>>();
        let joined = workers.into_iter().map(|worker| {
            let worked = worker.join();
            worked.unwrap_or_else(|_| Err("a worker panicked, which is a bug of Gatehouse".into()))
        });
        joined.collect::<Result<Vec<_>, _>>()
    });
    let mut outcomes: Vec<_> = worked?.into_iter().flatten().collect();
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Judges one case after another until none is left.
async fn work(cases: &[Case], next: &AtomicUsize) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(case) = cases.get(index) else {
            return outcomes;
        };
        outcomes.push((index, one(case).await));
    }
}

async fn one(case: &Case) -> Outcome {
    let request = case.request.as_ref().ok();
    let mut decision = decide(case, Purpose::Check).await;
    if case.expects_fixes() {
        decision.patch = decide(case, Purpose::Mutate).await.patch;
    }
    let set = &case.snapshot.set;
    let judged_by = request.map_or_else(Vec::new, |request| set.matching(request));
    let came = Got {
        decision: &decision,
        request,
        judged: !judged_by.is_empty(),
    };
    Outcome {
        differences: compare(&case.expected, &case.kept, came),
        judged_by,
        decision,
    }
}

async fn decide(case: &Case, purpose: Purpose) -> Decision {
    let request = match &case.request {
        Ok(request) => request.clone(),
        Err(malformed) => return Decision::malformed((**malformed).clone()),
    };
    let deadline = Instant::now() + DEADLINE;
    let (today, snapshot, facts) = (case.today, &case.snapshot, &case.facts);
    judge_on(today, snapshot, request, purpose, facts, deadline).await
}
