//! Drives a [`Session`]: runs the policies and fetches the facts that it asks for.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use gatehouse_abi::Need;
use gatehouse_cluster::{ClusterError, NamespaceFact, Namespaces};
use gatehouse_core::{
    Asked, Decision, Fact, FactError, Failure, Limits, Purpose, Request, Session, Step,
};
use gatehouse_sandbox::Failure as SandboxFailure;
use serde_json::json;
use time::{Date, OffsetDateTime};
use tokio::sync::OnceCell;

use crate::config::Snapshot;

/// Where facts come from.
#[derive(Clone, Debug)]
pub enum FactSource {
    /// Namespaces by name, with their labels; others are not known.
    Namespaces(BTreeMap<String, BTreeMap<String, String>>),
    /// The API server, reached when it is first asked.
    Cluster(Arc<OnceCell<Namespaces>>),
}

/// Judges a request by the policies of a configuration, until `deadline`.
pub async fn judge(
    snapshot: &Snapshot,
    request: Request,
    purpose: Purpose,
    facts: &FactSource,
    deadline: Instant,
) -> Decision {
    let mut session = Session::new(&snapshot.set, request, purpose, today(), Limits::default());
    loop {
        match session.step() {
            Step::Run(policies) => run(&mut session, snapshot, &policies, deadline),
            Step::Fetch(asked) => fetch(&mut session, asked, facts, deadline).await,
            Step::Done(decision) => return *decision,
        }
    }
}

/// Runs the policies on this thread: an evaluation takes microseconds, and 20 ms at the worst.
fn run(session: &mut Session<'_>, snapshot: &Snapshot, policies: &[usize], deadline: Instant) {
    for &index in policies {
        let facts = session.facts(index);
        let answer = match snapshot.policies.get(index) {
            Some(policy) => policy
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
    facts: &FactSource,
    deadline: Instant,
) {
    let fetched = asked.into_iter().map(async |asked| {
        let fact = facts.fetch(&asked.need, deadline).await;
        (asked, fact)
    });
    for (asked, fact) in join_all(fetched).await {
        session.supply(asked, fact);
    }
}

impl FactSource {
    /// The API server that this process can reach, as kubectl would.
    pub fn cluster() -> Self {
        Self::Cluster(Arc::default())
    }

    async fn fetch(&self, need: &Need, deadline: Instant) -> Fact {
        if need.fact != "namespace" {
            return Err(FactError(format!(
                "this version has no facts of kind {}",
                need.fact
            )));
        }
        match self {
            FactSource::Namespaces(known) => match known.get(&need.key) {
                Some(labels) => Ok(json!({"labels": labels, "annotations": {}})),
                None => Err(FactError(
                    "its labels are not known: add its document or --namespace-labels".into(),
                )),
            },
            FactSource::Cluster(cluster) => {
                let left = deadline
                    .saturating_duration_since(Instant::now())
                    .saturating_sub(FACT_MARGIN);
                let fact = tokio::time::timeout(left, ask(cluster, &need.key)).await;
                let fact =
                    fact.map_err(|_| FactError("the API server did not say in time".into()))?;
                let fact = fact.map_err(|error| FactError(error.to_string()))?;
                Ok(json!({"labels": fact.labels, "annotations": fact.annotations}))
            }
        }
    }
}

async fn ask(cluster: &OnceCell<Namespaces>, name: &str) -> Result<NamespaceFact, ClusterError> {
    let namespaces = cluster.get_or_try_init(Namespaces::connect).await?;
    namespaces.get(name).await
}

/// Time that judging and answering still need.
const FACT_MARGIN: Duration = Duration::from_millis(100);

fn today() -> Date {
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
