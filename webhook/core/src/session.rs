mod repair;
mod verdict;

use std::{collections::BTreeSet, sync::Arc};

use gatehouse_abi::{Answer, Finding, Need, tree::TreeBuf};
use serde_json::Value;
use time::Date;

use crate::{
    Asked, Decision, Fact, FactError, Failure, Limits, Policy, PolicySet, Request,
    config::FixAt,
    exemptions::exemption,
    facts::Facts,
    fixes::Candidate,
    update::{Judged, judged},
};

/// The judging of one request: a state machine without I/O.
///
/// [`Session::step`] says what is to be done next; [`Session::answer`] and [`Session::supply`] tell what
/// came of it.
#[derive(Debug)]
pub struct Session<'s> {
    set: &'s PolicySet,
    limits: Limits,
    purpose: Purpose,
    today: Date,
    original: Arc<Request>,
    judged: Judged,
    /// The policies that judge this request, with what each was told and how often it ran.
    runs: Vec<Run>,
    facts: Facts,
    fact_rounds: usize,
    pass: Pass,
    /// The judging of the new object, while the old one is judged.
    of_new: Option<Pass>,
    repairs: Repairs,
}

/// What the judging is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `/validate`: refuse or not.
    Validate,
    /// `/mutate`: a patch or none.
    Mutate,
    /// `check`: what both would say.
    Check,
}

/// What is to be done next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Run these policies, given by their indices in the set, and tell [`Session::answer`].
    Run(Vec<usize>),
    /// Fetch these facts and tell [`Session::supply`].
    Fetch(Vec<Asked>),
    /// Nothing more.
    Done(Box<Decision>),
}

#[derive(Debug)]
struct Run {
    policy: usize,
    evaluations: usize,
    asked: BTreeSet<Asked>,
}

/// One judging of one object by all policies; answers by the order of [`Session::runs`].
#[derive(Debug)]
struct Pass {
    request: Arc<Request>,
    answers: Vec<Option<Said>>,
}

/// What one policy said in a pass.
#[derive(Clone, Debug, Default)]
struct Said {
    findings: Vec<Finding>,
    /// What it could not check.
    unchecked: Vec<String>,
    /// Why it said nothing.
    failure: Option<Failure>,
}

/// What mode `fix` did so far.
#[derive(Debug, Default)]
struct Repairs {
    rounds: usize,
    applied: Vec<Candidate>,
    conflicts: Vec<(Candidate, usize)>,
    /// The fixed object, if it differs.
    object: Option<Value>,
    /// No further rounds: nothing changes any more, or a limit was met.
    ended: bool,
}

impl<'s> Session<'s> {
    /// Begins to judge `request` by the policies of `set`. `today` is the day (UTC) by which exemptions
    /// expire.
    pub fn new(
        set: &'s PolicySet,
        request: Request,
        purpose: Purpose,
        today: Date,
        limits: Limits,
    ) -> Self {
        let judged = judged(&request);
        let policies = match judged {
            Judged::Nothing => Vec::new(),
            _ => set.matching(&request),
        };
        let matters = |index: &usize| {
            purpose != Purpose::Mutate || may_change(&set.policies()[*index], &request)
        };
        let policies = policies.into_iter().filter(matters);
        let runs: Vec<_> = policies.map(Run::new).collect();
        let request = Arc::new(request);
        Self {
            set,
            limits,
            purpose,
            today,
            pass: Pass::new(Arc::clone(&request), runs.len()),
            original: request,
            judged,
            runs,
            facts: Facts::default(),
            fact_rounds: 0,
            of_new: None,
            repairs: Repairs::default(),
        }
    }

    /// The document that the policies of the current [`Step::Run`] read.
    pub fn request(&self) -> &TreeBuf {
        self.pass.request.tree()
    }

    /// The facts that this policy may read: those it asked for.
    pub fn facts(&self, policy: usize) -> TreeBuf {
        let none = BTreeSet::new();
        let run = self.runs.iter().find(|run| run.policy == policy);
        self.facts.document(run.map_or(&none, |run| &run.asked))
    }

    /// Has a fact fetched before the policy asks for it. What it does not need it passes over.
    pub fn expect(&mut self, policy: usize, need: Need) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.policy == policy) {
            run.asked.insert(Asked::by(policy, need));
        }
    }

    /// What is to be done next.
    pub fn step(&mut self) -> Step {
        loop {
            let needs = self.unknown_needs();
            if !needs.is_empty() {
                return Step::Fetch(needs);
            }
            self.fail_for_missing_facts();
            let unanswered = self.unanswered();
            if !unanswered.is_empty() {
                return Step::Run(unanswered);
            }
            if !self.begin_another_pass() {
                return Step::Done(Box::new(self.decide()));
            }
        }
    }

    /// Tells what a policy of the last [`Step::Run`] said; `None` is silence: nothing found.
    pub fn answer(&mut self, policy: usize, answer: Result<Option<Answer>, Failure>) {
        let Some(i) = self.runs.iter().position(|run| run.policy == policy) else {
            return;
        };
        let run = &mut self.runs[i];
        run.evaluations += 1;
        self.pass.answers[i] = match answer {
            Ok(None) => Some(Said::default()),
            Ok(Some(Answer::Judged {
                findings,
                unchecked,
            })) => Some(Said {
                findings,
                unchecked,
                failure: None,
            }),
            Err(failure) => Some(failure.into()),
            Ok(Some(Answer::Need(needs))) => {
                let before = run.asked.len();
                let asked = needs.into_iter().map(|need| Asked::by(policy, need));
                run.asked.extend(asked);
                asks_in_vain(run, before, &self.limits).map(Said::from)
            }
        };
    }

    /// Tells a fact of the last [`Step::Fetch`].
    pub fn supply(&mut self, asked: Asked, fact: Fact) {
        self.facts.supply(asked, fact);
    }

    fn policy(&self, index: usize) -> &'s Policy {
        &self.set.policies()[index]
    }

    /// What policies asked for and nobody fetched yet; past a limit they fail instead.
    fn unknown_needs(&mut self) -> Vec<Asked> {
        let asked = self.runs.iter().flat_map(|run| &run.asked);
        let unknown: BTreeSet<_> = asked
            .filter(|asked| !self.facts.knows(asked))
            .cloned()
            .collect();
        if unknown.is_empty() {
            return Vec::new();
        }
        let over = self.fact_rounds >= self.limits.fact_rounds
            || self.facts.count() + unknown.len() > self.limits.facts;
        if over {
            let (rounds, facts) = (self.limits.fact_rounds, self.limits.facts);
            let error = FactError::Unavailable(format!(
                "the limit of {facts} facts in {rounds} rounds a request is reached"
            ));
            for asked in unknown {
                self.facts.supply(asked, Err(error.clone()));
            }
            return Vec::new();
        }
        self.fact_rounds += 1;
        unknown.into_iter().collect()
    }

    fn fail_for_missing_facts(&mut self) {
        for (run, answer) in self.runs.iter().zip(&mut self.pass.answers) {
            if let Some((need, error)) = self.facts.missing(&run.asked) {
                let message = format!(
                    "needs the fact {} `{}`, which could not be had: {error}",
                    need.fact, need.key
                );
                *answer = Some(Failure::new(error.reason(), message).into());
            }
        }
    }

    /// The policies to run now. One that ran too often fails instead.
    fn unanswered(&mut self) -> Vec<usize> {
        let mut unanswered = Vec::new();
        for (run, answer) in self.runs.iter().zip(&mut self.pass.answers) {
            if answer.is_some() {
                continue;
            }
            if run.evaluations < self.limits.evaluations {
                unanswered.push(run.policy);
            } else {
                let limit = self.limits.evaluations;
                let message = format!("reached the limit of {limit} evaluations a request");
                *answer = Some(Failure::new("rounds", message).into());
            }
        }
        unanswered
    }

    /// Whether there is more to judge: the object with fixes applied, or the object as it was before.
    fn begin_another_pass(&mut self) -> bool {
        if self.of_new.is_some() {
            return false;
        }
        if !self.repairs.ended && self.repair() {
            return true;
        }
        self.repairs.ended = true;
        if self.judged != Judged::WhatIsNew
            || self.pass.is_silent()
            || self.purpose == Purpose::Mutate
        {
            return false;
        }
        let old = self.original.old_object().to_value();
        let Ok(request) = self.original.with_object(&old, &self.limits) else {
            return false;
        };
        let pass = Pass::new(Arc::new(request), self.runs.len());
        self.of_new = Some(std::mem::replace(&mut self.pass, pass));
        true
    }

    fn exemption(&self, policy: &Policy, finding: &Finding) -> Option<&'s str> {
        let exemptions = self.set.exemptions();
        exemption(
            exemptions,
            &policy.name,
            finding,
            &self.original,
            self.today,
        )
    }
}

/// Whether the policy's fixes may ever change such an object. One that never does is not run for `/mutate`, where a
/// registry that hangs would be waited for in vain.
fn may_change(policy: &Policy, request: &Request) -> bool {
    let spec = &policy.spec;
    spec.may_fix() && (request.is_pod() || spec.fix_at == FixAt::Author)
}

impl Run {
    fn new(policy: usize) -> Self {
        Self {
            policy,
            evaluations: 0,
            asked: BTreeSet::new(),
        }
    }
}

impl Pass {
    fn new(request: Arc<Request>, policies: usize) -> Self {
        Self {
            request,
            answers: vec![None; policies],
        }
    }

    /// The findings with the index of the run that made them.
    fn findings(&self) -> impl Iterator<Item = (usize, &Finding)> {
        let answers = self.answers.iter().enumerate();
        answers.flat_map(|(i, answer)| {
            let findings = answer.iter().flat_map(|said| &said.findings);
            findings.map(move |f| (i, f))
        })
    }

    /// Whether nothing was found, and nothing left unchecked.
    fn is_silent(&self) -> bool {
        let silent = |said: &Said| said.findings.is_empty() && said.unchecked.is_empty();
        self.answers.iter().flatten().all(silent)
    }

    fn has(&self, run: usize, finding: &Finding) -> bool {
        self.findings().any(|(i, f)| i == run && f == finding)
    }

    fn failure(&self, run: usize) -> Option<&Failure> {
        self.answers.get(run)?.as_ref()?.failure.as_ref()
    }

    fn unchecked(&self, run: usize) -> &[String] {
        let said = self.answers.get(run).and_then(Option::as_ref);
        said.map_or(&[], |said| &said.unchecked)
    }
}

impl From<Failure> for Said {
    fn from(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }
}

/// A policy that asks only for what it was given already would ask for ever.
fn asks_in_vain(run: &Run, asked_before: usize, limits: &Limits) -> Option<Failure> {
    let again = run.asked.len() == asked_before;
    if again || run.evaluations >= limits.evaluations {
        let message = "asks again for facts that it was given";
        return Some(Failure::new("rounds", message));
    }
    None
}

#[cfg(test)]
mod tests;
