//! The policy from outside: requests in, findings out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod defaulting;
mod facts;
mod fixes;
mod garbage;
mod metadata;
mod model;
mod pods;
mod recorded;
mod rows;
mod settings;
mod standards;
mod support;
