use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Folders, toolchain::Toolchain};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "policy";

/// A policy needs little stack, and what it does not need would have to be cleared or mapped.
const RUSTFLAGS: &str = "-Clink-arg=-zstack-size=65536";

/// What the outer cargo, or clippy, or the user has set for the outer build.
const FOREIGN: [&str; 8] = [
    "CARGO_BUILD_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// Compiles all policies in one go, and lets cargo watch what they were compiled from. Where that fails,
/// the compiler has said why.
pub(crate) fn compile(folders: &Folders, toolchain: &Toolchain, policies: &[&str]) -> bool {
    let mut cargo = cargo(folders, toolchain);
    for policy in policies {
        cargo.args(["--package", policy]);
    }
    let compiled = cargo.status().is_ok_and(|status| status.success());
    if compiled {
        watch(folders, policies);
    }
    compiled
}

/// Where the module of a package ends up.
pub(crate) fn module_path(target: &Path, policy: &str) -> PathBuf {
    let file = policy.replace('-', "_");
    target
        .join(TARGET)
        .join(PROFILE)
        .join(file)
        .with_extension("wasm")
}

fn cargo(folders: &Folders, toolchain: &Toolchain) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(&*name);
        }
    }
    cargo
        .args([
            "build",
            "--lib",
            "--quiet",
            "--locked",
            "--target",
            TARGET,
            "--profile",
            PROFILE,
        ])
        .arg("--manifest-path")
        .arg(folders.workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folders.target)
        .env("RUSTC", toolchain.rustc())
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS);
    if let Toolchain::FromSource { linker, .. } = toolchain {
        cargo
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    cargo
}

/// Watches the sources that cargo lists beside the modules, and the manifests above them.
fn watch(folders: &Folders, policies: &[&str]) {
    let root = |file| folders.workspace.join(file);
    let mut watched = BTreeSet::from([root("Cargo.toml"), root("Cargo.lock")]);
    for policy in policies {
        let list = module_path(&folders.target, policy).with_extension("d");
        watched.extend(sources(&fs::read_to_string(list).unwrap_or_default()));
    }
    let manifests = watched.iter().filter_map(|source| manifest_above(source));
    let manifests: Vec<_> = manifests.collect();
    watched.extend(manifests);
    for path in watched {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

/// The paths in a list of the form `module: source source`, in which a space of a path is `\ `.
fn sources(list: &str) -> Vec<PathBuf> {
    let list = list.split_once(": ").map_or("", |(_, sources)| sources);
    let list = list.replace("\\ ", "\0");
    let paths = list.split_whitespace().map(|path| path.replace('\0', " "));
    paths.map(PathBuf::from).collect()
}

fn manifest_above(source: &Path) -> Option<PathBuf> {
    let mut manifests = source.ancestors().skip(1).map(|dir| dir.join("Cargo.toml"));
    manifests.find(|manifest| manifest.is_file())
}
