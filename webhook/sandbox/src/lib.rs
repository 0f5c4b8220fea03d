//! Runs policies: WebAssembly modules that import nothing, each call in a fresh instance with a limit on
//! everything. The only crate that names wasmtime, and no type of it is in the public interface.
//!
//! A [`Sandbox`] loads a [`Module`]; a [`Policy`] is a module with settings, and
//! [`Policy::evaluate`] is the pure function `(request, settings, facts) -> need | findings` that the
//! rest of Gatehouse sees. Whatever a module does, the worst that comes out is a [`Failure`].

mod answer;
mod engine;
mod failure;
mod giveup;
mod inspect;
mod instance;
mod limits;
mod load;
mod module;
mod permits;
mod plain;
mod policy;
mod precompiled;
mod sandbox;
mod time;

pub use failure::{BadAnswer, Failure, Trap};
pub use limits::Limits;
pub use load::{LoadError, Size};
pub use module::Module;
pub use policy::Policy;
pub use sandbox::{Sandbox, SandboxError};
