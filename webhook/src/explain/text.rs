//! For terminals.

use std::fmt::Write;

use gatehouse_abi::CodeInfo;
use gatehouse_core::Policy;

use super::exemption;

/// Longest line of a paragraph, in characters.
const LINE_CHARS: usize = 96;

/// One code, of every policy that has it.
pub(super) fn of_code(policies: &[&Policy], code: &str) -> String {
    let explained = policies
        .iter()
        .filter_map(|policy| Some((policy, policy.metadata.codes.get(code)?)));
    let texts = explained.map(|(policy, info)| explanation(policy, code, info));
    texts.collect::<Vec<_>>().join("\n")
}

/// All codes, each with its rule.
pub(super) fn list(policies: &[&Policy]) -> String {
    let codes = policies.iter().flat_map(|p| p.metadata.codes.keys());
    let width = codes.map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for policy in policies {
        let metadata = &policy.metadata;
        let _ = writeln!(text, "policy {}: {}", policy.name, metadata.title);
        for (code, info) in &metadata.codes {
            let _ = writeln!(text, "  {code:width$}  {}", info.title);
        }
        text.push('\n');
    }
    text.push_str("`gatehouse explain CODE` says why, and how to fix it\n");
    text
}

fn explanation(policy: &Policy, code: &str, info: &CodeInfo) -> String {
    let mut text = format!("{code}: {}\n", info.title);
    let module = &policy.metadata;
    let _ = writeln!(
        text,
        "policy {}, module {} {}",
        policy.name, module.name, module.version
    );
    section(&mut text, "why", &wrapped(&info.explanation));
    section(&mut text, "refused", &info.bad);
    section(&mut text, "accepted", &info.good);
    if !info.fix.is_empty() {
        section(&mut text, "how to fix it", &wrapped(&info.fix));
    }
    let hole = format!(
        "{}\n\n{}",
        wrapped(exemption::WHO),
        exemption::document(&policy.name, code)
    );
    section(&mut text, "how to exempt it", &hole);
    if !info.links.is_empty() {
        section(&mut text, "read on", &info.links.join("\n"));
    }
    text
}

fn section(text: &mut String, title: &str, body: &str) {
    let _ = writeln!(text, "\n{title}");
    for line in body.lines() {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
}

/// Breaks a paragraph between words.
fn wrapped(paragraph: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
