//! The policy of the page for authors, `policies/README.md`; its text is here word for word.

use gatehouse_sdk::{Facts, Findings, Needs, Request};
use serde::Deserialize;

/// What an operator may choose.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    exempt: Vec<String>,
}

/// Judges every container of the pod.
pub fn evaluate(request: &Request, settings: &Settings, _: &Facts) -> Result<Findings, Needs> {
    let mut findings = Findings::default();
    for container in request.pod().iter().flat_map(|pod| pod.containers()) {
        let exempt = settings.exempt.iter().any(|name| name == container.name());
        if !exempt && container.at("resources.limits.memory").is_none() {
            findings.add(
                container
                    .finding("memory-limit", "resources.limits.memory")
                    .message("the container may take all memory of its node")
                    .required("a quantity, for example 256Mi"),
            );
        }
    }
    Ok(findings)
}

gatehouse_sdk::export! {
    metadata: "../policy.json",
    settings: Settings,
    evaluate: evaluate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_without_a_limit_is_found() {
        let pod = gatehouse_sdk::testing::pod(r#"{"spec": {"containers": [{"name": "app"}]}}"#);
        let findings = evaluate(
            &Request::new(pod.root()),
            &Settings::default(),
            &Facts::none(),
        )
        .unwrap();
        let paths: Vec<_> = findings.iter().map(|f| f.path.to_string()).collect();
        assert_eq!(paths, ["spec.containers[name=app].resources.limits.memory"]);
    }
}
