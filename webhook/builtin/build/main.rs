//! Compiles the policies to WebAssembly, with a cargo and a target folder of its own, and writes the list
//! of what is to be embedded.
#![allow(
    clippy::print_stdout,
    reason = "this is how a build script speaks to cargo"
)]

mod compile;
mod precompiled;
mod toolchain;

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use compile::compile;
use precompiled::Precompiled;
use toolchain::Toolchain;

/// The packages to compile, ordered by name.
const POLICIES: [&str; 2] = ["image-trust", "pod-security"];

/// Packages that only tests load: what the pages for authors show.
const EXAMPLES: [&str; 1] = ["memory-limit"];

/// Embeds nothing if it is set: clippy and editors need no policies.
const NO_POLICIES: &str = "GATEHOUSE_NO_POLICIES";

/// Where this build script works.
struct Folders {
    workspace: PathBuf,
    /// A target folder for the policies alone: cargo has locked the outer one.
    target: PathBuf,
    out: PathBuf,
}

/// Why there are no policies.
enum Problem {
    NoToolchain,
    DoNotCompile(Toolchain),
    Folders(io::Error),
}

fn main() -> ExitCode {
    let Err(problem) = run() else {
        return ExitCode::SUCCESS;
    };
    println!("cargo::error={problem}");
    // Only of a script that fails does cargo show what the compiler said.
    match problem {
        Problem::DoNotCompile(_) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn run() -> Result<(), Problem> {
    println!("cargo::rerun-if-env-changed={NO_POLICIES}");
    let folders = Folders::find().ok_or_else(|| io::Error::other("cargo names none"))?;
    let precompiled = Precompiled::in_target(&folders.target)?;
    println!(
        "cargo::rustc-env=GATEHOUSE_PRECOMPILED={}",
        precompiled.dir().display()
    );
    if env::var_os(NO_POLICIES).is_some() {
        return Ok(embed(&folders, &[], &[], &precompiled)?);
    }
    let toolchain = Toolchain::find(&folders.target).ok_or(Problem::NoToolchain)?;
    if !compile(&folders, &toolchain, &[&POLICIES[..], &EXAMPLES].concat()) {
        return Err(Problem::DoNotCompile(toolchain));
    }
    Ok(embed(&folders, &POLICIES, &EXAMPLES, &precompiled)?)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToolchain => write!(
                f,
                "no Rust toolchain here compiles to WebAssembly: run \
                 webhook/builtin/install-toolchain.sh once, or set {NO_POLICIES}=1 to build without \
                 policies"
            ),
            Self::DoNotCompile(toolchain) => write!(
                f,
                "the policies do not compile to WebAssembly with {}",
                toolchain.rustc().display()
            ),
            Self::Folders(error) => write!(f, "the policies have no place to be built in: {error}"),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Folders(error)
    }
}

impl Folders {
    fn find() -> Option<Self> {
        let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
        let out = PathBuf::from(env::var_os("OUT_DIR")?);
        Some(Self {
            workspace: manifest.ancestors().nth(2)?.to_owned(),
            target: target_of(&out)?.join("policies"),
            out,
        })
    }
}

/// The target folder above `…/[TRIPLE/]PROFILE/build/…`.
fn target_of(out: &Path) -> Option<&Path> {
    let build = out.ancestors().find(|dir| dir.ends_with("build"))?;
    let above_profile = build.ancestors().nth(2)?;
    let triple = env::var_os("TARGET")?;
    if above_profile.ends_with(triple) {
        return above_profile.parent();
    }
    Some(above_profile)
}

/// Copies the modules, and their code where it is theirs, and writes the lists that the crate includes.
fn embed(
    folders: &Folders,
    policies: &[&str],
    examples: &[&str],
    precompiled: &Precompiled,
) -> io::Result<()> {
    let list = |name: &str, packages: &[&str]| -> io::Result<String> {
        let rows: io::Result<String> = packages
            .iter()
            .map(|package| row(folders, package, precompiled))
            .collect();
        Ok(format!("static {name}: &[Builtin] = &[\n{}];\n", rows?))
    };
    let lists = list("POLICIES", policies)? + &list("EXAMPLES", examples)?;
    fs::write(folders.out.join("policies.rs"), lists)
}

/// One policy in Rust.
fn row(folders: &Folders, name: &str, precompiled: &Precompiled) -> io::Result<String> {
    let wasm = fs::read(compile::module_path(&folders.target, name))?;
    fs::write(folders.out.join(format!("{name}.wasm")), &wasm)?;
    let code = match precompiled.code_of(name, &wasm) {
        Some(code) => {
            fs::write(folders.out.join(format!("{name}.code")), code)?;
            format!("Some(include_bytes!({:?}))", format!("{name}.code"))
        }
        None => "None".to_owned(),
    };
    let wasm = format!("include_bytes!({:?})", format!("{name}.wasm"));
    Ok(format!(
        "    Builtin {{ name: {name:?}, wasm: {wasm}, precompiled: {code} }},\n"
    ))
}
