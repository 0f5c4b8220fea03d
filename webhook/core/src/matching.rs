use std::{collections::BTreeSet, sync::Arc};

use gatehouse_abi::{Metadata, Path};

use crate::{
    Request,
    config::{ConfigError, Exemption, PolicySpec},
};

/// One policy: what the operator says of it and what its module says of itself.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The policy's name, unique in its set.
    pub name: String,
    /// What the operator says.
    pub spec: PolicySpec,
    /// What the module says.
    pub metadata: Arc<Metadata>,
}

/// All policies and exemptions of one configuration, immutable.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    policies: Vec<Policy>,
    exemptions: Vec<(String, Exemption)>,
}

impl PolicySet {
    /// A set, its policies ordered by name.
    ///
    /// # Errors
    /// Every mistake that shows only when policies, modules and exemptions are seen together, with the
    /// name of the document it is in.
    pub fn new(
        mut policies: Vec<Policy>,
        mut exemptions: Vec<(String, Exemption)>,
    ) -> Result<Self, Vec<(String, ConfigError)>> {
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        exemptions.sort_by(|a, b| a.0.cmp(&b.0));
        let mut errors: Vec<_> = policies
            .iter()
            .flat_map(|p| mistakes(p).into_iter().map(|e| (p.name.clone(), e)))
            .collect();
        errors.extend(same_names(&policies));
        for (name, exemption) in &exemptions {
            let found = exemption_mistakes(exemption, &policies);
            errors.extend(found.into_iter().map(|e| (name.clone(), e)));
        }
        if errors.is_empty() {
            Ok(Self {
                policies,
                exemptions,
            })
        } else {
            Err(errors)
        }
    }

    /// The policies, ordered by name.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The exemptions and their names, ordered by name.
    pub fn exemptions(&self) -> &[(String, Exemption)] {
        &self.exemptions
    }

    /// Indices of the policies that judge this request.
    pub fn matching(&self, request: &Request) -> Vec<usize> {
        let judges = |(_, policy): &(usize, &Policy)| policy.judges(request);
        let policies = self.policies.iter().enumerate();
        policies.filter(judges).map(|(i, _)| i).collect()
    }
}

impl Policy {
    fn judges(&self, request: &Request) -> bool {
        self.metadata.operations.contains(&request.operation())
            && self.judges_kind(request)
            && self.judges_namespace(request)
    }

    fn judges_kind(&self, request: &Request) -> bool {
        let is = |kinds: &[String], kind| kinds.iter().any(|k| k == kind);
        let by_module = if request.pod_path().is_some() {
            is(&self.metadata.kinds, "Pod") || is(&self.metadata.kinds, request.kind())
        } else {
            is(&self.metadata.kinds, request.kind())
        };
        let kinds = &self.spec.matches.kinds;
        by_module && (kinds.is_empty() || is(kinds, request.kind()))
    }

    fn judges_namespace(&self, request: &Request) -> bool {
        let matches = &self.spec.matches;
        let labels = request.labels();
        let has = |(key, value): (&String, &String)| {
            labels.get(key).and_then(|v| v.as_str()) == Some(value)
        };
        let labelled = !matches.also_labels.is_empty() && matches.also_labels.iter().all(has);
        labelled || matches.namespaces.select(request.namespace())
    }
}

fn mistakes(policy: &Policy) -> Vec<ConfigError> {
    let spec = &policy.spec;
    let risky = ("spec.riskyFixes", &spec.risky_fixes);
    let overrides = spec.overrides.iter().map(|o| ("spec.overrides", &o.codes));
    let mut errors: Vec<_> = overrides
        .chain([risky])
        .flat_map(|(path, codes)| unknown_codes(codes, policy, path))
        .collect();
    let declared: BTreeSet<_> = policy.metadata.facts.iter().collect();
    let granted: BTreeSet<_> = spec.facts.iter().collect();
    for fact in declared.difference(&granted) {
        let message = format!(
            "the module may ask for the fact `{fact}`: grant it with `facts: [{fact}]`, or use another module"
        );
        errors.push(ConfigError::new("spec.facts".into(), message));
    }
    for fact in granted.difference(&declared) {
        let message = format!("the module never asks for the fact `{fact}`");
        errors.push(ConfigError::new("spec.facts".into(), message));
    }
    errors
}

fn unknown_codes(codes: &[String], policy: &Policy, path: &str) -> Vec<ConfigError> {
    let known = &policy.metadata.codes;
    let unknown = codes.iter().filter(|code| !known.contains_key(*code));
    let error = |code: &String| {
        let all: Vec<_> = known.keys().map(String::as_str).collect();
        let message = format!(
            "`{code}` is no code of {}: {}",
            policy.metadata.name,
            all.join(", ")
        );
        ConfigError::new(Path::dotted(path), message)
    };
    unknown.map(error).collect()
}

fn same_names(policies: &[Policy]) -> Vec<(String, ConfigError)> {
    let pairs = policies.windows(2).filter_map(|pair| match pair {
        [a, b] if a.name == b.name => Some(a.name.clone()),
        _ => None,
    });
    let error = |name: String| {
        let message = format!("two policies are named `{name}`");
        (name, ConfigError::new("metadata.name".into(), message))
    };
    pairs.map(error).collect()
}

fn exemption_mistakes(exemption: &Exemption, policies: &[Policy]) -> Vec<ConfigError> {
    let empty = |path: &str, what: &str| {
        ConfigError::new(path.into(), format!("an exemption names its {what}"))
    };
    let mut errors = Vec::new();
    if exemption.codes.is_empty() {
        errors.push(empty("spec.codes", "codes"));
    }
    if exemption.workloads.is_empty() {
        errors.push(empty("spec.workloads", "workloads"));
    }
    match policies.iter().find(|p| p.name == exemption.policy) {
        Some(policy) => errors.extend(unknown_codes(&exemption.codes, policy, "spec.codes")),
        None => {
            let message = format!("there is no policy `{}`", exemption.policy);
            errors.push(ConfigError::new("spec.policy".into(), message));
        }
    }
    errors
}
