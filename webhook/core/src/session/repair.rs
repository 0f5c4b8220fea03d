//! Fixing: which findings' fixes are applied, until nothing changes.

use std::{collections::BTreeSet, sync::Arc};

use gatehouse_abi::{Edit, Operation, Path, tree::Node};

use super::{Pass, Purpose, Session};
use crate::{
    Policy, Request,
    config::{FixAt, Mode},
    fixes::{self, Candidate},
};

impl Session<'_> {
    /// Applies the fixes that the findings offer; whether the object changed, so that it must be judged
    /// again.
    pub(super) fn repair(&mut self) -> bool {
        let candidates = self.candidates();
        if candidates.is_empty() || self.repairs.rounds >= self.limits.fix_rounds {
            return false;
        }
        self.repairs.rounds += 1;
        let mut all = self.repairs.applied.clone();
        all.extend(candidates);
        let merged = fixes::merge(all);
        self.repairs.conflicts.extend(merged.conflicts);
        // always from the original: a fix that turned out to be contradicted is taken back
        let mut object = self.original.object().to_value();
        let fits = |c: &Candidate| Edit::apply_all(c.edits(), &mut object).is_ok();
        let wanted = merged.fixes.into_iter().filter(|c| self.applies(c));
        let applied: Vec<_> = wanted.filter(fits).collect();
        if applied == self.repairs.applied {
            return false;
        }
        let Ok(request) = self.original.with_object(&object, &self.limits) else {
            return false;
        };
        let differs = object != self.original.object().to_value();
        self.repairs.object = differs.then_some(object);
        self.repairs.applied = applied;
        self.pass = Pass::new(Arc::new(request), self.runs.len());
        true
    }

    /// The fixes that may be applied now and were not tried before.
    fn candidates(&self) -> Vec<Candidate> {
        let known = |c: &Candidate| {
            let conflicts = self.repairs.conflicts.iter().map(|(c, _)| c);
            conflicts
                .chain(&self.repairs.applied)
                .any(|k| k.is_about(c))
        };
        let candidates = self.pass.findings().map(|(i, finding)| Candidate {
            policy: self.runs[i].policy,
            finding: finding.clone(),
        });
        candidates
            .filter(|c| self.may_fix(c) && !known(c))
            .collect()
    }

    fn may_fix(&self, candidate: &Candidate) -> bool {
        let policy = self.policy(candidate.policy);
        let finding = &candidate.finding;
        let Some(fix) = &finding.fix else {
            return false;
        };
        let wanted = fix.is_safe() || policy.spec.risky_fixes.contains(&finding.code);
        let namespace = self.original.namespace();
        wanted
            && policy.spec.mode_of(&finding.code, namespace) == Mode::Fix
            && self.exemption(policy, finding).is_none()
            && self.may_fix_here(policy, candidate)
    }

    /// Fixes concern Pods when they are created, and ephemeral containers when they are added. A
    /// workload is changed only if the operator fixes what authors write.
    fn may_fix_here(&self, policy: &Policy, candidate: &Candidate) -> bool {
        let request = &self.original;
        if !request.is_pod() {
            return self.purpose != Purpose::Mutate || policy.spec.fix_at == FixAt::Author;
        }
        if request.operation() == Operation::Create {
            return request.subresource().is_empty();
        }
        let added = added_ephemeral_containers(request);
        let inside = |path: &Path| added.iter().any(|container| container.contains(path));
        let mut edits = candidate.edits().iter();
        edits.all(|edit| inside(edit.path()))
    }

    /// Whether a fix is applied, not only compared with the others. `/validate` judges what `/mutate` left;
    /// it tries fixes at workloads alone, to see what their pods' fixes will repair.
    fn applies(&self, candidate: &Candidate) -> bool {
        let at_author = self.policy(candidate.policy).spec.fix_at == FixAt::Author;
        self.purpose != Purpose::Validate || !(self.original.is_pod() || at_author)
    }
}

/// Paths of the ephemeral containers that the old object does not have.
fn added_ephemeral_containers(request: &Request) -> Vec<Path> {
    if request.subresource() != "ephemeralcontainers" {
        return Vec::new();
    }
    let list = |object: Node<'_>| {
        let containers = object.at("spec.ephemeralContainers");
        let names = containers.into_iter().flat_map(|list| list.items());
        let name = |item: Node<'_>| Some(item.get("name")?.as_str()?.to_owned());
        names.filter_map(name).collect::<BTreeSet<_>>()
    };
    let (new, old) = (list(request.object()), list(request.old_object()));
    let path = |name: &String| Path::dotted("spec.ephemeralContainers").item("name", name);
    new.difference(&old).map(path).collect()
}
