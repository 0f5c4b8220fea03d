//! The pure part of Gatehouse: what `serve`, `check` and `replay` share.
//!
//! No clock, network, file or thread: a [`Session`] is a state machine that says what it wants done
//! ([`Step`]) and is told what came of it.

pub mod config;
mod decision;
mod exemptions;
mod facts;
mod failure;
mod fixes;
mod glob;
mod limits;
mod matching;
mod render;
mod request;
mod response;
mod review;
mod session;
mod subject;
mod text;
mod update;
mod workload;

pub use decision::{Decision, Effect, FailedPolicy, Judgement, Verdict};
pub use facts::{Asked, Fact, FactError};
pub use failure::Failure;
pub use limits::Limits;
pub use matching::{Policy, PolicySet};
pub use render::{denial, failures_text, finding_text, warnings};
pub use request::{Malformed, MalformedRequest, Request};
pub use response::response;
pub use review::{Review, ReviewError};
pub use session::{Purpose, Session, Step};
pub use subject::Subject;
pub use text::clean;
pub use workload::{CONTAINER_LISTS, Workloads};
