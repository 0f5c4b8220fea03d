//! Judges cases, on all processors.

use std::time::{Duration, Instant};

use gatehouse_core::{Decision, Purpose};

use super::{
    case::Case,
    comparison::{Difference, Got, compare},
};
use crate::{
    judge::judge_on,
    runtime::{block_on, on_all_processors},
};

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
/// When the machine gives no runtime, or a case makes Gatehouse panic.
pub(super) fn all(cases: &[Case]) -> Result<Vec<Outcome>, String> {
    block_on(async { on_all_processors(cases, 1, one) })?
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
