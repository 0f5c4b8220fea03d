use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Code that `gatehouse policy precompile` has left for the next build.
pub(crate) struct Precompiled(PathBuf);

impl Precompiled {
    /// Makes the folder, if it is missing, and lets cargo watch it.
    pub(crate) fn in_target(target: &Path) -> io::Result<Self> {
        let processor = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
        let dir = target.join("precompiled").join(processor);
        if !dir.is_dir() {
            fs::create_dir_all(&dir)?;
            // Cargo would take a folder that is newer than this run for a change.
            File::open(&dir)?.set_modified(SystemTime::UNIX_EPOCH)?;
        }
        println!("cargo::rerun-if-changed={}", dir.display());
        Ok(Self(dir))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    /// The code of this very module.
    pub(crate) fn code_of(&self, name: &str, wasm: &[u8]) -> Option<Vec<u8>> {
        let path = self.0.join(name);
        let compiled_from = fs::read(path.with_extension("wasm")).ok()?;
        (compiled_from == wasm).then_some(())?;
        fs::read(path.with_extension("code")).ok()
    }
}
