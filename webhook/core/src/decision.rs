use gatehouse_abi::{Finding, Path};
use json_patch::Patch;
use serde::Deserialize;

use crate::{
    Failure, Malformed, MalformedRequest, Request,
    config::{Mode, OnError},
};

/// Everything that is said of one request.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The object's kind.
    pub kind: String,
    /// The object's name, as it is shown.
    pub name: String,
    /// All findings of all policies, sorted.
    pub judgements: Vec<Judgement>,
    /// The policies that gave no answer.
    pub failed: Vec<FailedPolicy>,
    /// Why the object could not be judged at all.
    pub malformed: Option<Malformed>,
    /// Where a custom workload has no pod template, so that no pod was judged.
    pub missing_template: Option<Path>,
    /// What mode `fix` changes; `None` when nothing.
    pub patch: Option<Patch>,
}

/// One finding and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The policy's name.
    pub policy: String,
    /// The finding.
    pub finding: Finding,
    /// The mode that the operator set for it.
    pub mode: Mode,
    /// What becomes of it.
    pub effect: Effect,
    /// The policies whose fixes contradict this one's, so that neither is applied.
    pub contradicted_by: Vec<String>,
    /// The operator's own line.
    pub operator_message: Option<String>,
}

/// What becomes of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It refuses the request.
    Refused,
    /// It warns.
    Warned,
    /// It is recorded.
    Audited,
    /// Mode `fix` repairs it: here, or at the pods that this workload creates.
    Repaired,
    /// The exemption of this name covers it.
    Exempted(String),
    /// The object was so before this update, which does not touch it.
    Unchanged,
    /// `/mutate` does not repair it; `/validate` decides of it.
    Left,
}

/// A policy that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPolicy {
    /// The policy's name.
    pub policy: String,
    /// Why.
    pub failure: Failure,
    /// What the operator wants then.
    pub on_error: OnError,
}

/// A decision in one word; the later outweigh the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to say.
    Allow,
    /// Passes with warnings.
    Warn,
    /// Passes once it is repaired.
    Fix,
    /// Refused.
    Deny,
    /// Could not be checked, and is refused.
    Error,
}

impl Decision {
    /// Nothing found.
    pub(crate) fn about(request: &Request) -> Self {
        Self {
            kind: request.kind().to_owned(),
            name: request.display_name(),
            judgements: Vec::new(),
            failed: Vec::new(),
            malformed: None,
            missing_template: request.missing_template().cloned(),
            patch: None,
        }
    }

    /// The refusal of an object that cannot be judged.
    pub fn malformed(malformed: MalformedRequest) -> Self {
        Self {
            kind: malformed.subject.kind,
            name: malformed.subject.name,
            judgements: Vec::new(),
            failed: Vec::new(),
            malformed: Some(malformed.problem),
            missing_template: None,
            patch: None,
        }
    }

    /// The decision in one word.
    pub fn verdict(&self) -> Verdict {
        let effects = |effect: Effect| self.judgements.iter().any(|j| j.effect == effect);
        if self.failed.iter().any(|f| f.on_error == OnError::Deny) {
            Verdict::Error
        } else if self.malformed.is_some() || effects(Effect::Refused) {
            Verdict::Deny
        } else if effects(Effect::Repaired) {
            Verdict::Fix
        } else if effects(Effect::Warned) {
            Verdict::Warn
        } else {
            Verdict::Allow
        }
    }

    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        self.verdict() < Verdict::Deny
    }

    /// The findings that refuse.
    pub fn refusals(&self) -> impl Iterator<Item = &Judgement> {
        self.with_effect(Effect::Refused)
    }

    /// The findings with this effect.
    pub fn with_effect(&self, effect: Effect) -> impl Iterator<Item = &Judgement> {
        self.judgements.iter().filter(move |j| j.effect == effect)
    }

    /// The failures that refuse.
    pub fn refusing_failures(&self) -> impl Iterator<Item = &FailedPolicy> {
        let refuses = |f: &&FailedPolicy| f.on_error == OnError::Deny;
        self.failed.iter().filter(refuses)
    }

    /// Orders the findings: those about the pod first, then by container, code, path and policy.
    pub(crate) fn sort(&mut self) {
        let key = |j: &Judgement| {
            let f = &j.finding;
            (
                f.container.clone(),
                f.code.clone(),
                f.path.clone(),
                j.policy.clone(),
            )
        };
        self.judgements.sort_by_cached_key(key);
    }
}

impl Effect {
    /// The effect's word in logs, metrics and audit annotations.
    pub fn as_str(&self) -> &'static str {
        match self {
            Effect::Refused => "refused",
            Effect::Warned => "warned",
            Effect::Audited => "audited",
            Effect::Repaired => "repaired",
            Effect::Exempted(_) => "exempted",
            Effect::Unchanged => "unchanged",
            Effect::Left => "left",
        }
    }
}

impl Verdict {
    /// The verdict's word in `check --output json` and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Warn => "warn",
            Verdict::Fix => "fix",
            Verdict::Deny => "deny",
            Verdict::Error => "error",
        }
    }
}
