use gatehouse_abi::{
    Operation,
    tree::{Kind, Node, TreeBuf},
};

use crate::{Limits, MalformedRequest, Request, Workloads};

/// An AdmissionReview of `admission.k8s.io/v1` whose envelope is right.
#[derive(Debug)]
pub struct Review {
    /// Identifies the request; the answer repeats it.
    pub uid: String,
    /// The request, or why its object cannot be judged.
    pub request: Result<Request, Box<MalformedRequest>>,
}

/// Bytes that are not an AdmissionReview that could be answered: an HTTP 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// Not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// JSON, but another document.
    #[error("the body is not an AdmissionReview of `admission.k8s.io/v1`: `{member}` is `{found}`")]
    NotAReview {
        /// `apiVersion` or `kind`.
        member: &'static str,
        /// Its value, bounded.
        found: String,
    },
    /// No `request`.
    #[error("the AdmissionReview has no `request`")]
    NoRequest,
    /// No `request.uid`.
    #[error("the AdmissionReview has no `request.uid`")]
    NoUid,
    /// An operation that Kubernetes does not have.
    #[error("`request.operation` is `{0}`, not CREATE, UPDATE, DELETE or CONNECT")]
    Operation(String),
}

/// Longest piece of input that an error repeats.
const SHOWN_CHARS: usize = 80;

impl Review {
    /// Reads a request's body.
    ///
    /// # Errors
    /// When the body is not an AdmissionReview that could be answered. An object that is malformed is no
    /// such error: its request has a uid, and is refused with it.
    pub fn parse(body: &[u8], workloads: &Workloads, limits: &Limits) -> Result<Self, ReviewError> {
        let text = std::str::from_utf8(body)
            .map_err(|error| ReviewError::NotJson(format!("not UTF-8: {error}")))?;
        let document =
            TreeBuf::from_json(text).map_err(|error| ReviewError::NotJson(error.to_string()))?;
        let root = document.root();
        expect(root, "apiVersion", "admission.k8s.io/v1")?;
        expect(root, "kind", "AdmissionReview")?;
        let request = root.set("request").ok_or(ReviewError::NoRequest)?;
        if request.kind() != Kind::Object {
            return Err(ReviewError::NoRequest);
        }
        let uid = string(request, "uid");
        let uid = uid
            .filter(|uid| !uid.is_empty())
            .ok_or(ReviewError::NoUid)?;
        let (uid, operation) = (uid.to_owned(), operation(request)?);
        let request = Request::from_review(document, operation, workloads, limits);
        Ok(Self { uid, request })
    }
}

fn operation(request: Node<'_>) -> Result<Operation, ReviewError> {
    match string(request, "operation").unwrap_or_default() {
        "CREATE" => Ok(Operation::Create),
        "UPDATE" => Ok(Operation::Update),
        "DELETE" => Ok(Operation::Delete),
        "CONNECT" => Ok(Operation::Connect),
        other => Err(ReviewError::Operation(
            crate::clean(other, SHOWN_CHARS).into(),
        )),
    }
}

fn expect(root: Node<'_>, member: &'static str, wanted: &str) -> Result<(), ReviewError> {
    let found = string(root, member).unwrap_or("not set");
    if found == wanted {
        return Ok(());
    }
    Err(ReviewError::NotAReview {
        member,
        found: crate::clean(found, SHOWN_CHARS).into(),
    })
}

fn string<'a>(node: Node<'a>, key: &str) -> Option<&'a str> {
    node.get(key)?.as_str()
}
