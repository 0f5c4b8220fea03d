//! A case, read and ready to be judged.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use gatehouse_abi::{Path as Place, Segment, tree::Node};
use gatehouse_core::{
    Limits, MalformedRequest, Request, Workloads,
    config::{self, ConfigError},
};
use gatehouse_manifest::Object;
use gatehouse_reference::Reference;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    document::{CaseSpec, Expectation, ExpectedFinding, FactsSpec, NamespaceSpec},
    kept::{Kept, What},
    policies::Policies,
    subject,
};
use crate::{
    config::Snapshot,
    facts::{FactRecord, FactSource, ImageSource, NamespaceSource, Told},
    judge::today,
    suggestion::nearest,
};

/// Something to be judged, and what is expected of the verdict.
#[derive(Debug)]
pub(super) struct Case {
    /// `DOCUMENT/CASE`
    pub(super) name: String,
    /// The file, the line and the column.
    pub(super) place: String,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) request: Result<Request, Box<MalformedRequest>>,
    pub(super) facts: FactSource,
    pub(super) today: Date,
    pub(super) expected: Expectation,
    /// The snapshot files.
    pub(super) kept: Vec<Kept>,
    /// Files that the case reads, which no update may write.
    pub(super) inputs: Vec<PathBuf>,
}

/// What all cases of a document share.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) config: &'a [String],
    pub(super) policy: &'a Map<String, Value>,
    /// The file, as it was found.
    pub(super) file: &'a Path,
    /// The document.
    pub(super) object: &'a Object,
}

/// The namespace of objects that say none, as in `check`.
const NAMESPACE: &str = "default";

impl Case {
    /// Reads the case at `at` of its document.
    ///
    /// # Errors
    /// All mistakes that could be found, each with its place.
    pub(super) fn read(
        group: Group<'_>,
        at: &Place,
        policies: &mut Policies<'_>,
    ) -> Result<Self, Vec<String>> {
        let node = at.find(group.object.root()).unwrap_or(Node::NULL);
        let spec = config::deserialize::<CaseSpec>(node, at.clone());
        let spec = spec.map_err(|error| vec![group.mistake(&error)])?;
        let mut reader = Reader {
            group,
            at,
            mistakes: Vec::new(),
        };
        let case = reader.case(spec, policies);
        match case {
            Some(case) if reader.mistakes.is_empty() => Ok(case),
            _ => Err(reader.mistakes),
        }
    }

    /// Whether it says what the webhook's `/mutate` makes of the object.
    pub(super) fn expects_fixes(&self) -> bool {
        let fixed = |kept: &Kept| kept.what == What::Fixed;
        self.expected.patch.is_some() || self.kept.iter().any(fixed)
    }
}

impl<'a> Group<'a> {
    /// The folder where relative paths start.
    pub(super) fn folder(&self) -> &'a Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// A mistake with its place in the file.
    pub(super) fn mistake(&self, error: &ConfigError) -> String {
        format!("{}: {error}", self.place(&error.path))
    }

    fn place(&self, path: &Place) -> String {
        let span = self.object.span(path).span();
        format!("{}:{}:{}", self.file.display(), span.line, span.column)
    }
}

struct Reader<'a> {
    group: Group<'a>,
    at: &'a Place,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    fn case(&mut self, spec: CaseSpec, policies: &mut Policies<'_>) -> Option<Case> {
        if spec.name.is_empty() {
            self.mistake("name", "a case needs a name");
        }
        let snapshot = self.snapshot(&spec, policies);
        let none = Workloads::default();
        let workloads = snapshot
            .as_ref()
            .map_or(&none, |snapshot| &snapshot.workloads);
        let request = self.request(&spec, workloads);
        let namespace = request.as_ref().map_or("", |request| namespace(request));
        let facts = self.facts(
            spec.facts,
            spec.namespace,
            spec.record.as_deref(),
            namespace,
        );
        let kept = self.kept(&spec.expect);
        let inputs = [spec.manifest, spec.review, spec.record];
        if let Some(snapshot) = &snapshot {
            self.check_names(&spec.expect, snapshot);
        }
        Some(Case {
            name: format!("{}/{}", self.group.name, spec.name),
            place: self.group.place(self.at),
            snapshot: snapshot?,
            request: request?,
            facts,
            today: spec.today.unwrap_or_else(today),
            expected: spec.expect,
            kept,
            inputs: inputs
                .iter()
                .flatten()
                .map(|input| self.path(input))
                .chain([self.group.file.to_owned()])
                .collect(),
        })
    }

    /// What the case is judged by.
    fn snapshot(&mut self, spec: &CaseSpec, policies: &mut Policies<'_>) -> Option<Arc<Snapshot>> {
        let group = self.group;
        let mut policy = group.policy.clone();
        policy.extend(spec.policy.clone());
        match (group.config, policy.is_empty()) {
            ([], true) => {
                let why =
                    "none of `config` and `policy`: one of them says what cases are judged by";
                self.mistake_at("spec".into(), why);
                None
            }
            ([], false) => self.of_policy(policy, spec, policies),
            (files, true) => {
                let paths = files.iter().map(|file| self.path(file)).collect();
                let loaded = policies.of_files(paths);
                loaded.map_err(|why| self.say_lines(&why)).ok()
            }
            (_, false) => {
                let why =
                    "`config` and `policy`: only one of them can say what cases are judged by";
                self.mistake_at("spec.config".into(), why);
                None
            }
        }
    }

    /// Mistakes stand in the case where it replaces a member, otherwise in the document.
    fn of_policy(
        &mut self,
        policy: Map<String, Value>,
        spec: &CaseSpec,
        policies: &mut Policies<'_>,
    ) -> Option<Arc<Snapshot>> {
        let loaded = policies.of_policy(self.group.folder(), policy);
        let errors = loaded.map_err(|errors| {
            for error in errors {
                let first = error.path.segments().first();
                let own = first.is_some_and(
                    |first| matches!(first, Segment::Key(key) if spec.policy.contains_key(key)),
                );
                let base = if own { self.at.clone() } else { "spec".into() };
                let path = base.key("policy").join(&error.path);
                self.mistake_at(path, error.message);
            }
        });
        errors.ok()
    }

    fn request(
        &mut self,
        spec: &CaseSpec,
        workloads: &Workloads,
    ) -> Option<Result<Request, Box<MalformedRequest>>> {
        let request = match (&spec.object, &spec.manifest, &spec.review) {
            (Some(object), None, None) => self.created(object.clone(), spec, workloads),
            (None, Some(file), None) => {
                let object = subject::in_manifest(&self.path(file));
                let object =
                    object.map_err(|why| self.mistake("manifest", format!("`{file}`: {why}")));
                self.created(object.ok()?, spec, workloads)
            }
            (None, None, Some(file)) => {
                let review = subject::in_review(&self.path(file), workloads);
                review
                    .map_err(|why| self.mistake("review", format!("`{file}`: {why}")))
                    .ok()?
            }
            _ => {
                self.mistake(
                    "",
                    "exactly one of `object`, `manifest` and `review` says what is judged",
                );
                return None;
            }
        };
        let wanted = spec.namespace.name.as_deref();
        if let Some(wanted) = wanted.filter(|wanted| *wanted != namespace(&request)) {
            let why = format!(
                "`{wanted}` is not the object's own namespace, `{}`",
                namespace(&request)
            );
            self.mistake("namespace.name", why);
        }
        Some(request)
    }

    fn created(
        &self,
        object: Value,
        spec: &CaseSpec,
        workloads: &Workloads,
    ) -> Result<Request, Box<MalformedRequest>> {
        let own = object
            .pointer("/metadata/namespace")
            .and_then(Value::as_str);
        let namespace = own.or(spec.namespace.name.as_deref()).unwrap_or(NAMESPACE);
        let namespace = namespace.to_owned();
        Request::to_create(object, &namespace, workloads, &Limits::default())
    }

    fn facts(
        &mut self,
        facts: FactsSpec,
        own: NamespaceSpec,
        record: Option<&str>,
        name: &str,
    ) -> FactSource {
        let mut namespaces = facts.namespace;
        if let Some(labels) = own.labels {
            namespaces.insert(
                name.to_owned(),
                namespace_fact(name, labels, own.annotations),
            );
        } else if !own.annotations.is_empty() {
            self.mistake(
                "namespace",
                "`annotations` without `labels`: a namespace is known whole or not at all",
            );
        }
        let known = record.map(|file| FactRecord::read(&self.path(file)));
        let known = known.unwrap_or_else(|| Ok(FactRecord::default()));
        let known = known.map_err(|error| self.mistake("record", error.to_string()));
        let images = Told::from([("image".to_owned(), self.images(facts.image))]);
        FactSource {
            namespaces: NamespaceSource::Told(namespaces),
            images: ImageSource {
                known: Some(known.unwrap_or_default().telling(images)),
                ..ImageSource::default()
            },
        }
    }

    /// Facts by the full references of their images, as policies ask for them.
    fn images(&mut self, facts: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        let mut known = BTreeMap::new();
        for (image, fact) in facts {
            match Reference::parse(&image) {
                Ok(reference) => drop(known.insert(reference.to_string(), fact)),
                Err(error) => {
                    let path = self.below("facts.image").key(image);
                    self.mistake_at(path, error.to_string());
                }
            }
        }
        known
    }

    fn kept(&mut self, expected: &Expectation) -> Vec<Kept> {
        let files = [
            (What::Message, &expected.message),
            (What::Fixed, &expected.fixed),
        ];
        let mut kept = Vec::new();
        for (what, file) in files {
            let Some(file) = file else { continue };
            let path = self.path(file);
            let at = self.below("expect").key(what.member());
            let place = format!("{}: {at}", self.group.place(&at));
            let ending = what.ending();
            if path.extension().is_none_or(|found| found != ending) {
                let why =
                    format!("`{file}` is no name for this snapshot file: end it in `.{ending}`");
                self.mistake_at(at, why);
            }
            kept.push(Kept { what, path, place });
        }
        kept
    }

    /// A code or a policy that is expected has to be there: a slip of the pen would never be found.
    fn check_names(&mut self, expected: &Expectation, snapshot: &Snapshot) {
        let policies = snapshot.set.policies();
        let has = |name: &str| policies.iter().any(|policy| policy.name == name);
        let no_policy = |name: &str| format!("no policy of this case is named `{name}`");
        for (i, finding) in expected.findings.iter().enumerate() {
            let at = self.below("expect.findings").index(i);
            let ExpectedFinding { code, policy, .. } = finding;
            if !policies.iter().any(|p| p.metadata.codes.contains_key(code)) {
                self.mistake_at(at.clone().key("code"), unknown_code(code, snapshot));
            }
            if let Some(policy) = policy.as_deref().filter(|policy| !has(policy)) {
                self.mistake_at(at.key("policy"), no_policy(policy));
            }
        }
        for (i, policy) in expected.failed.iter().flatten().enumerate() {
            if !has(policy) {
                let at = self.below("expect.failed").index(i);
                self.mistake_at(at, no_policy(policy));
            }
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.group.folder().join(file)
    }

    fn below(&self, member: &str) -> Place {
        self.at.clone().join(&member.into())
    }

    fn mistake(&mut self, member: &str, message: impl Into<String>) {
        self.mistake_at(self.below(member), message);
    }

    fn mistake_at(&mut self, path: Place, message: impl Into<String>) {
        let mistake = self.group.mistake(&ConfigError::new(path, message));
        self.mistakes.push(mistake);
    }

    fn say_lines(&mut self, located: &str) {
        self.mistakes.extend(located.lines().map(str::to_owned));
    }
}

fn unknown_code(code: &str, snapshot: &Snapshot) -> String {
    let policies = snapshot.set.policies().iter();
    let codes = policies.flat_map(|policy| policy.metadata.codes.keys());
    let why = format!("no policy of this case has the code `{code}`");
    match nearest(code, codes) {
        Some(near) => format!("{why}: is `{near}` meant?"),
        None => why,
    }
}

fn namespace(request: &Result<Request, Box<MalformedRequest>>) -> &str {
    match request {
        Ok(request) => request.namespace(),
        Err(malformed) => &malformed.subject.namespace,
    }
}

fn namespace_fact(
    name: &str,
    mut labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
) -> Value {
    // the API server sets this one on every namespace
    labels.insert("kubernetes.io/metadata.name".into(), name.into());
    json!({"labels": labels, "annotations": annotations})
}
