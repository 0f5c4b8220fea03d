use std::fmt::Write;

use gatehouse_abi::{Finding, Fix};

use super::fix::{self, FIX_LINES};
use crate::{Judgement, clean};

const VALUE_CHARS: usize = 160;
const SENTENCE_CHARS: usize = 400;
const PATH_CHARS: usize = 300;

const CODE_CHARS: usize = 100;

/// One finding as a block of lines, each indented by two spaces.
pub fn finding_text(judgement: &Judgement) -> String {
    let finding = &judgement.finding;
    let mut text = format!(
        "  {}: {}",
        clean(&finding.code, CODE_CHARS),
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
    let explain = format!("gatehouse explain {}", clean(&finding.code, CODE_CHARS));
    line(&mut text, "more", &explain);
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
    let lines = fix::lines(fix);
    for (i, fixed) in lines.iter().take(FIX_LINES).enumerate() {
        let label = if i == 0 { "fix" } else { "" };
        line(text, label, &clean(fixed, PATH_CHARS + VALUE_CHARS));
    }
    if lines.len() > FIX_LINES {
        line(text, "", "…");
    }
    if let Some(risk) = &fix.risk {
        line(text, "risk", &clean(risk, SENTENCE_CHARS));
    }
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = write!(text, "\n    {label:<9} {value}");
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::{Edit, Path};

    use super::*;

    #[test]
    fn a_long_fix_is_cut() {
        let text_of = |members: usize| {
            let edit = |i| Edit::Set {
                path: Path::dotted("spec").key(format!("k{i}")),
                value: true.into(),
            };
            let mut text = String::new();
            // `spec:` is a line, too
            let edits = (1..members).map(edit).collect();
            write_fix(&mut text, &Fix { edits, risk: None });
            text
        };
        let fits = text_of(FIX_LINES);
        assert!(!fits.contains('…') && fits.trim_start().starts_with("fix       spec:"));
        assert!(text_of(FIX_LINES + 1).ends_with("\n              …"));
    }
}
