//! The parts of a request's way, each as something to be done again and again.

use std::{
    cell::LazyCell,
    hint::black_box,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use gatehouse::{
    config::{Snapshot, Source, Surroundings},
    facts::FactSource,
    judge::judge,
};
use gatehouse_abi::tree::TreeBuf;
use gatehouse_core::{Decision, Limits, Purpose, Request, Review, Workloads, response};
use gatehouse_sandbox::{Limits as SandboxLimits, Policy, Sandbox};
use serde::Deserialize;

use crate::{
    borrowed,
    samples::{BODY, empty_guest, null, request},
    signed::Signed,
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
    /// The policy `pod-security`.
    PodSecurity,
    /// The policy `image-trust`.
    ImageTrust,
    /// Everything between tree and decision, both policies included.
    Judge,
    /// The decision to the answer's bytes.
    Answer,
    /// Between tree and decision by `image-trust` alone, the signature of one image demanded and in memory.
    JudgeSigned,
    /// The same for three images.
    JudgeThreeSigned,
    /// The same without signatures demanded.
    JudgeUnsigned,
}

/// What the workloads work on. The modules are loaded when the first workload needs them.
pub(crate) struct Bench {
    loaded: LazyCell<Result<Loaded, String>>,
    signed: LazyCell<Result<Signed, String>>,
    three_signed: LazyCell<Result<Signed, String>>,
}

struct Loaded {
    default: Snapshot,
    empty: Policy,
    null: TreeBuf,
    request: Request,
    decision: Decision,
    facts: FactSource,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            loaded: LazyCell::new(Loaded::new),
            signed: LazyCell::new(|| Signed::new(1)),
            three_signed: LazyCell::new(|| Signed::new(3)),
        }
    }

    /// Does it `count` times.
    pub(crate) fn work(&self, workload: Workload, count: u32) -> Result<(), String> {
        let parse: fn() -> Result<(), String> = match workload {
            Workload::ReviewToTree => review,
            Workload::BorrowedReview => parse::<borrowed::Review<'static>>,
            Workload::Envelope => parse::<borrowed::Envelope<'static>>,
            Workload::JudgeSigned | Workload::JudgeThreeSigned | Workload::JudgeUnsigned => {
                let signed = match workload {
                    Workload::JudgeThreeSigned => &self.three_signed,
                    _ => &self.signed,
                };
                let signed = signed.as_ref().map_err(String::clone)?;
                let demanded = workload != Workload::JudgeUnsigned;
                (0..count).try_for_each(|_| signed.judge(demanded))?;
                return match signed.asked() {
                    0 => Ok(()),
                    asked => Err(format!("the registry was asked {asked} times")),
                };
            }
            _ => {
                let loaded = self.loaded.as_ref().map_err(String::clone)?;
                return loaded.work(workload, count);
            }
        };
        (0..count).try_for_each(|_| parse())
    }

    /// How long that takes, of `count` times each.
    pub(crate) fn time(&self, workload: Workload, count: u32) -> Result<Duration, String> {
        let start = Instant::now();
        self.work(workload, count)?;
        Ok(start.elapsed() / count)
    }
}

impl Loaded {
    /// Loads the modules, and makes sure that the review passes them.
    fn new() -> Result<Self, String> {
        // one request at a time: a pool for many takes long to lay out under valgrind
        let limits = SandboxLimits {
            instances: 2,
            ..SandboxLimits::default()
        };
        let sandbox = Sandbox::new(limits).map_err(|error| error.to_string())?;
        let default = Snapshot::load(&Source::DefaultPolicies, &Surroundings::default(), &sandbox);
        let empty = sandbox.load(&empty_guest()?);
        let empty = empty.map_err(|error| format!("the empty guest {error}"))?;
        let default = default.map_err(|error| error.to_string())?;
        let (request, facts) = (request()?, FactSource::none());
        let decision = decide(&default, request.clone(), &facts)?;
        if !decision.judgements.is_empty() || !decision.is_allowed() {
            return Err(format!("the sample is refused: {decision:?}"));
        }
        Ok(Self {
            default,
            empty: Policy::new(empty, null()),
            null: null(),
            request,
            decision,
            facts,
        })
    }

    fn work(&self, workload: Workload, count: u32) -> Result<(), String> {
        let policy = match workload {
            Workload::PodSecurity => self.policy("pod-security")?,
            Workload::ImageTrust => self.policy("image-trust")?,
            _ => &self.empty,
        };
        (0..count).try_for_each(|_| match workload {
            Workload::Judge => decide(&self.default, self.request.clone(), &self.facts)
                .map(|decision| drop(black_box(decision))),
            Workload::Answer => {
                black_box(self.answer());
                Ok(())
            }
            _ => self.evaluate(policy),
        })
    }

    fn policy(&self, name: &str) -> Result<&Policy, String> {
        let policies = self.default.set.policies().iter();
        let mut named = policies.zip(&self.default.policies);
        let found = named.find(|(policy, _)| policy.name == name);
        found
            .map(|(_, runner)| &runner.policy)
            .ok_or_else(|| format!("there is no policy `{name}`"))
    }

    fn evaluate(&self, policy: &Policy) -> Result<(), String> {
        match policy.evaluate(self.request.tree(), &self.null, None) {
            Ok(None) => Ok(()),
            Ok(Some(answer)) => Err(format!("the policy has something to say: {answer:?}")),
            Err(failure) => Err(format!("the policy {failure}")),
        }
    }

    fn answer(&self) -> Vec<u8> {
        let answer = response("uid", &self.decision, &Limits::default());
        answer.to_string().into_bytes()
    }
}

fn decide(snapshot: &Snapshot, request: Request, facts: &FactSource) -> Result<Decision, String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let decision = judge(snapshot, request, Purpose::Validate, facts, deadline);
    decision
        .now_or_never()
        .ok_or_else(|| "the policies wait for facts".to_owned())
}

fn review() -> Result<(), String> {
    let review = Review::parse(
        black_box(BODY.as_bytes()),
        &Workloads::default(),
        &Limits::default(),
    );
    review
        .map(|review| drop(black_box(review)))
        .map_err(|error| error.to_string())
}

fn parse<T: Deserialize<'static>>() -> Result<(), String> {
    let parsed = serde_json::from_slice::<T>(black_box(BODY.as_bytes()));
    parsed
        .map(|parsed| drop(black_box(parsed)))
        .map_err(|error| error.to_string())
}
