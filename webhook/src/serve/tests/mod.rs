//! A whole server over real TLS on loopback. What needs the program itself is in `webhook/tests/serve.rs`.

mod admission;
mod connections;
mod drain;
mod http;
mod policies;
mod reload;
mod support;
mod trust_roots;
