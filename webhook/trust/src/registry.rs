//! A client for OCI registries that cannot be fooled or stalled.
//!
//! It speaks the pulling half of the [distribution specification]: tags, manifests, blobs, referrers.
//! Whatever a registry answers, a call ends within [`Limits::exchange_time`] for each host that is asked,
//! holds no more memory than the caps of [`Limits`], and says one of three things: here it is, the registry
//! says that it does not exist, or a [`RegistryError`]. The second is never a guess (`absence`).
//!
//! - Credentials go to the host they are for, and to token services that belong to it (`realm`).
//! - Every address is checked after DNS, and the one that is connected to is the one that was checked
//!   (`address`, `connector`).
//! - A host that fails repeatedly is spared for a while (`breaker`).
//!
//! [distribution specification]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

mod absence;
mod address;
mod bounded;
mod breaker;
mod challenge;
mod client;
mod connector;
mod digest;
mod docker_config;
mod endpoint;
mod error;
mod few;
mod file;
mod grant;
mod host;
mod http;
mod index;
mod keychain;
mod link;
mod proxied;
mod realm;
mod repository;
mod settings;
mod tls;
mod token;

pub use client::{Client, Manifest, Referrers};
pub use digest::OwnedDigest;
pub use docker_config::KeychainError;
pub use error::{ErrorKind, RegistryError};
pub use grant::{Access, Scope};
pub(crate) use host::Host;
pub use index::Descriptor;
pub use ipnet::IpNet;
pub use keychain::Keychain;
pub use repository::{Repository, Tag, Version};
pub use settings::{ClientSettings, HostRules, Limits, Mirror, Proxy, SetupError};
