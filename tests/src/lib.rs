//! What the tests against real components share: a cluster, kubectl, `gatehouse` as a process, webhooks of
//! others, registries and what signs images in them, and the objects that they are tried with.
//!
//! Nothing here knows Gatehouse's code: it is started and asked as its users do.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)] // it only runs in tests

mod api_server;
mod check;
mod cluster;
mod cosign;
mod custom_resource;
mod docker_registry;
mod files;
mod foreign_webhook;
mod gatehouse;
mod guest;
mod http;
mod image_repository;
mod injector;
mod kubectl;
mod namespace;
pub mod objects;
mod pod_status;
mod poll;
mod private_sigstore;
mod program;
mod refuser;
mod registration;
mod registry_tools;
mod report;
mod review;
mod scene;
mod signing_key;
mod tls;

pub use api_server::ApiServer;
pub use check::{Checked, check, check_as, check_at};
pub use cluster::{Cluster, skipped};
pub use cosign::{Cosign, Expected, Format, Signer};
pub use custom_resource::CustomResource;
pub use docker_registry::DockerRegistry;
pub use files::{repository, temporary_folder, write_documents};
pub use gatehouse::{Gatehouse, pod_security, pod_security_that_fixes, policy};
pub use guest::Guest;
pub use http::Response;
pub use image_repository::ImageRepository;
pub use injector::Injector;
pub use kubectl::{Kubectl, Ran};
pub use namespace::Namespace;
pub use pod_status::mark_pods;
pub use poll::eventually;
pub use private_sigstore::{Keyless, PrivateSigstore};
pub use program::{program, run};
pub use refuser::Refuser;
pub use registration::Registration;
pub use report::report;
pub use review::{creation, review};
pub use scene::Scene;
pub use signing_key::{Algorithm, SigningKey};
