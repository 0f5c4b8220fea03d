//! Compiles the built-in policies to wasm, in a target folder of their own, and embeds them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a build script fails by panicking and speaks to cargo on its output"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The packages in `policies/` that are embedded, ordered by name.
const POLICIES: [&str; 2] = ["image-trust", "pod-security"];

/// What the policies are made of.
const SOURCES: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "policies/abi",
    "policies/image-trust",
    "policies/pod-security",
    "policies/reference",
    "policies/sdk",
];

const TARGET: &str = "wasm32-unknown-unknown";

/// What the outer cargo sets for the outer target, and would rebuild or misbuild the inner one.
const OUTER_SETTINGS: [&str; 9] = [
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

fn main() {
    let root = root();
    let target = target_folder();
    let precompiled = target.join("precompiled");
    // cargo runs a script again and again while a path that it watches is missing
    fs::create_dir_all(&precompiled).expect("the target folder should be writable");
    println!("cargo::rustc-env=GATEHOUSE_PRECOMPILED_DIR={}", precompiled.display());
    println!("cargo::rerun-if-env-changed=GATEHOUSE_NO_POLICIES");
    println!("cargo::rerun-if-changed={}", precompiled.display());
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let rows: String = if env::var_os("GATEHOUSE_NO_POLICIES").is_some() {
        String::new()
    } else {
        let modules = compile(&root, &target.join("policies"));
        POLICIES.iter().map(|name| row(name, &modules, &precompiled)).collect()
    };
    let out = PathBuf::from(variable("OUT_DIR")).join("builtins.rs");
    let list = format!("const BUILTINS: &[Builtin] = &[{rows}];\n");
    fs::write(out, list).expect("the build script's own folder should be writable");
}

/// One [`Builtin`] in Rust.
fn row(name: &str, modules: &Path, precompiled: &Path) -> String {
    let wasm = modules.join(format!("{}.wasm", name.replace('-', "_")));
    let native = precompiled.join(format!("{name}.cwasm"));
    let native = if native.exists() {
        format!("Some(include_bytes!({native:?}))")
    } else {
        "None".to_owned()
    };
    format!("Builtin {{ name: {name:?}, wasm: include_bytes!({wasm:?}), precompiled: {native} }},\n")
}

/// Compiles all policies at once; the folder with the modules.
fn compile(root: &Path, target: &Path) -> PathBuf {
    let mut cargo = Command::new(variable("CARGO"));
    for name in OUTER_SETTINGS {
        cargo.env_remove(name);
    }
    cargo
        .current_dir(root)
        .args(["build", "--profile", "policy", "--target", TARGET])
        .arg("--target-dir")
        .arg(target)
        // 64 KB of stack leave the first page of memory to the policy's data
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "-Clink-arg=-zstack-size=65536",
        );
    for policy in POLICIES {
        cargo.args(["--package", policy]);
    }
    use_toolchain(&mut cargo);
    let status = cargo.status().expect("cargo should start");
    assert!(status.success(), "the policies could not be compiled to wasm: see above");
    target.join(TARGET).join("policy")
}

/// rustup's wasm target where it is installed, otherwise Debian's compiler with its sources.
fn use_toolchain(cargo: &mut Command) {
    let sysroot = sysroot("rustc");
    if sysroot.as_ref().is_some_and(|s| s.join("lib/rustlib").join(TARGET).exists()) {
        return;
    }
    let debian = "/usr/bin/rustc";
    let sources = "lib/rustlib/src/rust/library/Cargo.toml";
    let has_sources = |s: PathBuf| s.join(sources).exists();
    if !self::sysroot(debian).is_some_and(has_sources) {
        panic!("no toolchain for wasm: run webhook/builtin/install-toolchain.sh");
    }
    cargo
        .env("RUSTC", debian)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker(sysroot))
        .arg("-Zbuild-std=std,panic_abort");
}

/// rustup's own linker, as Debian's `rust-lld` may be a link to nothing.
fn linker(sysroot: Option<PathBuf>) -> PathBuf {
    let rust_lld = |s: PathBuf| s.join("lib/rustlib").join(variable("HOST")).join("bin/rust-lld");
    match sysroot.map(rust_lld) {
        Some(linker) if linker.exists() => linker,
        _ => "/usr/bin/wasm-ld".into(),
    }
}

fn sysroot(rustc: &str) -> Option<PathBuf> {
    let mut command = Command::new(rustc);
    for name in OUTER_SETTINGS {
        command.env_remove(name);
    }
    let output = command.args(["--print", "sysroot"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().into())
}

fn root() -> PathBuf {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).expect("the crate should lie in webhook/builtin");
    root.to_owned()
}

/// The outer target folder: the one that cargo marked.
fn target_folder() -> PathBuf {
    let out = PathBuf::from(variable("OUT_DIR"));
    let is_target = |folder: &&Path| folder.join("CACHEDIR.TAG").exists();
    let target = out.ancestors().find(is_target);
    target.expect("cargo should mark its target folder").to_owned()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo should set {name}"))
}
