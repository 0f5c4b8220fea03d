//! Pod Security Standards, baseline since 1.34, "Host Probes / Lifecycle Hooks".

use gatehouse_sdk::{Finding, Node, Path};

use crate::{
    level::Level,
    settings::Tuning,
    subject::{ContainerView, PROBES, is_empty, member},
};

pub(super) const CODE: &str = "host-probe";

const HOOKS: [&str; 2] = ["postStart", "preStop"];
const ACTIONS: [&str; 2] = ["httpGet", "tcpSocket"];

pub(super) fn judge(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let tuning = view.pod.tuning(CODE);
    let hosts = hosts(view);
    let bad: Vec<_> = hosts
        .filter(|host| is_forbidden(host.value, tuning))
        .collect();
    if let [first, ..] = &*bad {
        let finding = view
            .finding(CODE, first.path())
            .message("a probe or hook makes the node send requests to a host that the pod's author names")
            .required("not set: the pod's own address")
            .risk("the request goes to the pod's own address instead");
        let repaired = bad
            .iter()
            .fold(finding, |finding, host| finding.remove(host.path()));
        found.push(repaired.into());
    }
}

fn is_forbidden(host: Node<'_>, tuning: &Tuning) -> bool {
    !is_empty(host) && !host.as_str().is_some_and(|host| tuning.allows(host))
}

/// A `host` of a probe or hook, and the way to it.
struct Host<'a> {
    steps: [&'static str; 3],
    value: Node<'a>,
}

impl Host<'_> {
    fn path(&self) -> Path {
        let steps = self.steps.iter().filter(|step| !step.is_empty());
        steps
            .fold(Path::root(), |path, step| path.key(*step))
            .key("host")
    }
}

/// All hosts that a container names.
fn hosts<'a>(view: &ContainerView<'a>) -> impl Iterator<Item = Host<'a>> + use<'a> {
    let lifecycle = view.lifecycle;
    let probes = PROBES
        .into_iter()
        .zip(view.probes)
        .map(|(name, probe)| ("", name, probe));
    let hooks = HOOKS
        .into_iter()
        .map(move |name| ("lifecycle", name, member(lifecycle, name)));
    let set = |(_, _, handler): &(&str, &str, Node<'_>)| !handler.is_null();
    probes
        .chain(hooks)
        .filter(set)
        .flat_map(|(parent, name, handler)| {
            ACTIONS.into_iter().filter_map(move |action| {
                let steps = [parent, name, action];
                let value = handler.set(action)?.set("host")?;
                Some(Host { steps, value })
            })
        })
}
