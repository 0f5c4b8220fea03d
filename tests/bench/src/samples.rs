//! What is measured with: one review of 6 KB, and modules.

use gatehouse_abi::{METADATA_SECTION, tree::TreeBuf};
use gatehouse_core::{Limits, Request, Review, Workloads};
use serde_json::json;

/// A review of 6 KB, as kube-apiserver 1.36 sent it for a pod of three containers that no default policy
/// refuses: `create-pods-web` of `tests/reviews`, without white space.
pub(crate) const BODY: &str = include_str!("../review.json");

/// The request in it.
pub(crate) fn request() -> Result<Request, String> {
    let review = Review::parse(BODY.as_bytes(), &Workloads::default(), &Limits::default());
    let request = review.map_err(|error| error.to_string())?.request;
    request.map_err(|error| error.to_string())
}

/// `null`, as facts and settings.
pub(crate) fn null() -> TreeBuf {
    TreeBuf::from_json("null").unwrap_or_default()
}

/// A module that finds nothing without looking.
pub(crate) fn empty_guest() -> Result<Vec<u8>, String> {
    let metadata = json!({
        "name": "empty", "version": "1", "title": "t", "description": "d", "abi": 1,
        "kinds": [], "operations": [], "settings": {}, "codes": {},
    });
    let metadata = metadata.to_string().replace('"', "\\\"");
    let text = format!(
        r#"(module
  (memory (export "memory") 3)
  (func (export "gatehouse_alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "gatehouse_configure") (param i32 i32) (result i64) (i64.const 0))
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64) (i64.const 0))
  (@custom "{METADATA_SECTION}" "{metadata}"))"#
    );
    wat::parse_str(text).map_err(|error| error.to_string())
}
