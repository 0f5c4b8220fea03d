use std::fmt::Write;

use gatehouse_abi::{Edit, Finding, Fix};
use serde_json::Value;

use crate::{Judgement, clean};

const VALUE_CHARS: usize = 160;
const SENTENCE_CHARS: usize = 400;
const PATH_CHARS: usize = 300;

/// One finding as a block of lines, each indented by two spaces.
pub fn finding_text(judgement: &Judgement) -> String {
    let finding = &judgement.finding;
    let mut text = format!(
        "  {}: {}",
        finding.code,
        clean(&finding.message, SENTENCE_CHARS)
    );
    line(
        &mut text,
        "at",
        &clean(&format!("{:#}", finding.path), PATH_CHARS),
    );
    if let Some(found) = &finding.found {
        line(&mut text, "found", &clean(found, VALUE_CHARS));
    }
    if let Some(required) = &finding.required {
        line(&mut text, "required", &clean(required, VALUE_CHARS));
    }
    write_repair(&mut text, finding);
    for policy in &judgement.contradicted_by {
        let note = format!("policy {policy} wants otherwise: neither fix was applied");
        line(&mut text, "conflict", &note);
    }
    text
}

fn write_repair(text: &mut String, finding: &Finding) {
    if let Some(fix) = &finding.fix {
        write_fix(text, fix);
    }
    if let Some(help) = &finding.help {
        line(text, "help", &clean(help, SENTENCE_CHARS));
    }
}

fn write_fix(text: &mut String, fix: &Fix) {
    for (i, edit) in fix.edits.iter().enumerate() {
        let label = if i == 0 { "fix" } else { "" };
        line(
            text,
            label,
            &clean(&edit_text(edit), PATH_CHARS + VALUE_CHARS),
        );
    }
    if let Some(risk) = &fix.risk {
        line(text, "risk", &clean(risk, SENTENCE_CHARS));
    }
}

fn edit_text(edit: &Edit) -> String {
    match edit {
        Edit::Set { path, value } => format!("set {path:#} to {}", yaml(value)),
        Edit::Remove { path } => format!("remove {path:#}"),
        Edit::Include { path, item } => format!("add {} to {path:#}", yaml(item)),
    }
}

/// A small value on one line, as a person would write it in YAML.
fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = write!(text, "\n    {label:<9} {value}");
}
