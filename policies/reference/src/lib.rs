//! Image references, read as containerd reads them before it pulls.
//!
//! The grammar is that of [distribution/reference] (`reference.go` and `regexp.go`), the defaults are
//! those of its `ParseDockerRef`, which containerd's CRI plugin calls:
//!
//! - without a registry it is `docker.io`, and without a namespace there it is `library`;
//!   `index.docker.io` is `docker.io`;
//! - what stands before the first `/` is a registry if it has a `.`, a `:` or an upper-case letter, or is
//!   `localhost`;
//! - without a tag and a digest the tag is `latest`; beside a digest a tag means nothing and is dropped.
//!
//! ```
//! use gatehouse_reference::Reference;
//!
//! let reference = Reference::parse("nginx:1.25").unwrap();
//! assert_eq!(reference.registry(), "docker.io");
//! assert_eq!(reference.repository(), "library/nginx");
//! assert_eq!(reference.tag(), Some("1.25"));
//! assert_eq!(reference.to_string(), "docker.io/library/nginx:1.25");
//! ```
//!
//! Three things that `ParseDockerRef` accepts are refused here, because what they name is not what they
//! seem to name:
//!
//! - `sha256:…` alone. It reads as the repository `library/sha256`, but the CRI plugin looks such text up
//!   among the images of its node, where also a part of an image's id is enough, whatever registry that
//!   image came from.
//! - `foo_bar.com/app`. No registry can be named so; distribution then sees no registry at all, and
//!   containerd asks the host `foo_bar.com` all the same.
//! - A registry of more than 255 characters. No such name can be resolved, and refused it keeps every
//!   reference short.
//!
//! Upper case stays as it is in a registry's name, as in containerd: `GHCR.io` and `ghcr.io` are one host
//! for DNS, but two for credentials and mirrors. Whoever compares registries should take them for two.
//!
//! [distribution/reference]: https://github.com/distribution/reference

mod digest;
mod error;
mod name;
mod reference;

pub use digest::{Algorithm, Digest};
pub use error::{DigestError, ReferenceError};
pub use reference::Reference;
