#!/usr/bin/env bash
# Fuzzes: fuzz/run.sh [SECONDS [TARGET…]], 60 s each by default, all targets.
#
# One line a target; after a crash the exit code is 1, and the input that caused it is named. Builds and the
# working corpus lie in target/fuzz (or $CARGO_TARGET_DIR/fuzz). README.md says more.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly ALL=(edit json_tree manifest path policy reference review sandbox signature tree)
TARGET=${CARGO_TARGET_DIR:-$PWD/target}
WORK=$TARGET/fuzz
TRIPLE=$(rustc -vV | sed -n 's/^host: //p')

fail() {
    echo "error: $*" >&2
    exit 2
}

# What `cargo fuzz` passes, on the stable compiler and without sanitizers: safe code needs none. With
# --target the flags leave build scripts and macros alone.
build() {
    local coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
    coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
    coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
    RUSTFLAGS="--cfg fuzzing $coverage" CARGO_TARGET_DIR=$WORK \
        cargo build --quiet --locked --release --target "$TRIPLE" --manifest-path fuzz/Cargo.toml
}

# Not instrumented, as that would build wasmtime once more: it goes by chance alone. Built beside `gatehouse`
# for the same reason: by itself it would have other features.
fuzz_sandbox() {
    cargo build --release --package gatehouse --package gatehouse-fuzz-sandbox
    "$TARGET/release/gatehouse-fuzz-sandbox" "$1"
}

# Longest input of a target, in bytes.
longest() {
    case $1 in
    reference | path) echo 512 ;;
    tree) echo 2048 ;;
    manifest | edit) echo 4096 ;;
    *) echo 8192 ;;
    esac
}

dictionary() {
    case $1 in
    review | policy | json_tree | signature) echo fuzz/dictionaries/json.dict ;;
    manifest | edit) echo fuzz/dictionaries/yaml.dict ;;
    reference) echo fuzz/dictionaries/reference.dict ;;
    *) ;;
    esac
}

# fuzz TARGET SECONDS
fuzz() {
    local corpus=$WORK/corpus/$1 log=$WORK/$1.log crashes=$WORK/crashes/$1- words input
    mkdir -p "$corpus" "$WORK/crashes"
    words=$(dictionary "$1")
    # an input takes far less than a millisecond: what takes 5 s is a bug
    local options=("-max_total_time=$2" "-max_len=$(longest "$1")" -timeout=5 -rss_limit_mb=2048
        -print_final_stats=1 "-artifact_prefix=$crashes" ${words:+"-dict=$words"})
    if "$WORK/$TRIPLE/release/$1" "${options[@]}" "$corpus" "fuzz/seeds/$1" >"$log" 2>&1; then
        echo "$1: $(stat number_of_executed_units "$log") executions in $2 s," \
            "$(stat new_units_added "$log") new inputs, no crash"
        return
    fi
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    [ -n "$input" ] || fail "$1 did not run: see $log"
    crashed "$1" "$log" "$input"
    return 1
}

# A number that libFuzzer prints with -print_final_stats=1.
stat() {
    sed -n "s/^stat::$1: *//p" "$2"
}

# crashed TARGET LOG INPUT
crashed() {
    echo "$1: CRASH"
    { grep -hE -A1 'panicked at|ERROR: libFuzzer' "$2" || true; } | grep -vE '^(--|NOTE)' | head -n 6 | sed 's/^/    /'
    echo "    input: $3"
    echo "    again: $WORK/$TRIPLE/release/$1 $3"
}

main() {
    local seconds=${1:-60} targets=("${@:2}") failed=0 target
    case $seconds in '' | *[!0-9]*) fail "\`$seconds\` is not a number of seconds" ;; esac
    [ ${#targets[@]} -gt 0 ] || targets=("${ALL[@]}")
    for target in "${targets[@]}"; do
        [[ " ${ALL[*]} " == *" $target "* ]] || fail "there is no target \`$target\`: ${ALL[*]}"
    done
    [ "${targets[*]}" = sandbox ] || build
    for target in "${targets[@]}"; do
        case $target in
        sandbox) fuzz_sandbox "$seconds" || failed=1 ;;
        *) fuzz "$target" "$seconds" || failed=1 ;;
        esac
    done
    return "$failed"
}

main "$@"
