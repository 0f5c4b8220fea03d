//! `check --against`: what another configuration changes, finding by finding.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    process::ExitCode,
};

use gatehouse_core::{Decision, Verdict, clean};
use serde_json::{Value, json};

use super::{
    input::shown,
    report::{Checked, Report},
};
use crate::exit;

/// What is different under the new configuration.
pub(super) struct Changes {
    groups: BTreeMap<Group, Vec<Subject>>,
    objects: usize,
    counts: Counts,
    could_not_check: bool,
}

/// Findings of one kind that change in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    policy: String,
    code: String,
    namespace: String,
    from: &'static str,
    to: &'static str,
}

/// Whose finding it is.
struct Subject {
    object: String,
    place: String,
    container: Option<String>,
}

/// Objects by what becomes of them.
#[derive(Default)]
struct Counts {
    newly_refused: usize,
    no_longer_refused: usize,
    otherwise: usize,
}

/// Objects that one group lists; more are counted.
const LISTED: usize = 10;

/// There is no such finding.
const NOTHING: &str = "no problem";

impl Changes {
    /// Compares two reports about the same objects.
    pub(super) fn between(old: &Report, new: &Report) -> Self {
        let mut changes = Self {
            groups: BTreeMap::new(),
            objects: new.objects.len(),
            counts: Counts::default(),
            could_not_check: [old, new]
                .iter()
                .any(|report| report.count(Verdict::Error) > 0),
        };
        for (old, new) in old.objects.iter().zip(&new.objects) {
            changes.add(old, new);
        }
        changes
    }

    fn add(&mut self, old: &Checked, new: &Checked) {
        let (was, is) = (outcomes(&old.decision), outcomes(&new.decision));
        let mut differs = false;
        let mut all: Vec<_> = was.keys().chain(is.keys()).collect();
        all.sort();
        all.dedup();
        for key in all {
            let [from, to] = [&was, &is].map(|of| of.get(key).copied().unwrap_or(NOTHING));
            if from == to {
                continue;
            }
            differs = true;
            let group = Group {
                policy: key.policy.clone(),
                code: key.code.clone(),
                namespace: new.namespace.clone(),
                from,
                to,
            };
            let subjects = self.groups.entry(group).or_default();
            subjects.push(Subject::of(new, key.container.clone()));
        }
        self.counts.add(&old.decision, &new.decision, differs);
    }

    /// 1 if something is refused that was not, 3 if that could not be checked everywhere.
    pub(super) fn exit_code(&self) -> ExitCode {
        match (self.could_not_check, self.counts.newly_refused) {
            (true, _) => ExitCode::from(exit::COULD_NOT_CHECK),
            (false, 0) => ExitCode::SUCCESS,
            (false, _) => ExitCode::from(exit::REFUSED),
        }
    }

    /// Writes the changes by policy, code and namespace.
    pub(super) fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        for (group, subjects) in &self.groups {
            let Group {
                policy,
                code,
                namespace,
                from,
                to,
            } = group;
            let namespace = clean(namespace, 100);
            writeln!(
                out,
                "policy {policy}, {code}, namespace {namespace}: {from} -> {to}"
            )?;
            for subject in subjects.iter().take(LISTED) {
                writeln!(out, "  {}", subject.in_words())?;
            }
            if subjects.len() > LISTED {
                writeln!(out, "  and {} more", subjects.len() - LISTED)?;
            }
            writeln!(out)?;
        }
        writeln!(out, "{}", self.summary())
    }

    /// Writes the changes as JSON, version 1.
    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let changes = self.groups.iter().map(|(group, subjects)| {
            json!({
                "policy": group.policy,
                "code": group.code,
                "namespace": group.namespace,
                "from": group.from,
                "to": group.to,
                "objects": subjects.iter().map(Subject::to_value).collect::<Vec<_>>(),
            })
        });
        let document = json!({
            "version": 1,
            "changes": changes.collect::<Vec<_>>(),
            "summary": {
                "objects": self.objects,
                "newlyRefused": self.counts.newly_refused,
                "noLongerRefused": self.counts.no_longer_refused,
                "otherwise": self.counts.otherwise,
            },
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }

    fn summary(&self) -> String {
        let counts = [
            (self.counts.newly_refused, "newly refused"),
            (self.counts.no_longer_refused, "no longer refused"),
            (self.counts.otherwise, "judged otherwise"),
        ];
        let said = counts.iter().filter(|(count, _)| *count > 0);
        let said: Vec<_> = said
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let noun = if self.objects == 1 {
            "object"
        } else {
            "objects"
        };
        match said.is_empty() {
            true => format!("{} {noun}: nothing changes", self.objects),
            false => format!("{} {noun}: {}", self.objects, said.join(", ")),
        }
    }
}

impl Counts {
    fn add(&mut self, old: &Decision, new: &Decision, differs: bool) {
        match (old.is_allowed(), new.is_allowed()) {
            (true, false) => self.newly_refused += 1,
            (false, true) => self.no_longer_refused += 1,
            _ if differs => self.otherwise += 1,
            _ => {}
        }
    }
}

impl Subject {
    fn of(checked: &Checked, container: Option<String>) -> Self {
        Self {
            object: checked.subject(),
            place: format!("{}:{}", shown(&checked.file), checked.line),
            container,
        }
    }

    fn in_words(&self) -> String {
        match &self.container {
            Some(container) => {
                let container = clean(container, 100);
                format!("{}, container {container} ({})", self.object, self.place)
            }
            None => format!("{} ({})", self.object, self.place),
        }
    }

    fn to_value(&self) -> Value {
        json!({"object": self.object, "place": self.place, "container": self.container})
    }
}

/// What tells one finding of an object from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    policy: String,
    code: String,
    path: String,
    container: Option<String>,
}

/// What becomes of each finding; a policy that failed is one without a place.
fn outcomes(decision: &Decision) -> BTreeMap<Key, &'static str> {
    let found = decision.judgements.iter().map(|judgement| {
        let key = Key {
            policy: judgement.policy.clone(),
            code: judgement.finding.code.clone(),
            path: judgement.finding.path.to_string(),
            container: judgement.finding.container.clone(),
        };
        (key, judgement.effect.as_str())
    });
    let failed = decision.failed.iter().map(|failed| {
        let key = Key {
            policy: failed.policy.clone(),
            code: "all codes".to_owned(),
            path: String::new(),
            container: None,
        };
        (key, "could not be checked")
    });
    found.chain(failed).collect()
}
