//! For docs/codes.md, and for pages of other policies.

use std::fmt::Write;

use gatehouse_abi::CodeInfo;
use gatehouse_core::Policy;

use super::exemption;

const HEAD: &str = "\
# Codes

What each code of a denial means, why the rule exists, and what to do. `gatehouse explain CODE` says the same in a
terminal. This page is written by `gatehouse explain --output markdown`.
";

/// A page about all codes, or about one.
pub(super) fn of(policies: &[&Policy], code: Option<&str>) -> String {
    let mut page = HEAD.to_owned();
    for policy in policies {
        let metadata = &policy.metadata;
        let _ = write!(
            page,
            "\n## {}\n\n{}\n",
            metadata.title, metadata.description
        );
        for (name, info) in &metadata.codes {
            if code.is_none_or(|code| code == name) {
                write_code(&mut page, name, info);
            }
        }
    }
    write_exemption(&mut page, policies, code);
    page
}

fn write_code(page: &mut String, code: &str, info: &CodeInfo) {
    let _ = write!(
        page,
        "\n### {code}\n\n**{}.** {}\n\nRefused:\n\n```yaml\n{}\n```\n\nAccepted:\n\n```yaml\n{}\n```\n",
        info.title,
        info.explanation,
        info.bad.trim_end(),
        info.good.trim_end()
    );
    if !info.fix.is_empty() {
        let _ = write!(page, "\n{}\n", info.fix);
    }
    if !info.links.is_empty() {
        page.push('\n');
    }
    for link in &info.links {
        let _ = writeln!(page, "- <{link}>");
    }
}

fn write_exemption(page: &mut String, policies: &[&Policy], code: Option<&str>) {
    let policy = code.and(policies.first()).map_or("POLICY", |p| &p.name);
    let document = exemption::document(policy, code.unwrap_or("CODE"));
    let _ = write!(
        page,
        "\n## How to exempt a workload\n\n{}\n\n```yaml\n{document}\n```\n",
        exemption::WHO
    );
}
