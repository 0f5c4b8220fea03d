//! Reviews: any bytes to a request, judged by policies that answer anything, to an answer.
//!
//! An input is the body, then 0xff and the choices by which the policies answer.
#![no_main]

use std::sync::LazyLock;

use gatehouse_abi::{Answer, Edit, Finding, Fix, Need, Path, tree::TreeBuf};
use gatehouse_core::{
    Decision, FactError, Failure, Limits, PolicySet, Purpose, Request, Review, Workloads,
    config::Document,
};
use gatehouse_fuzz::{Script, check_response, document, judge, paths, policy, split, value};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const METADATA: &str = r#"{
    "name": "fuzz", "version": "1", "title": "t", "description": "d", "abi": 1, "kinds": ["Pod", "Namespace"],
    "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT"], "facts": ["namespace"], "settings": {},
    "codes": {
        "code-a": {"title": "t", "explanation": "e", "bad": "b", "good": "g"},
        "code-b": {"title": "t", "explanation": "e", "bad": "b", "good": "g"}
    }
}"#;

const CODES: [&str; 2] = ["code-a", "code-b"];

static NONE: LazyLock<PolicySet> = LazyLock::new(PolicySet::default);

/// A policy of every mode, and an exemption.
static SOME: LazyLock<PolicySet> = LazyLock::new(|| {
    let spec = |mode: &str| json!({"module": "builtin:fuzz", "mode": mode, "facts": ["namespace"], "riskyFixes": ["code-b"]});
    let mut author = spec("fix");
    author["fixAt"] = json!("author");
    author["overrides"] = json!([{"codes": ["code-a"], "namespaces": ["shop"], "mode": "warn"}]);
    author["onError"] = json!("allow");
    let specs = [
        ("deny", spec("deny")),
        ("fix", spec("fix")),
        ("warn", spec("warn")),
        ("author", author),
    ];
    let policies = specs.map(|(name, spec)| policy(name, spec, METADATA));
    let exemption = json!({
        "policy": "fix", "codes": ["code-b"], "reason": "r", "owner": "o", "expires": "2027-01-01",
        "workloads": [{"namespace": "shop", "kind": "Pod", "name": "w*", "containers": ["api"]}],
    });
    let Document::Exemption(name, exemption) = document("Exemption", "hole", exemption) else {
        unreachable!("the document's kind is Exemption")
    };
    PolicySet::new(policies.into(), vec![(name, *exemption)]).expect("the set is right")
});

fuzz_target!(|data: &[u8]| {
    let (body, script) = split(data);
    let Ok(review) = Review::parse(body, &Workloads::default(), &Limits::default()) else {
        return;
    };
    match review.request {
        Err(malformed) => {
            let decision = Decision::malformed(*malformed);
            assert!(!decision.is_allowed());
            check_response(&review.uid, &decision, &json!(null));
        }
        Ok(request) => {
            for purpose in [Purpose::Validate, Purpose::Mutate, Purpose::Check] {
                match script.is_over() {
                    true => check_silence(&review.uid, &request, purpose),
                    false => check_answers(&review.uid, &request, purpose, script),
                }
            }
        }
    }
});

fn check_silence(uid: &str, request: &Request, purpose: Purpose) {
    for set in [&*NONE, &*SOME] {
        let mut silent = |_: usize, _: &TreeBuf, _: &TreeBuf| Ok(None);
        let decision = judge(set, request.clone(), purpose, &mut silent, &mut |_| {
            Ok(json!({}))
        });
        assert!(decision.is_allowed() && decision.patch.is_none());
        check_response(uid, &decision, &request.object().to_value());
    }
}

fn check_answers(uid: &str, request: &Request, purpose: Purpose, mut script: Script<'_>) {
    let mut facts = script;
    let mut said = |_: usize, request: &TreeBuf, _: &TreeBuf| answer(request, &mut script);
    let mut fact = |_: &Need| match facts.byte() & 1 {
        0 => Ok(value(&mut facts)),
        _ => Err(FactError::Unavailable("it is gone".into())),
    };
    let decision = judge(&SOME, request.clone(), purpose, &mut said, &mut fact);
    check_response(uid, &decision, &request.object().to_value());
}

fn answer(request: &TreeBuf, script: &mut Script<'_>) -> Result<Option<Answer>, Failure> {
    match script.below(8) {
        0..=2 => Ok(None),
        3 => Err(Failure::new("trap", script.text())),
        4 => Ok(Some(Answer::Need(vec![need(script), need(script)]))),
        _ => {
            let object = request.root().get("object");
            let places = object.map_or_else(Vec::new, |object| paths(object, 60));
            let count = 1 + script.below(4);
            let findings = (0..count).map(|_| finding(&places, script)).collect();
            let unchecked = (0..script.below(3)).map(|_| script.text()).collect();
            Ok(Some(Answer::Judged {
                findings,
                unchecked,
            }))
        }
    }
}

fn need(script: &mut Script<'_>) -> Need {
    Need::new("namespace", script.text())
}

fn finding(places: &[Path], script: &mut Script<'_>) -> Finding {
    let text = |script: &mut Script<'_>| (script.byte() & 1 == 1).then(|| script.text());
    Finding {
        code: script.choose(&CODES).to_owned(),
        path: place(places, script),
        container: text(script),
        message: script.text(),
        found: text(script),
        required: text(script),
        help: text(script),
        fix: fix(places, script),
    }
}

fn fix(places: &[Path], script: &mut Script<'_>) -> Option<Fix> {
    let count = script.below(4);
    let edits: Vec<_> = (0..count).map(|_| edit(places, script)).collect();
    let risk = (script.byte() & 1 == 1).then(|| script.text());
    (count > 0).then_some(Fix { edits, risk })
}

fn edit(places: &[Path], script: &mut Script<'_>) -> Edit {
    let path = place(places, script);
    match script.below(3) {
        0 => Edit::Set {
            path,
            value: value(script),
        },
        1 => Edit::Remove { path },
        _ => Edit::Include {
            path,
            item: value(script),
        },
    }
}

/// A place that the object has, or one below it.
fn place(places: &[Path], script: &mut Script<'_>) -> Path {
    let at = script.below(places.len());
    let place = places.get(at).cloned().unwrap_or_default();
    match script.below(4) {
        0 => place.key(script.choose(&["securityContext", "containers", "a/~b", ""])),
        1 => place.item("name", "api").key("image"),
        _ => place,
    }
}
