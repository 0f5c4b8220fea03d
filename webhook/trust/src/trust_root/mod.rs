//! Where trust roots come from: documents, files, and mirrors that are asked again and again.
//!
//! What is judged by is a value: an [`Authority`](crate::Authority) has the trust root that its source had at
//! one moment, and its id says which. [`LiveAuthorities`] makes a new one when a mirror gave something else.

mod files;
mod mirror;
mod roots;
mod source;

pub(crate) use files::MirrorFiles;
pub use mirror::MirrorStatus;
pub use roots::{LiveAuthorities, TrustRoots};
pub(crate) use source::{MirrorAddress, Trust, TrustRootSource};
