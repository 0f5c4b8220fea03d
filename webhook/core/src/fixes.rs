use gatehouse_abi::{Edit, Finding};
use serde_json::Value;

/// A fix that the operator wants applied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Index of the policy in its set.
    pub(crate) policy: usize,
    /// The finding that it repairs.
    pub(crate) finding: Finding,
}

/// What becomes of candidates that are seen together.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Those that can be applied together.
    pub(crate) fixes: Vec<Candidate>,
    /// Those that cannot, each with the index of the policy that wants otherwise.
    pub(crate) conflicts: Vec<(Candidate, usize)>,
}

impl Candidate {
    /// Whether both are about the same broken rule.
    pub(crate) fn is_about(&self, other: &Candidate) -> bool {
        self.policy == other.policy && same_rule(&self.finding, &other.finding)
    }

    pub(crate) fn edits(&self) -> &[Edit] {
        self.finding.fix.as_ref().map_or(&[], |fix| &fix.edits)
    }

    fn contradicts(&self, other: &Candidate) -> bool {
        let pairs = self
            .edits()
            .iter()
            .flat_map(|a| other.edits().iter().map(move |b| (a, b)));
        pairs.into_iter().any(|(a, b)| contradict(a, b))
    }
}

/// Whether two findings are about the same rule at the same place.
pub(crate) fn same_rule(a: &Finding, b: &Finding) -> bool {
    a.code == b.code && a.path == b.path && a.container == b.container
}

/// Takes out every candidate that contradicts another: of two policies that want different values at one
/// path neither may win by its name.
pub(crate) fn merge(candidates: Vec<Candidate>) -> Merged {
    let mut merged = Merged::default();
    for (i, candidate) in candidates.iter().enumerate() {
        let other = candidates
            .iter()
            .enumerate()
            .find(|(j, other)| i != *j && candidate.contradicts(other));
        match other {
            Some((_, other)) => merged.conflicts.push((candidate.clone(), other.policy)),
            None => merged.fixes.push(candidate.clone()),
        }
    }
    merged
}

/// Whether no object satisfies both edits.
fn contradict(a: &Edit, b: &Edit) -> bool {
    if a == b {
        return false;
    }
    if a.path() == b.path() {
        let both_include = matches!((a, b), (Edit::Include { .. }, Edit::Include { .. }));
        return !both_include && outcome(a) != outcome(b);
    }
    let (outer, inner) = if a.path().contains(b.path()) {
        (a, b)
    } else if b.path().contains(a.path()) {
        (b, a)
    } else {
        return false;
    };
    !matches!(
        (outer, outcome(inner)),
        (Edit::Remove { .. }, Some(Value::Null))
    )
}

/// The value that an edit leaves at its path, where it alone decides it.
fn outcome(edit: &Edit) -> Option<Value> {
    match edit {
        Edit::Set { value, .. } => Some(value.clone()),
        Edit::Remove { .. } => Some(Value::Null),
        Edit::Include { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::Fix;
    use serde_json::json;

    use super::*;

    fn set(path: &str, value: Value) -> Edit {
        Edit::Set {
            path: path.parse().unwrap(),
            value,
        }
    }

    fn candidate(policy: usize, edit: Edit) -> Candidate {
        Candidate {
            policy,
            finding: Finding {
                code: format!("code-{policy}"),
                path: edit.path().clone(),
                container: None,
                message: String::new(),
                found: None,
                required: None,
                help: None,
                fix: Some(Fix {
                    edits: vec![edit],
                    risk: None,
                }),
            },
        }
    }

    #[test]
    fn contradictions_take_both_out() {
        let merged = merge(vec![
            candidate(0, set("a.b", json!(1))),
            candidate(1, set("a.b", json!(2))),
            candidate(2, set("a.c", json!(3))),
        ]);
        assert_eq!(merged.fixes.len(), 1);
        let pairs: Vec<_> = merged
            .conflicts
            .iter()
            .map(|(c, other)| (c.policy, *other))
            .collect();
        assert_eq!(pairs, [(0, 1), (1, 0)]);
    }

    #[test]
    fn what_agrees_is_no_contradiction() {
        let include = |item: &str| Edit::Include {
            path: "l".into(),
            item: json!(item),
        };
        let agree = [
            (set("a", json!(1)), set("a", json!(1))),
            (set("a.b", json!(1)), set("a.c", json!(2))),
            (include("x"), include("y")),
            (Edit::Remove { path: "a".into() }, set("a", Value::Null)),
        ];
        for (a, b) in agree {
            assert!(!contradict(&a, &b), "{a:?} {b:?}");
        }
        let disagree = [
            (set("a", json!({"b": 1})), set("a.b", json!(2))),
            (Edit::Remove { path: "a".into() }, set("a.b", json!(2))),
            (include("x"), set("l", json!(["y"]))),
        ];
        for (a, b) in disagree {
            assert!(contradict(&a, &b) && contradict(&b, &a), "{a:?} {b:?}");
        }
    }
}
