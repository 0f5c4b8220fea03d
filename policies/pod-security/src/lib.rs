//! The Pod Security Standards as a Gatehouse policy.
//!
//! Levels `baseline` and `restricted` give, verdict for verdict, what Kubernetes' own evaluator
//! (`k8s.io/pod-security-admission/policy`) gives at version 1.37 and at any older one; `hardened` adds a
//! read-only root filesystem. [`evaluate`] finds out which level and version hold and walks once over the
//! pod and its containers; what is judged stands in `controls`: one file a control, one row in the table
//! `controls::CONTROLS`.
//!
//! A pod is judged as API defaulting would make it, so a manifest and the admitted object get the same
//! findings: a volume without a source is an emptyDir, on the host's network every port is a host port.

mod controls;
mod level;
mod settings;
mod subject;

use gatehouse_sdk::{Facts, Finding, Findings, Needs, Pod, Request, Segment};

use controls::CONTROLS;
use subject::{ContainerView, PodView};

pub use level::{Level, Standard, UnknownVersion, Version};
pub use settings::{LevelSetting, Settings, Tuning, configure};

gatehouse_sdk::export! {
    metadata: "../policy.json",
    settings: Settings,
    evaluate: evaluate,
    configure: configure,
}

/// Judges the pod that a request creates or changes, or that its workload would create.
///
/// # Errors
/// With `level: namespace`, the need for the namespace's labels, until they are known.
pub fn evaluate(
    request: &Request<'_>,
    settings: &Settings,
    facts: &Facts<'_>,
) -> Result<Findings, Needs> {
    let mut findings = Findings::default();
    if let Some(pod) = request.pod() {
        let standard = settings.standard(request.namespace(), facts)?;
        findings.extend(judge(pod, settings, standard));
    }
    Ok(findings)
}

/// The codes of all controls, in the order of their table.
pub fn codes() -> impl Iterator<Item = &'static str> {
    CONTROLS.iter().map(|control| control.code)
}

fn judge(pod: Pod<'_>, settings: &Settings, standard: Standard) -> Vec<Finding> {
    let mut found = Vec::new();
    let in_force = in_force(settings, standard);
    if in_force.iter().all(Option::is_none) {
        return found;
    }
    let pod = PodView::new(pod, settings, standard.version);
    let active = || {
        let controls = CONTROLS.iter().zip(in_force);
        controls.filter_map(|(control, form)| Some((control, form?)))
    };
    for (control, form) in active() {
        if let Some(judge) = control.pod {
            judge(&pod, form, &mut found);
        }
    }
    for container in pod.pod.containers() {
        let view = ContainerView::new(&pod, container);
        for (control, form) in active() {
            if let Some(judge) = control.container {
                judge(&view, form, &mut found);
            }
        }
    }
    found.iter_mut().for_each(advise_debugging);
    found
}

/// For each control the form that is in force, if any.
fn in_force(settings: &Settings, standard: Standard) -> [Option<Level>; CONTROLS.len()] {
    let mut forms = [None; CONTROLS.len()];
    for (form, control) in forms.iter_mut().zip(&CONTROLS) {
        *form = control.form(settings.tuning(control.code).enabled, standard);
    }
    forms
}

/// Ephemeral containers come from `kubectl debug`, which has an option that satisfies the standards.
fn advise_debugging(finding: &mut Finding) {
    const ADVICE: &str = "debug with `kubectl debug --profile=restricted`";
    let ephemeral =
        |step: &Segment| matches!(step, Segment::Key(key) if key == "ephemeralContainers");
    if finding.path.segments().iter().any(ephemeral) {
        finding.help = Some(match finding.help.take() {
            Some(help) => format!("{ADVICE}; {help}"),
            None => ADVICE.to_owned(),
        });
    }
}
