//! Deciding: what becomes of each finding that stands, was repaired, or was there before.

use std::collections::BTreeSet;

use gatehouse_abi::Finding;

use super::{Purpose, Run, Session};
use crate::{
    Decision, Effect, FailedPolicy, Failure, Judgement,
    config::Mode,
    fixes::{Candidate, same_rule},
};

impl Session<'_> {
    pub(super) fn decide(&mut self) -> Decision {
        let mut decision = Decision::about(&self.original);
        let last = self.of_new.as_ref().unwrap_or(&self.pass);
        for (i, finding) in last.findings() {
            let before = self.of_new.is_some() && self.pass.has(i, finding);
            decision.judgements.push(self.judge(i, finding, before));
        }
        for candidate in &self.repairs.applied {
            let stands = |j: &&Judgement| same_rule(&j.finding, &candidate.finding);
            if !decision.judgements.iter().any(|j| stands(&j)) {
                decision.judgements.push(self.repaired(candidate));
            }
        }
        decision.failed = self.failed();
        decision.sort();
        if self.purpose == Purpose::Mutate {
            let original = self.original.object().to_value();
            let patch = self.repairs.object.as_ref();
            decision.patch = patch.map(|fixed| json_patch::diff(&original, fixed));
        }
        decision
    }

    fn judge(&self, run: usize, finding: &Finding, before: bool) -> Judgement {
        let policy = self.policy(self.runs[run].policy);
        let mode = policy
            .spec
            .mode_of(&finding.code, self.original.namespace());
        let effect = match (self.exemption(policy, finding), mode) {
            (Some(name), _) => Effect::Exempted(name.to_owned()),
            (None, _) if before => Effect::Unchanged,
            (None, _) if self.purpose == Purpose::Mutate => Effect::Left,
            (None, Mode::Deny | Mode::Fix) => Effect::Refused,
            (None, Mode::Warn) => Effect::Warned,
            (None, Mode::Audit) => Effect::Audited,
        };
        let conflicts =
            self.repairs.conflicts.iter().filter(|(c, _)| {
                c.policy == self.runs[run].policy && same_rule(&c.finding, finding)
            });
        let others: BTreeSet<_> = conflicts
            .map(|(_, other)| self.policy(*other).name.clone())
            .collect();
        Judgement {
            policy: policy.name.clone(),
            finding: finding.clone(),
            mode,
            effect,
            contradicted_by: others.into_iter().collect(),
            operator_message: policy.spec.message.clone(),
        }
    }

    fn repaired(&self, candidate: &Candidate) -> Judgement {
        let policy = self.policy(candidate.policy);
        Judgement {
            policy: policy.name.clone(),
            finding: candidate.finding.clone(),
            mode: Mode::Fix,
            effect: Effect::Repaired,
            contradicted_by: Vec::new(),
            operator_message: policy.spec.message.clone(),
        }
    }

    /// What policies failed at, at the new object or at the old, and what they could not check.
    fn failed(&self) -> Vec<FailedPolicy> {
        let failed = |(i, run): (usize, &Run)| {
            let policy = self.policy(run.policy);
            let failures = self.failure(i).into_iter().chain(self.unchecked(i));
            let failures = failures.map(|failure| FailedPolicy {
                policy: policy.name.clone(),
                failure,
                on_error: policy.spec.on_error,
            });
            failures.collect::<Vec<_>>()
        };
        self.runs.iter().enumerate().flat_map(failed).collect()
    }

    fn failure(&self, run: usize) -> Option<Failure> {
        let mut passes = self.of_new.iter().chain([&self.pass]);
        passes.find_map(|pass| pass.failure(run)).cloned()
    }

    /// What a policy could not check at the new object, unless it could not check it at the old one
    /// either: what this update leaves alone needs no registry to be up.
    fn unchecked(&self, run: usize) -> Vec<Failure> {
        let last = self.of_new.as_ref().unwrap_or(&self.pass);
        let before = match self.of_new {
            Some(_) => self.pass.unchecked(run),
            None => &[],
        };
        let new = |text: &&String| !before.contains(text);
        let failure = |text: &String| Failure::new("fact", text.clone());
        last.unchecked(run)
            .iter()
            .filter(new)
            .map(failure)
            .collect()
    }
}
