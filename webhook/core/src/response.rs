use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{Decision, Judgement, Limits, clean, render};

/// Causes listed for machines.
const MAX_CAUSES: usize = 100;

/// Longest audit annotation.
const AUDIT_CHARS: usize = 4096;

/// The AdmissionReview that answers a request.
///
/// The status says `Forbidden`, 403: with `Invalid` kubectl prints the causes alone and drops the message.
pub fn response(uid: &str, decision: &Decision, limits: &Limits) -> Value {
    let mut response = Map::new();
    response.insert("uid".into(), json!(uid));
    match render::denial(decision, limits) {
        Some(message) => {
            response.insert("allowed".into(), json!(false));
            response.insert("status".into(), status(decision, &message));
        }
        None => drop(response.insert("allowed".into(), json!(true))),
    }
    if let Some(patch) = &decision.patch {
        let patch = serde_json::to_vec(patch).unwrap_or_default();
        response.insert("patchType".into(), json!("JSONPatch"));
        response.insert("patch".into(), json!(STANDARD.encode(patch)));
    }
    let warnings = render::warnings(decision);
    if !warnings.is_empty() {
        response.insert("warnings".into(), json!(warnings));
    }
    if let Some(annotations) = audit_annotations(decision) {
        response.insert("auditAnnotations".into(), annotations);
    }
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": response,
    })
}

fn status(decision: &Decision, message: &str) -> Value {
    let causes: Vec<_> = decision.refusals().take(MAX_CAUSES).map(cause).collect();
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "Forbidden",
        "code": 403,
        "message": message,
        "details": {"causes": causes},
    })
}

fn cause(judgement: &Judgement) -> Value {
    let finding = &judgement.finding;
    json!({
        "reason": finding.code,
        "message": clean(&finding.message, 400),
        "field": clean(&finding.path.to_string(), 300),
    })
}

/// What the API server's audit log keeps: every finding, with what became of it.
fn audit_annotations(decision: &Decision) -> Option<Value> {
    let mut findings = Vec::new();
    for judgement in &decision.judgements {
        let finding = &judgement.finding;
        let effect = judgement.effect.as_str();
        findings.push(format!(
            "{}/{} {effect} {}",
            judgement.policy, finding.code, finding.path
        ));
    }
    let failed = decision.failed.iter();
    findings.extend(failed.map(|f| format!("{} failed: {}", f.policy, f.failure.reason)));
    if findings.is_empty() {
        return None;
    }
    Some(json!({"findings": clean(&findings.join("; "), AUDIT_CHARS)}))
}
