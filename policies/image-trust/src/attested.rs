//! Whether what an authority attested meets its conditions.

use std::borrow::Cow;

use gatehouse_sdk::{Kind, Node, Selected, Step, ValuePath};

use crate::{
    age::Age,
    attestation::{Attestation, Condition, Operator},
    scalar::{Number, Scalar},
    unmet::{Found, Unmet},
    verdict::{NOT_UNDERSTOOD, Rejection, Signers, Verdict, signer},
};

/// Most values that are looked at for one authority, over all its attestations of an image: so many take a
/// quarter of the time that a policy has.
pub(crate) const VALUES_MAX: usize = 50_000;

/// What an authority attested of an image, and when the host said so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attested<'a> {
    now: i64,
    attestations: Node<'a>,
}

impl<'a> Attested<'a> {
    /// Reads the fact; `None` unless all of it is understood.
    pub(crate) fn read(fact: Node<'a>) -> Option<Self> {
        let now = fact.get("now")?.as_i64().filter(|now| *now > 0)?;
        let attestations = fact.get("attestations")?;
        let is_list = attestations.kind() == Kind::Array && attestations.count() > 0;
        let is_one = |item: Node<'_>| signer(item).is_some() && item.get("predicate").is_some();
        (is_list && attestations.items().all(is_one)).then_some(Self { now, attestations })
    }

    /// Judges each attestation by all conditions: what two of them say together counts for nothing. Of those
    /// that come as near the last is told of, since newer ones are mostly hung onto the end.
    pub(crate) fn judge(self, wanted: &'a Attestation) -> Verdict<'a> {
        let (mut signers, mut nearest) = (Vec::new(), None::<Unmet<'a>>);
        let mut judge = Judge {
            now: self.now,
            values_left: VALUES_MAX,
        };
        for attestation in self.attestations.items() {
            let predicate = attestation.get("predicate").unwrap_or(Node::NULL);
            match judge.unmet(&wanted.conditions, predicate) {
                Ok(None) => signers.extend(signer(attestation)),
                Ok(Some(unmet)) if nearest.is_none_or(|old| unmet.distance() <= old.distance()) => {
                    nearest = Some(unmet);
                }
                Ok(Some(_)) => {}
                // whoever is found so far has attested what is wanted all the same
                Err(_) if !signers.is_empty() => break,
                Err(why) => return Verdict::Unavailable(why),
            }
        }
        match nearest {
            _ if !signers.is_empty() => Verdict::Verified(Signers::new(signers)),
            Some(unmet) => Verdict::Failed(Rejection::Unmet(unmet)),
            None => Verdict::Unavailable(NOT_UNDERSTOOD),
        }
    }
}

struct Judge {
    now: i64,
    values_left: usize,
}

impl Judge {
    /// The first condition that the predicate does not meet, and how many others; an error where that cannot
    /// be said.
    fn unmet<'a>(
        &mut self,
        conditions: &'a [Condition],
        predicate: Node<'a>,
    ) -> Result<Option<Unmet<'a>>, Cow<'static, str>> {
        let mut first: Option<Unmet<'_>> = None;
        for condition in conditions {
            let (Ok(path), Ok(operator)) = (&condition.path, &condition.operator) else {
                return Err("the settings have a condition that is not clear".into());
            };
            let Some(found) = self.mismatch(path, operator, predicate)? else {
                continue;
            };
            match &mut first {
                Some(first) => first.others += 1,
                None => {
                    first = Some(Unmet {
                        path,
                        operator,
                        found,
                        others: 0,
                    })
                }
            }
        }
        Ok(first)
    }

    /// What is found on the path that the operator does not allow, or that there is nothing.
    fn mismatch<'a>(
        &mut self,
        path: &ValuePath,
        operator: &Operator,
        predicate: Node<'a>,
    ) -> Result<Option<Found<'a>>, Cow<'static, str>> {
        let mut has_value = matches!(operator, Operator::NoneOf(_));
        for selected in path.select(predicate) {
            self.values_left = self.values_left.checked_sub(1).ok_or_else(|| {
                format!(
                    "its attestations have more than {VALUES_MAX} values that conditions are about"
                )
            })?;
            let found = match selected {
                Selected::Value(value) => operator.mismatch(value, self.now),
                Selected::Absent(at) if operator.may_be_absent(path, at) => None,
                Selected::Absent(at) => Some(Found::Absent(at + 1)),
                Selected::Mismatched(at, node) => Some(Found::Mismatched(at, node)),
            };
            if found.is_some() {
                return Ok(found);
            }
            has_value = true;
        }
        Ok((!has_value).then_some(Found::NoValue))
    }
}

impl Operator {
    /// What is wrong with one value. One of another kind than the operator compares with meets nothing: a
    /// scanner that writes numbers for `HIGH` is not one that found nothing.
    fn mismatch<'a>(&self, value: Node<'a>, now: i64) -> Option<Found<'a>> {
        let is_in = |list: &[Scalar]| list.iter().any(|scalar| scalar.is(value));
        let is_met = match self {
            Operator::Equals(wanted) => wanted.is(value),
            Operator::OneOf(list) => is_in(list),
            Operator::NoneOf(list) => list.iter().any(|s| s.is_like(value)) && !is_in(list),
            Operator::Glob(glob) => value.as_str().is_some_and(|text| glob.fits(text)),
            Operator::AtMost(most) => Number::read(value).is_some_and(|number| number <= *most),
            Operator::AtLeast(least) => Number::read(value).is_some_and(|number| number >= *least),
            Operator::MaxAge(age) => {
                let time = value.as_str();
                return match time.map_or(Age::NoTime, |time| age.judge(time, now)) {
                    Age::Young => None,
                    Age::TooOld => Some(Found::TooOld(value)),
                    Age::InFuture => Some(Found::InFuture(value)),
                    Age::NoTime => Some(Found::NoTime(value)),
                };
            }
        };
        (!is_met).then_some(Found::Value(value))
    }

    /// Whether what these first steps lead to may lack the next one's member.
    fn may_be_absent(&self, path: &ValuePath, steps: usize) -> bool {
        let before = path.steps().iter().take(steps);
        matches!(self, Operator::NoneOf(_)) && before.into_iter().any(|step| *step == Step::Each)
    }
}
