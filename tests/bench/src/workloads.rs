//! The parts of a request's way, each as something to be done again and again.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use gatehouse::{
    config::{Snapshot, Source},
    judge::{FactSource, judge},
};
use gatehouse_abi::tree::TreeBuf;
use gatehouse_core::{Decision, Limits, Purpose, Request, Review, response};
use gatehouse_sandbox::{Limits as SandboxLimits, Policy, Sandbox};

use crate::{
    borrowed,
    samples::{BODY, empty_guest, null, request},
};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// The body to the request tree.
    ReviewToTree,
    /// The body to types that borrow from it.
    BorrowedReview,
    /// The body to types that borrow from it, the pod passed over.
    Envelope,
    /// A module that does nothing: instance, copy, call, drop.
    EmptyGuest,
    /// The policy of this name.
    PodSecurity,
    /// The policy of this name.
    ImageTrust,
    /// Everything between tree and decision, both policies included.
    Judge,
    /// The decision to the answer's bytes.
    Answer,
}

/// What the workloads work on.
pub(crate) struct Bench {
    default: Snapshot,
    empty: Policy,
    null: TreeBuf,
    request: Request,
    decision: Decision,
    facts: FactSource,
}

impl Bench {
    /// Loads the modules, and makes sure that the review passes them.
    pub(crate) fn new() -> Result<Self, String> {
        // one instance at a time: a pool for many takes long to lay out under valgrind
        let limits = SandboxLimits {
            instances: 2,
            ..SandboxLimits::default()
        };
        let sandbox = Sandbox::new(limits).map_err(|error| error.to_string())?;
        let default = Snapshot::load(&Source::DefaultPolicies, &sandbox);
        let empty = sandbox.load(&empty_guest()?);
        let mut bench = Self {
            default: default.map_err(|error| error.to_string())?,
            empty: Policy::new(empty.map_err(|error| format!("the empty guest {error}"))?, null()),
            null: null(),
            request: request()?,
            decision: Decision::malformed(gatehouse_core::Malformed::NoObject("object")),
            facts: FactSource::Namespaces(Default::default()),
        };
        bench.decision = bench.judge()?;
        match bench.decision.judgements.is_empty() && bench.decision.is_allowed() {
            true => Ok(bench),
            false => Err(format!("the sample is refused: {:?}", bench.decision)),
        }
    }

    /// Does it `count` times.
    pub(crate) fn work(&self, workload: Workload, count: u32) -> Result<(), String> {
        for _ in 0..count {
            match workload {
                Workload::ReviewToTree => drop(black_box(review()?)),
                Workload::BorrowedReview => drop(black_box(parse::<borrowed::Review<'_>>()?)),
                Workload::Envelope => drop(black_box(parse::<borrowed::Envelope<'_>>()?)),
                Workload::EmptyGuest => self.evaluate(&self.empty)?,
                Workload::PodSecurity => self.evaluate(self.policy("pod-security")?)?,
                Workload::ImageTrust => self.evaluate(self.policy("image-trust")?)?,
                Workload::Judge => drop(black_box(self.judge()?)),
                Workload::Answer => drop(black_box(self.answer())),
            }
        }
        Ok(())
    }

    /// How long that takes, of `count` times each.
    pub(crate) fn time(&self, workload: Workload, count: u32) -> Result<Duration, String> {
        let start = Instant::now();
        self.work(workload, count)?;
        Ok(start.elapsed() / count)
    }

    fn policy(&self, name: &str) -> Result<&Policy, String> {
        let policies = self.default.set.policies().iter();
        let mut named = policies.zip(&self.default.policies);
        let found = named.find(|(policy, _)| policy.name == name);
        found.map(|(_, policy)| policy).ok_or_else(|| format!("there is no policy `{name}`"))
    }

    fn evaluate(&self, policy: &Policy) -> Result<(), String> {
        match policy.evaluate(self.request.tree(), &self.null, None) {
            Ok(None) => Ok(()),
            Ok(Some(answer)) => Err(format!("the policy has something to say: {answer:?}")),
            Err(failure) => Err(format!("the policy {failure}")),
        }
    }

    fn judge(&self) -> Result<Decision, String> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let request = self.request.clone();
        let decision = judge(&self.default, request, Purpose::Validate, &self.facts, deadline);
        decision.now_or_never().ok_or_else(|| "the policies wait for facts".to_owned())
    }

    fn answer(&self) -> Vec<u8> {
        let answer = response("uid", &self.decision, &Limits::default());
        answer.to_string().into_bytes()
    }
}

fn review() -> Result<Review, String> {
    Review::parse(black_box(BODY.as_bytes()), &Limits::default()).map_err(|error| error.to_string())
}

fn parse<'a, T: serde::Deserialize<'a>>() -> Result<T, String> {
    serde_json::from_slice(black_box(BODY.as_bytes())).map_err(|error| error.to_string())
}
