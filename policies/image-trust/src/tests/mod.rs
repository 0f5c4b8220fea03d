mod attestations;
mod images;
mod messages;
mod metadata;
mod pinning;
mod settings;
mod signatures;
mod tricks;
mod verdicts;

use gatehouse_sdk::{
    Answer, Facts, Finding, Findings, Need, Request, read_settings, testing, tree::TreeBuf,
};
use serde_json::{Map, Value, json};

use crate::{configure, evaluate};

const DIGEST: &str = "sha256:86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa";

/// What the policy finds in a pod with this spec, where no facts are needed.
fn judge(spec: Value, settings: Value) -> Vec<Finding> {
    let none = |need: &Need| -> Value { panic!("{need:?}") };
    let said = say("Pod", spec, settings, &none);
    assert_eq!(said.unchecked, [""; 0]);
    said.findings
}

/// What it finds in a pod with one container of this image.
fn judge_image(image: &str, settings: Value) -> Vec<Finding> {
    judge(
        json!({"containers": [{"name": "app", "image": image}]}),
        settings,
    )
}

/// The codes of that.
fn codes(image: &str, settings: Value) -> Vec<String> {
    let findings = judge_image(image, settings);
    findings.into_iter().map(|finding| finding.code).collect()
}

/// Settings under which an allowed list alone decides.
fn allowing(patterns: &[&str]) -> Value {
    json!({"digest": "optional", "allowedImages": patterns})
}

/// What the policy says in the end, and what it asked for on the way there.
#[derive(Debug)]
struct Said {
    findings: Vec<Finding>,
    unchecked: Vec<String>,
    needs: Vec<Need>,
}

impl Said {
    fn codes(&self) -> Vec<&str> {
        self.findings.iter().map(|f| f.code.as_str()).collect()
    }

    fn is_silent(&self) -> bool {
        self.findings.is_empty() && self.unchecked.is_empty()
    }
}

/// What the policy says of an object of this kind, whose pod has this spec, when a host that knows these
/// facts is asked once.
fn say(kind: &str, spec: Value, settings: Value, host: &dyn Fn(&Need) -> Value) -> Said {
    let settings = TreeBuf::from_value(&settings).unwrap();
    let settings = read_settings(settings.root()).unwrap();
    assert_eq!(configure(&settings), []);
    let request = request(kind, spec);
    let request = Request::new(request.root());
    let (findings, needs) = match evaluate(&request, &settings, &Facts::none()) {
        Ok(findings) => (findings, Vec::new()),
        Err(needs) => {
            let needs = needs.into_vec();
            let facts = facts(&needs, host);
            let findings = evaluate(&request, &settings, &Facts::new(facts.root()));
            (findings.unwrap(), needs)
        }
    };
    said(findings, needs)
}

fn said(findings: Findings, needs: Vec<Need>) -> Said {
    let Answer::Judged {
        findings,
        unchecked,
    } = findings.into()
    else {
        panic!("it should have decided")
    };
    let declared = metadata::metadata();
    let is_declared = |finding: &Finding| declared.codes.contains_key(&finding.code);
    assert!(findings.iter().all(is_declared));
    assert!(needs.iter().all(|need| declared.facts.contains(&need.fact)));
    Said {
        findings,
        unchecked,
        needs,
    }
}

fn facts(needs: &[Need], host: &dyn Fn(&Need) -> Value) -> TreeBuf {
    let images: Map<_, _> = needs
        .iter()
        .map(|need| (need.key.clone(), host(need)))
        .collect();
    testing::facts(json!({ "image": images }))
}

fn request(kind: &str, spec: Value) -> TreeBuf {
    let pod = json!({ "spec": spec });
    if kind == "Pod" {
        return testing::request(pod);
    }
    let request = json!({
        "kind": {"group": "apps", "version": "v1", "kind": kind},
        "operation": "CREATE",
        "object": {"kind": kind, "spec": {"template": pod}},
        "pod": pod,
        "podPath": "spec.template",
    });
    TreeBuf::from_value(&request).unwrap()
}

/// Settings with the authorities `release`, `security` and `partner` and one rule for ghcr.io/acme/**.
fn rule(form: Value) -> Value {
    let mut rule = form;
    rule["images"] = json!(["ghcr.io/acme/**"]);
    let spare = json!({"images": ["spare.io/**"], "anyOf": ["release", "security", "partner"]});
    json!({
        "digest": "optional",
        "authorities": {"release": {}, "security": {}, "partner": {}},
        "signatures": [rule, spare],
    })
}

/// What is said of an image that is pinned, of which the host knows these verdicts.
fn say_of(form: Value, verdicts: Value) -> Said {
    let fact = json!({"digest": DIGEST, "authorities": verdicts});
    let image = format!("ghcr.io/acme/app:1@{DIGEST}");
    say("Pod", one(&image), rule(form), &|_| fact.clone())
}

/// The spec of a pod with one container.
fn one(image: &str) -> Value {
    json!({"containers": [{"name": "app", "image": image}]})
}

fn verified(signer: &str) -> Value {
    json!({"verified": [{"signer": signer}]})
}

/// 2026-11-22T00:00:00Z
const NOW: i64 = 1_795_305_600;

/// That this signer attested these predicates.
fn attested(signer: &str, predicates: &[Value]) -> Value {
    let of_one = |predicate| json!({"signer": signer, "identity": "i", "predicate": predicate});
    let attestations: Vec<_> = predicates.iter().map(of_one).collect();
    json!({"attested": {"now": NOW, "attestations": attestations}})
}

fn failed(reason: &str) -> Value {
    json!({"failed": {"reason": reason, "text": "its certificate expired on 2026-01-01", "signedBy": []}})
}

fn unavailable() -> Value {
    json!({"unavailable": "registry ghcr.io: timed out"})
}

/// A fact by which every authority that was asked for signed the image, each with a key of its own.
fn all_signed(need: &Need) -> Value {
    let of_name = |name: &String| (name.clone(), verified(name));
    let verdicts: Map<_, _> = need.authorities.iter().map(of_name).collect();
    json!({"digest": digest_of(need), "authorities": verdicts})
}

/// The digest that the reference has; one for all tags.
fn digest_of(need: &Need) -> &str {
    need.key
        .split_once('@')
        .map_or(DIGEST, |(_, digest)| digest)
}
