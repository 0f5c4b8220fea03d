//! Hostile and merely wrong modules against a sandbox. The modules are the files of `tests/guests`.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod answers;
mod failures;
mod limits;
mod loading;
mod precompiled;
mod support;
mod time;
