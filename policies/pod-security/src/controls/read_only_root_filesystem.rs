//! Gatehouse's own level `hardened`: a root filesystem that cannot be written.
//!
//! Not on Windows, where the API forbids the field. Not for ephemeral containers unless chosen: none of
//! `kubectl debug`'s profiles sets it.

use gatehouse_sdk::Finding;

use crate::{level::Level, subject::ContainerView};

pub(super) const CODE: &str = "read-only-root-filesystem";

const AT: &str = "securityContext.readOnlyRootFilesystem";

pub(super) fn judge(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let holds = view.security.get("readOnlyRootFilesystem").as_bool() == Some(true);
    let skipped = view.is_ephemeral() && !view.pod.tuning(CODE).ephemeral;
    if holds || skipped || view.pod.is_windows {
        return;
    }
    let finding = view
        .finding(CODE, AT)
        .message("the container can change its own program files, and so can who breaks into it")
        .required("true")
        .set(AT, true)
        .risk("what writes outside its volumes fails; give such places an emptyDir");
    found.push(if view.is_ephemeral() {
        finding
            .help("set readOnlyRootFilesystem by `--custom`")
            .into()
    } else {
        finding.into()
    });
}
