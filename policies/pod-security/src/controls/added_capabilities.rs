//! Pod Security Standards, "Capabilities": what may be added, at baseline the runtimes' default set, at
//! restricted since 1.22 only `NET_BIND_SERVICE`.

use gatehouse_sdk::{Finding, FindingBuilder, Node};

use crate::{level::Level, settings::Tuning, subject::ContainerView};

pub(super) const CODE: &str = "added-capabilities";

const BASELINE: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const RESTRICTED: &[&str] = &["NET_BIND_SERVICE"];
const AT: &str = "securityContext.capabilities.add";

pub(super) fn judge(view: &ContainerView<'_>, form: Level, found: &mut Vec<Finding>) {
    let strict = form >= Level::Restricted;
    if strict && view.pod.is_exempt_as_windows() {
        return;
    }
    let allowed = Allowed {
        standard: if strict { RESTRICTED } else { BASELINE },
        tuning: view.pod.tuning(CODE),
    };
    let bad = view
        .added
        .items()
        .filter(|capability| !allowed.has(*capability));
    let bad: Vec<_> = bad
        .map(|capability| capability.as_str().unwrap_or("not a name"))
        .collect();
    if bad.is_empty() {
        return;
    }
    let finding = view
        .finding(CODE, AT)
        .message("the container gets kernel rights beyond what the standard grants")
        .found(bad.join(", "))
        .required(format!("nothing but {}", allowed.list()))
        .risk("what needs the dropped rights fails");
    found.push(reduced(finding, view.added, &allowed).into());
}

struct Allowed<'a> {
    standard: &'static [&'static str],
    tuning: &'a Tuning,
}

impl Allowed<'_> {
    fn has(&self, capability: Node<'_>) -> bool {
        let allows = |name: &str| self.standard.contains(&name) || self.tuning.allows(name);
        capability.as_str().is_some_and(allows)
    }

    fn list(&self) -> String {
        let tuned = self.tuning.allow.iter().map(String::as_str);
        let names: Vec<_> = self.standard.iter().copied().chain(tuned).collect();
        names.join(", ")
    }
}

/// The fix: what is allowed stays.
fn reduced<'a>(
    finding: FindingBuilder<'a>,
    added: Node<'_>,
    allowed: &Allowed<'_>,
) -> FindingBuilder<'a> {
    let kept = added.items().filter(|capability| allowed.has(*capability));
    let kept: Vec<_> = kept.filter_map(Node::as_str).collect();
    if kept.is_empty() {
        finding.remove(AT)
    } else {
        finding.set(AT, kept)
    }
}
