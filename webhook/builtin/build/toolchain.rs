use std::{
    env,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The file in which the toolchain that was found is remembered: a linker of another path alone would
/// compile the standard library anew.
const MEMORY: &str = "toolchain";

/// Debian's compiler, of the packages `rustc-web` and `rust-web-src`.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A compiler that makes WebAssembly.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// Its standard library is there.
    Ready { rustc: PathBuf },
    /// The standard library's source is there, and a linker.
    FromSource { rustc: PathBuf, linker: PathBuf },
}

impl Toolchain {
    /// The one that was found before, or the one that compiles this script, or Debian's.
    pub(crate) fn find(memory: &Path) -> Option<Self> {
        let memory = memory.join(MEMORY);
        let remembered = || Self::recall(&memory).filter(Self::works);
        let found = remembered().or_else(Self::own).or_else(Self::debian)?;
        // What cannot be remembered is looked for again.
        let _ = found.remember(&memory);
        Some(found)
    }

    pub(crate) fn rustc(&self) -> &Path {
        match self {
            Self::Ready { rustc } | Self::FromSource { rustc, .. } => rustc,
        }
    }

    fn own() -> Option<Self> {
        let rustc = sysroot(&env::var_os("RUSTC")?)?.join("bin/rustc");
        Some(Self::Ready { rustc }).filter(Self::works)
    }

    fn debian() -> Option<Self> {
        let rustc = PathBuf::from(DEBIAN_RUSTC);
        let linker = own_linker().or_else(|| in_path("wasm-ld"))?;
        Some(Self::FromSource { rustc, linker }).filter(Self::works)
    }

    fn works(&self) -> bool {
        let Some(rustlib) = sysroot(self.rustc().as_os_str()).map(|root| root.join("lib/rustlib"))
        else {
            return false;
        };
        match self {
            Self::Ready { .. } => rustlib.join("wasm32-unknown-unknown/lib").is_dir(),
            Self::FromSource { rustc, linker } => {
                linker.is_file()
                    && rustlib.join("src/rust/library/Cargo.toml").is_file()
                    && is_new_enough(rustc)
            }
        }
    }

    fn recall(memory: &Path) -> Option<Self> {
        let text = fs::read_to_string(memory).ok()?;
        let mut lines = text.lines().map(PathBuf::from);
        let rustc = lines.next()?;
        Some(match lines.next() {
            Some(linker) => Self::FromSource { rustc, linker },
            None => Self::Ready { rustc },
        })
    }

    fn remember(&self, memory: &Path) -> io::Result<()> {
        let text = match self {
            Self::Ready { rustc } => format!("{}\n", rustc.display()),
            Self::FromSource { rustc, linker } => {
                format!("{}\n{}\n", rustc.display(), linker.display())
            }
        };
        fs::write(memory, text)
    }
}

/// The linker that comes with the compiler of this script.
fn own_linker() -> Option<PathBuf> {
    let host = env::var_os("HOST")?;
    let rustlib = sysroot(&env::var_os("RUSTC")?)?.join("lib/rustlib");
    Some(rustlib.join(host).join("bin/rust-lld")).filter(|path| path.is_file())
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut candidates = env::split_paths(&path).map(|dir| dir.join(program));
    candidates.find(|candidate| candidate.is_file())
}

fn sysroot(rustc: &OsStr) -> Option<PathBuf> {
    ask(rustc, &["--print", "sysroot"]).map(PathBuf::from)
}

/// Whether the compiler is as new as this workspace demands: Debian's plain `rustc` is not.
fn is_new_enough(rustc: &Path) -> bool {
    let version = ask(rustc.as_os_str(), &["--version"]);
    let minor_of = |version: &str| version.split('.').nth(1)?.parse::<u32>().ok();
    let found = version.as_deref().and_then(minor_of);
    let needed = env::var("CARGO_PKG_RUST_VERSION")
        .ok()
        .as_deref()
        .and_then(minor_of);
    found >= needed
}

fn ask(program: &OsStr, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| answer.trim().to_owned())
}
