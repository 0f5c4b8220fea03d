//! Pod Security Standards, baseline, "Sysctls".

use gatehouse_sdk::{Finding, FindingBuilder, Node, Path};

use crate::{
    level::Level,
    settings::Tuning,
    subject::{PodView, member},
};

pub(super) const CODE: &str = "unsafe-sysctl";

const AT: &str = "spec.securityContext.sysctls";

/// Allowed names, and since which version.
const SAFE: [(&str, u8); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_notsent_lowat", 37),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
];

pub(super) fn judge(pod: &PodView<'_>, _: Level, found: &mut Vec<Finding>) {
    let sysctls = pod.sysctls.items();
    let names: Vec<_> = sysctls
        .filter(|sysctl| !is_safe(*sysctl, pod))
        .map(name)
        .collect();
    if names.is_empty() {
        return;
    }
    let shown: Vec<_> = names
        .iter()
        .map(|name| name.unwrap_or("one without a name"))
        .collect();
    let finding = pod
        .finding(CODE, AT)
        .message("a kernel setting is changed that is not known to stay inside the pod")
        .found(shown.join(", "))
        .required(required(pod.tuning(CODE)));
    found.push(repaired(finding, names).into());
}

fn repaired<'a>(finding: FindingBuilder<'a>, names: Vec<Option<&str>>) -> FindingBuilder<'a> {
    if names.contains(&None) {
        return finding.help("no fix: one of them has no name");
    }
    let items = names
        .into_iter()
        .flatten()
        .map(|name| Path::dotted(AT).item("name", name));
    items
        .fold(finding, FindingBuilder::remove)
        .risk("what counts on the kernel setting runs with its node's default")
}

fn name(sysctl: Node<'_>) -> Option<&str> {
    member(sysctl, "name")
        .as_str()
        .filter(|name| !name.is_empty())
}

fn is_safe(sysctl: Node<'_>, pod: &PodView<'_>) -> bool {
    let is_listed = |name: &str| {
        let mut listed = SAFE
            .iter()
            .filter(|(_, since)| pod.version.is_since(*since));
        listed.any(|(safe, _)| *safe == name)
    };
    name(sysctl).is_some_and(|name| is_listed(name) || pod.tuning(CODE).allows(name))
}

fn required(tuning: &Tuning) -> String {
    match &*tuning.allow {
        [] => "only names that the standard lists as safe".to_owned(),
        allowed => format!(
            "only names that the standard lists as safe, or {}",
            allowed.join(", ")
        ),
    }
}
