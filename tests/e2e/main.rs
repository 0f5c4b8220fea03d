//! kubectl against a real API server that asks a real Gatehouse.
//!
//! Each test has a namespace, a Gatehouse and a registration of its own, so they may run side by side and
//! on a server that others use.
#![allow(clippy::expect_used, clippy::panic)] // helpers of tests fail as tests do

mod already_there;
mod apply;
mod custom_workloads;
mod ephemeral;
mod events;
mod fixes;
mod medium;
mod modes;
mod namespaces;
mod outage;
mod pods;
mod pull_secrets;
mod trust;
mod words;
mod workloads;
