use gatehouse_abi::{
    Operation, Path,
    tree::{Kind, Node, TooLarge, TreeBuf, TreeWriter},
};
use serde_json::{Value, json};

use crate::{
    Limits, Subject, Workloads,
    subject::{display_name, text},
    workload::{self, CONTAINER_LISTS, Template},
};

/// An admission request whose object is well formed, as policies see it.
#[derive(Clone, Debug)]
pub struct Request {
    tree: TreeBuf,
    operation: Operation,
    /// Where objects of this kind keep their pod template; none where the kind creates no pods.
    template: Option<Template>,
    has_pod: bool,
}

/// An object that is not what its kind says, so that it cannot be judged. It is refused: a malformed
/// object that passed would be a way around every policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No object where the operation must have one.
    #[error("the request has no `{0}`")]
    NoObject(&'static str),
    /// A value of the wrong type.
    #[error("`{path}` is not {expected}")]
    WrongType {
        /// Where in the object.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A Pod without a spec, or a workload without the pod that it would create.
    #[error("`{0}` is not set, so there is no pod to judge")]
    NoTemplate(String),
    /// More containers than the limit.
    #[error("the pod has {found} containers, more than the limit of {limit} containers per pod")]
    TooManyContainers {
        /// How many it has.
        found: usize,
        /// [`Limits::containers_per_pod`].
        limit: usize,
    },
    /// A request that does not fit the form in which policies read it.
    #[error("{0}")]
    TooLarge(#[from] TooLarge),
}

/// A request that cannot be judged, since its object is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct MalformedRequest {
    /// What it is about.
    pub subject: Subject,
    /// What is wrong with its object.
    pub problem: Malformed,
}

impl Request {
    /// Reads the request out of a document whose root holds it as the member `member`, or is it.
    ///
    /// # Errors
    /// When the object is missing or malformed.
    pub(crate) fn from_review(
        document: TreeBuf,
        operation: Operation,
        workloads: &Workloads,
        limits: &Limits,
    ) -> Result<Self, Box<MalformedRequest>> {
        let request = document.root().get("request").unwrap_or(Node::NULL);
        let kind = |key| request.get("kind")?.get(key)?.as_str();
        let template = match (operation, kind("group"), kind("kind")) {
            (Operation::Create | Operation::Update, Some(group), Some(kind)) => {
                workloads.template(group, kind)
            }
            _ => None,
        };
        Self::of_kind(document, operation, template, limits)
    }

    fn of_kind(
        document: TreeBuf,
        operation: Operation,
        template: Option<Template>,
        limits: &Limits,
    ) -> Result<Self, Box<MalformedRequest>> {
        let request = document.root().get("request").unwrap_or(Node::NULL);
        let has_pod = judge_object(request, operation, template.as_ref(), limits)
            .map_err(|problem| malformed(request, operation, problem))?;
        let path = template.as_ref().filter(|_| has_pod).map(|t| &t.path);
        let tree = with_pod(document, path)
            .map_err(|problem| malformed(Node::NULL, operation, problem.into()))?;
        Ok(Self {
            tree,
            operation,
            template,
            has_pod,
        })
    }

    /// The request that would create `object`, which stands in a file.
    ///
    /// # Errors
    /// When the object is malformed.
    pub fn to_create(
        object: Value,
        namespace: &str,
        workloads: &Workloads,
        limits: &Limits,
    ) -> Result<Self, Box<MalformedRequest>> {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("");
        let api_version = text("/apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = json!({"group": group, "version": version, "kind": text("/kind")});
        let review = json!({"request": {
            "uid": "",
            "kind": kind,
            "requestKind": kind,
            "name": text("/metadata/name"),
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {},
            "object": object,
            "oldObject": null,
            "dryRun": true,
        }});
        Self::from_review(from_value(&review), Operation::Create, workloads, limits)
    }

    /// This request with another object of the same kind.
    ///
    /// # Errors
    /// When the object is malformed.
    pub(crate) fn with_object(
        &self,
        object: &Value,
        limits: &Limits,
    ) -> Result<Self, Box<MalformedRequest>> {
        let mut request = self.node().to_value();
        if let Some(members) = request.as_object_mut() {
            members.remove("pod");
            members.remove("podPath");
            members.insert("object".into(), object.clone());
        }
        let review = json!({ "request": request });
        let template = self.template.clone();
        Self::of_kind(from_value(&review), self.operation, template, limits)
    }

    /// The document that policies read.
    pub fn tree(&self) -> &TreeBuf {
        &self.tree
    }

    /// The AdmissionRequest.
    pub fn node(&self) -> Node<'_> {
        self.tree.root()
    }

    /// What is asked for.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Where in the object the pod stands that it is or would create.
    pub fn pod_path(&self) -> Option<&Path> {
        self.template_path().filter(|_| self.has_pod)
    }

    /// Where a custom workload has no pod template, although its kind says so. There is no pod to judge.
    pub fn missing_template(&self) -> Option<&Path> {
        self.template_path().filter(|_| !self.has_pod)
    }

    /// Whether the object itself is a Pod, not a workload that creates them.
    pub fn is_pod(&self) -> bool {
        self.pod_path()
            .is_some_and(|path| path.segments().is_empty())
    }

    /// API group of the kind.
    pub fn group(&self) -> &str {
        self.text("kind.group")
    }

    /// API version of the kind, without the group.
    pub fn version(&self) -> &str {
        self.text("kind.version")
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        self.text("kind.kind")
    }

    /// The namespace; empty for a cluster-scoped object.
    pub fn namespace(&self) -> &str {
        self.text("namespace")
    }

    /// The subresource; empty for the object itself.
    pub fn subresource(&self) -> &str {
        self.text("subResource")
    }

    /// The name of the user who asks; empty where nobody does.
    pub fn user(&self) -> &str {
        self.text("userInfo.username")
    }

    /// The groups of the user who asks.
    pub fn user_groups(&self) -> impl Iterator<Item = &str> {
        let groups = self.node().at("userInfo.groups").unwrap_or(Node::NULL);
        groups.items().filter_map(Node::as_str)
    }

    /// The object as it would become.
    pub fn object(&self) -> Node<'_> {
        self.node().get("object").unwrap_or(Node::NULL)
    }

    /// The object as it is.
    pub fn old_object(&self) -> Node<'_> {
        self.node().get("oldObject").unwrap_or(Node::NULL)
    }

    /// The name to show: a name, or `PREFIX*` where it is to be generated.
    pub fn display_name(&self) -> String {
        display_name(self.node())
    }

    /// What the request is about.
    pub fn subject(&self) -> Subject {
        Subject::of(self.node(), self.operation)
    }

    /// Labels of the object.
    pub fn labels(&self) -> Node<'_> {
        self.object().at("metadata.labels").unwrap_or(Node::NULL)
    }

    fn template_path(&self) -> Option<&Path> {
        self.template.as_ref().map(|template| &template.path)
    }

    fn text(&self, path: &str) -> &str {
        text(self.node(), path)
    }
}

fn malformed(request: Node<'_>, operation: Operation, problem: Malformed) -> Box<MalformedRequest> {
    let subject = Subject::of(request, operation);
    Box::new(MalformedRequest { subject, problem })
}

/// Checks what must hold before policies can read the object; whether it has a pod.
fn judge_object(
    request: Node<'_>,
    operation: Operation,
    template: Option<&Template>,
    limits: &Limits,
) -> Result<bool, Malformed> {
    if matches!(operation, Operation::Delete | Operation::Connect) {
        return Ok(false);
    }
    let object = member_object(request, "object")?;
    let Some(template) = template else {
        return Ok(false);
    };
    if operation == Operation::Update {
        member_object(request, "oldObject")?;
    }
    match judge_template(object, &template.path, limits) {
        Err(Malformed::NoTemplate(_)) if !template.required => Ok(false),
        judged => judged.map(|()| true),
    }
}

fn member_object<'a>(request: Node<'a>, member: &'static str) -> Result<Node<'a>, Malformed> {
    match request.set(member) {
        None => Err(Malformed::NoObject(member)),
        Some(node) if node.kind() == Kind::Object => Ok(node),
        Some(_) => Err(wrong_type(&Path::dotted(member), "an object")),
    }
}

fn judge_template(object: Node<'_>, path: &Path, limits: &Limits) -> Result<(), Malformed> {
    let template = find_object(object, path)?;
    let spec_path = path.clone().key("spec");
    let spec = find_object(object, &spec_path)?;
    for list in CONTAINER_LISTS {
        let containers = spec.set(list);
        let path = || spec_path.clone().key(list);
        if containers.is_some_and(|list| list.kind() != Kind::Array) {
            return Err(wrong_type(&path(), "a list"));
        }
        let mut items = containers.unwrap_or(Node::NULL).items();
        if let Some(i) = items.position(|item| item.kind() != Kind::Object) {
            return Err(wrong_type(&path().index(i), "a container"));
        }
    }
    let found = workload::containers(template);
    if found > limits.containers_per_pod {
        let limit = limits.containers_per_pod;
        return Err(Malformed::TooManyContainers { found, limit });
    }
    Ok(())
}

fn find_object<'a>(object: Node<'a>, path: &Path) -> Result<Node<'a>, Malformed> {
    match path.find(object) {
        Some(node) if node.kind() == Kind::Object => Ok(node),
        Some(node) if !node.is_null() => Err(wrong_type(path, "an object")),
        _ => Err(Malformed::NoTemplate(path.to_string())),
    }
}

fn wrong_type(path: &Path, expected: &'static str) -> Malformed {
    Malformed::WrongType {
        path: path.to_string(),
        expected,
    }
}

/// The document with the request at its root, `pod` and `podPath` added: the pod's word is the very word
/// of the template inside `object`, so nothing is copied.
fn with_pod(document: TreeBuf, path: Option<&Path>) -> Result<TreeBuf, TooLarge> {
    let request = document.root().get("request").unwrap_or(Node::NULL);
    let template = path.and_then(|path| path.find(request.get("object")?));
    let template = template.map(TreeWriter::share);
    let mut words = TreeWriter::member_words(request);
    let mut writer = TreeWriter::extending(document);
    if let (Some(template), Some(path)) = (template, path) {
        let keys = (writer.string("pod")?, writer.string("podPath")?);
        let place = writer.string(&path.to_string())?;
        words.extend([keys.0, template, keys.1, place]);
    }
    let root = writer.object(&words)?;
    writer.finish(root)
}

/// A review that does not fit a tree becomes one without an object, which is refused.
fn from_value(review: &Value) -> TreeBuf {
    TreeBuf::from_value(review).unwrap_or_default()
}
