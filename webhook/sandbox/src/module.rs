use std::{fmt, sync::Arc};

use gatehouse_abi::{Metadata, exports};
use wasmtime::{Engine, ExternType, InstancePre, Linker, ModuleExport, ValType};

use crate::{LoadError, instance::Guest, plain::plain, sandbox::Shared};

/// A loaded module, compiled and checked. Cheap to clone.
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    metadata: Metadata,
    sha256: [u8; 32],
    precompiled: bool,
    /// `None` only while it is dropped.
    code: Option<Code>,
    sandbox: Arc<Shared>,
}

/// The compiled code, ready to be instantiated, and where its exports are.
pub(crate) struct Code {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) memory: ModuleExport,
    pub(crate) alloc: ModuleExport,
    pub(crate) configure: ModuleExport,
    pub(crate) evaluate: ModuleExport,
}

impl Module {
    pub(crate) fn new(
        sandbox: Arc<Shared>,
        metadata: Metadata,
        sha256: [u8; 32],
        code: Code,
        precompiled: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            metadata,
            sha256,
            precompiled,
            code: Some(code),
            sandbox,
        }))
    }

    /// What the module says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// SHA-256 of the module's WebAssembly, whether or not that is what was compiled just now.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256
    }

    /// Whether its code was compiled beforehand.
    pub fn is_precompiled(&self) -> bool {
        self.0.precompiled
    }

    pub(crate) fn code(&self) -> Option<&Code> {
        self.0.code.as_ref()
    }

    pub(crate) fn sandbox(&self) -> &Shared {
        &self.0.sandbox
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.0.metadata.name)
            .field("precompiled", &self.0.precompiled)
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    /// To clear what remains of its instances, the engine takes their places in the pool, one at a time;
    /// so whoever drops the code needs a permit as whoever runs it does.
    fn drop(&mut self) {
        let _permit = self.sandbox.permits.acquire(None);
        self.code = None;
    }
}

impl Code {
    /// Checks the exports of compiled code.
    pub(crate) fn new(engine: &Engine, module: &wasmtime::Module) -> Result<Self, LoadError> {
        let pre = Linker::new(engine)
            .instantiate_pre(module)
            .map_err(|error| LoadError::Invalid(plain(&error.to_string(), 200)))?;
        Ok(Self {
            pre,
            memory: export(module, exports::MEMORY, "a memory", is_memory)?,
            alloc: export(module, exports::ALLOC, "a function (i32) -> i32", |ty| {
                is_function(ty, 1, &ValType::I32)
            })?,
            configure: export(
                module,
                exports::CONFIGURE,
                "a function (i32, i32) -> i64",
                |ty| is_function(ty, 2, &ValType::I64),
            )?,
            evaluate: export(
                module,
                exports::EVALUATE,
                "a function (i32, i32, i32, i32, i32, i32) -> i64",
                |ty| is_function(ty, 6, &ValType::I64),
            )?,
        })
    }
}

fn export(
    module: &wasmtime::Module,
    name: &'static str,
    required: &'static str,
    fits: impl Fn(&ExternType) -> bool,
) -> Result<ModuleExport, LoadError> {
    let (Some(ty), Some(export)) = (module.get_export(name), module.get_export_index(name)) else {
        return Err(LoadError::MissingExport { name });
    };
    if fits(&ty) {
        return Ok(export);
    }
    Err(LoadError::WrongExport {
        name,
        found: describe(&ty),
        required,
    })
}

fn is_memory(ty: &ExternType) -> bool {
    ty.memory().is_some()
}

fn is_function(ty: &ExternType, params: usize, result: &ValType) -> bool {
    ty.func().is_some_and(|func| {
        func.params().len() == params
            && func.params().all(|param| param.is_i32())
            && func.results().len() == 1
            && func.results().all(|found| ValType::eq(&found, result))
    })
}

fn describe(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(func) => {
            let (params, results) = (list(func.params()), list(func.results()));
            match func.results().len() {
                1 => format!("a function ({params}) -> {results}"),
                _ => format!("a function ({params}) -> ({results})"),
            }
        }
        ExternType::Memory(_) => "a memory".into(),
        ExternType::Table(_) => "a table".into(),
        ExternType::Global(_) => "a global".into(),
        ExternType::Tag(_) => "a tag".into(),
    }
}

fn list(types: impl Iterator<Item = ValType>) -> String {
    let types: Vec<_> = types.map(|ty| ty.to_string()).collect();
    plain(&types.join(", "), 80)
}
