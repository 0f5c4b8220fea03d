use std::{collections::BTreeSet, process::ExitCode};

use gatehouse_abi::Path;
use gatehouse_core::{Decision, Effect, Judgement, Limits, Verdict, clean, denial};
use gatehouse_manifest::{Manifest, Object};

use super::{
    excerpt,
    hints::{Hint, hints},
    origin,
};
use crate::exit;

/// Longest name of an object that is shown.
const NAME_CHARS: usize = 100;

/// Longest reason of a policy that failed.
const FAILURE_CHARS: usize = 400;

/// What is in a file and no object.
pub(super) const NOT_KUBERNETES: &str = "not Kubernetes YAML";

/// What a run of `check` found.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) objects: Vec<Checked>,
    /// Files and documents that could not be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// Files with something that is no Kubernetes object, and the line.
    pub(super) not_kubernetes: Vec<(String, usize)>,
}

/// A file or a document that could not be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) file: String,
    /// Where that shows, of a document.
    pub(super) line: Option<usize>,
    /// Why; of a document with line and column.
    pub(super) why: String,
}

/// One object, judged.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) file: String,
    pub(super) document: usize,
    /// Its place in the document.
    pub(super) path: Path,
    pub(super) line: usize,
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// The file that it was rendered from, where that is said.
    pub(super) origin: Option<String>,
    pub(super) decision: Decision,
    /// The text that the cluster would say, too.
    pub(super) text: Option<String>,
    /// Where each finding stands, in the order of the decision's judgements.
    pub(super) places: Vec<FoundAt>,
    /// What in the file explains a finding.
    pub(super) hints: Vec<Hint>,
}

/// Where a finding stands in a file.
#[derive(Debug)]
pub(super) struct FoundAt {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_column: usize,
    /// Whether the path itself is there, not only what would hold it.
    pub(super) exact: bool,
    /// The column that is shown first.
    pub(super) shown_from: usize,
    /// The line's text from there on, as much as a manifest gives.
    pub(super) text: String,
}

impl Report {
    pub(super) fn unreadable(&mut self, file: &str, line: Option<usize>, why: &str) {
        self.unreadable.push(Unreadable {
            file: file.to_owned(),
            line,
            why: why.to_owned(),
        });
    }

    pub(super) fn not_kubernetes(&mut self, file: &str, line: usize) {
        self.not_kubernetes.push((file.to_owned(), line));
    }

    /// What passed unjudged: its file, its line, and why.
    pub(super) fn not_judged(&self) -> impl Iterator<Item = (&str, usize, String)> {
        let others = self.not_kubernetes.iter();
        let others = others.map(|(file, line)| (&**file, *line, NOT_KUBERNETES.to_owned()));
        let workloads = self.objects.iter().filter_map(|checked| {
            let why = checked.missing_template()?;
            Some((&*checked.file, checked.line, why))
        });
        others.chain(workloads)
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        let is = |checked: &&Checked| checked.decision.verdict() == verdict;
        self.objects.iter().filter(is).count()
    }

    /// Says that nothing was judged, which nobody wants: a path may be wrong, or what renders may have failed.
    pub(super) fn expect_objects(&mut self, paths: &str) {
        if self.objects.is_empty() && self.unreadable.is_empty() {
            self.unreadable(paths, None, "there is no Kubernetes object in it");
        }
    }

    /// Of several, input that cannot be read wins over what could not be checked over what is refused.
    pub(super) fn exit_code(&self) -> ExitCode {
        if !self.unreadable.is_empty() {
            ExitCode::from(exit::USAGE)
        } else if self.count(Verdict::Error) > 0 {
            ExitCode::from(exit::COULD_NOT_CHECK)
        } else if self.count(Verdict::Deny) > 0 {
            ExitCode::from(exit::REFUSED)
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl Checked {
    pub(super) fn new(
        file: &str,
        document: usize,
        manifest: Option<&Manifest>,
        object: &Object,
        namespace: String,
        decision: Decision,
    ) -> Self {
        let text = |path: &str| {
            let value = object.root().at(path).and_then(|v| v.as_str());
            value.unwrap_or_default().to_owned()
        };
        let places = decision.judgements.iter();
        let findings: Vec<_> = places.clone().map(|j| &j.finding).collect();
        Self {
            file: file.to_owned(),
            document,
            path: object.path().clone(),
            line: object.line(),
            api_version: object.api_version().to_owned(),
            kind: object.kind().to_owned(),
            namespace,
            name: match text("metadata.name") {
                name if name.is_empty() => text("metadata.generateName"),
                name => name,
            },
            origin: origin::of(manifest, object),
            hints: hints(object, &findings),
            text: denial(&decision, &Limits::default()),
            places: places.map(|j| FoundAt::new(manifest, object, j)).collect(),
            decision,
        }
    }

    /// The kind and name, fit to be shown.
    pub(super) fn subject(&self) -> String {
        let [kind, name] = [&self.kind, &self.name].map(|text| clean(text, NAME_CHARS));
        format!("{kind} {name}").trim_end().to_owned()
    }

    /// The findings, each with its place and what in the file explains it.
    pub(super) fn findings(
        &self,
    ) -> impl Iterator<Item = (&Judgement, &FoundAt, impl Iterator<Item = &Hint>)> {
        let judgements = self.decision.judgements.iter().zip(&self.places);
        judgements.enumerate().map(|(index, (judgement, place))| {
            let hints = self.hints.iter().filter(move |hint| hint.finding == index);
            (judgement, place, hints)
        })
    }

    /// What explains the findings with this effect, each once, with the first of them; in the order of the file.
    pub(super) fn notes(&self, effect: &Effect) -> Vec<&Hint> {
        let mut told = BTreeSet::new();
        let is_shown = |hint: &&Hint| self.decision.judgements[hint.finding].effect == *effect;
        let hints = self.hints.iter().filter(is_shown);
        let mut notes: Vec<_> = hints
            .filter(|hint| told.insert((hint.line, hint.column)))
            .collect();
        notes.sort_by_key(|hint| (hint.line, hint.column));
        notes
    }

    /// A custom workload without a template passes, as its pods come from elsewhere; or its path is wrong.
    pub(super) fn missing_template(&self) -> Option<String> {
        let path = self.decision.missing_template.as_ref()?;
        Some(format!(
            "{} has no pod template at `{path}`",
            self.subject()
        ))
    }

    /// Why each policy that failed could not check it.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        self.decision.failed.iter().map(|failed| {
            let message = clean(&failed.failure.message, FAILURE_CHARS);
            format!("policy {} {message}", failed.policy)
        })
    }
}

impl FoundAt {
    fn new(manifest: Option<&Manifest>, object: &Object, judgement: &Judgement) -> Self {
        let location = object.span(&judgement.finding.path);
        let span = location.span();
        let shown_from = excerpt::shown_from(&span);
        let text = manifest.map_or("", |m| m.line_from(span.line, shown_from));
        Self {
            line: span.line,
            column: span.column,
            end_column: span.end_column,
            exact: location.is_exact(),
            shown_from,
            text: text.to_owned(),
        }
    }
}
