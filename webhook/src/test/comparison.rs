//! What a case expected beside what came.

use gatehouse_core::{Decision, Judgement, Request, Verdict, clean};
use serde_json::{Value, json};

use super::{
    document::{Expectation, ExpectedFinding},
    kept::{Kept, pretty},
};

/// What came of a case.
#[derive(Clone, Copy)]
pub(super) struct Got<'a> {
    pub(super) decision: &'a Decision,
    /// What was judged; `None` where that was malformed.
    pub(super) request: Option<&'a Request>,
    /// Whether a policy judges such objects.
    pub(super) judged: bool,
}

/// One thing that is not as it was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Verdict {
        expected: Verdict,
        got: Verdict,
    },
    /// Whether a policy judges the object.
    Judged {
        got: bool,
    },
    /// A finding that did not come.
    Missing(ExpectedFinding),
    /// A finding that nobody expected.
    Unexpected(ExpectedFinding),
    /// A policy that could not check everything, and why.
    Failed {
        policy: String,
        why: String,
    },
    /// A policy that could check everything, and was expected not to.
    NotFailed(String),
    /// The patch, as JSON.
    Patch {
        expected: String,
        got: String,
    },
    /// The text of a snapshot file; `None` where there is no such file.
    Kept {
        kept: Kept,
        expected: Option<String>,
        got: String,
    },
    /// A snapshot file that cannot be read, and why.
    Unreadable(Kept, String),
}

/// Characters of a policy's own words that a report repeats.
const WHY_CHARS: usize = 400;

/// Everything that differs, in a fixed order.
pub(super) fn compare(expected: &Expectation, kept: &[Kept], came: Got<'_>) -> Vec<Difference> {
    let decision = came.decision;
    let mut differences = Vec::new();
    let got = decision.verdict();
    if got != expected.verdict {
        let expected = expected.verdict;
        differences.push(Difference::Verdict { expected, got });
    }
    // what is malformed is refused before a policy could judge it
    if came.request.is_some() && came.judged != expected.judged {
        differences.push(Difference::Judged { got: came.judged });
    }
    compare_findings(&expected.findings, &decision.judgements, &mut differences);
    compare_failures(expected, decision, &mut differences);
    differences.extend(patch_difference(expected, decision));
    let kept = kept.iter().map(|kept| {
        let got = kept.what.of(decision, came.request);
        kept_difference(kept, got)
    });
    differences.extend(kept.flatten());
    differences
}

/// Gives every expected finding one that came, as many as can be; what is left over differs.
fn compare_findings(
    expected: &[ExpectedFinding],
    got: &[Judgement],
    differences: &mut Vec<Difference>,
) {
    let mut taken = vec![None; got.len()];
    for (i, wanted) in expected.iter().enumerate() {
        let mut seen = vec![false; got.len()];
        if !assign(i, expected, got, &mut seen, &mut taken) {
            differences.push(Difference::Missing(wanted.clone()));
        }
    }
    let left = got.iter().zip(&taken).filter(|(_, taken)| taken.is_none());
    differences.extend(left.map(|(judgement, _)| Difference::Unexpected(shown(judgement))));
}

/// Finds a finding for the expected one, moving others where they fit elsewhere: a pattern that fits many
/// must not take the only one that another fits.
fn assign(
    wanted: usize,
    expected: &[ExpectedFinding],
    got: &[Judgement],
    seen: &mut [bool],
    taken: &mut [Option<usize>],
) -> bool {
    for (i, judgement) in got.iter().enumerate() {
        if seen[i] || !fits(&expected[wanted], judgement) {
            continue;
        }
        seen[i] = true;
        let free = match taken[i] {
            None => true,
            Some(other) => assign(other, expected, got, seen, taken),
        };
        if free {
            taken[i] = Some(wanted);
            return true;
        }
    }
    false
}

fn fits(expected: &ExpectedFinding, judgement: &Judgement) -> bool {
    let finding = &judgement.finding;
    let same = |wanted: &Option<String>, got: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| Some(wanted) == got)
    };
    let path = expected.path.as_deref().is_none_or(|path| {
        path == finding.path.to_string() || path == format!("{:#}", finding.path)
    });
    let effect = expected.effect;
    expected.code == finding.code
        && path
        && same(&expected.container, finding.container.as_deref())
        && same(&expected.policy, Some(&judgement.policy))
        && effect.is_none_or(|effect| effect.as_str() == judgement.effect.as_str())
}

/// What an author would write to expect this finding.
fn shown(judgement: &Judgement) -> ExpectedFinding {
    let finding = &judgement.finding;
    ExpectedFinding {
        code: finding.code.clone(),
        container: finding.container.clone(),
        path: Some(format!("{:#}", finding.path)),
        policy: None,
        effect: None,
    }
}

fn compare_failures(
    expected: &Expectation,
    decision: &Decision,
    differences: &mut Vec<Difference>,
) {
    let any = expected.failed.is_none() && expected.verdict == Verdict::Error;
    let wanted = expected.failed.as_deref().unwrap_or_default();
    for failed in decision.failed.iter().filter(|_| !any) {
        if !wanted.contains(&failed.policy) {
            differences.push(Difference::Failed {
                policy: failed.policy.clone(),
                why: clean(&failed.failure.message, WHY_CHARS).into_owned(),
            });
        }
    }
    let has_failed = |name: &&String| decision.failed.iter().any(|f| f.policy == **name);
    let kept = wanted.iter().filter(|name| !has_failed(name));
    differences.extend(kept.cloned().map(Difference::NotFailed));
}

fn patch_difference(expected: &Expectation, decision: &Decision) -> Option<Difference> {
    let expected = Value::Array(expected.patch.clone()?);
    let got = match &decision.patch {
        Some(patch) => json!(patch),
        None => json!([]),
    };
    (expected != got).then(|| Difference::Patch {
        expected: pretty(&expected),
        got: pretty(&got),
    })
}

fn kept_difference(kept: &Kept, got: String) -> Option<Difference> {
    let expected = match kept.read() {
        Ok(expected) => expected,
        Err(why) => return Some(Difference::Unreadable(kept.clone(), why)),
    };
    (expected.as_ref() != Some(&got)).then(|| Difference::Kept {
        kept: kept.clone(),
        expected,
        got,
    })
}

#[cfg(test)]
mod tests {
    use gatehouse_core::{
        Effect, FailedPolicy, Failure, Verdict,
        config::{Mode, OnError},
    };
    use serde_json::json;

    use super::*;

    fn expectation(json: Value) -> Expectation {
        serde_json::from_value(json).unwrap()
    }

    fn judgement(code: &str, container: Option<&str>, path: &str) -> Judgement {
        let finding = json!({"code": code, "container": container, "path": path, "message": ""});
        Judgement {
            policy: "p".into(),
            finding: serde_json::from_value(finding).unwrap(),
            mode: Mode::Deny,
            effect: Effect::Refused,
            contradicted_by: Vec::new(),
            operator_message: None,
        }
    }

    fn decision(judgements: Vec<Judgement>) -> Decision {
        Decision {
            kind: "Pod".into(),
            name: "web".into(),
            judgements,
            failed: Vec::new(),
            malformed: None,
            missing_template: None,
            patch: None,
        }
    }

    fn differences(expected: Value, decision: &Decision) -> Vec<Difference> {
        let came = Got {
            decision,
            request: None,
            judged: true,
        };
        compare(&expectation(expected), &[], came)
    }

    fn failed(on_error: OnError) -> Decision {
        let failure = Failure::new("fact", "needs a fact");
        let failed = FailedPolicy {
            policy: "p".into(),
            failure,
            on_error,
        };
        Decision {
            failed: vec![failed],
            ..decision(Vec::new())
        }
    }

    #[test]
    fn what_is_as_expected_differs_in_nothing() {
        let got = decision(vec![
            judgement("a", Some("app"), "spec.containers[name=app].x"),
            judgement("b", None, "spec.y"),
        ]);
        for findings in [
            json!([{"code": "b"}, {"code": "a"}]),
            json!([{"code": "a", "container": "app"}, {"code": "b", "path": "spec.y"}]),
            json!([{"code": "a", "path": "spec.containers[app].x"}, {"code": "b", "policy": "p"}]),
            json!([{"code": "a", "path": "spec.containers[name=app].x"}, {"code": "b", "effect": "refused"}]),
        ] {
            let expected = json!({"verdict": "deny", "findings": findings});
            assert_eq!(differences(expected, &got), [], "{findings}");
        }
    }

    #[test]
    fn each_member_of_a_finding_counts() {
        let got = decision(vec![judgement("a", Some("app"), "spec.x")]);
        for finding in [
            json!({"code": "b"}),
            json!({"code": "a", "container": "other"}),
            json!({"code": "a", "path": "spec"}),
            json!({"code": "a", "policy": "q"}),
            json!({"code": "a", "effect": "warned"}),
        ] {
            let expected = json!({"verdict": "deny", "findings": [finding]});
            let found = differences(expected, &got);
            assert!(
                matches!(
                    found[..],
                    [Difference::Missing(_), Difference::Unexpected(_)]
                ),
                "{finding}: {found:?}"
            );
        }
    }

    #[test]
    fn a_finding_is_counted_once() {
        let twice = json!({"verdict": "deny", "findings": [{"code": "a"}, {"code": "a"}]});
        let one = decision(vec![judgement("a", None, "spec.x")]);
        assert!(matches!(
            differences(twice, &one)[..],
            [Difference::Missing(_)]
        ));
        let two = vec![
            judgement("a", None, "spec.x"),
            judgement("a", None, "spec.y"),
        ];
        let once = json!({"verdict": "deny", "findings": [{"code": "a"}]});
        assert!(matches!(
            differences(once, &decision(two))[..],
            [Difference::Unexpected(_)]
        ));
    }

    #[test]
    fn a_pattern_that_fits_many_leaves_the_only_one_of_another() {
        let got = decision(vec![
            judgement("a", Some("app"), "spec.x"),
            judgement("a", Some("app"), "spec.y"),
        ]);
        let findings = json!([{"code": "a", "container": "app"}, {"code": "a", "path": "spec.x"}]);
        let expected = json!({"verdict": "deny", "findings": findings});
        assert_eq!(differences(expected, &got), []);
    }

    #[test]
    fn no_findings_are_expected_where_none_are_given() {
        let got = decision(vec![judgement("a", None, "spec.x")]);
        let found = differences(json!({"verdict": "allow"}), &got);
        assert!(matches!(
            found[..],
            [
                Difference::Verdict {
                    expected: Verdict::Allow,
                    got: Verdict::Deny
                },
                Difference::Unexpected(_)
            ]
        ));
    }

    #[test]
    fn a_policy_that_failed_is_never_passed_over() {
        let error = json!({"verdict": "error"});
        assert_eq!(differences(error.clone(), &failed(OnError::Deny)), []);
        assert!(matches!(
            differences(error, &decision(Vec::new()))[..],
            [Difference::Verdict { .. }]
        ));
        // `onError: allow` lets the object in, but nothing was judged
        let found = differences(json!({"verdict": "allow"}), &failed(OnError::Allow));
        assert!(matches!(found[..], [Difference::Failed { .. }]));
        let expected = json!({"verdict": "allow", "failed": ["p"]});
        assert_eq!(differences(expected.clone(), &failed(OnError::Allow)), []);
        let found = differences(expected, &decision(Vec::new()));
        assert_eq!(found, [Difference::NotFailed("p".into())]);
        let other = json!({"verdict": "error", "failed": []});
        assert!(matches!(
            differences(other, &failed(OnError::Deny))[..],
            [Difference::Failed { .. }]
        ));
    }

    #[test]
    fn a_patch_is_compared_whole() {
        let patch = json!([{"op": "add", "path": "/spec/x", "value": 1}]);
        let mut got = decision(Vec::new());
        let expected = json!({"verdict": "allow", "patch": patch});
        assert!(matches!(
            differences(expected.clone(), &got)[..],
            [Difference::Patch { .. }]
        ));
        got.patch = serde_json::from_value(patch).unwrap();
        assert_eq!(differences(expected, &got), []);
        let none = json!({"verdict": "allow", "patch": []});
        assert!(matches!(
            differences(none, &got)[..],
            [Difference::Patch { .. }]
        ));
        assert_eq!(differences(json!({"verdict": "allow"}), &got), []);
    }
}
