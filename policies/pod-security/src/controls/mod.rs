//! The controls: one file each, one row each in [`CONTROLS`].
//!
//! To add one: write its file, give it a row here, describe its code in `policy.json` (text and settings),
//! and give it cases in `tests/`.

mod added_capabilities;
mod apparmor_profile;
mod drop_all_capabilities;
mod host_ipc;
mod host_network;
mod host_path_volume;
mod host_pid;
pub(crate) mod host_port;
mod host_probe;
mod malformed_pod;
mod privilege_escalation;
mod privileged_container;
mod proc_mount;
mod read_only_root_filesystem;
mod run_as_non_root;
mod run_as_user;
mod seccomp_profile;
mod selinux_options;
mod unsafe_sysctl;
mod volume_type;
mod windows_host_process;

use gatehouse_sdk::{Finding, FindingBuilder};

use crate::{
    level::{Level, Standard},
    subject::{ContainerView, PodView},
};
use Level::{Baseline, Hardened, Restricted};

/// Judges a pod as a whole, by the form of the control that a level defines.
type JudgePod = fn(&PodView<'_>, Level, &mut Vec<Finding>);
/// Judges one container.
type JudgeContainer = fn(&ContainerView<'_>, Level, &mut Vec<Finding>);

/// One control of the standards.
pub(crate) struct Control {
    /// Its code, which is also its name in the settings.
    pub(crate) code: &'static str,
    /// Its forms, each stricter than the one before: the level that demands it, since which version.
    pub(crate) forms: &'static [(Level, u8)],
    pub(crate) pod: Option<JudgePod>,
    pub(crate) container: Option<JudgeContainer>,
    /// What of a [`Tuning`](crate::Tuning) it has, beside `enabled`.
    pub(crate) tuned_by: &'static [&'static str],
}

/// All controls. Version n stands for 1.n.
#[rustfmt::skip]
pub(crate) static CONTROLS: [Control; 21] = [
    row(malformed_pod::CODE, &[(Baseline, 0)])
        .pod(malformed_pod::judge_pod).container(malformed_pod::judge_container),
    row(host_network::CODE, &[(Baseline, 0)]).pod(host_network::judge),
    row(host_pid::CODE, &[(Baseline, 0)]).pod(host_pid::judge),
    row(host_ipc::CODE, &[(Baseline, 0)]).pod(host_ipc::judge),
    row(host_path_volume::CODE, &[(Baseline, 0)]).pod(host_path_volume::judge),
    row(host_port::CODE, &[(Baseline, 0)]).container(host_port::judge).tuned_by(&["allow"]),
    row(host_probe::CODE, &[(Baseline, 34)]).container(host_probe::judge).tuned_by(&["allow"]),
    row(privileged_container::CODE, &[(Baseline, 0)]).container(privileged_container::judge),
    row(windows_host_process::CODE, &[(Baseline, 0)])
        .pod(windows_host_process::judge_pod).container(windows_host_process::judge_container),
    row(added_capabilities::CODE, &[(Baseline, 0), (Restricted, 22)])
        .container(added_capabilities::judge).tuned_by(&["allow"]),
    row(drop_all_capabilities::CODE, &[(Restricted, 22)]).container(drop_all_capabilities::judge),
    row(privilege_escalation::CODE, &[(Restricted, 8)]).container(privilege_escalation::judge),
    row(run_as_non_root::CODE, &[(Restricted, 0)])
        .pod(run_as_non_root::judge_pod).container(run_as_non_root::judge_container),
    row(run_as_user::CODE, &[(Restricted, 23)])
        .pod(run_as_user::judge_pod).container(run_as_user::judge_container),
    row(seccomp_profile::CODE, &[(Baseline, 0), (Restricted, 19)])
        .pod(seccomp_profile::judge_pod).container(seccomp_profile::judge_container)
        .tuned_by(&["localhostProfiles"]),
    row(apparmor_profile::CODE, &[(Baseline, 0)])
        .pod(apparmor_profile::judge_pod).container(apparmor_profile::judge_container)
        .tuned_by(&["localhostProfiles"]),
    row(selinux_options::CODE, &[(Baseline, 0)])
        .pod(selinux_options::judge_pod).container(selinux_options::judge_container)
        .tuned_by(&["allow"]),
    row(proc_mount::CODE, &[(Baseline, 0), (Restricted, 35)]).container(proc_mount::judge),
    row(unsafe_sysctl::CODE, &[(Baseline, 0)]).pod(unsafe_sysctl::judge).tuned_by(&["allow"]),
    row(volume_type::CODE, &[(Restricted, 0)]).pod(volume_type::judge).tuned_by(&["allow"]),
    row(read_only_root_filesystem::CODE, &[(Hardened, 0)])
        .container(read_only_root_filesystem::judge).tuned_by(&["ephemeral"]),
];

const fn row(code: &'static str, forms: &'static [(Level, u8)]) -> Control {
    Control {
        code,
        forms,
        pod: None,
        container: None,
        tuned_by: &[],
    }
}

impl Control {
    const fn pod(mut self, judge: JudgePod) -> Self {
        self.pod = Some(judge);
        self
    }

    const fn container(mut self, judge: JudgeContainer) -> Self {
        self.container = Some(judge);
        self
    }

    const fn tuned_by(mut self, names: &'static [&'static str]) -> Self {
        self.tuned_by = names;
        self
    }

    /// The form that is in force: the strictest that the standard demands. Switched on it is the
    /// strictest of all, whatever the standard demands; switched off, none.
    pub(crate) fn form(&self, enabled: Option<bool>, standard: Standard) -> Option<Level> {
        let demanded = |(level, since): &(Level, u8)| {
            *level <= standard.level && standard.version.is_since(*since)
        };
        let form = match enabled {
            Some(true) => self.forms.last(),
            Some(false) => None,
            None => self.forms.iter().rfind(|form| demanded(form)),
        };
        form.map(|(level, _)| *level)
    }
}

/// A finding about a field that a Windows pod had to have before 1.25 and that the API forbids it.
fn not_on_windows(finding: FindingBuilder<'_>) -> Finding {
    finding
        .help("no fix: the API forbids this field on Windows, which the standards heed since v1.25")
        .into()
}
