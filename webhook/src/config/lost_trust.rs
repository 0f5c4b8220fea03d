//! Trust roots that a new configuration would lose.

use std::{sync::Arc, time::SystemTime};

use gatehouse_trust::{Authorities, Authority};

use super::{LoadError, Problem, Snapshot};

const REMEDY: &str = "mend the file, or take the authority out of the policy";

/// Refuses a configuration that lost a trust root which the old one could use: its file was damaged or went away
/// since. At the first load there is nothing to lose, and the gate comes up without them. Who wants to trust nobody any
/// more says so in the policy.
///
/// # Errors
/// Every such trust root.
pub(crate) fn keep_trust(old: &Snapshot, new: &Snapshot, now: SystemTime) -> Result<(), LoadError> {
    let mut lost = Vec::new();
    for (policy, runner) in new.set.policies().iter().zip(&new.policies) {
        let before = authorities(old, &policy.name);
        for authority in runner.authorities.current().iter() {
            let damage = authority.trust_root_damage();
            let was_usable = || {
                before
                    .as_ref()
                    .is_some_and(|all| is_usable(all, authority, now))
            };
            if let Some(why) = damage.filter(|_| was_usable()) {
                let place = format!("policy {}, authority {}", policy.name, authority.name());
                let message = format!("{why}. The old one is still trusted: {REMEDY}");
                lost.push(Problem::new(place, message));
            }
        }
    }
    if lost.is_empty() {
        Ok(())
    } else {
        Err(LoadError(lost))
    }
}

fn authorities(snapshot: &Snapshot, policy: &str) -> Option<Arc<Authorities>> {
    let policies = snapshot.set.policies().iter();
    let mut runners = policies.zip(&snapshot.policies);
    let (_, runner) = runners.find(|(found, _)| found.name == policy)?;
    Some(runner.authorities.current())
}

fn is_usable(all: &Authorities, authority: &Authority, now: SystemTime) -> bool {
    let mut all = all.iter();
    let same = all.find(|other| other.name() == authority.name());
    same.is_some_and(|same| same.uses_trust_root() && same.trust_root_fault(now).is_none())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use gatehouse_sandbox::{Limits, Sandbox};
    use gatehouse_test_sigstore::{Sigstore, Workload};
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::config::{Source, Surroundings};

    fn loaded(folder: &Path) -> Snapshot {
        let keyless = json!({"issuer": Workload::ISSUER, "subject": Workload::SUBJECT});
        let policy = json!({
            "apiVersion": "gatehouse.dev/v1alpha1",
            "kind": "Policy",
            "metadata": {"name": "images"},
            "spec": {"module": "builtin:image-trust", "facts": ["image"], "settings": {
                "authorities": {"ci": {"keyless": keyless, "trustRoot": "file:root"}},
                "signatures": [{"images": ["ghcr.io/**"], "anyOf": ["ci"]}],
            }},
        });
        let path = folder.join("images.json");
        fs::write(&path, policy.to_string()).unwrap();
        let sandbox = Sandbox::new(Limits::default()).unwrap();
        let source = Source::Paths(vec![path]);
        Snapshot::load(&source, &Surroundings::default(), &sandbox).unwrap()
    }

    #[test]
    fn a_trust_root_is_kept_that_was_usable_before() {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("root");
        let never = loaded(folder.path());
        fs::write(&root, Sigstore::new().trust_root().to_string()).unwrap();
        let usable = loaded(folder.path());
        fs::write(&root, "{").unwrap();
        let damaged = loaded(folder.path());
        let now = SystemTime::now();

        assert_eq!(keep_trust(&never, &damaged, now), Ok(()));
        assert_eq!(keep_trust(&damaged, &usable, now), Ok(()));
        assert_eq!(keep_trust(&usable, &usable, now), Ok(()));
        let lost = keep_trust(&usable, &damaged, now).unwrap_err().to_string();
        let why = "the trust root cannot be used: `root` is not a Sigstore `trusted_root.json`";
        let said =
            format!("policy images, authority ci: {why}. The old one is still trusted: {REMEDY}");
        assert_eq!(lost, said);
    }
}
