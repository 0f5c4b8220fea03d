//! Questions about images, asked of a registry in memory.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attestations;
mod authorities;
mod cold;
mod crowds;
mod explanations;
mod hostile;
#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of signatures use all of it"
)]
#[path = "../verification/kit.rs"]
mod kit;
mod limits;
mod memory;
mod random;
mod references;
mod scene;
mod trust_roots;
mod verdicts;
