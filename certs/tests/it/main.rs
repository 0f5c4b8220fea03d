//! The crate from outside: real certificates, real handshakes, real files, every message.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, helpers included"
)]

mod authority;
mod bundle;
mod files;
mod handshake;
mod serving;
mod support;
