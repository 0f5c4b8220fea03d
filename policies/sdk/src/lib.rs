//! Write Gatehouse policies in Rust.
//!
//! A policy is one pure function from a [`Request`], its settings and the [`Facts`] it asked for to
//! [`Findings`]; [`export!`] makes a wasm module of it. Natively it stays an ordinary function, tested
//! with `cargo test` and the requests that [`testing`] builds.
//!
//! ```
//! use gatehouse_sdk::{Facts, Findings, Needs, Request, testing};
//! use serde::Deserialize;
//!
//! #[derive(Default, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! pub struct Settings {}
//!
//! pub fn evaluate(request: &Request, _: &Settings, _: &Facts) -> Result<Findings, Needs> {
//!     let mut findings = Findings::default();
//!     for container in request.pod().iter().flat_map(|pod| pod.containers()) {
//!         if container.at("resources.limits.memory").is_none() {
//!             findings.add(
//!                 container
//!                     .finding("memory-limit", "resources.limits.memory")
//!                     .message("the container may take all memory of its node")
//!                     .required("a quantity, for example 256Mi"),
//!             );
//!         }
//!     }
//!     Ok(findings)
//! }
//!
//! let pod = testing::pod(r#"{"spec": {"containers": [{"name": "app"}]}}"#);
//! let findings = evaluate(&Request::new(pod.root()), &Settings {}, &Facts::none()).unwrap();
//! assert_eq!(findings.iter().next().unwrap().path.to_string(),
//!     "spec.containers[name=app].resources.limits.memory");
//! ```

mod export;
mod facts;
mod findings;
#[doc(hidden)]
#[cfg(target_arch = "wasm32")]
pub mod guest;
mod pod;
mod request;
mod settings;
pub mod testing;

pub use facts::{Facts, Needs};
pub use findings::{FindingBuilder, Findings};
pub use gatehouse_abi::{
    Answer, CodeInfo, Edit, Finding, Fix, Metadata, Need, Path, Segment, Selected, SettingsError,
    Step, ValuePath, ValuePathError,
    tree::{self, Kind, Node},
};
pub use pod::{Container, ContainerKind, Pod};
pub use request::Request;
pub use settings::read_settings;
