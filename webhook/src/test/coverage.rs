//! Which codes cases exercise.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_core::Decision;

use super::case::Case;

/// What cases raised of each code of the modules under test.
#[derive(Debug, Default)]
pub(super) struct Coverage(BTreeMap<String, BTreeMap<String, Exercised>>);

/// What was seen of one code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exercised {
    /// A case raised it.
    pub(super) raised: bool,
    /// A case that its policy judged did not raise it.
    pub(super) not_raised: bool,
}

/// The codes of one module.
#[derive(Debug)]
pub(super) struct OfModule<'a> {
    pub(super) module: &'a str,
    pub(super) codes: &'a BTreeMap<String, Exercised>,
}

impl Coverage {
    /// Adds a case that was judged by the policies of these indices.
    pub(super) fn add(&mut self, case: &Case, judged_by: &[usize], decision: &Decision) {
        for (index, policy) in case.snapshot.set.policies().iter().enumerate() {
            let codes = self.0.entry(policy.metadata.name.clone()).or_default();
            let found = decision.judgements.iter();
            let found = found.filter(|judgement| judgement.policy == policy.name);
            let found: BTreeSet<_> = found.map(|judgement| &*judgement.finding.code).collect();
            let failed = decision.failed.iter().any(|f| f.policy == policy.name);
            let silent = judged_by.contains(&index) && !failed;
            for code in policy.metadata.codes.keys() {
                let exercised = codes.entry(code.clone()).or_default();
                let raised = found.contains(&**code);
                exercised.raised |= raised;
                exercised.not_raised |= silent && !raised;
            }
        }
    }

    /// The modules, ordered by name.
    pub(super) fn modules(&self) -> impl Iterator<Item = OfModule<'_>> {
        let modules = self.0.iter();
        modules.map(|(module, codes)| OfModule { module, codes })
    }

    pub(super) fn is_complete(&self) -> bool {
        let mut codes = self.0.values().flat_map(BTreeMap::values);
        codes.all(|exercised| exercised.is_complete())
    }
}

impl Exercised {
    pub(super) fn is_complete(self) -> bool {
        self.raised && self.not_raised
    }
}
