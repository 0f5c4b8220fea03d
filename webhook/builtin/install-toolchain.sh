#!/usr/bin/env bash
# Makes sure that policies can be compiled to wasm: by rustup's target, or, where rustup cannot
# download, by Debian's compiler with the sources of the standard library.
set -euo pipefail

TARGET=wasm32-unknown-unknown

fail() {
    echo "error: $*" >&2
    exit 1
}

has_rustup_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$TARGET" ]
}

has_debian_toolchain() {
    [ -x /usr/bin/rustc ] && [ -f "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.toml" ]
}

add_rustup_target() {
    command -v rustup >/dev/null && timeout 60 rustup target add "$TARGET" >/dev/null 2>&1
}

install_debian_toolchain() {
    command -v apt-get >/dev/null ||
        fail "the wasm target is missing: run \`rustup target add $TARGET\`"
    [ "$(id -u)" = 0 ] ||
        fail "the wasm target is missing: run \`rustup target add $TARGET\`, or this script as root"
    echo "installing Debian's rustc-web, rust-web-src and lld"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq -y --no-install-recommends rustc-web rust-web-src lld >/dev/null ||
        fail "Debian's rustc-web could not be installed: run \`rustup target add $TARGET\` where rustup can download"
}

command -v rustc >/dev/null || fail "there is no Rust toolchain: install Rust 1.95 or newer from rustup.rs"
has_rustup_target || has_debian_toolchain || add_rustup_target || install_debian_toolchain
