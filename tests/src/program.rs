use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::kubectl::Ran;

/// The program under test: `$GATEHOUSE`, or what was built beside these tests.
///
/// # Panics
/// When it does not exist.
pub fn program() -> PathBuf {
    let program =
        env::var_os("GATEHOUSE").map_or_else(|| target_folder().join("gatehouse"), PathBuf::from);
    let found = program.is_file();
    assert!(
        found,
        "`{}` does not exist: run `make build`",
        program.display()
    );
    program
}

/// Runs `gatehouse` to its end.
///
/// # Panics
/// When it cannot be started.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    Ran::of(Command::new(program()).args(arguments), None)
}

/// `target/release`, two above a test's own executable.
pub(crate) fn target_folder() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test.ancestors().nth(2).map(Path::to_path_buf);
    folder.expect("a test lies in target/PROFILE/deps")
}
