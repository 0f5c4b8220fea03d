#!/usr/bin/env bash
# Makes sure that the policies can be compiled to WebAssembly. It can be run any number of times.
#
# Best is the target `wasm32-unknown-unknown` of the toolchain that builds Gatehouse. Where rustup cannot
# download it, Debian has a compiler that is new enough and the source of its standard library
# (`rustc-web`, `rust-web-src`), from which the build script compiles the target itself.
set -euo pipefail

readonly target=wasm32-unknown-unknown
readonly packages=(rustc-web rust-web-src lld)

fail() {
    echo "install-toolchain.sh: $*" >&2
    exit 1
}

has_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]
}

has_debian() {
    dpkg-query --show --showformat='${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
        awk '$1 == "installed" { n++ } END { exit n != '"${#packages[@]}"' }'
}

# Quietly, and no longer than a download takes that works at all.
add_target() {
    command -v rustup >/dev/null &&
        timeout 120 rustup target add "$target" >/dev/null 2>&1 &&
        has_target
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "rustup could not add the target $target, and installing ${packages[*]} needs root"
    fi
}

install_debian() {
    local -r install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2
        --no-install-recommends "${packages[@]}")
    as_root "${install[@]}" >/dev/null 2>&1 ||
        { as_root apt-get update --quiet=2 && as_root "${install[@]}" >/dev/null; }
}

command -v rustc >/dev/null || fail "there is no rustc: install Rust with rustup (https://rustup.rs) first"

if has_target; then
    echo "the target $target is there"
elif has_debian; then
    echo "Debian's ${packages[*]} are there"
elif add_target; then
    echo "added the target $target"
elif ! command -v apt-get >/dev/null; then
    fail "rustup could not add the target $target: run 'rustup target add $target' where the network allows it, or install your distribution's Rust target $target"
elif install_debian; then
    echo "installed Debian's ${packages[*]}"
else
    fail "neither could rustup add the target $target, nor apt-get install ${packages[*]}"
fi
