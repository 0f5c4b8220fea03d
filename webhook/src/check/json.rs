//! The report for programs.

use std::io::{self, Write};

use gatehouse_core::{Effect, Judgement, Policy, Verdict};
use serde_json::{Value, json};

use super::{
    hints::Hint,
    report::{Checked, FoundAt, Report},
};

/// Writes the report as JSON, version 1: a contract, which grows but does not change.
pub(super) fn write(out: &mut impl Write, report: &Report, policies: &[Policy]) -> io::Result<()> {
    let objects = report.objects.iter();
    let objects: Vec<_> = objects.map(|checked| object(checked, policies)).collect();
    let unreadable = report.unreadable.iter();
    let not_kubernetes = report.not_kubernetes.iter();
    let json = json!({
        "version": 1,
        "objects": objects,
        "unreadable": unreadable.map(|u| json!({"file": u.file, "line": u.line, "error": u.why})).collect::<Vec<_>>(),
        "notKubernetes": not_kubernetes.map(|(file, line)| json!({"file": file, "line": line})).collect::<Vec<_>>(),
        "summary": {
            "objects": report.objects.len(),
            "allowed": report.count(Verdict::Allow),
            "warned": report.count(Verdict::Warn),
            "fixed": report.count(Verdict::Fix),
            "denied": report.count(Verdict::Deny),
            "errors": report.count(Verdict::Error),
        },
    });
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}

fn object(checked: &Checked, policies: &[Policy]) -> Value {
    let findings = checked.findings().map(|(judgement, place, hints)| {
        let mut finding = finding(judgement, place, hints);
        finding["docs"] = json!(docs(judgement, policies));
        finding
    });
    let failures = checked.decision.failed.iter().map(|failed| {
        json!({"policy": failed.policy, "reason": failed.failure.reason, "message": failed.failure.message})
    });
    json!({
        "file": checked.file,
        "document": checked.document,
        "line": checked.line,
        "origin": checked.origin,
        "apiVersion": checked.api_version,
        "kind": checked.kind,
        "namespace": checked.namespace,
        "name": checked.name,
        "verdict": checked.decision.verdict().as_str(),
        "text": checked.text,
        "missingTemplate": checked.decision.missing_template,
        "failures": failures.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

/// Where the module says that more is to be read about the code.
fn docs<'p>(judgement: &Judgement, policies: &'p [Policy]) -> Option<&'p String> {
    let mut policies = policies.iter();
    let policy = policies.find(|policy| policy.name == judgement.policy)?;
    let code = policy.metadata.codes.get(&judgement.finding.code)?;
    code.links.first()
}

fn finding<'a>(
    judgement: &Judgement,
    place: &FoundAt,
    hints: impl Iterator<Item = &'a Hint>,
) -> Value {
    let finding = &judgement.finding;
    let exemption = match &judgement.effect {
        Effect::Exempted(name) => Some(name),
        _ => None,
    };
    json!({
        "policy": judgement.policy,
        "code": finding.code,
        "mode": judgement.mode.as_str(),
        "effect": judgement.effect.as_str(),
        "exemption": exemption,
        "path": finding.path,
        "line": place.line,
        "column": place.column,
        "container": finding.container,
        "message": finding.message,
        "found": finding.found,
        "required": finding.required,
        "help": finding.help,
        "fix": finding.fix.as_ref().map(|fix| &fix.edits),
        "risk": finding.fix.as_ref().and_then(|fix| fix.risk.as_ref()),
        "contradictedBy": judgement.contradicted_by,
        "hints": hints.map(hint).collect::<Vec<_>>(),
    })
}

fn hint(hint: &Hint) -> Value {
    json!({
        "path": hint.path,
        "line": hint.line,
        "column": hint.column,
        "message": hint.sentence,
    })
}
