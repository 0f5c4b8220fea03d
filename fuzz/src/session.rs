//! The judging of one request, and what must hold of its answer.

use std::sync::Arc;

use gatehouse_abi::{Answer, Metadata, Need, tree::TreeBuf};
use gatehouse_core::{
    Decision, Fact, Failure, Limits, Policy, PolicySet, Purpose, Request, Session, Step,
    config::{self, Document},
    response,
};
use serde_json::{Value, json};
use time::{Date, macros::date};

/// What policies answer: the policy's place in the set, the request, the facts.
pub type Answerer<'a> =
    dyn FnMut(usize, &TreeBuf, &TreeBuf) -> Result<Option<Answer>, Failure> + 'a;

const TODAY: Date = date!(2026 - 11 - 21);

/// Far more steps than the limits of a request allow.
const STEPS: usize = 1000;

/// A configuration document.
pub fn document(kind: &str, name: &str, spec: Value) -> Document {
    let document = json!({
        "apiVersion": config::API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec,
    });
    let tree = TreeBuf::from_value(&document).expect("a document is small");
    config::read(tree.root()).expect("the document is right")
}

/// A policy of this configuration, whose module says this of itself.
pub fn policy(name: &str, spec: Value, metadata: &str) -> Policy {
    let Document::Policy(name, spec) = document("Policy", name, spec) else {
        unreachable!("the document's kind is Policy")
    };
    let metadata: Metadata = serde_json::from_str(metadata).expect("the metadata is right");
    Policy {
        name,
        spec: *spec,
        metadata: Arc::new(metadata),
    }
}

/// Judges a request.
pub fn judge(
    set: &PolicySet,
    request: Request,
    purpose: Purpose,
    answer: &mut Answerer<'_>,
    fact: &mut dyn FnMut(&Need) -> Fact,
) -> Decision {
    let mut session = Session::new(set, request, purpose, TODAY, Limits::default());
    for _ in 0..STEPS {
        match session.step() {
            Step::Run(policies) => {
                for policy in policies {
                    let said = answer(policy, session.request(), &session.facts(policy));
                    session.answer(policy, said);
                }
            }
            Step::Fetch(asked) => {
                for asked in asked {
                    let fact = fact(&asked.need);
                    session.supply(asked, fact);
                }
            }
            Step::Done(decision) => return *decision,
        }
    }
    panic!("the judging does not end");
}

/// Checks what holds of every answer, and that a patch fits the object.
pub fn check_response(uid: &str, decision: &Decision, object: &Value) -> Value {
    let limits = Limits::default();
    let review = response(uid, decision, &limits);
    let answer = &review["response"];
    assert_eq!(answer["uid"], uid);
    assert_eq!(answer["allowed"], decision.is_allowed());
    if let Some(message) = answer["status"]["message"].as_str() {
        check_message(message, &limits);
    }
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        let warning = warning.as_str().expect("a warning is text");
        assert!(warning.chars().count() <= 120, "{warning}");
        assert!(!warning.contains(char::is_control), "{warning:?}");
    }
    let mut fixed = object.clone();
    if let Some(patch) = &decision.patch {
        json_patch::patch(&mut fixed, patch).expect("a patch fits its object");
    }
    fixed
}

fn check_message(message: &str, limits: &Limits) {
    assert!(message.len() <= limits.message_bytes, "{}", message.len());
    let control = |c: char| c.is_control() && c != '\n';
    assert!(!message.contains(control), "{message:?}");
}
