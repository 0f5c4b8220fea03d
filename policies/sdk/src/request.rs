use gatehouse_abi::tree::Node;

use crate::Pod;

/// An admission request: the AdmissionRequest of `admission.k8s.io/v1`, and the pod that its object is
/// or would create.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a>(Node<'a>);

impl<'a> Request<'a> {
    /// A view of the request's tree.
    pub fn new(root: Node<'a>) -> Self {
        Self(root)
    }

    /// The whole request, for what this view does not name.
    pub fn node(self) -> Node<'a> {
        self.0
    }

    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub fn operation(self) -> &'a str {
        self.text("operation")
    }

    /// The object's kind, for example `Deployment`.
    pub fn kind(self) -> &'a str {
        self.0
            .at("kind.kind")
            .and_then(Node::as_str)
            .unwrap_or_default()
    }

    /// The subresource, for example `ephemeralcontainers`; empty for the object itself.
    pub fn subresource(self) -> &'a str {
        self.text("subResource")
    }

    /// The namespace, empty for a cluster-scoped object.
    pub fn namespace(self) -> &'a str {
        self.text("namespace")
    }

    /// The object's name; empty where the server has yet to generate it.
    pub fn name(self) -> &'a str {
        self.text("name")
    }

    /// The name of the user who asks.
    pub fn user(self) -> &'a str {
        self.0
            .at("userInfo.username")
            .and_then(Node::as_str)
            .unwrap_or_default()
    }

    /// The object as it would become; null on DELETE.
    pub fn object(self) -> Node<'a> {
        self.0.get("object").unwrap_or(Node::NULL)
    }

    /// The object as it is; null on CREATE.
    pub fn old_object(self) -> Node<'a> {
        self.0.get("oldObject").unwrap_or(Node::NULL)
    }

    /// The pod that the object is, or that it would create.
    pub fn pod(self) -> Option<Pod<'a>> {
        let template = self.0.set("pod")?;
        Some(Pod::new(template, self.text("podPath")))
    }

    fn text(self, key: &str) -> &'a str {
        self.0.get(key).and_then(Node::as_str).unwrap_or_default()
    }
}
