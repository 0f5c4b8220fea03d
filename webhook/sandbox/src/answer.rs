use gatehouse_abi::{Answer, Finding, Metadata, Need, SettingsError};
use serde::de::DeserializeOwned;

use crate::{BadAnswer, Limits, plain::plain};

/// Characters of what is wrong with an answer, or of a name in it, that a message may hold.
const MAX_SHOWN: usize = 200;

/// Reads what `gatehouse_evaluate` answered. Nothing found with nothing left unchecked is silence.
pub(crate) fn read_answer(
    text: &str,
    metadata: &Metadata,
    limits: &Limits,
) -> Result<Option<Answer>, BadAnswer> {
    let answer = parse(text)?;
    match &answer {
        Answer::Need(needs) => check_needs(needs, metadata, limits)?,
        Answer::Judged {
            findings,
            unchecked,
        } => {
            if findings.is_empty() && unchecked.is_empty() {
                return Ok(None);
            }
            check_findings(findings, metadata, limits)?;
            at_most("things left unchecked", unchecked.len(), limits.findings)?;
        }
    }
    Ok(Some(answer))
}

/// Reads what `gatehouse_configure` answered.
pub(crate) fn read_settings_errors(
    text: &str,
    limits: &Limits,
) -> Result<Vec<SettingsError>, BadAnswer> {
    let errors: Vec<SettingsError> = parse(text)?;
    at_most("mistakes", errors.len(), limits.findings)?;
    Ok(errors)
}

fn check_findings(
    findings: &[Finding],
    metadata: &Metadata,
    limits: &Limits,
) -> Result<(), BadAnswer> {
    at_most("findings", findings.len(), limits.findings)?;
    let undeclared = |finding: &&Finding| !metadata.codes.contains_key(&finding.code);
    match findings.iter().find(undeclared) {
        Some(finding) => Err(BadAnswer::UndeclaredCode(plain(&finding.code, MAX_SHOWN))),
        None => Ok(()),
    }
}

fn check_needs(needs: &[Need], metadata: &Metadata, limits: &Limits) -> Result<(), BadAnswer> {
    if needs.is_empty() {
        return Err(BadAnswer::NothingNeeded);
    }
    at_most("needs", needs.len(), limits.needs)?;
    let declared = |need: &Need| metadata.facts.contains(&need.fact);
    match needs.iter().find(|need| !declared(need)) {
        Some(need) => Err(BadAnswer::UndeclaredFact(plain(&need.fact, MAX_SHOWN))),
        None => Ok(()),
    }
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), BadAnswer> {
    if found > limit {
        return Err(BadAnswer::TooMany { what, found, limit });
    }
    Ok(())
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, BadAnswer> {
    serde_json::from_str(text)
        .map_err(|error| BadAnswer::NotAnAnswer(plain(&error.to_string(), MAX_SHOWN)))
}
