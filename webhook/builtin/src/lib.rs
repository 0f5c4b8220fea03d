//! The policies that come with Gatehouse, compiled to WebAssembly by the build script and embedded.
//!
//! A build under `GATEHOUSE_NO_POLICIES=1` (clippy, editors) embeds none.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A policy that comes with Gatehouse.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name by which a configuration says `builtin:NAME`.
    pub name: &'static str,
    /// The module.
    pub wasm: &'static [u8],
    /// The module's compiled code, where [`Builtin::keep_precompiled`] had kept it when this was built.
    pub precompiled: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// All of them, ordered by name.
pub fn all() -> &'static [Builtin] {
    POLICIES
}

/// The policies that the pages for authors show, for tests: no configuration can name them.
pub fn examples() -> &'static [Builtin] {
    EXAMPLES
}

/// The one with this name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    POLICIES.iter().find(|policy| policy.name == name)
}

/// The folder in which the build looks for compiled code. It is on the machine that built this.
pub fn precompiled_dir() -> &'static Path {
    Path::new(env!("GATEHOUSE_PRECOMPILED"))
}

impl Builtin {
    /// Keeps the module's compiled code for the next build to embed; the answer is where.
    ///
    /// The module is kept beside it, so that a build embeds no code that is older than its module.
    ///
    /// # Errors
    /// When the folder or the files cannot be written.
    pub fn keep_precompiled(&self, code: &[u8]) -> io::Result<PathBuf> {
        let dir = precompiled_dir();
        fs::create_dir_all(dir)?;
        let path = dir.join(self.name).with_extension("code");
        keep(&path, code)?;
        keep(&path.with_extension("wasm"), self.wasm)?;
        Ok(path)
    }
}

/// Leaves a file that is right as it is: a newer one would make cargo build again.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|kept| kept == bytes) {
        return Ok(());
    }
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_modules_ordered_by_name() {
        assert!(all().is_sorted_by_key(|policy| policy.name));
        for policy in all() {
            assert!(
                policy.wasm.starts_with(b"\0asm\x01\0\0\0"),
                "{}",
                policy.name
            );
        }
    }

    #[test]
    fn policies_are_found_by_their_whole_name() {
        for policy in all() {
            assert_eq!(find(policy.name).map(|found| found.name), Some(policy.name));
            assert!(find(&policy.name[1..]).is_none());
        }
        assert!(find("").is_none());
    }
}
