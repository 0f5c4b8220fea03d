//! The registry client against a registry that misbehaves.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod absence;
mod access;
mod addresses;
mod limits;
mod mirrors;
mod outages;
mod proxy;
mod pulling;
mod realms;
mod redirects;
mod referrers;
mod scene;
mod tls;
