use gatehouse_abi::{Edit, Finding, Fix, Operation, Path, tree::Node};
use serde_json::json;

use super::*;
use crate::{
    Effect, Failure, Malformed, MalformedRequest, Subject,
    config::{Mode, OnError},
};

fn judgement(code: &str, container: Option<&str>, effect: Effect) -> Judgement {
    let path = match container {
        Some(name) => Path::dotted("spec.containers").item("name", name),
        None => Path::dotted("spec"),
    };
    Judgement {
        policy: "pod-security".into(),
        finding: Finding {
            code: code.into(),
            path: path.key(code),
            container: container.map(str::to_owned),
            message: "the container may do too much".into(),
            found: Some("not set".into()),
            required: Some("true".into()),
            help: None,
            fix: None,
        },
        mode: Mode::Deny,
        effect,
        contradicted_by: Vec::new(),
        operator_message: None,
    }
}

fn decision(judgements: Vec<Judgement>) -> Decision {
    let mut decision = Decision {
        kind: "Deployment".into(),
        name: "web".into(),
        judgements,
        failed: Vec::new(),
        malformed: None,
        missing_template: None,
        patch: None,
    };
    decision.sort();
    decision
}

fn could_not_check(policy: &str, reason: &'static str) -> FailedPolicy {
    FailedPolicy {
        policy: policy.into(),
        failure: Failure::new(reason, "did not say"),
        on_error: OnError::Deny,
    }
}

fn text(decision: &Decision) -> String {
    denial(decision, &Limits::default()).unwrap()
}

#[test]
fn a_denial_lists_everything_with_the_fix_beside_it() {
    let mut fixed = judgement("run-as-non-root", None, Effect::Refused);
    fixed.finding.fix = Some(Fix {
        edits: vec![Edit::Set {
            path: "spec.securityContext.runAsNonRoot".into(),
            value: json!(true),
        }],
        risk: Some("an image that runs as root will not start".into()),
    });
    let mut conflict = judgement("b-code", Some("app"), Effect::Refused);
    conflict.contradicted_by = vec!["other".into()];
    conflict.finding.help = Some("set it".into());
    conflict.operator_message = Some("help: #platform".into());
    let warned = judgement("only-warned", None, Effect::Warned);
    insta::assert_snapshot!(text(&decision(vec![
        conflict,
        judgement("a-code", Some("app"), Effect::Refused),
        judgement("a-code", Some("side"), Effect::Refused),
        fixed,
        warned,
    ])));
}

#[test]
fn what_could_not_be_checked_is_told_apart() {
    let mut failed = decision(Vec::new());
    failed.failed.push(FailedPolicy {
        policy: "image-trust".into(),
        failure: Failure::new("timeout", "ran longer than 20 ms"),
        on_error: OnError::Deny,
    });
    insta::assert_snapshot!("could_not_be_checked", text(&failed));
    failed
        .judgements
        .push(judgement("a-code", None, Effect::Refused));
    insta::assert_snapshot!("refused_and_could_not_be_checked", text(&failed));
    failed.failed[0].on_error = OnError::Allow;
    assert!(!text(&failed).contains("could not"));
}

#[test]
fn a_malformed_object_is_named() {
    let mut malformed = MalformedRequest {
        subject: Subject::of(Node::NULL, Operation::Create),
        problem: Malformed::NoTemplate("spec.template".into()),
    };
    let problem = "malformed: `spec.template` is not set, so there is no pod to judge";
    let said = text(&Decision::malformed(malformed.clone()));
    assert_eq!(said, format!("the object is {problem}"));
    malformed.subject.kind = "Deployment".into();
    malformed.subject.name = "web".into();
    let said = text(&Decision::malformed(malformed));
    assert_eq!(said, format!("Deployment web is {problem}"));
}

#[test]
fn the_first_line_stands_alone_within_its_limit() {
    let many: Vec<_> = (0..30)
        .map(|i| judgement(&format!("some-long-code-{i:02}"), None, Effect::Refused))
        .collect();
    let mut decision = decision(many);
    decision.name = "n".repeat(253);
    let text = text(&decision);
    let first = text.lines().next().unwrap();
    assert!(first.chars().count() <= FIRST_LINE_CHARS, "{first}");
    assert!(first.contains("some-long-code-00"), "{first}");
    assert!(first.ends_with('…'), "{first}");
}

#[test]
fn the_first_line_names_as_many_policies_as_fit() {
    let mut failed = decision(Vec::new());
    let policy = |i| format!("some-policy-with-a-long-name-{i}");
    failed.failed = (0..6)
        .rev()
        .map(|i| could_not_check(&policy(i), "fact"))
        .collect();
    let text = text(&failed);
    let first = text.lines().next().unwrap();
    assert!(first.chars().count() <= FIRST_LINE_CHARS, "{first}");
    let begins = format!(
        "Deployment web could not be checked by {}, {}, ",
        policy(0),
        policy(1)
    );
    assert!(
        first.starts_with(&begins) && first.ends_with(", …"),
        "{first}"
    );
}

#[test]
fn trying_again_is_advised_where_it_may_help() {
    let said = |reasons: &[&'static str]| {
        let mut failed = decision(Vec::new());
        failed.failed = reasons
            .iter()
            .map(|reason| could_not_check("p", reason))
            .collect();
        let text = text(&failed);
        let last = text.lines().next_back().unwrap().trim();
        last.split([' ', ':']).take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said(&["trap", "fact"]), "This may");
    assert_eq!(said(&["timeout", "untold"]), "This may");
    assert_eq!(said(&["trap", "untold"]), "Trying again");
    assert_eq!(said(&["untold"]), "could not");
}

#[test]
fn long_denials_are_cut_with_a_count() {
    let many = |count: usize| {
        let one = |i| judgement(&format!("code-{i:04}"), Some("app"), Effect::Refused);
        decision((0..count).map(one).collect())
    };
    let limits = Limits::default();
    assert!(!text(&many(limits.findings_shown)).ends_with(" more"));
    let over = text(&many(limits.findings_shown + 1));
    assert!(over.ends_with("\n\nand 1 more"), "{over}");

    let small = Limits {
        message_bytes: 2048,
        ..limits
    };
    let cut = denial(&many(30), &small).unwrap();
    assert!(cut.len() <= 2048 && cut.ends_with(" more"), "{cut}");
}

#[test]
fn hostile_text_is_shown_not_obeyed() {
    let mut hostile = judgement("a-code", Some("app\n::stop-commands::x"), Effect::Refused);
    hostile.finding.found = Some("\u{1b}[31mred".into());
    let mut decision = decision(vec![hostile]);
    decision.name = "a\u{202e}b".into();
    insta::assert_snapshot!(text(&decision));
}

#[test]
fn warnings_keep_within_their_limits() {
    let mut warned = judgement("a-code", Some("app"), Effect::Warned);
    assert_eq!(
        warnings(&decision(vec![warned.clone()])),
        ["a-code: container app: the container may do too much"]
    );
    warned.finding.message = format!("{}\n", "long ".repeat(60));
    let fitting = WARNINGS_CHARS / WARNING_CHARS;
    let all = warnings(&decision(vec![warned.clone(); fitting]));
    assert!(all.len() == fitting && all[0].chars().count() == WARNING_CHARS);
    let all = warnings(&decision(vec![warned; 200]));
    assert!(
        all.iter()
            .all(|w| w.chars().count() <= WARNING_CHARS && !w.contains('\n'))
    );
    assert!(all.iter().map(|w| w.chars().count()).sum::<usize>() <= WARNINGS_CHARS);
    let (last, shown) = all.split_last().unwrap();
    let left = 200 - shown.len();
    assert_eq!(
        *last,
        format!("and {left} more: `gatehouse check` shows them all")
    );
}
