//! Edits in the text of a file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod anchors;
mod block;
mod brackets;
mod files;
mod grammar;
mod properties;
mod refused;
mod support;
