//! SARIF 2.1.0, which code scanning reads ([standard]).
//!
//! [standard]: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use gatehouse_abi::CodeInfo;
use gatehouse_core::{Effect, Judgement, Policy, clean, finding_text};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    hints::Hint,
    input::STDIN,
    report::{Checked, FoundAt, Report},
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes one run: a rule for every code that was found, a result for every finding, and a notification for
/// everything that was not judged.
pub(super) fn write(out: &mut impl Write, report: &Report, policies: &[Policy]) -> io::Result<()> {
    let rules = rules(report, policies);
    let results: Vec<_> = report
        .objects
        .iter()
        .flat_map(|checked| results(checked, &rules))
        .collect();
    let notifications = notifications(report);
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gatehouse",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|(_, rule)| rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.iter().all(|n| n["level"] != "error"),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// Rules by policy and code, each with its place in the list.
type Rules<'r> = BTreeMap<(&'r str, &'r str), (usize, Value)>;

fn rules<'r>(report: &'r Report, policies: &'r [Policy]) -> Rules<'r> {
    let judgements = report.objects.iter().flat_map(|c| &c.decision.judgements);
    let mut rules: Rules<'_> = judgements
        .map(|judgement| (&*judgement.policy, &*judgement.finding.code))
        .map(|key| (key, (0, rule(key, policies))))
        .collect();
    for (index, (place, _)) in rules.values_mut().enumerate() {
        *place = index;
    }
    rules
}

fn rule((policy, code): (&str, &str), policies: &[Policy]) -> Value {
    let known = policies.iter().find(|known| known.name == policy);
    let info = known.and_then(|known| known.metadata.codes.get(code));
    let mut rule =
        json!({"id": code, "properties": {"policy": policy, "tags": ["security", "kubernetes"]}});
    if let Some(info) = info {
        rule["shortDescription"] = json!({"text": info.title});
        rule["fullDescription"] = json!({"text": info.explanation});
        rule["help"] = json!({"text": info.fix, "markdown": help(info)});
        if let Some(link) = info.links.first() {
            rule["helpUri"] = json!(link);
        }
    }
    rule
}

fn help(info: &CodeInfo) -> String {
    let (bad, good) = (info.bad.trim_end(), info.good.trim_end());
    format!(
        "{}\n\nRefused:\n\n```yaml\n{bad}\n```\n\nAccepted:\n\n```yaml\n{good}\n```\n\n{}",
        info.explanation, info.fix
    )
}

fn results<'c>(checked: &'c Checked, rules: &'c Rules<'_>) -> impl Iterator<Item = Value> + 'c {
    checked.findings().map(|(judgement, place, hints)| {
        let hints: Vec<_> = hints.collect();
        let mut result = result(checked, judgement, place, &hints);
        let key = (&*judgement.policy, &*judgement.finding.code);
        if let Some((index, _)) = rules.get(&key) {
            result["ruleIndex"] = json!(index);
        }
        if let Effect::Exempted(exemption) = &judgement.effect {
            let justification = format!("exemption {exemption}");
            result["suppressions"] = json!([{"kind": "external", "justification": justification}]);
        }
        result
    })
}

fn result(checked: &Checked, judgement: &Judgement, place: &FoundAt, hints: &[&Hint]) -> Value {
    let finding = &judgement.finding;
    let subject = checked.subject();
    let text = unlinked(&format!("{subject}\n{}", finding_text(judgement)));
    let hints = (1..).zip(hints);
    let region = json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.end_column.max(place.column),
    });
    json!({
        "ruleId": finding.code,
        "level": level(&judgement.effect),
        "message": {"text": text + &hints.clone().map(note).collect::<String>()},
        "locations": [{
            "physicalLocation": {"artifactLocation": artifact(&checked.file), "region": region},
            "logicalLocations": [{
                "fullyQualifiedName": clean(&format!("{subject}/{:#}", finding.path), 500),
                "kind": "member",
            }],
        }],
        "relatedLocations": hints.map(|hint| related(checked, hint)).collect::<Vec<_>>(),
        "partialFingerprints": {"gatehouse/v1": fingerprint(checked, judgement)},
    })
}

/// A hint's line in a message; its place is a link to the related location of that number (section 3.11.6).
fn note((id, hint): (usize, &&Hint)) -> String {
    let (place, sentence) = (hint.place(), unlinked(&hint.sentence));
    format!("\n    note      [{place}]({id}): {sentence}")
}

fn related(checked: &Checked, (id, hint): (usize, &&Hint)) -> Value {
    json!({
        "id": id,
        "message": {"text": unlinked(&hint.sentence)},
        "physicalLocation": {
            "artifactLocation": artifact(&checked.file),
            "region": {"startLine": hint.line, "startColumn": hint.column},
        },
    })
}

/// The text as one of a message in which what a manifest says makes no link: a bracket after a backslash ends
/// none (section 3.11.6).
fn unlinked(text: &str) -> String {
    text.replace("](", "\\](")
}

fn level(effect: &Effect) -> &'static str {
    match effect {
        Effect::Refused | Effect::Exempted(_) | Effect::Left => "error",
        Effect::Warned => "warning",
        Effect::Repaired | Effect::Audited | Effect::Unchanged => "note",
    }
}

/// The same for the same problem of the same object, wherever it stands in the file.
fn fingerprint(checked: &Checked, judgement: &Judgement) -> String {
    let mut hash = Sha256::new();
    let finding = &judgement.finding;
    let path = finding.path.to_string();
    for part in [
        &judgement.policy,
        &finding.code,
        &checked.api_version,
        &checked.kind,
        &checked.namespace,
        &checked.name,
        &path,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}

fn notifications(report: &Report) -> Vec<Value> {
    let unreadable = report
        .unreadable
        .iter()
        .map(|u| notification("error", &u.file, u.line, &u.why));
    let failed = report.objects.iter().flat_map(|checked| {
        checked.failures().map(|failure| {
            let subject = checked.subject();
            let text = format!("{subject} could not be checked: {failure}");
            notification("error", &checked.file, Some(checked.line), &text)
        })
    });
    let malformed = report.objects.iter().filter_map(|checked| {
        let malformed = checked.decision.malformed.as_ref()?;
        let text = format!("{} is malformed: {malformed}", checked.subject());
        let line = Some(checked.line);
        Some(notification("error", &checked.file, line, &text))
    });
    let not_judged = report.not_judged().map(|(file, line, why)| {
        let text = format!("line {line} is not judged: {why}");
        notification("note", file, Some(line), &text)
    });
    let errors = unreadable.chain(failed).chain(malformed);
    errors.chain(not_judged).collect()
}

fn notification(level: &str, file: &str, line: Option<usize>, text: &str) -> Value {
    let mut place = json!({"artifactLocation": artifact(file)});
    if let Some(line) = line {
        place["region"] = json!({"startLine": line});
    }
    json!({
        "level": level,
        "message": {"text": unlinked(text)},
        "locations": [{"physicalLocation": place}],
    })
}

/// A URI reference, relative to the folder that `check` ran in where the file was named so.
fn artifact(file: &str) -> Value {
    if file == STDIN {
        return json!({"uri": "stdin"});
    }
    let encoded: String = file.bytes().map(encoded).collect();
    match file.starts_with('/') {
        true => json!({"uri": format!("file://{encoded}")}),
        false => json!({"uri": encoded}),
    }
}

/// The byte as it may stand in the path of a URI ([RFC 3986], section 3.3).
///
/// [RFC 3986]: https://www.rfc-editor.org/rfc/rfc3986
fn encoded(byte: u8) -> String {
    let is_plain = byte.is_ascii_alphanumeric() || b"-._~/@!$&'()*+,;=".contains(&byte);
    match is_plain {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    }
}
