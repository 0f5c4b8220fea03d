use std::sync::Arc;

use gatehouse_abi::Metadata;
use sha2::{Digest, Sha256};
use thiserror::Error;
use wasmtime::Engine;

use crate::{
    Limits, LoadError, Module,
    engine::{Ticker, engine_config},
    inspect::inspect,
    module::Code,
    permits::Permits,
    plain::plain,
    precompiled,
};

/// The place where modules are loaded and policies run: one compiler, one pool of instances, one clock.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

/// What modules keep of the sandbox, so that a policy that outlives it is still interrupted.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) engine: Engine,
    pub(crate) permits: Permits,
    _ticker: Ticker,
}

/// Why there is no sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SandboxError {
    /// A limit allows nothing.
    #[error("the limit `{0}` must not be zero")]
    ZeroLimit(&'static str),
    /// The machine does not allow what the limits ask for, or its processor is too old.
    #[error("policies cannot run on this machine: {0}")]
    Machine(String),
}

impl Sandbox {
    /// A sandbox with these limits.
    ///
    /// # Errors
    /// A limit of zero, or a machine that cannot run policies: x86-64 needs the features of its second
    /// level (any processor since 2009), and the pool reserves 4 GiB of addresses, not of memory, for
    /// each instance.
    pub fn new(limits: Limits) -> Result<Self, SandboxError> {
        refuse_zeros(&limits)?;
        let engine = engine_config(&limits).and_then(|config| Engine::new(&config));
        let engine = engine.map_err(|error| SandboxError::Machine(reason(&error)))?;
        let ticker = Ticker::start(engine.clone());
        let ticker = ticker.map_err(|error| SandboxError::Machine(error.to_string()))?;
        Ok(Self(Arc::new(Shared {
            permits: Permits::new(limits.instances),
            limits,
            engine,
            _ticker: ticker,
        })))
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Checks and compiles a module, which takes about 0.1 s of processor time for 200 KB.
    ///
    /// # Errors
    /// What of the module is not as the ABI demands, or over a limit. Nothing of it is run.
    pub fn load(&self, wasm: &[u8]) -> Result<Module, LoadError> {
        let metadata = inspect(wasm, self.limits())?;
        self.compile(wasm, metadata)
    }

    /// Loads a module whose code [`Sandbox::precompile`] compiled beforehand, which takes less than a
    /// millisecond. Code that is damaged, of another module, or made by another build is compiled anew,
    /// with a line in the log.
    ///
    /// Only code from a trusted place may be given: someone who can write it is not held by the sandbox.
    ///
    /// # Errors
    /// As [`Sandbox::load`].
    pub fn load_precompiled(&self, precompiled: &[u8], wasm: &[u8]) -> Result<Module, LoadError> {
        let metadata = inspect(wasm, self.limits())?;
        let sha256 = Sha256::digest(wasm).into();
        match precompiled::open(&self.0.engine, precompiled, &sha256) {
            Ok(code) => self.module(&code, metadata, sha256, true),
            Err(error) => {
                tracing::warn!(module = %plain(&metadata.name, 80), reason = %error, "precompiled code is not used, the module is compiled now");
                self.compile(wasm, metadata)
            }
        }
    }

    /// Compiles a module for [`Sandbox::load_precompiled`] of the same build, on any machine of this
    /// architecture.
    ///
    /// # Errors
    /// As [`Sandbox::load`]: what does not load is not compiled either.
    pub fn precompile(&self, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        inspect(wasm, self.limits())?;
        let engine = &self.0.engine;
        let code = wasmtime::Module::new(engine, wasm).map_err(invalid)?;
        Code::new(engine, &code)?;
        let code = code.serialize().map_err(invalid)?;
        Ok(precompiled::seal(
            engine,
            &code,
            &Sha256::digest(wasm).into(),
        ))
    }

    fn compile(&self, wasm: &[u8], metadata: Metadata) -> Result<Module, LoadError> {
        let code = wasmtime::Module::new(&self.0.engine, wasm).map_err(invalid)?;
        self.module(&code, metadata, Sha256::digest(wasm).into(), false)
    }

    fn module(
        &self,
        code: &wasmtime::Module,
        metadata: Metadata,
        sha256: [u8; 32],
        precompiled: bool,
    ) -> Result<Module, LoadError> {
        let code = Code::new(&self.0.engine, code)?;
        Ok(Module::new(
            self.0.clone(),
            metadata,
            sha256,
            code,
            precompiled,
        ))
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sandbox").field(self.limits()).finish()
    }
}

fn refuse_zeros(limits: &Limits) -> Result<(), SandboxError> {
    let zeros = [
        ("module", limits.module == 0),
        ("evaluate_time", limits.evaluate_time.as_millis() == 0),
        ("configure_time", limits.configure_time.as_millis() == 0),
        ("memory", limits.memory == 0),
        ("table", limits.table == 0),
        ("stack", limits.stack == 0),
        ("instances", limits.instances == 0),
        ("answer", limits.answer == 0),
        ("findings", limits.findings == 0),
        ("needs", limits.needs == 0),
        ("give_up_after", limits.give_up_after == 0),
    ];
    match zeros.iter().find(|(_, zero)| *zero) {
        Some((name, _)) => Err(SandboxError::ZeroLimit(name)),
        None => Ok(()),
    }
}

fn invalid(error: wasmtime::Error) -> LoadError {
    LoadError::Invalid(reason(&error))
}

/// What wasmtime says, its causes included, as it may stand in a message.
pub(crate) fn reason(error: &wasmtime::Error) -> String {
    plain(&format!("{error:#}"), 300)
}
