use std::{collections::HashMap, fs, path::Path};

use gatehouse_core::config::ModuleRef;
use gatehouse_sandbox::{Module, Sandbox};

use super::references::unreadable;

/// The modules of one configuration, each loaded once.
pub(crate) struct Modules<'a> {
    sandbox: &'a Sandbox,
    loaded: HashMap<ModuleRef, Module>,
}

impl<'a> Modules<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        Self {
            sandbox,
            loaded: HashMap::new(),
        }
    }

    /// The module that a document in `folder` names; the error says why it cannot be had.
    pub(crate) fn load(
        &mut self,
        name: &ModuleRef,
        folder: Option<&Path>,
    ) -> Result<Module, String> {
        let name = absolute(name, folder);
        if let Some(module) = self.loaded.get(&name) {
            return Ok(module.clone());
        }
        let module = match &name {
            ModuleRef::Builtin(builtin) => self.builtin(builtin),
            ModuleRef::File(path) => self.file(path),
        };
        let module = module.map_err(|error| format!("`{name}`: {error}"))?;
        self.loaded.insert(name, module.clone());
        Ok(module)
    }

    fn builtin(&self, name: &str) -> Result<Module, String> {
        let builtin = gatehouse_builtin::find(name).ok_or_else(|| {
            let names: Vec<_> = gatehouse_builtin::all().iter().map(|b| b.name).collect();
            format!("there is no such built-in policy: {}", names.join(", "))
        })?;
        let module = match builtin.precompiled {
            Some(precompiled) => self.sandbox.load_precompiled(precompiled, builtin.wasm),
            None => self.sandbox.load(builtin.wasm),
        };
        module.map_err(|error| error.to_string())
    }

    fn file(&self, path: &str) -> Result<Module, String> {
        let wasm = fs::read(path).map_err(|error| unreadable(&error))?;
        self.sandbox.load(&wasm).map_err(|error| error.to_string())
    }
}

fn absolute(name: &ModuleRef, folder: Option<&Path>) -> ModuleRef {
    match (name, folder) {
        (ModuleRef::File(path), Some(folder)) => {
            ModuleRef::File(folder.join(path).display().to_string())
        }
        _ => name.clone(),
    }
}
