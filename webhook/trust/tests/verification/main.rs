//! Authorities and signatures, with keys, certificates and a log made in the test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod attestations;
mod authorities;
mod bundles;
mod certificates;
mod chains;
mod conformance;
mod files;
mod garbage;
mod key_files;
mod keyless;
mod kit;
mod limits;
mod logs;
mod manifests;
mod members;
mod messages;
mod rekor_v2;
mod simple_signing;
mod timestamps;
