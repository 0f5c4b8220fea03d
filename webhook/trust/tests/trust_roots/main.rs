//! Where trust roots come from, how long they last, and what is said when there is none.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod attacks;
mod documents;
mod kit;
mod lifetime;
mod mirrors;
mod parts;
mod server;
