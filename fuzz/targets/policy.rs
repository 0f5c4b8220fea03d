//! The built-in policies on pods that are nearly right: no panic, no finding of an unknown code, levels that
//! nest, fixes that repair.
//!
//! An input is the JSON of a pod, then 0xff and choices; or choices alone, from which a pod is grown.
#![no_main]

use std::{collections::BTreeSet, sync::LazyLock};

use gatehouse_abi::{Answer, Metadata, tree::TreeBuf};
use gatehouse_core::{Failure, Limits, PolicySet, Purpose, Request, Workloads};
use gatehouse_fuzz::{Script, check_response, judge, pod, policy, settings, split};
use gatehouse_sdk::{Facts, Findings, Needs, read_settings};
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const LEVELS: [&str; 4] = ["hardened", "restricted", "baseline", "privileged"];

/// The codes that a module declares.
type Codes = LazyLock<BTreeSet<String>>;

static POD_SECURITY_CODES: Codes = LazyLock::new(|| codes(pod_security::METADATA));
static IMAGE_TRUST_CODES: Codes = LazyLock::new(|| codes(image_trust::METADATA));

/// Both policies, repairing all that they can.
static FIXING: LazyLock<PolicySet> = LazyLock::new(|| {
    let fixing = |name: &str, codes: &Codes, facts: &[&str], metadata: &str| {
        let module = format!("builtin:{name}");
        let spec = json!({"module": module, "mode": "fix", "facts": facts, "riskyFixes": **codes});
        policy(name, spec, metadata)
    };
    let policies = vec![
        fixing(
            "image-trust",
            &IMAGE_TRUST_CODES,
            &["image"],
            image_trust::METADATA,
        ),
        fixing(
            "pod-security",
            &POD_SECURITY_CODES,
            &["namespace"],
            pod_security::METADATA,
        ),
    ];
    PolicySet::new(policies, Vec::new()).expect("the set is right")
});

fuzz_target!(|data: &[u8]| {
    let (text, mut script) = split(data);
    let object = match serde_json::from_slice(text) {
        Ok(object) => object,
        Err(_) => pod(&mut Script::new(data)),
    };
    let object = as_kind(object, &mut script);
    let Ok(request) = Request::to_create(object, "shop", &Workloads::default(), &Limits::default())
    else {
        return;
    };
    check_levels(&request);
    check_settings(&request, &mut script);
    check_fixes(request);
});

fn as_kind(pod: Value, script: &mut Script<'_>) -> Value {
    match script.below(4) {
        1 => json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}}),
        2 => {
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": pod}}}})
        }
        _ => pod,
    }
}

/// What passes a level passes those below it.
fn check_levels(request: &Request) {
    let found = LEVELS.map(|level| {
        let settings = json!({"level": level});
        pod_security(request.tree(), &settings).map_or(0, |findings| findings.len())
    });
    assert!(
        found.is_sorted_by(|strict, lax| *strict > 0 || *lax == 0),
        "{found:?}"
    );
    assert_eq!(found[3], 0, "privileged demands nothing");
}

fn check_settings(request: &Request, script: &mut Script<'_>) {
    let names = ["level", "version", "namespaceDefault", "controls"];
    let _ = pod_security(request.tree(), &settings(script, &names));
    let names = ["digest", "allowedImages", "forbiddenTags"];
    let _ = image_trust(request.tree(), &settings(script, &names));
}

/// A fix changes the object once: the server asks again after others' changes, and must get no patch then.
fn check_fixes(request: Request) {
    let object = request.object().to_value();
    let mut fixed = object.clone();
    for round in 0..2 {
        let Ok(request) = Request::to_create(
            fixed.clone(),
            "shop",
            &Workloads::default(),
            &Limits::default(),
        ) else {
            panic!("a fix made the object malformed: {object}");
        };
        let decision = judge(
            &FIXING,
            request,
            Purpose::Mutate,
            &mut default_policies,
            &mut |_| Ok(json!({})),
        );
        assert!(decision.failed.is_empty(), "{:?}", decision.failed);
        assert!(
            round == 0 || decision.patch.is_none(),
            "{:?} after {fixed}",
            decision.patch
        );
        fixed = check_response("uid", &decision, &fixed);
    }
    let decision = judge(
        &FIXING,
        request,
        Purpose::Check,
        &mut default_policies,
        &mut |_| Ok(json!({})),
    );
    check_response("uid", &decision, &object);
}

fn default_policies(
    index: usize,
    request: &TreeBuf,
    _: &TreeBuf,
) -> Result<Option<Answer>, Failure> {
    let findings = match FIXING.policies()[index].name.as_str() {
        "image-trust" => image_trust(request, &json!({})),
        _ => pod_security(request, &json!({})),
    };
    Ok(findings.filter(|f| !f.is_empty()).map(Answer::from))
}

type Found = Option<Vec<gatehouse_abi::Finding>>;

fn pod_security(request: &TreeBuf, settings: &Value) -> Found {
    let evaluate = pod_security::evaluate;
    run(
        request,
        settings,
        &POD_SECURITY_CODES,
        pod_security::configure,
        evaluate,
    )
}

fn image_trust(request: &TreeBuf, settings: &Value) -> Found {
    let evaluate = image_trust::evaluate;
    run(
        request,
        settings,
        &IMAGE_TRUST_CODES,
        image_trust::configure,
        evaluate,
    )
}

/// As the guest does it; `None` for settings that it refuses.
fn run<S: DeserializeOwned>(
    request: &TreeBuf,
    settings: &Value,
    codes: &Codes,
    configure: impl Fn(&S) -> Vec<gatehouse_abi::SettingsError>,
    evaluate: impl Fn(&gatehouse_sdk::Request<'_>, &S, &Facts<'_>) -> Result<Findings, Needs>,
) -> Found {
    let settings = TreeBuf::from_value(settings).expect("the settings are small");
    let settings: S = read_settings(settings.root()).ok()?;
    if !configure(&settings).is_empty() {
        return None;
    }
    let facts = json!({"namespace": {"shop": {"labels": {}, "annotations": {}}}});
    let facts = TreeBuf::from_value(&facts).expect("the facts are small");
    let request = gatehouse_sdk::Request::new(request.root());
    let findings = evaluate(&request, &settings, &Facts::new(facts.root()))
        .ok()?
        .into_vec();
    check_answer(&findings, codes);
    Some(findings)
}

/// What the guest writes is what the host reads, and of codes that the module declares.
fn check_answer(findings: &[gatehouse_abi::Finding], codes: &Codes) {
    let answer = Answer::from(findings.to_vec());
    let text = serde_json::to_string(&answer).expect("an answer is JSON");
    assert_eq!(
        serde_json::from_str::<Answer>(&text).ok(),
        Some(answer),
        "{text}"
    );
    for finding in findings {
        assert!(codes.contains(&finding.code), "{}", finding.code);
    }
}

fn codes(metadata: &str) -> BTreeSet<String> {
    let metadata: Metadata = serde_json::from_str(metadata).expect("the metadata is right");
    metadata.codes.into_keys().collect()
}
